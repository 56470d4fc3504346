"""Paints covers over faces: hands, microphones, cups, cards, captions, hair, anything.

A cover is a mask (H, W) in [0, 1] and its colours (H, W, 3); ``size`` below is the face's outer-eye
distance in pixels, and points are in pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Mask = NDArray[np.float32]
Colours = NDArray[np.float32]
Point = NDArray[np.float64]
_BITS = 4


@dataclass(frozen=True)
class Scene:
    """What a cover is painted on.

    Attributes:
        face: The picture, shape (H, W, 3).
        mouth: Middle of the mouth.
        size: Outer-eye distance in pixels.
        skin: Colour of the cheeks.
        textures: Other pictures to take surfaces from, shape (n, h, w, 3).
    """

    face: Picture
    mouth: Point
    size: float
    skin: Colours
    textures: Picture


def lay(
    face: Picture, mask: Mask, colours: Colours, size: float, rng: Generator
) -> tuple[Picture, Mask]:
    """Lay a cover over a picture: soft edge, shadow, motion blur, opacity, light."""
    if rng.random() < 0.25:
        kernel = _motion(int(rng.uniform(0.03, 0.25) * size) | 1, rng.uniform(0, np.pi))
        mask, colours = (
            cv2.filter2D(part, -1, kernel, borderType=cv2.BORDER_REPLICATE)
            for part in (mask, colours)
        )
    mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.4, 1.4))
    below = face.astype(np.float32)
    if rng.random() < 0.4:  # its shadow is no cover
        shift = np.float32([[1, 0, rng.normal(0, 0.08 * size)], [0, 1, rng.normal(0, 0.08 * size)]])
        shadow = cv2.warpAffine(mask, shift, mask.shape[::-1])
        shadow = cv2.GaussianBlur(shadow, (0, 0), rng.uniform(0.02, 0.12) * size + 0.5)
        below = below * (1 - rng.uniform(0.1, 0.6) * shadow)[..., None]
    out = below + mask[..., None] * (colours - below)
    return np.clip(np.rint(out), 0, 255).astype(np.uint8), mask


def _motion(length: int, angle: float) -> Mask:
    kernel = np.zeros((length, length), np.float32)
    half = length / 2 - 0.5
    step = half * np.array([np.cos(angle), np.sin(angle)])
    a, b = np.rint(half - step).astype(int), np.rint(half + step).astype(int)
    cv2.line(kernel, tuple(a.tolist()), tuple(b.tolist()), 1.0, 1)
    return kernel / max(kernel.sum(), 1e-6)


def fill(shape: tuple[int, ...], points: Point) -> Mask:
    canvas = np.zeros(shape[:2], np.uint8)
    fixed = np.rint(points * (1 << _BITS)).astype(np.int32)
    cv2.fillPoly(canvas, [fixed], 255, cv2.LINE_AA, _BITS)
    return canvas.astype(np.float32) / 255


def capsule(
    shape: tuple[int, ...], a: Point, b: Point, r0: float, r1: float
) -> tuple[Mask, Mask, Mask]:
    """Mask of a tapered bar, place across it in [-1, 1] and along it in pixels from its end b."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    d = b - a
    length = max(float(np.hypot(*d)), 1e-3)
    d = d / length
    along = (x - a[0]) * d[0] + (y - a[1]) * d[1]
    across = (x - a[0]) * -d[1] + (y - a[1]) * d[0]
    share = np.clip(along / length, 0, 1)
    radius = r0 + (r1 - r0) * share
    beyond = np.maximum(np.maximum(along - length, -along), 0)
    distance = np.hypot(beyond, across)
    mask = np.clip(radius - distance + 0.5, 0, 1).astype(np.float32)
    return mask, (across / radius).astype(np.float32), (length - along).astype(np.float32)


def towards_mouth(scene: Scene, rng: Generator, spread: float = 0.3) -> tuple[Point, Point, Point]:
    """A point near the mouth, a direction from which something comes, and its normal."""
    tip = scene.mouth + rng.normal(0, spread * scene.size, 2)
    # From below more often than from above.
    angle = rng.uniform(0, 2 * np.pi) if rng.random() < 0.4 else rng.uniform(0.1, 0.9) * np.pi
    direction = np.array([np.cos(angle), np.sin(angle)])
    return tip, direction, np.array([-direction[1], direction[0]])


