"""A few talking clips made by the project itself, so that a benchmark can be built anywhere.

Two "speakers" are the public-domain portrait of the demo, plain and mirrored with other colours and
a lower voice; their lips are moved by ``facedit generate``. Nothing of it is footage.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedit.errors import AssetMissing
from facedit.media.output import make_folder
from facedit.scratch import scratch_folder
from facedit.types import Sound, Transcript, UInt8

MANIFEST = "manifest.csv"
SIDE = 256
"""Width and height of the clips in pixels."""

LICENCE = "portrait: public domain (NASA); voice and motion: made by facedit"
ORIGIN = "facedit bench material: scikit-image's astronaut, spoken by the default voice"

_LOWER_SEMITONES = -3.0
_FIELDS = ("file", "split", "corpus", "speaker", "licence", "origin", "remarks")


@dataclass(frozen=True, slots=True)
class Part:
    """What one clip says: its file's name, who speaks (``plain`` or ``mirrored``), and what."""

    name: str
    speaker: str
    text: str


PARTS = (
    # Two sentences of GRID's grammar, so that words of one fit into the other.
    Part("plain_lbaf2n", "plain", "Lay blue at F two now."),
    Part("plain_srbm9a", "plain", "Set red by M nine again."),
    Part("plain_moon", "plain", "We fly to the new station on Monday, because it is really close."),
    Part("mirrored_boxes", "mirrored", "So they gave us two red boxes. We took them to the lab."),
)


@dataclass(frozen=True, slots=True)
class Material:
    """Clips that were made."""

    folder: Path
    manifest: Path
    clips: tuple[Path, ...]

    def __str__(self) -> str:
        """Return the paths for people."""
        return f"{len(self.clips)} clips in {self.folder}: build a benchmark of {self.manifest}"


def make_material(
    folder: Path, *, force: bool = False, parts: tuple[Part, ...] = PARTS
) -> Material:
    """Make the clips, with transcripts beside them and a manifest.

    ``AssetMissing`` if scikit-image, which holds the portrait, is not installed.
    """
    try:
        from skimage import data
    except ImportError as error:
        raise AssetMissing(
            "the portrait comes with scikit-image: run 'pip install facedit[demo]'."
        ) from error
    make_folder(folder, force=force)
    photo: UInt8 = data.astronaut()  # type: ignore[no-untyped-call]
    with scratch_folder() as scratch:
        clips = [_make(part, photo, folder, scratch) for part in parts]
    manifest = folder / MANIFEST
    with manifest.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, _FIELDS)
        writer.writeheader()
        for part, clip in zip(parts, clips, strict=True):
            row = (clip.name, "dev", "material", part.speaker, LICENCE, ORIGIN, "")
            writer.writerow(dict(zip(_FIELDS, row, strict=True)))
    return Material(folder, manifest, tuple(clips))


def portrait_of(photo: UInt8, speaker: str) -> UInt8:
    """Cut the face of a speaker, (256, 256, 3), out of the photo of the astronaut, (512, 512, 3).

    The mirrored one is seen a little nearer and in other colours.
    """
    import cv2

    if speaker == "plain":
        return np.asarray(
            cv2.resize(photo[5:215, 116:326], (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8
        )
    near = cv2.resize(photo[15:205, 315:125:-1], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    tinted = np.asarray(near, np.float32) * np.array([0.80, 0.95, 1.05], np.float32)
    return np.clip(tinted, 0, 255).astype(np.uint8)


def _make(part: Part, photo: UInt8, folder: Path, scratch: Path) -> Path:
    """Let a speaker say a text."""
    import cv2

    from facedit import api
    from facedit.media.wav import write_wav
    from facedit.options import GenerateRequest, Run
    from facedit.speech.text.transcript_io import save_transcript

    face, voice = scratch / f"{part.speaker}.png", scratch / f"{part.name}.wav"
    cv2.imwrite(str(face), np.ascontiguousarray(portrait_of(photo, part.speaker)[..., ::-1]))
    sound, words = spoken(part)
    write_wav(voice, sound, force=True)
    clip = folder / f"{part.name}.mp4"
    run = Run(force=True, report=scratch / f"{part.name}.report")
    api.generate(face, clip, GenerateRequest(speech=voice), run=run)
    save_transcript(words, clip.with_suffix(".json"))
    return clip


def spoken(part: Part) -> tuple[Sound, Transcript]:
    """Speak a part in its speaker's voice: the sound and its words with times."""
    from facedit.speech.signal.match import shift_pitch
    from facedit.speech.sound_ops import from_mono, mono
    from facedit.speech.voices.voice import synthesise

    sound, words = synthesise(part.text)
    if part.speaker != "plain":
        sound = from_mono(shift_pitch(mono(sound), sound.rate, _LOWER_SEMITONES), sound.rate)
    return sound, words
