"""Mouths of a stretch and what hides them, on disk: safetensors, which takes no time to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from facedit.errors import BadWeights
from facedit.render.bank import BankFrame, Cutout, ReferenceBank
from facedit.render.covers import Covers
from facedit.render.mouth_inputs import MouthSource
from facedit.tensors import read_tensors

_OF_A_FRAME = ("time_s", "landmarks", "lips", "gaze", "sharpness", "brightness")


@dataclass(frozen=True, slots=True)
class Mouths:
    """What is taken of the pictures of a stretch.

    Attributes:
        bank: The mouths and eyes seen in it.
        covers: What hides the mouth; None if nobody looked.
    """

    bank: ReferenceBank
    covers: Covers | None

    @property
    def nbytes(self) -> int:
        """Bytes of the pictures."""
        return self.bank.nbytes


def save_mouths(path: Path, mouths: Mouths) -> None:
    """Write mouths to a new file."""
    frames = mouths.bank.frames
    arrays: dict[str, Any] = {
        name: np.array([getattr(frame, name) for frame in frames]) for name in _OF_A_FRAME
    }
    arrays["crops"] = np.array([frame.source.crop for frame in frames], np.uint8)
    arrays["crop_landmarks"] = np.array([frame.source.landmarks for frame in frames], np.float32)
    for name, boxes, cutouts in (
        ("mouths", "mouth_boxes", [frame.mouth for frame in frames]),
        ("eyes", "eye_boxes", [frame.eyes for frame in frames]),
    ):
        arrays[name], arrays[boxes] = _joined(cutouts)
    if (covers := mouths.covers) is not None:
        arrays["covered_frames"] = np.array(list(covers.masks), np.int64)
        arrays["masks"] = np.array(list(covers.masks.values()), np.uint8)
        arrays["shares"] = covers.shares
    save_file(arrays, path)


def load_mouths(path: Path) -> Mouths:
    """Read what ``save_mouths`` wrote; BadWeights if it is damaged or something else."""
    stored = read_tensors(path, "np")[1]
    try:
        bank = ReferenceBank()
        mouths = _parted(stored["mouths"], stored["mouth_boxes"])
        eyes = _parted(stored["eyes"], stored["eye_boxes"])
        for k, (mouth, eye) in enumerate(zip(mouths, eyes, strict=True)):
            bank.frames.append(
                BankFrame(
                    time_s=float(stored["time_s"][k]),
                    landmarks=stored["landmarks"][k],
                    mouth=mouth,
                    eyes=eye,
                    source=MouthSource(stored["crops"][k], stored["crop_landmarks"][k]),
                    lips=stored["lips"][k],
                    gaze=stored["gaze"][k],
                    sharpness=float(stored["sharpness"][k]),
                    brightness=float(stored["brightness"][k]),
                )
            )
        if "shares" not in stored:
            return Mouths(bank, None)
        rows = stored["covered_frames"].tolist()
        masks = dict(zip(rows, stored["masks"], strict=True))
        return Mouths(bank, Covers(masks, stored["shares"]))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise BadWeights(f"{path.name} holds no stored mouths: {error}") from error


def _joined(cutouts: Sequence[Cutout]) -> tuple[np.ndarray, np.ndarray]:
    """Write cutouts of several sizes in a row; with it come x, y, width and height of each."""
    boxes = [(*one.origin, one.rgb.shape[1], one.rgb.shape[0]) for one in cutouts]
    pixels = [one.rgb.ravel() for one in cutouts]
    joined = np.concatenate(pixels) if pixels else np.zeros(0, np.uint8)
    return joined, np.array(boxes, np.int64).reshape(-1, 4)


def _parted(pixels: np.ndarray, boxes: np.ndarray) -> list[Cutout]:
    """Take cutouts out of a row of pixels again."""
    cutouts, start = [], 0
    for x, y, width, height in boxes.tolist():
        end = start + 3 * width * height
        cutouts.append(Cutout(pixels[start:end].reshape(height, width, 3), (x, y)))
        start = end
    return cutouts
