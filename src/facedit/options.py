"""What a user asks for, as frozen dataclasses: the same for the command line and for Python."""

from __future__ import annotations

from dataclasses import dataclass, field
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


DEFAULT_SPACE = "mesh"
"""The motion space of whatever names none, and the one that the benchmark measures in."""

DEFAULT_VOICE = "hibari"
"""The voice that is always there."""

OWN_VOICE = "own"
"""Asks for the speaker's own voice, imitated."""

MOTION_SUFFIXES = (".csv", ".glb", ".npz")
"""Files that hold motion without pictures."""

CODECS = ("source", "h264", "hevc", "prores", "dnxhr")
"""What an output's pictures may be encoded as."""


@dataclass(frozen=True, slots=True)
class Run:
    """Options that every verb that makes a video shares. Each is an option of the command line too.

    Attributes:
        seed: Same seed, same video; 0 unless the edit script says another. Another one is another
            manner of speaking too: 0 as learnt, 1 clear, 2 casual, 3 lively, and so on from 4.
        device: Where networks compute: auto, cpu, cuda or mps.
        region: What new speech may move: lips and jaw, the whole face, or also the head; unless
            chosen (or said by the edit script), lips for edit and sync, head for generate.
        face: Which face; needed if two are about as large.
        on_no_face: Frames of an edit without a face: keep their pixels and report it, or fail.
        on_covered: Frames of an edit in which something hides the mouth: keep those pixels on top
            and report it, or fail.
        weights: Default, grid (trained on GRID alone, CC BY 4.0), or a file of motion weights.
        speaker: Motion of this speaker, from facedit adapt.
        renderer: What draws the face: mouths (the person's own), or one that another package adds;
            unless chosen, the one of the weights' motion space.
        adapt: Fine-tune the mouth network to this clip first (6 to 20 s); kept only where frames
            kept apart get better.
        articulation: How far lips move, from 0 to 2: 1 as drawn.
        expression: Repeatable; what the drawn face shows beside speaking: smile, frown, press,
            stretch, brows-up, brows-down, squint, surprise, neutral, gaze-left, -right, -up, -down
            or a name of ARKit's, as smile:0.5, and when, as smile:0.5@"happy to be here" or @1.2-2
            (seconds of the output); and blink@1.2; the brows need the region face.
        takes: Versions of the motion to draw, with seeds that count up: OUT is the best by closed
            lips, seams and lip sync, then OUT-take2, OUT-take3.
        steps: Steps of the Euler solver.
        report: Folder of the report, instead of OUT.report.
        render: Smart copies what is not edited as it is in the file and encodes only what is, where
            the file allows it; full encodes everything anew.
        codec: Of the pictures: source (that of the video, where the output's container holds it),
            h264, hevc, prores or dnxhr.
        consent: Statement of consent, kept in the report and the file.
        provenance: Sign outputs (C2PA) with what was edited; unless said, where the package for it
            is installed.
        force: Replace outputs that exist.
        allow_truncated: Take what is there of a damaged video.
    """

    seed: int | None = None
    device: str = field(default="auto", metadata={"metavar": "DEVICE"})
    region: Region | None = None
    face: str | None = field(default=None, metadata={"metavar": "largest|N|x,y,w,h"})
    on_no_face: Literal["keep", "fail"] = "keep"
    on_covered: Literal["keep", "fail"] = "keep"
    weights: str = field(default="default", metadata={"metavar": "NAME|FILE"})
    speaker: Path | None = None
    renderer: str | None = field(default=None, metadata={"metavar": "NAME"})
    adapt: bool = False
    articulation: float = field(default=1.0, metadata={"metavar": "X"})
    expression: tuple[str, ...] = field(default=(), metadata={"metavar": "NAME:AMOUNT[@WHEN]"})
    takes: int = 1
    steps: int = 10
    report: Path | None = field(default=None, metadata={"metavar": "DIR"})
    render: Literal["smart", "full"] = "smart"
    codec: Literal["source", "h264", "hevc", "prores", "dnxhr"] = "source"
    consent: str | None = None
    provenance: bool | None = None
    force: bool = False
    allow_truncated: bool = False

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            UsageError: If one is not allowed; the message names the option.
        """
        if self.region is not None and self.region not in REGIONS:
            raise UsageError(f"--region {self.region}: choose {', '.join(REGIONS)}.")
        for name, value in (("no-face", self.on_no_face), ("covered", self.on_covered)):
            if value not in ("keep", "fail"):
                raise UsageError(f"--on-{name} {value}: choose keep or fail.")
        if self.render not in ("smart", "full"):
            raise UsageError(f"--render {self.render}: choose smart or full.")
        if self.codec not in CODECS:
            raise UsageError(f"--codec {self.codec}: choose {', '.join(CODECS)}.")
        check_seed(self.first_seed)
        if not 1 <= self.takes <= 16:
            raise UsageError(f"--takes {self.takes}: choose 1 to 16.")
        if not 0 <= self.articulation <= 2:
            raise UsageError(f"--articulation {self.articulation}: choose 0 to 2.")
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


def _check_recogniser(
    name: str, known: Path | None, model: Path | None, hotwords: str | None
) -> None:
    """Refuse a recogniser that has nothing to recognise: the words are given."""
    if known is not None and (model is not None or hotwords is not None):
        option = "--model" if model is not None else "--hotwords"
        raise UsageError(f"--{name} gives the words, {option} recognises them: leave one out.")


def _check_speaks_one(voice: str | None, command: str | None, *speech: Path | None) -> None:
    """Refuse two who speak at once."""
    other = "--voice" if voice is not None else "--speech" if any(speech) else None
    if command is not None and other is not None:
        raise UsageError(f"{other} and --voice-command both speak the new words: leave one out.")


@dataclass(frozen=True, slots=True)
class EditRequest:
    """Which words shall change, and where the new speech comes from.

    Attributes:
        say: The whole new sentence; what differs from the old one is changed.
        replace: Repeatable; OLD is a word or several, perhaps with #2 (the second occurrence) or
            @3.1s (the one spoken at 3.1 s) behind.
        delete: Repeatable; words to take out.
        insert_before: Repeatable; in front of the first word it is a new beginning.
        insert_after: Repeatable; behind the last word it is a new end.
        express: Repeatable; words that stay as they are said, and what the face shows meanwhile, as
            --expression has it: "happy to be here" smile:0.5.
        script: Run a saved edit script.
        speech: Repeatable; your recording of the new words or of the whole new sentence; of
            several, each edit takes the one that holds its words best.
        transcript: The words of the video: JSON, SRT, VTT, LRC, TextGrid, .align or .tsv, or a
            .txt to be aligned.
        language: Language of the speech; recognised unless given.
        model: A larger recogniser: a faster-whisper folder, instead of Whisper base.
        hotwords: Names and terms likely to be said.
        voice: Voice of new words: auto (the nearest to the video's speaker; unless the script says
            another), own (the speaker's, imitated), default, or a name; 'facedit doctor' lists
            them.
        voice_command: A program that copies the speaker's voice, with {text}, {reference}, {out}
            and the like for its arguments; the guide to voices has lines for known engines.
        footage: Another video of the same speaker: its words and sounds are theirs too, for own
            and for engines.
        audio: The sound of a .csv take, if that is not the file of its name beside it.
    """

    say: str | None = None
    replace: tuple[tuple[str, str], ...] = field(default=(), metadata={"metavar": ("OLD", "NEW")})
    delete: tuple[str, ...] = field(default=(), metadata={"metavar": "WORDS"})
    insert_before: tuple[tuple[str, str], ...] = field(
        default=(), metadata={"metavar": ("WORD", "TEXT")}
    )
    insert_after: tuple[tuple[str, str], ...] = field(
        default=(), metadata={"metavar": ("WORD", "TEXT")}
    )
    express: tuple[tuple[str, str], ...] = field(
        default=(), metadata={"metavar": ("WORDS", "NAME:AMOUNT")}
    )
    script: Path | None = field(default=None, metadata={"metavar": "JSON"})
    speech: tuple[Path, ...] = field(default=(), metadata={"metavar": "FILE"})
    transcript: Path | None = None
    language: str | None = field(default=None, metadata={"metavar": "CODE"})
    model: Path | None = field(default=None, metadata={"metavar": "FOLDER"})
    hotwords: str | None = field(default=None, metadata={"metavar": "WORDS"})
    voice: str | None = field(default=None, metadata={"metavar": "NAME"})
    voice_command: str | None = field(default=None, metadata={"metavar": "COMMAND"})
    footage: Path | None = field(default=None, metadata={"metavar": "VIDEO"})
    audio: Path | None = None

    def __post_init__(self) -> None:
        """Check that the request says one thing.

        Raises:
            UsageError: If it asks for nothing, or in two ways at once. (Also if a text is endless.)
        """
        _check_speaks_one(self.voice, self.voice_command, *self.speech)
        pairs = (*self.replace, *self.insert_before, *self.insert_after, *self.express)
        single = bool(pairs or self.delete)
        ways = sum((self.say is not None, single, self.script is not None))
        if ways == 0:
            raise UsageError(
                "say what to change: --say, --replace, --delete, --insert-before, --insert-after, "
                "--express or --script."
            )
        if ways > 1:
            raise UsageError(
                "--say, --script and the single edits (--replace, --delete, --insert-before, "
                "--insert-after, --express) are three ways to say it: use one."
            )
        for known in ("transcript", "script"):
            _check_recogniser(known, getattr(self, known), self.model, self.hotwords)
        for text in (self.say or "", *self.delete, *(text for pair in pairs for text in pair)):
            check_text(text, "the words of the edit", UsageError)


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """What a face shall say, and what of the person is used.

    Attributes:
        speech: The speech.
        text: The words, spoken by --voice, instead of SPEECH.
        voice: Voice of --text: auto (the nearest to the video's speaker; unless chosen), own (the
            speaker's, imitated), default, or a name; 'facedit doctor' lists them.
        voice_command: A program that copies the speaker's voice, with {text}, {reference}, {out}
            and the like for its arguments; the guide to voices has lines for known engines.
        picture_only: Use one picture of a video and nothing else.
        footage: A video of the same person: its mouths and way of speaking are used.
    """

    speech: Path | None = None
    text: str | None = None
    voice: str | None = field(default=None, metadata={"metavar": "NAME"})
    voice_command: str | None = field(default=None, metadata={"metavar": "COMMAND"})
    picture_only: bool = False
    footage: Path | None = field(default=None, metadata={"metavar": "VIDEO"})

    def __post_init__(self) -> None:
        """Check that the request says one thing.

        Raises:
            UsageError: If both a recording and a text are given, or neither.
        """
        _check_speaks_one(self.voice, self.voice_command, self.speech)
        if (self.speech is None) == (self.text is None):
            raise UsageError("say what is spoken: either a SPEECH file or --text.")


@dataclass(frozen=True, slots=True)
class TranscribeOptions:
    """How words are recognised.

    Attributes:
        language: Language of the speech; recognised unless given.
        text: Known words: only align them.
        model: A larger recogniser: a faster-whisper folder, instead of Whisper base.
        hotwords: Names and terms likely to be said.
        force: Replace an output that exists.
    """

    language: str | None = field(default=None, metadata={"metavar": "CODE"})
    text: Path | None = None
    model: Path | None = field(default=None, metadata={"metavar": "FOLDER"})
    hotwords: str | None = field(default=None, metadata={"metavar": "WORDS"})
    force: bool = False

    def __post_init__(self) -> None:
        """Check that the words are either known or recognised, else ``UsageError``."""
        _check_recogniser("text", self.text, self.model, self.hotwords)


@dataclass(frozen=True, slots=True)
class MotionOptions:
    """Whose motion is exported.

    Attributes:
        face: Which face; needed if two are about as large.
        smooth: Smooth LivePortrait's expression and rotation by a Kalman filter for
            observations of this variance; the official tool's is 3e-7.
        force: Replace an output that exists.
    """

    face: str | None = field(default=None, metadata={"metavar": "largest|N|x,y,w,h"})
    smooth: float | None = field(default=None, metadata={"metavar": "VARIANCE"})
    force: bool = False

    def __post_init__(self) -> None:
        """Check the variance, else ``UsageError``."""
        if self.smooth is not None and not 0 < self.smooth < 1:
            raise UsageError(f"--smooth {self.smooth:g} is no variance: between 0 and 1, as 3e-7.")
