"""Makes the loop that the guide begins with: python docs/first_page.py VIDEO OUT.mp4."""

import sys
from pathlib import Path

from facedit.media.side_by_side import Column, videos_beside
from facedit.media.write_options import WriteOptions

ROWS, QUANTISER = 512, 25


def main(video: str, output: str) -> None:
    """Write a small copy of a video."""
    comment = "A public-domain portrait, made to speak and edited with facedit."
    options = WriteOptions(force=True, quantiser=QUANTISER, metadata={"comment": comment})
    videos_beside((Column(Path(video)),), Path(output), height=ROWS, options=options)


if __name__ == "__main__":
    main(*sys.argv[1:])
