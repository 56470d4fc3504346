"""What hides a mouth in the frames of a clip: found by the cover network, kept over what is drawn.

The network looks at the lower face and at what is usual there in the same shot. A frame counts as
covered where enough of the mouth's region is, for several frames on end; a blink of a few pixels is
noise.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from facedit.render.composite import mouth_outline
from facedit.render.geometry import CROP, crop_transform, transform_landmarks
from facedit.render.mouth_inputs import crop_picture
from facedit.render.renderer_interface import Patch
from facedit.render.warp import Rect, bounding_rect
from facedit.types import Bool, FaceTrack, Float32, Float64, UInt8

if TYPE_CHECKING:
    from facedit.render.cover_network import CoverNetwork

Indices = NDArray[np.intp]

SIDE = 64
"""Side of the network's pictures in pixels."""

SURELY = 0.12
"""Covered share of the mouth's region that some frame of a covered stretch reaches."""

PERHAPS = 0.03
"""Covered share that every frame of a covered stretch has."""

LEAST_FRAMES = 3
"""A covered stretch is no shorter."""

PARTLY, MOSTLY = 0.5, 0.7
"""Covered shares up to which the visible rest is drawn, and from which the frame stays as shot."""

USUAL_FRAMES = 25
"""Frames of which the usual picture of a shot is the median."""

BLOCK = 750
"""Frames looked at together: bounds memory."""

_FILLED, _KEPT = 2, 3
"""Pixels of the crop by which a cover grows before it is filled, and before it is laid back."""

_BATCH = 32
_BITS = 4


@dataclass(frozen=True, slots=True)
class Covers:
    """What hides the mouth in the frames of a track.

    Attributes:
        masks: Of each frame with a covered mouth, by its index: how surely each pixel of its crop
            is covered, 0 to 255, shape (64, 64).
        shares: Covered part of the mouth's region in each frame, 0 where the mouth is free,
            shape (F,).
    """

    masks: Mapping[int, UInt8]
    shares: Float32

    @property
    def covered(self) -> Bool:
        """Whether each frame's mouth is covered, shape (F,)."""
        return np.asarray(self.shares > 0, np.bool_)

    def only(self, track: FaceTrack, time_s: float) -> Covers:
        """Return those of a track's frame at a time, as of a track of one frame."""
        row = int(np.abs(track.times_s - time_s).argmin())
        masks = {0: self.masks[row]} if row in self.masks else {}
        return Covers(masks, self.shares[row : row + 1])

    def shares_at(self, first: Indices, second: Indices, weight: Float64) -> Float32:
        """Return the shares of pictures in which two frames are mixed, (F,) each."""
        both = np.maximum(self.shares[first], self.shares[second])
        return np.where(weight > 0, both, self.shares[first])

    def masks_at(self, first: int, second: int, weight: float) -> list[UInt8]:
        """Return the masks of a picture in which two frames are mixed."""
        rows = {first, second} if weight > 0 else {first}
        return [self.masks[row] for row in sorted(rows) if row in self.masks]


def find_covers(
    frames: Iterable[UInt8], track: FaceTrack, network: CoverNetwork | None
) -> Covers | None:
    """Look for covers in the frames (H, W, 3) of a track, each of which is dropped at once.

    Without a network the frames pass all the same, and nothing is known.
    """
    if network is None:
        deque(frames, 0)
        return None
    shares = np.zeros(len(track.times_s), np.float32)
    masks: dict[int, UInt8] = {}
    shots = np.searchsorted(np.asarray(track.cuts), track.times_s + 1e-6)
    seen = (
        (index, cover_crop(rgb, track.landmarks[index]))
        for index, rgb in enumerate(frames)
        if np.isfinite(track.landmarks[index, 0, 0])
    )
    for block in _blocks(seen, shots):
        rows = [index for index, _ in block]
        crops = np.stack([crop for _, crop in block])
        sure = _looked_at(crops, network)
        part = np.array([mouth_share(sure[k], track.landmarks[row]) for k, row in enumerate(rows)])
        for k in np.flatnonzero(lasting(part)):
            # A stretch is never open at its ends: what is nearly free there counts as touched.
            shares[rows[k]] = max(part[k], 1e-3)
            masks[rows[k]] = sure[k]
    return Covers(masks, shares)


def drawn_shares(times_s: Float64, shares: Float32, seen: Bool, fade_s: float) -> Float64:
    """Return how much of what is drawn is shown in consecutive pictures, in [0, 1], shape (F,).

    Nothing where the face is lost (not ``seen``) or its mouth mostly covered; near such pictures it
    fades, over ``fade_s``, so that no mouth appears from one picture to the next.
    """
    most = np.clip((MOSTLY - shares) / (MOSTLY - PARTLY), 0.0, 1.0) * np.asarray(seen, np.float64)
    drawn = np.ones(len(times_s))
    for time_s, least in zip(times_s, most, strict=True):
        if least < 1.0:
            drawn = np.minimum(drawn, least + np.abs(times_s - time_s) / fade_s)
    return drawn


def cover_transform(landmarks: Float32) -> Float64:
    """Return the similarity (2, 3) from a picture to the network's crop of its face (478, 3)."""
    matrix = crop_transform(landmarks)
    scale = SIDE / CROP
    matrix[:, 2] = scale * (matrix[:, 2] - (CROP - 1) / 2) + (SIDE - 1) / 2
    matrix[:, :2] *= scale
    return matrix


def cover_crop(rgb: UInt8, landmarks: Float32) -> UInt8:
    """Cut the lower face (64, 64, 3) out of a picture."""
    return crop_picture(rgb, cover_transform(landmarks), SIDE)


