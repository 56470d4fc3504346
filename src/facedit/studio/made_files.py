"""Files of a clip by names that a page asks for: none but those that were made."""

from __future__ import annotations

import re
from pathlib import Path

from facedit.studio.clip_store import StoredClip
from facedit.studio.refused import Refused
from facedit.studio.studio_options import MOST_NAME
from facedit.studio.uploads import RECORDING, SUBTITLES

_SOUND = re.compile(r"[0-9a-f]{16}(-context|-source)?\.wav")
_TAKE = re.compile(r"[0-9a-f]{16}-\d{1,20}\.mp4")
_ANY = re.compile(r".+")


def made_file(clip: StoredClip, kind: str, name: str) -> Path:
    """Find a file that was made.

    Refused is raised if there is none of that name.
    """
    folder, named = {
        "sounds": (clip.sounds_folder, _SOUND),
        "takes": (clip.takes_folder, _TAKE),
        "recordings": (clip.folder, RECORDING),
        "subtitles": (clip.folder, SUBTITLES),
        "exports": (clip.exports_folder, _ANY),
    }.get(kind, (None, _ANY))
    if folder is not None:
        # Only a name that is in the folder is a file of it, whatever the name says.
        known = [file for file in folder.iterdir() if file.name == name and file.is_file()]
        if known and named.fullmatch(name):
            return known[0]
    raise Refused(404, f"nothing is called {name[:MOST_NAME]}.")


def report_of(clip: StoredClip, name: str) -> Path:
    """Find the report of an export.

    Refused is raised if there is none of that name.
    """
    page = made_file(clip, "exports", name)
    page = page.with_name(f"{page.name}.report") / "report.html"
    if not page.is_file():
        raise Refused(404, "no such report.")
    return page
