"""From a file and options to a live face, and from options to where it hears and is shown."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from facedit.bfloat16 import in_bfloat16
from facedit.compose.frames.person import Person, find_person, speaker_of
from facedit.compose.frames.picture_base import picture_base
from facedit.compose.session.checks import check_run
from facedit.compose.session.performance import nobody
from facedit.compose.source.clip import Clip
from facedit.compose.source.models import Models, load_models
from facedit.compose.takes.learn_footage import after_footage
from facedit.compose.takes.marking import marked
from facedit.device import device_of, half_is_quick
from facedit.errors import UsageError
from facedit.live.live_expressions import live_wishes
from facedit.live.live_face import LiveFace, LiveFrame, LivePictures
from facedit.live.live_motion import LiveMotion
from facedit.live.live_options import STANDARD, LiveOptions
from facedit.live.motion_process import MotionProcess
from facedit.live.run_live import Tally, run_live
from facedit.live.sinks import Camera, Mp4, RawPictures
from facedit.live.sound_sources import Sayings, from_sound, pcm_blocks, played, read_lines
from facedit.live.vmc import Vmc
from facedit.media.output import check_output, whole_or_nothing
from facedit.media.sound import read_speech_file
from facedit.motion.mesh_space import MeshSpace
from facedit.options import Run
from facedit.progress import OnProgress, StageClock
from facedit.speech.fit.voice_choice import choose_voice
from facedit.speech.voices.voice import synthesise
from facedit.types import Float32, Sound
from facedit.units import SPEECH_RATE, SPEECH_SAMPLES_PER_FRAME

Tell = Callable[[str], object]
"""Told what the user should know, a line at a time."""


@dataclass(frozen=True, slots=True)
class Live:
    """A person who can be made to speak, any number of times.

    Attributes:
        person: What is known of the person.
        models: The learned parts.
        run: Options.
        options: Of the live face.
        speak: Says a sentence in the voice that was chosen.
        apart: Draw motion in a process of its own where the face is played.
    """

    person: Person
    models: Models
    run: Run
    options: LiveOptions
    speak: Callable[[str], Sound]
    apart: bool = False

    def face(self, process: MotionProcess | None = None) -> LiveFace:
        """Return a face that has heard nothing yet; ``process``: draws its motion, if anything."""
        drawn = self.options.sink != "vmc"
        face = LiveFace(self.person, self.models, self.run, self.options.pace, drawn)
        if process is not None:
            face.motion = process.begin()
        return face

    @contextmanager
    def motion_process(self) -> Iterator[MotionProcess | None]:
        """Yield a process that draws motion for one face after the other; None if there is none."""
        if not self.apart:
            yield None
            return
        # The rest of a video cannot be handed over, and is not drawn with.
        person = replace(self.person, track=None, prompt=None, source=None)
        pictures = partial(LivePictures, person, self.models, self.run)
        drawn = self.options.sink != "vmc"
        with closing(MotionProcess(self.motion(), pictures if drawn else None)) as process:
            yield process

    def motion(self) -> LiveMotion:
        """Return motion that has heard nothing yet."""
        return LiveMotion(self.person, self.models, self.run, self.options.pace)


def open_live(
    face: Path | None,
    options: LiveOptions,
    run: Run,
    tell: Tell,
    on_progress: OnProgress | None = None,
) -> Live:
    """Find the face and load what makes it speak.

    Args:
        face: A picture or a video of the person; None, for an avatar: the mean face.
        options: Options of the live face.
        run: Options.
        tell: Told what the user should know of the picture and the voice.
        on_progress: Told of every step.

    Returns:
        The person. (``FaceditError`` if the picture or an option is bad.)

    Raises:
        UsageError: If nobody's face shall be drawn.
    """
    if face is None and options.sink != "vmc":
        raise UsageError("say whose face speaks: a picture or a video; --to vmc alone needs none.")
    clip = None if face is None else Clip(face, StageClock(on_progress))
    check_run(run, (), (face,), voice=options.voice)
    live_wishes(run)
    if options.sink in ("mp4", "raw") and options.output != STANDARD:
        check_output(options.output, run.force, [face] if face else [])
    person = nobody(MeshSpace.load()) if clip is None else find_person(clip, run)
    models = load_models(run)
    one = Sound(np.zeros((SPEECH_SAMPLES_PER_FRAME, 1), np.float32), SPEECH_RATE)
    base = picture_base(person, one, "").seen_by(models.space)
    models = quick(after_footage(models, base)[0])
    voice = choose_voice(options.voice, speaker_of(clip) if clip else None)
    live = Live(
        base.person, models, run, options, lambda text: synthesise(text, voice.voice)[0], apart=True
    )
    expressions = live.motion().expressions
    warning = [voice.warning] if options.text else []
    notes = base.notes(models.space) if clip else ()
    for note in (*notes, *expressions.notes, *warning):
        tell(note)
    return live


def quick(models: Models) -> Models:
    """Let the motion model compute in bfloat16 where the CPU does that in less time.

    Motion differs from that in float32 by less than takes do by far (docs/journal/live.md).
    """
    net = models.motion.net
    if device_of(net).type != "cpu" or not half_is_quick():
        return models
    return replace(models, motion=replace(models.motion, net=in_bfloat16(net)))


def play(live: Live, tell: Tell) -> Tally:
    """Let the face say what its options name, until that ends, and show it where they say.

    Args:
        live: The person.
        tell: Told what cannot be spoken.

    Returns:
        What was shown. (``FaceditError`` if the speech is bad, or nobody takes the frames.)
    """
    source = _source(live, tell)
    with _shown(live) as show, live.motion_process() as process:
        return run_live(live.face(process), source, show)


def _source(live: Live, tell: Tell) -> Iterable[Float32]:
    speech = live.options.speech
    if speech == STANDARD:
        return pcm_blocks(sys.stdin.buffer)
    if speech is not None:
        return played(from_sound(read_speech_file(speech)))
    sayings = Sayings(live.speak, tell)
    read_lines(sys.stdin, sayings)
    return played(sayings.take)


@contextmanager
def _shown(live: Live) -> Iterator[Callable[[LiveFrame], object]]:
    """Yield what shows a frame."""
    options, run = live.options, live.run
    with ExitStack() as stack:
        if options.sink == "vmc":
            yield stack.enter_context(closing(Vmc(options.vmc, live.models.space))).show
            return
        if options.sink == "camera":
            yield stack.enter_context(closing(Camera())).show
            return
        stream: BinaryIO
        if options.output == STANDARD:
            stream = sys.stdout.buffer
            if stream.isatty():
                raise UsageError(
                    "the output is a terminal: name a file by -o, or hand it on by a pipe (|)."
                )
        else:
            temporary = stack.enter_context(whole_or_nothing(options.output, run.force))
            stream = stack.enter_context(temporary.open("wb"))
        if options.sink == "raw":
            yield RawPictures(stream).show
            return
        comment = marked("live", "synthetic face and motion throughout", run)
        yield stack.enter_context(closing(Mp4(stream, comment))).show
