"""The renderer on a picture whose every mouth has a colour of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facedit.face.regions import INNER_LIPS, OUTER_LIPS
from facedit.render.bank import ReferenceBank
from facedit.render.morph import morph_cut
from facedit.render.network import MouthNetwork
from facedit.render.renderer import FaceRenderer
from facedit.render.renderer_interface import Choice, FrameTask, Patch
from facedit.render.settings import RenderSettings
from facedit.types import UInt8


def _paste(base: UInt8, patch: Patch) -> UInt8:
    out = base.copy()
    height, width = patch.rgb.shape[:2]
    out[patch.y : patch.y + height, patch.x : patch.x + width] = patch.rgb
    return out


@pytest.fixture(scope="module")
def bank(talking) -> ReferenceBank:
    filled = ReferenceBank()
    for number, (picture, face) in enumerate(zip(*talking, strict=True)):
        filled.add(picture, face, number / 25)
    return filled


def test_retrieval_finds_the_very_frame(bank: ReferenceBank, talking) -> None:
    _, faces = talking
    path = FaceRenderer(bank).plan(faces, faces)
    assert [choice.mouth for choice in path.choices] == list(range(len(faces)))
    assert max(choice.distance for choice in path.choices) < 1e-3
    for number, choice in enumerate(path.choices):
        assert choice.references[0] == number
        assert len(set(choice.references)) == 3


def test_the_inner_outline_counts_for_more_than_the_outer(portrait: UInt8, make_face) -> None:
    target = make_face(mouth=0.5)
    bank, faces = ReferenceBank(), []
    for number, part in enumerate((INNER_LIPS, OUTER_LIPS)):
        face = target.copy()
        # As much off in either outline, along x: the gap between the lips stays.
        face[list(part), 0] += (6.0, 6.5)[number]
        faces.append(face)
        bank.add(portrait, face, number / 25)

    def chosen(inner: float) -> int | None:
        renderer = FaceRenderer(bank, settings=replace(RenderSettings(), inner=inner))
        return renderer.plan(target[None], target[None]).choices[0].mouth

    assert chosen(1.0) == 0
    assert chosen(RenderSettings().inner) == 1


def test_forbidden_times_are_not_used(bank: ReferenceBank, talking) -> None:
    _, faces = talking
    path = FaceRenderer(bank).plan(faces[3:5], faces[3:5], lambda times: times < 5.5 / 25)
    assert {choice.mouth for choice in path.choices} <= {6, 7}


def test_the_retrieved_mouth_is_shown_on_the_base(bank: ReferenceBank, talking) -> None:
    pictures, faces = talking
    renderer = FaceRenderer(bank)
    choice = renderer.plan(faces[5:6], faces[:1]).choices[0]
    patch = renderer.render(FrameTask(pictures[0], faces[0], faces[5], choice))
    out = _paste(pictures[0], patch)
    x, y = np.rint(faces[5][[13, 14], :2].mean(axis=0)).astype(int)
    # The inside has the colour painted into frame 5, up to the offset measured on the seam.
    assert np.abs(out[y, x].astype(int) - pictures[5][y, x]).max() < 35
    assert np.abs(out[y, x].astype(int) - pictures[0][y, x]).max() > 40


@pytest.mark.parametrize("network", [None, MouthNetwork()])
def test_weight_and_border(bank: ReferenceBank, talking, network) -> None:
    pictures, faces = talking
    renderer = FaceRenderer(bank, network)
    choice = renderer.plan(faces[4:5], faces[:1]).choices[0]
    nothing = renderer.render(FrameTask(pictures[0], faces[0], faces[4], choice, weight=0.0))
    assert np.array_equal(_paste(pictures[0], nothing), pictures[0])
    before = pictures[0].copy()
    full = renderer.render(FrameTask(pictures[0], faces[0], faces[4], choice))
    assert np.array_equal(pictures[0], before)
    height, width = full.rgb.shape[:2]
    under = pictures[0][full.y : full.y + height, full.x : full.x + width]
    for border in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        assert np.array_equal(full.rgb[border], under[border])
    assert (full.x % 2, full.y % 2, width % 2, height % 2) == (0, 0, 0, 0)
    half = renderer.render(FrameTask(pictures[0], faces[0], faces[4], choice, weight=0.5))
    mean = (under.astype(float) + full.rgb) / 2
    assert np.abs(half.rgb - mean).max() <= 1.0
    again = renderer.render(FrameTask(pictures[0], faces[0], faces[4], choice))
    assert np.array_equal(again.rgb, full.rgb)


def test_an_unchanged_face_stays_the_bases_own(bank: ReferenceBank, talking) -> None:
    pictures, faces = talking
    renderer = FaceRenderer(bank)
    choice = renderer.plan(faces[2:3], faces[2:3]).choices[0]
    patch = renderer.render(FrameTask(pictures[2], faces[2], faces[2], choice, region="face"))
    assert np.array_equal(_paste(pictures[2], patch), pictures[2])


def test_an_empty_bank_still_moves_the_face(portrait: UInt8, make_face) -> None:
    base, target = make_face(), make_face(mouth=1.0)
    renderer = FaceRenderer(ReferenceBank())
    choice = renderer.plan(target[None], base[None]).choices[0]
    assert choice == Choice()
    patch = renderer.render(FrameTask(portrait, base, target, choice))
    assert not np.array_equal(_paste(portrait, patch), portrait)


def test_face_closes_eyes_with_a_frame_that_has_them_shut(portrait: UInt8, make_face) -> None:
    open_eyes, shut = make_face(), make_face(lids=0.9)
    marked = portrait.copy()
    x, y = np.rint(open_eyes[159, :2]).astype(int)
    marked[y - 6 : y + 16, x - 14 : x + 14] = (90, 200, 90)  # the shut eye's own skin
    bank = ReferenceBank()
    bank.add(portrait, open_eyes, 0.0)
    bank.add(marked, shut, 0.04)
    renderer = FaceRenderer(bank)
    choice = renderer.plan(shut[None], open_eyes[None]).choices[0]
    assert choice.eyes == 1
    faces = {
        region: _paste(
            portrait, renderer.render(FrameTask(portrait, open_eyes, shut, choice, region=region))
        )
        for region in ("lips", "face")
    }
    green = {name: int(out[y + 4, x, 1]) - int(out[y + 4, x, 0]) for name, out in faces.items()}
    assert green["face"] > green["lips"] + 30


def test_head_moves_the_face_and_leaves_the_far_background(portrait: UInt8, make_face) -> None:
    base, target = make_face(), make_face(x=226, y=120)
    renderer = FaceRenderer(ReferenceBank())
    patch = renderer.render(FrameTask(portrait, base, target, Choice(), region="head"))
    out = _paste(portrait, patch)
    nose = np.rint(base[1, :2]).astype(int)
    window = portrait[nose[1] - 8 : nose[1] + 8, nose[0] - 8 : nose[0] + 8].astype(int)
    moved = out[nose[1] - 6 : nose[1] + 10, nose[0] - 4 : nose[0] + 12].astype(int)
    assert np.abs(window - moved).mean() < 3.0
    assert np.array_equal(out[-60:], portrait[-60:])


def test_plan_needs_as_many_bases_as_targets(talking) -> None:
    _, faces = talking
    with pytest.raises(ValueError, match="8 targets for 1"):
        FaceRenderer(ReferenceBank()).plan(faces, faces[:1])


def test_morph_starts_and_ends_at_the_pictures(talking, make_face) -> None:
    pictures, faces = talking
    left, right = (pictures[0], faces[0]), (pictures[3], make_face(x=228, mouth=1.2))
    assert np.array_equal(morph_cut(*left, *right, 0.0).rgb, pictures[0])
    assert np.array_equal(morph_cut(*left, *right, 1.0).rgb, pictures[3])
    half = morph_cut(*left, *right, 0.5)
    assert np.allclose(half.landmarks, (left[1] + right[1]) / 2)
    assert half.rgb.shape == pictures[0].shape


def test_morph_of_a_moved_face_is_not_a_double_exposure(portrait: UInt8, make_face) -> None:
    base, target = make_face(), make_face(x=230, y=122)
    from facedit.render.morph import warp_whole

    moved = warp_whole(portrait, base, target)
    half = morph_cut(portrait, base, moved, target, 0.5)
    wanted = warp_whole(portrait, base, half.landmarks)
    x, y = np.rint(half.landmarks[1, :2]).astype(int)
    window = np.s_[y - 30 : y + 30, x - 30 : x + 30]
    plain = (portrait.astype(float) + moved) / 2
    good = np.abs(half.rgb[window].astype(float) - wanted[window]).mean()
    ghost = np.abs(plain[window] - wanted[window]).mean()
    assert good < 0.5 * ghost


def test_morph_refuses_pictures_of_different_size(portrait: UInt8, make_face) -> None:
    with pytest.raises(ValueError, match="can't be joined"):
        morph_cut(portrait, make_face(), portrait[:100], make_face(), 0.5)
