"""The proof of the measures: known disturbances of real clips must move them as they should."""

from facedit.bench.selfcheck.result import SelfCheck, SelfCheckFailed, left_out, require
from facedit.bench.selfcheck.run_selfcheck import selfcheck

__all__ = ["SelfCheck", "SelfCheckFailed", "left_out", "require", "selfcheck"]
