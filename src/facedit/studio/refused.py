"""What the server answers when it does not do what it was asked."""

from __future__ import annotations

from facedit.errors import (
    AssetMissing,
    BadMedia,
    BadPlugin,
    BadWeights,
    FaceditError,
    OutputNotWritable,
)

OTHER_PAGE = "another page has changed this clip: reload to go on from there."


class Refused(FaceditError):
    """A request that is turned down.

    Args:
        status: HTTP status.
        says: One line that says what is wrong and what to do.
    """

    def __init__(self, status: int, says: str) -> None:
        super().__init__(status, says)  # both go with it from process to process
        self.status, self.says = status, says

    def __str__(self) -> str:
        """Return the line."""
        return self.says


def status_of(error: FaceditError) -> int:
    """Return the HTTP status for an error of the package."""
    if isinstance(error, BadMedia):
        return 415
    if isinstance(error, (AssetMissing, BadWeights, BadPlugin)):
        return 503
    return 507 if isinstance(error, OutputNotWritable) else 422
