"""The motion space ``liveportrait`` on an extractor with weights that a rule makes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from facedit.errors import AssetMissing, NoFace
from facedit.face.regions import BROWS
from facedit.motion.liveportrait.crop import FaceBox, network_picture
from facedit.motion.liveportrait.liveportrait_space import LivePortraitSpace
from facedit.motion.liveportrait.seen import READING, ROW, Reading, box_of, outline_of
from facedit.motion.liveportrait.source_crops import SourceCrops
from facedit.motion.space import MotionSpace, SeesFrames, space_named
from facedit.types import Float32, UInt8
from golden.seeded import picture
from liveportrait_golden import as_input, official_files

FRAME = picture(300, 400, 5)


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivePortraitSpace]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACEDIT_MODELS", str(official_files(tmp_path_factory)))
        space = space_named("liveportrait")
        assert isinstance(space, LivePortraitSpace)
        yield space


@pytest.fixture(scope="module")
def face(neutral: Float32) -> Float32:
    """Landmarks in the frame."""
    return (neutral * 80 + [200, 150, 0]).astype(np.float32)


@pytest.fixture(scope="module")
def seen(space: LivePortraitSpace, face: Float32) -> Float32:
    """What the space sees of a face that moves over the frame."""
    faces = [face + np.float32([2 * k, k, 0]) for k in range(3)]
    return space.see((FRAME, one) for one in faces)


def test_it_is_a_space_that_sees_frames(space: LivePortraitSpace) -> None:
    assert isinstance(space, MotionSpace)
    assert isinstance(space, SeesFrames)
    assert len(space.names) == len(set(space.names)) == 75
    assert [space.groups[name] for name in ("lips", "face", "head")] == [
        slice(0, 18), slice(18, 63), slice(63, 75),
    ]  # fmt: skip
    assert space.names[space.groups["lips"]][13] == "lips_19_y"
    assert space.effects.min() > 0
    # The lower lip moves most of the lips.
    assert space.names[int(space.effects[:18].argmax())] == "lips_19_y"


def test_without_the_file_it_says_what_to_get(tmp_path: Path, face: Float32) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACEDIT_MODELS", str(tmp_path))
        with pytest.raises(AssetMissing, match=r"motion_extractor\.pth"):
            space_named("liveportrait").see([(FRAME, face)])


def test_what_it_sees_is_what_the_extractor_reads(
    space: LivePortraitSpace, seen: Float32, face: Float32
) -> None:
    assert seen.shape == (3, ROW)
    box = box_of(face)
    crop = network_picture(FRAME, box)
    for half, pixels in ((seen[:1], crop), (space.mirrored(seen)[:1], crop[:, ::-1].copy())):
        motion = space._network.motion_of(as_input(pixels))
        own = Reading.of(half)
        np.testing.assert_allclose(own.keypoints, motion.keypoints, atol=1e-5)
        # In its own crop the keypoints are where the network sees them.
        np.testing.assert_allclose(own.motion_in(own).moved(), motion.moved(), atol=1e-4)
    np.testing.assert_allclose(Reading.of(seen).side, box.side, rtol=1e-6)
    assert np.ptp(Reading.of(seen).centre, axis=0) == pytest.approx([4, 2], abs=1e-3)
    np.testing.assert_array_equal(outline_of(seen[0])[0], face[10, :2])


def test_one_frame_alone_is_cut_out_as_a_picture(
    space: LivePortraitSpace, face: Float32, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def box(self: SourceCrops, rgb: UInt8, landmarks: Float32, *, still: bool = False) -> FaceBox:
        asked.append(still)
        return box_of(landmarks)

    monkeypatch.setattr(SourceCrops, "box", box)
    for count in (1, 3):
        assert len(space.see([(FRAME, face)] * count)) == count
    assert asked == [True, False, False, False]


def test_it_reads_on_any_device(
    space: LivePortraitSpace, seen: Float32, face: Float32, device: str
) -> None:
    there = space_named("liveportrait", device).see([(FRAME, face)])
    np.testing.assert_allclose(there, seen[:1], rtol=1e-4, atol=1e-3)


def test_the_crop_leaves_the_forehead_out(face: Float32) -> None:
    low = face[:, 1] > face[list(BROWS), 1].min() - 1e-3
    extent = np.ptp(face[low, :2], axis=0).max()
    assert box_of(face).side == pytest.approx(2.3 * extent, rel=0.02)
    assert box_of(face).side < 2.3 * np.ptp(face[:, :2], axis=0).max() - 10


def test_motion_and_back(space: LivePortraitSpace, seen: Float32) -> None:
    identity = space.identity(seen, np.ones(3, np.float32))
    motion = space.encode(seen, identity)
    assert motion.shape == (3, 75)
    back = space.decode(motion, identity)
    np.testing.assert_allclose(back[:, :75], seen[:, :75], atol=2e-3)
    # All else is the clip's: differences of what is decoded are motion alone.
    assert np.ptp(back[:, 75:], axis=0).max() == 0


def test_the_head_s_place_is_told_in_one_box(space: LivePortraitSpace, seen: Float32) -> None:
    """The crops follow the face: without their places the motion would hold none of the head's."""
    moved = np.repeat(seen[:1], 2, axis=0)
    shift = Reading.of(moved)  # views
    shift.place[1, 0] += 6
    shift.centre[1, 0] += 6
    moved[:, :READING] = shift.rows
    identity = space.identity(moved, np.ones(2, np.float32))
    before, after = space.encode(moved, identity)
    here = space.names.index("head_tx")
    expected = 6 * 2 / shift.side[0, 0] / space._std[here]
    assert after[here] - before[here] == pytest.approx(expected, rel=1e-3)
    np.testing.assert_allclose(np.delete(after - before, here), 0, atol=1e-4)


def test_what_is_sampled_becomes_a_rotation(space: LivePortraitSpace, seen: Float32) -> None:
    identity = space.identity(seen, np.ones(3, np.float32))
    drawn = np.random.default_rng(0).normal(size=(4, 75)).astype(np.float32)
    drawn[3] = np.nan
    rotation = Reading.of(space.decode(drawn, identity)).rotation
    for one in rotation[:3]:
        np.testing.assert_allclose(one @ one.T, np.eye(3), atol=1e-5)
        assert np.linalg.det(one) == pytest.approx(1)
    assert np.isnan(rotation[3]).all()


def test_constant_coordinates_are_not_blown_up(space: LivePortraitSpace, seen: Float32) -> None:
    identity = space.identity(seen, np.ones(3, np.float32))
    noise = seen[:1].copy()
    noise[0, 3 * 6 : 3 * 6 + 3] += 4e-5  # keypoint 6 deviates by so much in real motion
    apart = space.encode(noise, identity) - space.encode(seen[:1], identity)
    assert 0.02 < np.abs(apart[0, :3]).max() < 0.1


def test_no_face_no_identity(space: LivePortraitSpace, seen: Float32) -> None:
    with pytest.raises(NoFace, match="none of 3 frames"):
        space.identity(np.full_like(seen, np.nan), np.ones(3, np.float32))
    assert space.see([]).shape == (0, ROW)
