"""Small clips in which the default voice speaks known words: with a face, with two, with none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from facedit.types import Sound, Transcript

SENTENCE = "we fly to the moon and back to the earth"
RATE = 25


@dataclass(frozen=True)
class TalkingClips:
    """Files that tests read and must leave as they are.

    Attributes:
        folder: Where they all lie.
        words: The words of the sound with their times.
        sound: The sound.
    """

    folder: Path
    words: Transcript
    sound: Sound

    def __getitem__(self, name: str) -> str:
        """Path of one of the files."""
        return str(self.folder / name)


def make_talking_clips(folder: Path, sentence: str = SENTENCE) -> TalkingClips:
    """Write ``none.mp4``, ``one.mp4``, ``two.mp4`` (faces), ``words.json`` and ``speech.wav``."""
    files, words, sound = _made(sentence)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return TalkingClips(folder, words, sound)


@cache
def _made(sentence: str) -> tuple[dict[str, bytes], Transcript, Sound]:
    """Make the files of a sentence, which many test files ask for, once a process."""
    from skimage import data

    from facedit.media.wav import write_wav
    from facedit.speech.voices.voice import synthesise

    sound, words = synthesise(sentence)
    face = data.astronaut()[:224, 112:336]
    frames = range(int(sound.duration_s * RATE) + 1)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        # One frame more than the sound, so that it fits under the pictures.
        write_clip(folder / "none.mp4", [gradient(k) for k in frames], sound)
        write_clip(folder / "one.mp4", [face for _ in frames], sound)
        write_clip(folder / "two.mp4", [np.tile(face, (1, 2, 1)) for _ in frames], sound)
        write_clip(folder / "silent.mp4", [face for _ in frames], None)
        write_wav(folder / "speech.wav", sound)
        document = {
            "words": [{"word": w.text, "start": w.start_s, "end": w.end_s} for w in words.words]
        }
        (folder / "words.json").write_text(json.dumps(document))
        return {path.name: path.read_bytes() for path in folder.iterdir()}, words, sound


def gradient(k: int) -> NDArray[np.uint8]:
    """A picture without a face: stripes that move."""
    y, x = np.mgrid[:96, :128]
    return np.stack([(x + 3 * k) % 256, (2 * y) % 256, (x + y) % 256], axis=-1).astype(np.uint8)


def write_clip(
    path: Path,
    pictures: list[NDArray[np.uint8]],
    sound: Sound | None,
    options: dict[str, str] | None = None,
    video_options: dict[str, str] | None = None,
    sound_options: dict[str, str] | None = None,
    rate: int = RATE,
    sound_codec: str = "aac",
) -> None:
    """Write pictures and sound with plain PyAV (not with the code under test)."""
    height, width = pictures[0].shape[:2]
    coded = {"crf": "16", "preset": "ultrafast", **(video_options or {})}
    with av.open(str(path), "w", container_options=options or {}) as file:
        video = file.add_stream("libx264", rate=rate, options=coded)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        audio = file.add_stream(sound_codec, sound.rate, sound_options or {}) if sound else None
        if audio is not None:
            audio.layout = "mono"
        scaler = VideoReformatter()  # to make one takes longer than to convert a small picture
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            file.mux(video.encode(scaler.reformat(frame, format="yuv420p")))
        file.mux(video.encode(None))
        if audio is not None and sound is not None:
            samples = np.ascontiguousarray(sound.samples[:, 0][None])
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = sound.rate, 0
            frame.time_base = Fraction(1, sound.rate)
            file.mux(audio.encode(frame))
            file.mux(audio.encode(None))
