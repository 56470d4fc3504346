"""Everything is in pyproject.toml but the README: the wheel's links must be whole addresses."""

import re
import tomllib
from pathlib import Path

from setuptools import setup

repository = tomllib.loads(Path("pyproject.toml").read_text())["project"]["urls"]["Repository"]
whole = re.sub(
    r"\]\((?!https?://|#)([^)]+)\)",
    lambda link: f"]({repository}/{'raw' if link[1].endswith('.jpg') else 'blob'}/main/{link[1]})",
    Path("README.md").read_text(encoding="utf-8"),
)
setup(long_description=whole, long_description_content_type="text/markdown")