def mouth_share(mask: UInt8, landmarks: Float32) -> float:
    """Return how much of the region in which mouths are replaced a mask (64, 64) covers."""
    points = mouth_outline(transform_landmarks(landmarks, cover_transform(landmarks)))
    region = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillPoly(region, [np.rint(points * (1 << _BITS)).astype(np.int32)], 1, cv2.LINE_8, _BITS)
    return float((mask[region > 0] >= 128).mean()) if region.any() else 0.0


def lasting(shares: Float64) -> Bool:
    """Return which of consecutive frames are in a covered stretch, given their shares (F,)."""
    kept = np.zeros(len(shares), np.bool_)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], shares >= PERHAPS, [0]])))
    for start, end in edges.reshape(-1, 2):
        least = min(LEAST_FRAMES, len(shares))
        if end - start >= least and shares[start:end].max() >= SURELY:
            kept[max(start - 1, 0) : end + 1] = True
    return kept


def filled(picture: UInt8, masks: list[UInt8], landmarks: Float32) -> UInt8:
    """Fill the covers of a face (478, 3) in a picture (H, W, 3) with what is around them.

    On this a new mouth is drawn: a cover would be carried along with the jaw, and its colour taken
    for the light on the skin. Without masks it is the picture itself.
    """
    if not masks:
        return picture
    points = landmarks[:, :2]
    rect = bounding_rect(points, 0.2 * float(np.ptp(points[:, 0])), *picture.shape[1::-1])
    # Only where the picture is laid back whole: elsewhere the filling would show.
    hidden = _alpha(masks, landmarks, rect, _FILLED) >= 1.0
    own = picture[rect.slices].astype(np.float32)
    known = (~hidden).astype(np.float32)
    side = int(0.3 * rect.width) | 1
    for _ in range(2):  # the second round reaches what lies deep inside
        near = cv2.blur(known, (side, side))[..., None]
        mean = cv2.blur(own * known[..., None], (side, side)) / np.maximum(near, 1e-3)
        own = np.where((known > 0)[..., None], own, mean)
        known = np.maximum(known, (near[..., 0] > 0.02).astype(np.float32))
    free = picture.copy()
    free[rect.slices] = np.clip(np.rint(own), 0, 255).astype(np.uint8)
    return free


def kept_over(patch: Patch, picture: UInt8, masks: list[UInt8], landmarks: Float32) -> Patch:
    """Lay what covers a face (478, 3) of a picture (H, W, 3) back over what was drawn on it.

    Where a mask is sure the pixels are the picture's own; it ends softly. Without masks it is the
    patch itself.
    """
    height, width = patch.rgb.shape[:2]
    if not masks or height == 0:
        return patch
    rect = Rect(patch.x, patch.y, width, height)
    alpha = _alpha(masks, landmarks, rect, _KEPT)[..., None]
    mixed = patch.rgb + alpha * (picture[rect.slices].astype(np.float32) - patch.rgb)
    return Patch(np.rint(mixed).astype(np.uint8), patch.x, patch.y)


def _alpha(masks: list[UInt8], landmarks: Float32, rect: Rect, more: int) -> Float32:
    """Return how much of each pixel of a rectangle is the covers', which grow by ``more``."""
    matrix = cover_transform(landmarks)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * more + 1, 2 * more + 1))
    grown = cv2.dilate(np.maximum.reduce(masks), kernel)
    soft = cv2.GaussianBlur(grown.astype(np.float32) / 255, (0, 0), 0.8)
    matrix[:, 2] += matrix[:, :2] @ np.array([rect.x, rect.y], np.float64)
    alpha = cv2.warpAffine(
        np.clip(2 * soft - 0.5, 0.0, 1.0),
        matrix,
        (rect.width, rect.height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(alpha, np.float32)


def _blocks(
    seen: Iterable[tuple[int, UInt8]], shots: NDArray[np.intp]
) -> Iterator[list[tuple[int, UInt8]]]:
    """Group frames by shot, and long shots by length."""
    for _, shot in groupby(seen, key=lambda one: shots[one[0]]):
        block: list[tuple[int, UInt8]] = []
        for one in shot:
            block.append(one)
            if len(block) == BLOCK:
                yield block
                block = []
        if block:
            yield block


def _looked_at(crops: UInt8, network: CoverNetwork) -> UInt8:
    """Say how surely each pixel of a shot's crops (F, 64, 64, 3) is covered, 0 to 255."""
    import torch

    from facedit.device import device_of, inference

    places = np.linspace(0, len(crops) - 1, min(USUAL_FRAMES, len(crops))).round().astype(int)
    usual = torch.from_numpy(np.median(crops[places], axis=0).astype(np.uint8))
    device, parts = device_of(network), []
    for start in range(0, len(crops), _BATCH):
        part = torch.from_numpy(crops[start : start + _BATCH])
        both = torch.cat([part, usual.expand(len(part), -1, -1, -1)], dim=3)
        with inference():
            logits = network(both.permute(0, 3, 1, 2).to(device).float() / 255.0)
        parts.append((255 * torch.sigmoid(logits)).round().to(torch.uint8).cpu().numpy())
    sure = np.concatenate(parts)
    if len(sure) < 3:
        return sure
    before, after = np.roll(sure, 1, axis=0), np.roll(sure, -1, axis=0)
    before[0], after[-1] = sure[0], sure[-1]
    # The median of three, which no single frame's noise gets through.
    calm = np.maximum(np.minimum(before, after), np.minimum(sure, np.maximum(before, after)))
    return np.asarray(calm, np.uint8)