def texture(scene: Scene, rng: Generator) -> Colours:
    """A piece of another picture, enlarged or reduced to fill this one."""
    height, width = scene.face.shape[:2]
    source = scene.textures[rng.integers(len(scene.textures))]
    zoom = np.exp(rng.uniform(-0.5, 1.5))
    angle = rng.uniform(-np.pi, np.pi)
    linear = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) / zoom
    centre = rng.uniform(0.2, 0.8, 2) * source.shape[1::-1]
    matrix = np.column_stack([linear, centre - linear @ [width / 2, height / 2]])
    out = cv2.warpAffine(
        source,
        matrix,
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT,
    )
    out = out[..., rng.permutation(3)] if rng.random() < 0.5 else out
    return out.astype(np.float32)


def noise(shape: tuple[int, ...], grain: float, rng: Generator) -> Mask:
    small = rng.normal(0, 1, (max(int(shape[0] / grain), 2), max(int(shape[1] / grain), 2)))
    return cv2.resize(small.astype(np.float32), shape[1::-1], interpolation=cv2.INTER_CUBIC)


def any_colour(rng: Generator) -> Colours:
    value = rng.uniform(0, 255)
    if rng.random() < 0.5:
        return np.clip(value + rng.normal(0, 8, 3), 0, 255).astype(np.float32)
    return rng.uniform(0, 255, 3).astype(np.float32)


def surface(scene: Scene, rng: Generator) -> Colours:
    """Some surface: plain, noisy, shaded, striped, or a piece of a picture."""
    shape = scene.face.shape
    if rng.random() < 0.35:
        return texture(scene, rng)
    out = np.tile(any_colour(rng), (*shape[:2], 1))
    if rng.random() < 0.5:
        out += rng.uniform(2, 30) * noise(shape, rng.uniform(1, 8), rng)[..., None]
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    turn = rng.uniform(0, 2 * np.pi)
    ramp = (np.cos(turn) * (x - shape[1] / 2) + np.sin(turn) * (y - shape[0] / 2)) / shape[0]
    out += rng.normal(0, 60) * ramp[..., None]
    if rng.random() < 0.2:
        out += rng.normal(0, 40) * np.sign(np.sin(ramp * rng.uniform(10, 60)))[..., None]
    return np.clip(out, 0, 255).astype(np.float32)


def skin(scene: Scene, rng: Generator) -> Colours:
    """The person's skin under other light; the hard case: a hand looks like the face."""
    shape = scene.face.shape
    tone = scene.skin * rng.uniform(0.65, 1.3) * np.exp(rng.normal(0, 0.06, 3))
    if rng.random() < 0.12:
        tone = any_colour(rng)  # gloves, and other people's hands
    out = np.tile(tone.astype(np.float32), (*shape[:2], 1))
    if rng.random() < 0.5:  # real skin: the cheek of the same picture, its detail only
        x, y = scene.mouth + scene.size * np.array([rng.choice([-0.45, 0.45]), -0.25])
        r = max(int(0.12 * scene.size), 4)
        x, y = (int(np.clip(v, r, n - r - 1)) for v, n in zip((x, y), shape[1::-1], strict=True))
        patch = scene.face[y - r : y + r, x - r : x + r].astype(np.float32)
        patch = cv2.resize(patch, shape[1::-1], interpolation=cv2.INTER_LINEAR)
        out += patch - patch.mean(axis=(0, 1))
    out += rng.uniform(0.5, 5) * noise(shape, rng.uniform(1.5, 8), rng)[..., None]
    out += rng.uniform(2, 14) * noise(shape, rng.uniform(15, 40), rng)[..., None]
    return out.astype(np.float32)


def blob(shape: tuple[int, ...], centre: Point, radius: float, rng: Generator) -> Mask:
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    reach = np.ones(48)
    for order in range(1, 5):
        reach += rng.normal(0, 0.22 / order) * np.cos(order * angles + rng.uniform(0, 2 * np.pi))
    stretch = np.exp(rng.normal(0, 0.25))
    points = np.stack([stretch * np.cos(angles), np.sin(angles) / stretch], axis=1) * reach[:, None]
    turn = rng.uniform(0, np.pi)
    turned = points @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return fill(shape, centre + radius * turned)


def quad(shape: tuple[int, ...], centre: Point, half_w: float, half_h: float, angle: float) -> Mask:
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [half_w, half_h]
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return fill(shape, centre + corners @ turn)
