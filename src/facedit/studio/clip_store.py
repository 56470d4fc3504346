"""The clips that are being edited, on disk: script, takes and exports survive page and server."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facedit.editing.script import EditScript, dumps
from facedit.lock import lock
from facedit.media.output import whole_or_nothing
from facedit.studio.refused import Refused
from facedit.studio.studio_options import KEPT_DAYS, MOST_CLIPS, MOST_NAME

_ID = re.compile(r"[0-9a-f]{32}")
_STRANGE = re.compile(r"[^\w .()\[\]+-]")
_VIDEO = (".mp4", ".mov", ".mkv", ".m4v", ".webm", ".avi")
_PICTURE = (".jpg", ".jpeg", ".png", ".webp", ".avif")


@dataclass(frozen=True, slots=True)
class StoredClip:
    """One clip: the folder of what belongs to it.

    Attributes:
        id: A random name.
        folder: Where its script, takes and exports lie.
        source: The video: in the folder if it was dropped on the page, else where it was.
    """

    id: str
    folder: Path
    source: Path

    @property
    def takes_folder(self) -> Path:
        """Where its takes lie."""
        return self._made("takes")

    @property
    def sounds_folder(self) -> Path:
        """Where the sounds of new words lie."""
        return self._made("sounds")

    @property
    def looks_folder(self) -> Path:
        """Where lies what speaks against edits."""
        return self._made("looks")

    @property
    def exports_folder(self) -> Path:
        """Where its exports lie."""
        return self._made("exports")

    @property
    def proxy(self) -> Path:
        """A copy of the source that browsers can show, where one was asked for and made."""
        return self.folder / "proxy.mp4"

    def script_text(self) -> str | None:
        """Return the edit script as it is saved; None before the words are known."""
        file = self.folder / "script.json"
        return file.read_text(encoding="utf-8") if file.is_file() else None

    def known_script(self) -> str:
        """Return the edit script as it is saved.

        Refused is raised if the words are not known yet.
        """
        if (text := self.script_text()) is None:
            raise Refused(409, "the words of this clip are not known yet.")
        return text

    def save_script(self, script: EditScript) -> str:
        """Save the edit script and return its text."""
        text = dumps(script)
        with whole_or_nothing(self.folder / "script.json", force=True) as temporary:
            temporary.write_text(text, encoding="utf-8")
        return text

    def notes(self) -> dict[str, Any]:
        """Return what else is kept: the source, and the statement of consent."""
        found: dict[str, Any] = json.loads((self.folder / "clip.json").read_text("utf-8"))
        return found

    def note(self, **notes: object) -> None:
        """Keep something else."""
        file = self.folder / "clip.json"
        with self.writing():
            before = self.notes() if file.is_file() else {}
            with whole_or_nothing(file, force=True) as temporary:
                temporary.write_text(json.dumps(before | notes), encoding="utf-8")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Let nobody else write its script or notes between what is read and written here."""
        with (self.folder / ".lock").open("a") as file:
            lock(Path(file.name), file.fileno(), wait=True)
            yield

    def revision(self, text: str) -> str:
        """Name the state of its script as far as pages change it: further words change nothing."""
        script = json.loads(text)
        del script["transcript"]
        return digest(json.dumps([script, self.notes().get("words")]))

    @property
    def face(self) -> str | None:
        """Whose face is meant, as ``--face`` says it."""
        found: str | None = self.notes().get("face")
        return found

    def _made(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder


def digest(text: str) -> str:
    """Name a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Store:
    """All clips.

    Args:
        root: The folder that holds theirs.
        offered: Videos of the user's that may be opened where they lie.
    """

    def __init__(self, root: Path, offered: Sequence[Path] = ()) -> None:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._root = root
        self._offered = {path.name: path.absolute() for path in reversed(offered)}
        self._forget_old()

    @property
    def offered(self) -> list[str]:
        """Names of the videos that may be opened where they lie."""
        return sorted(self._offered)

    def open(self, name: str) -> StoredClip:
        """Open an offered video; as it was left, if it was open before.

        Refused is raised if it is not offered.
        """
        if (source := self._offered.get(name)) is None or not source.is_file():
            raise Refused(404, f"{name[:MOST_NAME]}: not offered.")
        mark = _mark(source)
        for clip in self.all():
            if clip.notes().get("mark") == mark:
                os.utime(clip.folder / "clip.json")
                return clip
        clip = self.make()
        clip.note(source=str(source), mark=mark)
        return self.get(clip.id)

    def make(self) -> StoredClip:
        """Make the folder of a new clip, without a source yet.

        Refused is raised if there are too many.
        """
        if len(self.all()) >= MOST_CLIPS:
            raise Refused(429, f"{MOST_CLIPS} clips are open already: remove some.")
        name = secrets.token_hex(16)
        folder = self._root / name
        folder.mkdir(mode=0o700)
        return StoredClip(name, folder, folder)

    def get(self, name: str) -> StoredClip:
        """Return a clip.

        Refused is raised if there is none of that id.
        """
        folder = self._root / name
        if not _ID.fullmatch(name) or not (folder / "clip.json").is_file():
            raise Refused(404, "no such clip.")
        notes = json.loads((folder / "clip.json").read_text("utf-8"))
        return StoredClip(name, folder, Path(notes["source"]))

    def all(self) -> list[StoredClip]:
        """List the clips, the last opened first."""
        files = sorted(self._root.glob("*/clip.json"), key=lambda file: -file.stat().st_mtime)
        return [self.get(file.parent.name) for file in files if _ID.fullmatch(file.parent.name)]

    def remove(self, clip: StoredClip) -> None:
        """Remove what belongs to a clip; a source that lay elsewhere stays."""
        shutil.rmtree(clip.folder, ignore_errors=True)

    def _forget_old(self) -> None:
        for clip in self.all():
            age_s = time.time() - (clip.folder / "clip.json").stat().st_mtime
            if age_s > KEPT_DAYS * 86400 or not clip.source.is_file():
                self.remove(clip)


def safe_name(name: str) -> str:
    """Make a file name of what a browser said the file is called.

    Refused is raised if it is too long.
    """
    if len(name) > MOST_NAME:
        raise Refused(422, f"a name of {len(name)} characters; {MOST_NAME} at most.")
    plain = _STRANGE.sub("_", name).strip(" .") or "clip"
    path = Path(plain)
    return plain if path.suffix.lower() in (*_VIDEO, *_PICTURE) else f"{plain}.mp4"


def videos_of(folder: Path) -> list[Path]:
    """List the videos of a folder by their names."""
    return [path for path in folder.iterdir() if path.is_file() and path.suffix.lower() in _VIDEO]


def _mark(source: Path) -> list[object]:
    found = source.stat()
    return [str(source), found.st_size, found.st_mtime_ns]
