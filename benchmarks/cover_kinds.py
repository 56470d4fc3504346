"""The covers that are painted over faces: what each is made of."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from cover_paint import (
    Colours,
    Mask,
    Picture,
    Scene,
    any_colour,
    blob,
    capsule,
    fill,
    lay,
    noise,
    quad,
    skin,
    surface,
    towards_mouth,
)
from numpy.random import Generator

_FONTS = (0, 1, 2, 3, 4, 6, 7)


def hand(scene: Scene, rng: Generator) -> tuple[Mask, Colours]:
    """One to five fingers side by side, perhaps with a palm, shaded round, nails and creases."""
    shape, size = scene.face.shape, scene.size
    tip, out, side = towards_mouth(scene, rng)
    count = int(rng.choice([1, 2, 3, 4, 5], p=[0.2, 0.2, 0.2, 0.3, 0.1]))
    radius = rng.uniform(0.06, 0.13) * size
    colours, mask = skin(scene, rng), np.zeros(shape[:2], np.float32)
    light, crease = rng.uniform(0, 0.6), rng.random() < 0.6
    lit_from = rng.uniform(-0.6, 0.6)
    spread = rng.uniform(-0.12, 0.25)
    lengths = rng.uniform(0.5, 1.1) * size * (1 - 0.25 * np.abs(np.linspace(-1, 1, count) - 0.2))
    nails = rng.random() < 0.5
    if rng.random() < 0.6 or count == 1:
        palm, across, _ = capsule(
            shape,
            tip + out * (lengths.max() + 0.2 * size),
            tip + out * (lengths.max() * 0.9 + size),
            radius * max(count, 2.5) * 1.05,
            radius * max(count, 2.5) * 0.9,
        )
        mask = np.maximum(mask, palm)
        colours *= (1 - palm * light * 0.6 * np.clip(across - lit_from, -1.5, 1.5) ** 2)[..., None]
    for k in rng.permutation(count):
        offset = (k - (count - 1) / 2) * 2.02 * radius
        end = tip + side * offset + out * (lengths.max() - lengths[k])
        turn = (k - (count - 1) / 2) * spread
        away = np.array(
            [
                out[0] * np.cos(turn) - out[1] * np.sin(turn),
                out[0] * np.sin(turn) + out[1] * np.cos(turn),
            ]
        )
        base = end + away * (lengths[k] + 0.3 * size)
        finger, across, along = capsule(shape, base, end, radius * 1.15, radius * 0.85)
        tone = rng.uniform(0.93, 1.07)
        shade = tone * (1 - light * np.clip(across - lit_from, -1.6, 1.6) ** 2 * 0.5)
        if crease:
            for place in (0.3, 0.62):
                at = place * size * rng.uniform(0.8, 1.2)
                shade *= 1 - 0.25 * np.exp(-((along - at) ** 2) / (2 * (0.012 * size + 0.6) ** 2))
        layer = skin_like(colours, shade)
        if nails:
            centre = end + away * radius * 0.3
            y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
            u = (x - centre[0]) * away[0] + (y - centre[1]) * away[1]
            v = -(x - centre[0]) * away[1] + (y - centre[1]) * away[0]
            nail = np.clip(2 - 2 * np.hypot(u / (radius * 0.75), v / (radius * 0.55)), 0, 1)[
                ..., None
            ]
            layer = layer + nail * np.array([18, 8, 8], np.float32)
        edge = np.clip(1 - np.abs(1 - np.abs(across)) * radius / 1.2, 0, 1) * (along > 0)
        colours = np.where(
            finger[..., None] > 0, colours + finger[..., None] * (layer - colours), colours
        )
        colours *= (1 - 0.35 * edge * (count > 1) * rng.uniform(0.3, 1))[..., None]
        mask = np.maximum(mask, finger)
    return mask, colours


def skin_like(colours: Colours, shade: Mask) -> Colours:
    return colours * shade[..., None]


def fist(scene: Scene, rng: Generator) -> tuple[Mask, Colours]:
    """A skin-coloured lump with knuckles: a fist, a palm, an arm."""
    shape, size = scene.face.shape, scene.size
    centre = scene.mouth + rng.normal(0, 0.3 * size, 2)
    mask = blob(shape, centre, rng.uniform(0.25, 0.6) * size, rng)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    light = rng.normal(0, 0.5, 2)
    lit = 1 + light[0] * (x - centre[0]) / size + light[1] * (y - centre[1]) / size
    depth = cv2.GaussianBlur(mask, (0, 0), 0.08 * size)
    colours = skin(scene, rng) * (np.clip(lit, 0.4, 1.5) * (0.55 + 0.45 * depth))[..., None]
    for _ in range(int(rng.integers(0, 5))):
        a = centre + rng.normal(0, 0.25 * size, 2)
        b = a + rng.normal(0, 0.25 * size, 2)
        line = np.zeros(shape[:2], np.float32)
        cv2.line(
            line,
            tuple(np.rint(a).astype(int).tolist()),
            tuple(np.rint(b).astype(int).tolist()),
            1.0,
            int(rng.integers(1, 3)),
            cv2.LINE_AA,
        )
        colours *= (1 - rng.uniform(0.1, 0.5) * cv2.GaussianBlur(line, (0, 0), 1.0))[..., None]
    return mask, colours


def microphone(scene: Scene, rng: Generator) -> tuple[Mask, Colours]:
    """A ball of foam or mesh on a stick, perhaps with a sign on it."""
    shape, size = scene.face.shape, scene.size
    tip, out, _side = towards_mouth(scene, rng, 0.35)
    radius = rng.uniform(0.1, 0.42) * size
    colour = (
        any_colour(rng)
        if rng.random() < 0.4
        else np.float32(rng.uniform(5, 70)) * np.ones(3, np.float32)
    )
    head, across, _along = capsule(
        shape, tip + out * rng.uniform(0.1, 0.8) * radius, tip, radius, radius * rng.uniform(0.8, 1)
    )
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    light = rng.normal(0, 1, 2)
    light /= np.hypot(*light) + 1e-6
    round_ = ((x - tip[0]) * light[0] + (y - tip[1]) * light[1]) / radius
    shade = 1 + rng.uniform(0, 0.7) * np.clip(round_, -1.5, 1.5)
    grain = noise(shape, rng.uniform(1.0, 3.0), rng) * rng.uniform(2, 22)
    if rng.random() < 0.35:
        step = rng.uniform(2, 6)
        grain += rng.uniform(5, 40) * np.sign(
            np.sin(2 * np.pi * x / step) + np.sin(2 * np.pi * y / step)
        )
    colours = colour * shade[..., None] + grain[..., None]
    gleam = (
        np.exp(-((round_ - 0.5) ** 2) * 20)
        * np.exp(-(across**2) * 6)
        * rng.uniform(0, 90)
        * (rng.random() < 0.4)
    )
    colours = colours + gleam[..., None]
    mask = head
    start = tip + out * radius * 1.2
    stick, over, _ = capsule(
        shape,
        start,
        start + out * 3 * size,
        radius * rng.uniform(0.25, 0.8),
        radius * rng.uniform(0.2, 0.7),
    )
    stick_colour = any_colour(rng) * (1 - 0.5 * over**2)[..., None]
    colours = np.where(head[..., None] > 0.5, colours, stick_colour)
    mask = np.maximum(mask, stick)
    if rng.random() < 0.3:
        centre = start + out * rng.uniform(0.3, 1.0) * size
        sign = quad(
            shape,
            centre,
            rng.uniform(0.15, 0.4) * size,
            rng.uniform(0.15, 0.35) * size,
            np.arctan2(*out[::-1]),
        )
        colours = np.where(sign[..., None] > 0.5, surface(scene, rng), colours)
        mask = np.maximum(mask, sign)
    return mask, np.asarray(colours, np.float32)


def cup(scene: Scene, rng: Generator) -> tuple[Mask, Colours]:
    """A vessel before the mouth: a trapezoid shaded round, a rim, a handle."""
    shape, size = scene.face.shape, scene.size
    top, bottom = rng.uniform(0.2, 0.55) * size, rng.uniform(0.15, 0.5) * size
    height = rng.uniform(0.5, 1.2) * size
    at = scene.mouth + np.array([rng.normal(0, 0.25), rng.uniform(-0.25, 0.35)]) * size
    turn = rng.normal(0, 0.35)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    corners = np.array([[-top, 0], [top, 0], [bottom, height], [-bottom, height]]) @ matrix + at
    mask = fill(shape, corners)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    across = ((x - at[0]) * matrix[0, 0] + (y - at[1]) * matrix[0, 1]) / top
    lit = 1 - rng.uniform(0, 0.6) * np.clip(across - rng.uniform(-0.6, 0.6), -1.5, 1.5) ** 2
    colours = surface(scene, rng) * lit[..., None]
    if rng.random() < 0.7:
        ring = np.zeros(shape[:2], np.uint8)
        cv2.ellipse(
            ring,
            (tuple(at.tolist()), (2 * top, top * rng.uniform(0.2, 0.6)), np.degrees(-turn)),
            255,
            -1,
            cv2.LINE_AA,
        )
        rim = ring.astype(np.float32) / 255
        colours += rim[..., None] * rng.normal(0, 50)
        mask = np.maximum(mask, rim)
    return mask, np.asarray(colours, np.float32)


def card(scene: Scene, rng: Generator) -> tuple[Mask, Colours]:
    """A telephone, a sheet, a book, a bar across."""
    shape, size = scene.face.shape, scene.size
    mask = quad(
        shape,
        scene.mouth + rng.normal(0, 0.5 * size, 2),
        rng.uniform(0.15, 0.9) * size,
        rng.uniform(0.15, 0.9) * size,
        rng.uniform(-np.pi, np.pi),
    )
    colours = surface(scene, rng)
    if rng.random() < 0.4:
        words = caption(scene, rng)
        colours = colours + words[0][..., None] * (words[1] - colours)
    return mask, colours


def bar(scene: Scene, rng: Generator) -> tuple[Mask, Colours]:
    """Something long: a pen, a straw, a cigarette, an arm, a strap."""
    shape, size = scene.face.shape, scene.size
    tip, out, _ = towards_mouth(scene, rng, 0.25)
    radius = np.exp(rng.uniform(np.log(0.02), np.log(0.3))) * size
    mask, across, _ = capsule(
        shape,
        tip + out * 3 * size,
        tip - out * size * rng.choice([0, 3]),
        radius,
        radius * rng.uniform(0.7, 1),
    )
    look = skin(scene, rng) if radius > 0.15 * size and rng.random() < 0.5 else surface(scene, rng)
    return mask, np.asarray(
        look * (1 - rng.uniform(0, 0.6) * np.clip(across, -1, 1) ** 2)[..., None], np.float32
    )


def caption(scene: Scene, rng: Generator) -> tuple[Mask, Colours]:
    """Burnt-in words: any size, outline, box, one or two lines."""
    shape, size = scene.face.shape, scene.size
    letters = "".join(
        rng.choice(
            list("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 ,.!?:'-"), 40
        )
    )
    font, scale = int(rng.choice(_FONTS)), np.exp(rng.uniform(np.log(0.006), np.log(0.03))) * size
    thick = max(round(scale * rng.uniform(1, 5)), 1)
    ink, edge = np.zeros(shape[:2], np.uint8), np.zeros(shape[:2], np.uint8)
    start = scene.mouth + np.array([-rng.uniform(0, 1.5), rng.normal(0, 0.3)]) * size
    outline = int(rng.integers(0, 4)) if rng.random() < 0.6 else 0
    for line in range(int(rng.integers(1, 3))):
        at = (int(start[0]), int(start[1] + line * 34 * scale))
        text = letters[line * 20 : line * 20 + int(rng.integers(3, 20))]
        cv2.putText(ink, text, at, font, scale, 255, thick, cv2.LINE_AA)
        cv2.putText(edge, text, at, font, scale, 255, thick + 2 * outline, cv2.LINE_AA)
    pen = (
        np.float32(rng.uniform(180, 255)) * np.ones(3, np.float32)
        if rng.random() < 0.6
        else any_colour(rng)
    )
    ink_, edge_ = ink.astype(np.float32) / 255, edge.astype(np.float32) / 255
    under = np.zeros(3, np.float32) if rng.random() < 0.7 else any_colour(rng)
    mask = np.maximum(edge_, ink_)
    colours = under + ink_[..., None] * (pen - under)
    if rng.random() < 0.25:
        box = quad(
            shape,
            start + np.array([0.7 * size, -10 * scale]),
            rng.uniform(0.5, 2) * size,
            rng.uniform(14, 40) * scale,
            0.0,
        )
        plate = any_colour(rng)
        see = rng.uniform(0.5, 1.0)
        mask = np.maximum(mask, see * box)
        colours = np.where(
            (edge_ > 0)[..., None],
            edge_[..., None] * colours + (1 - edge_[..., None]) * plate,
            plate,
        )
    return mask * rng.uniform(0.75, 1.0), np.asarray(colours, np.float32)


def hair(scene: Scene, rng: Generator) -> tuple[Mask, Colours]:
    """Strands that hang over the mouth."""
    shape, size = scene.face.shape, scene.size
    mask = np.zeros(shape[:2], np.uint8)
    tip, out, side = towards_mouth(scene, rng, 0.35)
    far = tip + out * 2 * size
    for _ in range(int(rng.integers(1, 14))):
        bend = side * rng.normal(0, 0.3 * size)
        points = [
            tip - out * rng.uniform(0, size) + rng.normal(0, 0.06 * size, 2),
            (tip + far) / 2 + bend,
            far + rng.normal(0, 0.1 * size, 2),
        ]
        t = np.linspace(0, 1, 20)[:, None]
        curve = (1 - t) ** 2 * points[0] + 2 * t * (1 - t) * points[1] + t**2 * points[2]
        cv2.polylines(
            mask,
            [np.rint(curve * 16).astype(np.int32)],
            False,
            255,
            max(int(size * rng.uniform(0.01, 0.06)), 1),
            cv2.LINE_AA,
            4,
        )
    tone = np.array([1.0, 0.8, 0.6], np.float32) * np.float32(rng.uniform(10, 160))
    return mask.astype(np.float32) / 255 * rng.uniform(0.7, 1), tone + rng.uniform(3, 20) * noise(
        shape, 1.5, rng
    )[..., None]


def thing(scene: Scene, rng: Generator) -> tuple[Mask, Colours]:
    """Anything."""
    shape, size = scene.face.shape, scene.size
    centre = scene.mouth + rng.normal(0, 0.4 * size, 2)
    mask = blob(shape, centre, np.exp(rng.uniform(np.log(0.1), np.log(0.8))) * size, rng)
    return mask * (1.0 if rng.random() < 0.85 else rng.uniform(0.6, 1)), surface(scene, rng)


KINDS: tuple[tuple[Callable[[Scene, Generator], tuple[Mask, Colours]], float], ...] = (
    (hand, 0.4),
    (fist, 0.16),
    (microphone, 0.1),
    (cup, 0.05),
    (card, 0.05),
    (bar, 0.06),
    (caption, 0.14),
    (hair, 0.06),
    (thing, 0.08),
)
"""The covers, and how often each is painted."""


def paint(scene: Scene, rng: Generator) -> tuple[Picture, Mask]:
    """Paint one cover, perhaps of several parts; returns picture and mask."""
    kinds, shares = zip(*KINDS, strict=True)
    kind = kinds[rng.choice(len(kinds), p=np.array(shares) / sum(shares))]
    mask, colours = kind(scene, rng)
    return lay(scene.face, mask, colours, scene.size, rng)
