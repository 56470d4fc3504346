"""One sample for the mouth network: sources warped to a frame, and the frame itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facedit.render.mouth_inputs import (
    MouthSource,
    apply_gain,
    network_inputs,
    skin_gain,
)
from facedit.training.mouth.mouth_bake import BakedClip
from facedit.types import Float32, Float64, UInt8


@dataclass(frozen=True, slots=True)
class MouthSample:
    """One training sample.

    Attributes:
        pictures: Warped base and references, shape (4, S, S, 3).
        raster: Drawn target, shape (S, S, 3).
        gaps: Lip openings of the sources, shape (4,).
        truth: The target picture, shape (S, S, 3).
        referenced: False where the references are copies of the base.
        own: True where the references show the person themselves.
    """

    pictures: UInt8
    raster: UInt8
    gaps: Float32
    truth: UInt8
    referenced: bool
    own: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What is changed alike in all pictures of a sample.

    Attributes:
        shift: Shift of the target's landmarks in canonical pixels, as by a tracker, shape (2,).
        gamma: Exponent of the tone curve.
        mirror: Left and right change places.
    """

    shift: Float64
    gamma: float = 1.0
    mirror: bool = False

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Look:
        """Draw a change."""
        shift = rng.normal(0.0, 0.3, 2)
        return cls(shift, float(np.exp(rng.normal(0.0, 0.2))), bool(rng.random() < 0.5))


def most_alike(clip: BakedClip, allowed: NDArray[np.intp], target: int) -> list[int]:
    """Choose three allowed frames whose lips are most like the target's, as references.

    They are at least two frames apart where there are enough; else some come twice.
    """
    distance = np.linalg.norm(clip.descriptors[allowed] - clip.descriptors[target], axis=1)
    chosen: list[int] = []
    for one in allowed[np.argsort(distance, kind="stable")]:
        if all(abs(int(one) - other) >= 2 for other in chosen):
            chosen.append(int(one))
        if len(chosen) == 3:
            break
    return chosen + [chosen[0]] * (3 - len(chosen))


def source_of(clip: BakedClip, frame: int) -> MouthSource:
    """Return one frame of a clip as a source for the network."""
    return MouthSource(np.asarray(clip.crops[frame]), np.asarray(clip.landmarks[frame]))


def make_sample(
    clip: BakedClip,
    target: int,
    sources: Sequence[MouthSource],
    size: int,
    look: Look,
    *,
    own: bool = True,
) -> MouthSample:
    """Warp sources, base first, to a frame and put the frame beside them.

    The base alone stands for a still picture; ``own`` says whether references show the person.
    """
    landmarks = np.array(clip.landmarks[target])
    landmarks[:, :2] += look.shift
    inputs = network_inputs(landmarks.astype(np.float32), sources, size)
    margin = (clip.crops.shape[1] - size) // 2
    truth = np.array(clip.crops[target][margin : margin + size, margin : margin + size])
    grey = np.arange(256) / 255.0
    curve = np.rint(255.0 * grey**look.gamma).astype(np.uint8)
    pictures, truth, raster = curve[inputs.pictures], curve[truth], inputs.raster
    if look.mirror:
        pictures, truth, raster = pictures[:, :, ::-1], truth[:, ::-1], raster[:, ::-1]
    return MouthSample(pictures, raster, inputs.gaps, truth, len(sources) > 1, own)


def tone_match(source: MouthSource, base: MouthSource) -> MouthSource:
    """Give one face's crop the skin tone of another's."""
    return MouthSource(apply_gain(source.crop, skin_gain(source, base)), source.landmarks)
