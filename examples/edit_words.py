"""Change one word of a video from Python, and say how smooth the seams are.

python examples/edit_words.py IN.mp4 OUT.mp4 OLD NEW
"""

from __future__ import annotations

import sys
from pathlib import Path

import facedit


def main(source: str, output: str, old: str, new: str) -> None:
    request = facedit.EditRequest(replace=((old, new),), voice="default")
    result = facedit.edit(Path(source), Path(output), request, run=facedit.Run(seed=1, force=True))
    (report,) = result.details["reports"]
    for seam in report["seams"]:
        verdict = "smooth" if seam["smooth"] else "have a look"
        print(f"{seam['output_s']:.2f} s, {seam['side']}: {verdict}")


if __name__ == "__main__":
    main(*sys.argv[1:5])
