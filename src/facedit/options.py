"""What a user asks for, as frozen dataclasses: the same for the command line and for Python."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from facedit.errors import UsageError
from facedit.inputs import check_seed, check_text

Region = Literal["lips", "face", "head"]
"""What new speech may move."""

Making = Literal["edit", "sync", "generate"]
"""The verbs that make a video."""

REGIONS: dict[Region, tuple[str, ...]] = {
    "lips": ("lips",),
    "face": ("lips", "face"),
    "head": ("lips", "face", "head"),
}
"""Groups of motion dims that each ``region`` lets the model fill."""

USUAL_REGION: dict[Making, Region] = {"edit": "lips", "sync": "lips", "generate": "head"}
"""What each verb moves unless told otherwise: only a picture's head has no movement of its own."""


@dataclass(frozen=True, slots=True)
class Run:
    """Options that every verb that makes a video shares.

    Attributes:
        seed: Seed of the sampler: the same one gives the same video. None for the edit script's,
            else 0.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        region: ``lips``, ``face`` or ``head``: what new speech may move. None for the edit
            script's, else the verb's of ``USUAL_REGION``.
        face: ``largest``, a number, or ``x,y,w,h`` in pixels; None refuses an ambiguous picture.
        on_no_face: ``keep`` the pixels of edited frames without a face, or ``fail``.
        weights: Name of a set of weights, or a file of motion weights.
        speaker: Motion weights of ``facedit adapt``, made from those; None for the set's own.
        adapt: Fine-tune the mouth network to the clip first, where that helps.
        takes: Versions of the motion to draw; take k has the seed of the first one plus k.
        steps: Euler steps of the sampler.
        report: Folder of the report; beside the output if None.
        consent: The user's statement of consent, kept in the report and the file.
        force: Replace outputs that exist.
        allow_truncated: Take what is there of a damaged source.
    """

    seed: int | None = None
    device: str = "auto"
    region: Region | None = None
    face: str | None = None
    on_no_face: str = "keep"
    weights: str = "default"
    speaker: Path | None = None
    adapt: bool = False
    takes: int = 1
    steps: int = 10
    report: Path | None = None
    consent: str | None = None
    force: bool = False
    allow_truncated: bool = False

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            UsageError: If one is not allowed; the message names the option.
        """
        if self.region is not None and self.region not in REGIONS:
            raise UsageError(f"--region {self.region}: choose {', '.join(REGIONS)}.")
        if self.on_no_face not in ("keep", "fail"):
            raise UsageError(f"--on-no-face {self.on_no_face}: choose keep or fail.")
        check_seed(self.first_seed)
        if not 1 <= self.takes <= 16:
            raise UsageError(f"--takes {self.takes}: choose 1 to 16.")
        if not 1 <= self.steps <= 1000:
            raise UsageError(f"--steps {self.steps}: choose 1 to 1000.")

    @property
    def first_seed(self) -> int:
        """Seed of the first take."""
        return self.seed or 0

    def region_of(self, verb: Making) -> Region:
        """Return what new speech may move.

        Args:
            verb: What is done.

        Returns:
            The region that was chosen, else the verb's own.
        """
        return self.region or USUAL_REGION[verb]


@dataclass(frozen=True, slots=True)
class EditRequest:
    """Which words shall change, and where the new speech comes from.

    Attributes:
        say: The whole new sentence.
        replace: Pairs of old and new words.
        delete: Words to take out.
        insert_after: Pairs of a word and the text to put behind it.
        insert_before: Pairs of a word and the text to put in front of it.
        script: A saved edit script to run instead.
        speech: A recording of the new words or of the whole new sentence.
        transcript: Transcript file of the source.
        language: Language code of the speech; recognised if None.
        voice: Voice of the new words; None for the script's, else ``auto``.
    """

    say: str | None = None
    replace: tuple[tuple[str, str], ...] = ()
    delete: tuple[str, ...] = ()
    insert_after: tuple[tuple[str, str], ...] = ()
    insert_before: tuple[tuple[str, str], ...] = ()
    script: Path | None = None
    speech: Path | None = None
    transcript: Path | None = None
    language: str | None = None
    voice: str | None = None

    def __post_init__(self) -> None:
        """Check that the request says one thing.

        Raises:
            UsageError: If it asks for nothing, or in two ways at once. (Also if a text is endless.)
        """
        single = bool(self.replace or self.delete or self.insert_after or self.insert_before)
        ways = sum((self.say is not None, single, self.script is not None))
        if ways == 0:
            raise UsageError(
                "say what to change: --say, --replace, --delete, --insert-before, --insert-after "
                "or --script."
            )
        if ways > 1:
            raise UsageError(
                "--say, --script and the single edits (--replace, --delete, --insert-before, "
                "--insert-after) are three ways to say it: use one."
            )
        pairs = (*self.replace, *self.insert_before, *self.insert_after)
        for text in (self.say or "", *self.delete, *(text for pair in pairs for text in pair)):
            check_text(text, "the words of the edit", UsageError)
