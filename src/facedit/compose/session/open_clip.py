"""A clip that stays open: what was found of it is held, so that it is found once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event, RLock
from types import TracebackType
from typing import Self

from facedit.compose.frames.base import TrackedWindow
from facedit.compose.session.consents import with_consent
from facedit.compose.session.held_jobs import HeldJobs
from facedit.compose.session.look import Doubt, look_at
from facedit.compose.session.speeches import make_speech
from facedit.compose.session.verbs import Speech
from facedit.compose.source.clip import Clip
from facedit.compose.source.models import Models, load_models
from facedit.compose.words.corrected import corrected
from facedit.compose.words.source_words import recognised_parts, source_transcript
from facedit.editing.corrections import Correction
from facedit.editing.diff import WordEdit
from facedit.errors import UsageError
from facedit.media.info import VideoInfo
from facedit.options import Run
from facedit.progress import OnProgress, StageClock
from facedit.report.run_report import Figure
from facedit.speech.recognition.whisper_words import Heard, Recogniser
from facedit.speech.voices.voice_interface import Engine
from facedit.types import Transcript

Adapt = Callable[
    [Models, Sequence[TrackedWindow], Run, StageClock], tuple[Models, dict[str, Figure]]
]
"""Fits models to a clip where the options ask for it, and says for the report what came of it."""


class OpenClip:
    """What is known of a clip, held between edits and takes; close it, or use it in a ``with``.

    Probe, words, face tracks, mouths, the voice that suits the speaker, new words that were spoken
    and loaded networks are found when they are first needed and held, mouths within a bound. One
    call works at a time; others, of whatever thread, wait for it.

    Args:
        source: A video, or for ``generate`` a picture too. It must not change meanwhile.
        run: Options of everything that is made, unless others are given.
        footage: For ``generate``: another video of the same person.
        picture_only: For ``generate``: take one picture of a video and nothing else.
        on_progress: Told of every step of every stage.
        cancel: Once set, the call at work stops within a second, leaves no unfinished file and
            raises ``Cancelled``; what was found stays. Clear it to go on.
        adapt: Fits the models to the clip where ``run.adapt`` asks for it.

    Raises:
        UsageError: If there is footage, and nothing but the picture shall be used.

    Attributes:
        run: The options.
    """

    def __init__(
        self,
        source: Path,
        run: Run | None = None,
        *,
        footage: Path | None = None,
        picture_only: bool = False,
        on_progress: OnProgress | None = None,
        cancel: Event | None = None,
        adapt: Adapt | None = None,
    ) -> None:
        if picture_only and footage is not None:
            raise UsageError("--picture-only and --footage contradict each other: leave one out.")
        self.run = run or Run()
        self._clock = StageClock(on_progress, cancel)
        self._clip = self._opened(Path(source))
        self._footage = None if footage is None else self._opened(footage)
        self._picture_only = picture_only
        self._adapt = adapt
        self._jobs = HeldJobs()
        self._busy = RLock()

    def __enter__(self) -> Self:
        """Return the session."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Let go of all that is held; a session that is used on finds it again."""
        with self._busy:
            self._jobs.clear()
            self._clock.close()
            for clip in (self._clip, self._footage):
                if clip is not None:
                    clip.forget()

    @property
    def source(self) -> Path:
        """The file that is open."""
        return self._clip.path

    @property
    def info(self) -> VideoInfo:
        """What is known of the video; ``BadMedia`` if it is none."""
        return self._clip.info

    def transcript(
        self,
        file: Path | None = None,
        language: str | None = None,
        by: Recogniser | None = None,
    ) -> Transcript:
        """Find the words of the video, once.

        Args:
            file: Its transcript, or a file of the bare words, if there is one.
            language: Language code; recognised if None.
            by: What recognises the words; Whisper base if None.

        Returns:
            Words with times. (``BadTranscript`` if they are not what is said, or nobody speaks.)
        """
        with self._busy:
            return source_transcript(self._clip, file, language, by)

    def transcript_parts(
        self,
        language: str | None = None,
        by: Recogniser | None = None,
        told: Heard | None = None,
        start_s: float = 0.0,
    ) -> Iterator[Transcript]:
        """Recognise the words of the video as it is read: the first minute's are there at once.

        Args:
            language: Language code; recognised if None.
            by: What recognises the words; Whisper base if None.
            told: Told of the words of the part that is under way, in whatever thread.
            start_s: From where on.

        Yields:
            The words of a part; its ``duration_s`` is until where all was heard.
        """
        with self._busy:
            yield from recognised_parts(self._clip, language, by, told, start_s)

    def correct(
        self, transcript: Transcript, corrections: Sequence[Correction]
    ) -> tuple[Transcript, Callable[[WordEdit], WordEdit | None]]:
        """Correct what was heard; what is written anew is looked for in the sound.

        Args:
            transcript: The words as they were heard.
            corrections: What is wrong with them.

        Returns:
            The words, and what tells where an edit of the old ones lies now. (``BadEdit`` if the
            corrections do not fit the words, ``BadTranscript`` if they are not what is said.)
        """
        with self._busy, self._clock.stage("aligning"):
            return self._clock.apart(lambda: corrected(self._clip, transcript, corrections))

    def look(
        self, transcript: Transcript, edits: tuple[WordEdit, ...], *, run: Run | None = None
    ) -> tuple[tuple[Doubt, ...], ...]:
        """Look what speaks against edits, before anything is spoken or drawn.

        Args:
            transcript: The words of the video.
            edits: The edits.
            run: Options; the session's if None.

        Returns:
            Per edit what speaks against it.
        """
        with self._busy:
            return look_at(self._clip, transcript, edits, run or self.run)

    def speak(
        self,
        text: str | None = None,
        *,
        recording: Path | None = None,
        voice: str | Engine = "auto",
    ) -> Speech:
        """Make speech for ``sync`` and ``generate``.

        Args:
            text: The words, to be spoken by ``voice``.
            recording: The speech, instead of a text.
            voice: A voice; ``auto`` is the nearest to the speaker of the video. An engine copies
                them, if ``run.consent`` says who agreed.

        Returns:
            The speech. (``FaceditError`` if the recording is bad or nothing can be spoken.)

        Raises:
            UsageError: If both a recording and a text are given, or neither.
        """
        if (recording is None) == (text is None):
            raise UsageError("say what is spoken: either a SPEECH file or --text.")
        speaker = self._footage or self._clip
        if text is not None:
            self.run = with_consent(self.run, [voice], speaker)
        with self._busy, self._clock.stage("speech"):
            return make_speech(speaker, text, recording, voice)

    def _opened(self, path: Path) -> Clip:
        return Clip(path, self._clock, allow_truncated=self.run.allow_truncated, keep=True)

    def _models(
        self, windows: Sequence[TrackedWindow], run: Run
    ) -> tuple[Models, dict[str, Figure]]:
        """Load the networks of a run, fitted to the clip where that is asked for."""

        def load() -> Models:
            with self._clock.stage("loading models"):
                return load_models(run)

        models = self._clip.once(
            ("models", run.weights, run.speaker, run.renderer, run.device), load
        )
        if self._adapt is None:
            return models, {}
        return self._adapt(models, windows, run, self._clock)
