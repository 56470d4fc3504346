"""How a live face is started."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from facedit.errors import UsageError
from facedit.live.pace import AHEAD, CHUNK, Pace

STANDARD = Path("-")
"""Stands for the standard input or output."""


def udp_address(text: str) -> tuple[str, int]:
    """Read ``HOST:PORT``; UsageError if it is none."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(f"--vmc {text[:80]!r}: give HOST:PORT, as 127.0.0.1:39539.")
    return host.strip("[]"), int(port)


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """Options of ``facedit live``.

    Attributes:
        speech: A recording, played as time goes by; or - for raw PCM on the standard input (16 kHz,
            signed 16 bit, little endian, mono).
        text: Speak lines typed on the standard input, sentence by sentence.
        voice: Voice of --text and of the page: auto, default, or a name; 'facedit doctor' lists
            them.
        to: Where the face is shown: page (with microphone and text of its own), mp4 (fragmented),
            raw (RGB pictures, without sound), camera (a virtual one, without sound) or vmc (an
            avatar's program takes its motion, without pictures and sound); unless chosen, mp4 where
            --speech or --text is given, else page.
        output: File of mp4 or raw; - is the standard output.
        vmc: Where the avatar's program listens, by UDP.
        chunk: Frames that are drawn at once; more cost less and answer later, fewer than 4 move the
            lips much worse.
        ahead: Frames of sound heard beyond them; fewer answer sooner and move the lips worse.
        steps: Steps of the Euler solver.
        port: Where the page is served, on this machine alone; 0 is any free port.
        open: Open the page in the browser.
    """

    speech: Path | None = field(default=None, metadata={"metavar": "FILE|-"})
    text: bool = False
    voice: str = field(default="auto", metadata={"metavar": "NAME"})
    to: Literal["page", "mp4", "raw", "camera", "vmc"] | None = None
    output: Path = field(default=STANDARD, metadata={"flag": "-o"})
    vmc: str = field(default="127.0.0.1:39539", metadata={"metavar": "HOST:PORT"})
    chunk: int = CHUNK
    ahead: int = AHEAD
    steps: int = 4
    port: int = 0
    open: bool = True

    def __post_init__(self) -> None:
        """Check that the options say one thing.

        Raises:
            UsageError: If two contradict each other; the message names them. (Also if a number is
                out of range.)
        """
        if self.speech is not None and self.text:
            raise UsageError("--speech and --text are two ways to speak: use one.")
        if self.sink == "page" and self.from_outside:
            raise UsageError("the page has its own microphone and text: leave --speech and --text.")
        if self.sink != "page" and not self.from_outside:
            raise UsageError(f"--to {self.sink}: say what is spoken, by --speech or --text.")
        if self.sink in ("page", "camera", "vmc") and self.output != STANDARD:
            raise UsageError(f"-o: --to {self.sink} writes no file.")
        if not 0 <= self.port <= 65535:
            raise UsageError(f"--port {self.port}: choose 0 to 65535.")
        udp_address(self.vmc)
        _ = self.pace

    @property
    def from_outside(self) -> bool:
        """Whether the speech is given to the command line."""
        return self.speech is not None or self.text

    @property
    def sink(self) -> str:
        """Where the face is shown."""
        return self.to or ("mp4" if self.from_outside else "page")

    @property
    def pace(self) -> Pace:
        """How it goes ahead."""
        return Pace(self.chunk, self.ahead)
