"""An engine that is a program: given files and texts on its command line, it writes a sound.

What it writes is hostile input, like every file: a plain file of bounded size, decoded with care.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from facedit.errors import BadMedia, BadPlugin, UsageError
from facedit.media.sound import read_speech_file
from facedit.media.wav import write_wav
from facedit.scratch import scratch_folder
from facedit.speech.sound_ops import cached_sound, from_mono, mono, resampled, sound_key
from facedit.speech.voices.process import run_within
from facedit.speech.voices.voice_interface import Passage
from facedit.types import Sound

RATE = 24_000
"""Of what it is shown: mono, 16 bits."""

MOST_BYTES = 500_000_000
"""What it may leave in its folder."""

PLACEHOLDERS = (
    "text", "text_file", "reference", "reference_text", "language", "out", "folder",
    "clip", "clip_text", "start_s", "end_s",
)  # fmt: skip
"""What a command may name in braces."""

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_OUT = "out.wav"


@dataclass(frozen=True, slots=True)
class CommandEngine:
    """A program that speaks (implements ``Engine``).

    Attributes:
        name: What the user calls it.
        command: Program and arguments, with placeholders.
        languages: Codes of what it speaks; all, if none is named.
        seconds: How long it may take.
        environment: Variables of its environment.
    """

    name: str
    command: tuple[str, ...]
    languages: tuple[str, ...] = ()
    seconds: float = 600.0
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Check the command.

        Raises:
            UsageError: If it names no program, something that is no placeholder, no words to say or
                no place for them.
        """
        named = {found for part in self.command for found in _PLACEHOLDER.findall(part)}
        if unknown := sorted(named - set(PLACEHOLDERS)):
            raise UsageError(
                f"the command of {self.name}: {{{unknown[0]}}} is no placeholder: "
                f"{', '.join(PLACEHOLDERS)} are."
            )
        if not named & {"text", "text_file"} or not named & {"out", "folder"}:
            raise UsageError(
                f"the command of {self.name} must name {{text}} or {{text_file}}, and {{out}}."
            )
        if not 0 < self.seconds <= 86_400:
            raise UsageError(f"the command of {self.name}: seconds {self.seconds:g} is no time.")
        if shutil.which(self.command[0]) is None:
            raise UsageError(
                f"the command of {self.name}: no program {self.command[0]} is found; name it by "
                "its whole path."
            )

    def say(self, passage: Passage) -> Sound:
        """Let the program say a passage, at most once for the same command and passage."""
        return cached_sound(self._key(passage), lambda: self._run(passage))

    def _run(self, passage: Passage) -> Sound:
        with scratch_folder() as folder:
            values = _lay_out(passage, folder)
            command = [
                _PLACEHOLDER.sub(lambda found: values[found[1]], part) for part in self.command
            ]
            run_within(command, folder, self.environment, self.seconds, MOST_BYTES)
            return self._written(folder / _OUT)

    def _written(self, out: Path) -> Sound:
        """Read what the program wrote; BadPlugin is raised if it is no sound."""
        try:
            plain = stat.S_ISREG(out.lstat().st_mode)
        except OSError:
            raise BadPlugin(f"{self.name} ended well and wrote nothing to {{out}}.") from None
        if not plain:
            raise BadPlugin(f"{self.name} wrote no plain file to {{out}}.")
        try:
            return read_speech_file(out, mono=True)
        except BadMedia as error:
            reason = str(error).replace(str(out), _OUT)
            raise BadPlugin(f"what {self.name} wrote is no sound ({reason})") from error

    def _key(self, passage: Passage) -> str:
        """Name what it says by all that it depends on."""
        told = [passage.text, passage.language, passage.reference_text, passage.clip_text]
        purpose = json.dumps([self.command, sorted(self.environment.items()), told, passage.span_s])
        shown = sound_key(passage.reference, purpose)
        if passage.clip is None:
            return shown
        return hashlib.sha256((shown + sound_key(passage.clip, "")).encode()).hexdigest()


def typed_command(text: str) -> CommandEngine:
    """Read the command of ``--voice-command``; UsageError is raised if it cannot be run."""
    try:
        parts = tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"--voice-command: {error}.") from error
    if not parts:
        raise UsageError("--voice-command: name a program.")
    return CommandEngine(Path(parts[0]).name, parts)


def _lay_out(passage: Passage, folder: Path) -> dict[str, str]:
    """Put what the program is shown into its folder; return what stands for each placeholder."""

    def text(name: str, what: str) -> str:
        (folder / name).write_text(what, encoding="utf-8")
        # A word that begins with a dash is no option.
        return what.lstrip("-\u2013\u2014 ")

    def sound(name: str, what: Sound) -> str:
        samples = resampled(mono(what), what.rate, RATE)
        write_wav(folder / name, from_mono(samples, RATE))
        return str(folder / name)

    clip = passage.clip or passage.reference
    return {
        "text": text("text.txt", passage.text),
        "text_file": str(folder / "text.txt"),
        "reference": sound("reference.wav", passage.reference),
        "reference_text": text("reference.txt", passage.reference_text),
        "language": passage.language,
        "out": str(folder / _OUT),
        "folder": str(folder),
        "clip": sound("clip.wav", clip),
        "clip_text": text("clip.txt", passage.clip_text),
        "start_s": f"{passage.span_s[0]:.3f}",
        "end_s": f"{passage.span_s[1]:.3f}",
    }
