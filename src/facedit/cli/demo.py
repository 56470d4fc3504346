"""The demonstration: a public-domain portrait speaks, then one of its words is changed.

Nothing comes from the web or from anyone's footage: the portrait ships with scikit-image (Eileen
Collins, NASA, public domain), the voice is the default one.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from facedit.errors import AssetMissing
from facedit.media.output import make_folder
from facedit.weights.fetch import require

SENTENCE = "We are flying to the moon on Monday morning."
OLD_WORD, NEW_WORD = "moon", "station"


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """What the demonstration leaves behind.

    The portrait speaking the sentence, the same with one word changed, both in one picture over the
    edited sound, and the page that shows what was changed and how each seam measures.
    """

    talking: Path
    edited: Path
    side_by_side: Path
    report: Path

    def __str__(self) -> str:
        """Return the paths for people."""
        return (
            f'"{SENTENCE}"\n  spoken by a portrait: {self.talking}\n'
            f'  "{OLD_WORD}" replaced by "{NEW_WORD}": {self.edited}\n'
            f"  side by side: {self.side_by_side}\n  report: {self.report}\n"
            f"  to edit it as text: {_command()} studio {self.talking}"
        )


def _command() -> str:
    """Return how this program is called: in an environment that is not active, by its path."""
    started = Path(sys.argv[0])
    return "facedit" if started.stem != "facedit" or shutil.which("facedit") else str(started)


def demo(folder: Path, *, force: bool = False, device: str = "auto") -> DemoFiles:
    """Make the demonstration; ``force`` replaces the files of an earlier one, and no others.

    AssetMissing is raised if scikit-image, which holds the portrait, is not installed; the errors
    of ``make_folder`` pass through.
    """
    try:
        from skimage import data, io
    except ImportError as error:
        raise AssetMissing(
            "the demo's portrait comes with scikit-image: run 'pip install facedit[demo]'."
        ) from error
    from facedit import api
    from facedit.media.side_by_side import side_by_side
    from facedit.options import EditRequest, GenerateRequest, Run

    require("core")
    make_folder(folder, force=force)
    portrait = folder / "portrait.png"
    io.imsave(portrait, data.astronaut(), check_contrast=False)  # type: ignore[no-untyped-call]
    talking, edited = folder / "talking.mp4", folder / "edited.mp4"
    spoken = GenerateRequest(text=SENTENCE, voice="default")
    api.generate(portrait, talking, spoken, run=Run(force=force, device=device))
    request = EditRequest(replace=((OLD_WORD, NEW_WORD),), voice="default")
    api.edit(
        talking, edited, request, run=Run(force=force, device=device, report=folder / "report")
    )
    compared = folder / "side_by_side.mp4"
    side_by_side(talking, edited, compared, force=force)
    return DemoFiles(talking, edited, compared, folder / "report" / "report.html")
