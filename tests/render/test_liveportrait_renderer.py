"""The renderer ``liveportrait``: what is pasted back where, and what the networks are given."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from facedit.device import cpu_threads
from facedit.face.regions import FACE_OVAL
from facedit.motion.liveportrait.crop import FaceBox
from facedit.motion.liveportrait.keypoints import FaceMotion
from facedit.motion.liveportrait.seen import READING, ROW, Reading, box_of
from facedit.motion.liveportrait.source_crops import SourceCrops
from facedit.motion.mesh_space import MeshSpace
from facedit.render.bank import ReferenceBank
from facedit.render.footage import Footage
from facedit.render.liveportrait import from_landmarks
from facedit.render.liveportrait import liveportrait_renderer as module
from facedit.render.liveportrait.liveportrait_renderer import LivePortraitRenderer
from facedit.render.liveportrait.painter import Painter
from facedit.render.liveportrait.paste import as_sharp, pasted_face, with_chin
from facedit.render.renderer_interface import Choice, ClipRenderer, FrameTask, Patch
from facedit.render.renderers import RENDERERS, DrawsOthers, LearnsFootage, Renderer
from facedit.render.still_renderer import Still
from facedit.types import LANDMARK_TERMS, Float32, UInt8
from faces import canonical_landmarks
from golden.seeded import picture

FRAME = picture(300, 400, 5)
FACE = (canonical_landmarks() * 7 + [200, 150, 0]).astype(np.float32)
BOX = box_of(FACE)
SIZE = 256


def shown(patch: Patch, frame: UInt8 = FRAME) -> UInt8:
    frame = frame.copy()
    height, width = patch.rgb.shape[:2]
    frame[patch.y : patch.y + height, patch.x : patch.x + width] = patch.rgb
    return frame


def changed(patch: Patch) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.abs(shown(patch).astype(int) - FRAME).max(axis=2) > 1


def crop_of(frame: UInt8) -> UInt8:
    matrix = BOX.matrix(SIZE, upright=False)
    return np.asarray(cv2.warpAffine(frame, matrix[:2], (SIZE, SIZE)), np.uint8)


def pasted(crop: UInt8, *, frame: UInt8 = FRAME, whole: bool = False, weight: float = 1.0) -> Patch:
    outline = None if whole else FACE[list(FACE_OVAL), :2]
    return pasted_face(frame, crop, BOX.matrix(SIZE, upright=False), outline, weight)


def test_the_face_alone_is_pasted_unless_the_head_moves() -> None:
    other = crop_of(picture(300, 400, 9))
    face, whole = changed(pasted(other)), changed(pasted(other, whole=True))
    # Above the forehead there is hair, beside the shoulders what is behind them.
    top, bottom = FACE[10, :2].astype(int), FACE[152, :2].astype(int)
    nose = FACE[4, :2].astype(int)
    assert face[nose[1], nose[0]]
    assert not face[top[1] - 3 :: -1, top[0]].any()
    assert not face[:, : int(FACE[:, 0].min()) - 2].any()
    assert face[bottom[1], bottom[0]]  # a falling jaw
    assert whole.sum() > 2 * face.sum()
    corner = (BOX.centre - BOX.side / 2).astype(int)
    assert not whole[: max(corner[1], 0)].any()
    assert not whole[:, : corner[0]].any()


def test_what_is_drawn_as_it_was_is_hardly_seen() -> None:
    smooth = np.asarray(cv2.GaussianBlur(FRAME, (0, 0), 6), np.uint8)
    patch = pasted(crop_of(smooth), frame=smooth)
    difference = np.abs(shown(patch, smooth).astype(int) - smooth)
    assert difference.mean() < 0.2
    assert difference.max() < 8


def test_a_difference_of_light_goes_at_the_seam() -> None:
    flat = np.full_like(FRAME, 120)
    darker = np.full((SIZE, SIZE, 3), 100, np.uint8)
    outline = FACE[list(FACE_OVAL), :2]
    for shape in (outline, None):
        patch = pasted_face(flat, darker, BOX.matrix(SIZE, upright=False), shape)
        assert np.abs(patch.rgb.astype(int) - 120).max() <= 3


def test_it_fades_to_the_frame() -> None:
    other = crop_of(picture(300, 400, 9))
    full, half = (shown(pasted(other, weight=w)).astype(float) - FRAME for w in (1.0, 0.5))
    np.testing.assert_allclose(half, full / 2, atol=1.01)
    assert not changed(pasted(other, weight=0.0)).any()


def test_softness_is_made_up_for_and_sharpness_left() -> None:
    sharp = picture(64, 64, 3).astype(np.float32)
    soft = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 0.8), np.float32)
    seam = np.full((64, 64), 0.5, np.float32)

    def detail(one: Float32) -> float:
        return float(np.std(one - cv2.GaussianBlur(one, (0, 0), 1.0)))

    assert detail(as_sharp(sharp, soft, seam)) == pytest.approx(
        min(detail(sharp), 2 * detail(soft)), rel=0.15
    )
    np.testing.assert_array_equal(as_sharp(soft, sharp, seam), sharp)


def test_only_the_lower_half_is_longer() -> None:
    outline = FACE[list(FACE_OVAL), :2]
    longer = with_chin(outline)
    height = outline[18, 1] - outline[0, 1]
    np.testing.assert_allclose(longer[0], outline[0], atol=1e-4)
    assert longer[18, 1] - outline[18, 1] == pytest.approx(0.1 * height, rel=0.01)


class Networks:
    """Stands in for 130 million weights: tells what it was given."""

    def __init__(self) -> None:
        self.looked = 0
        self.keypoints: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.motion = self
        self.crops = SourceCrops()

    def appearance(self, pictures: torch.Tensor) -> torch.Tensor:
        self.looked += 1
        return pictures

    def motion_of(self, pictures: torch.Tensor) -> FaceMotion:
        """A head in the middle of its crop, looking ahead."""
        self.looked += 1
        keypoints = torch.linspace(-0.5, 0.5, 63).view(1, 21, 3)
        still, turned = torch.zeros(1, 3), torch.eye(3)[None]
        return FaceMotion(keypoints, 0 * keypoints, turned, still, torch.ones(1, 1))

    def lips(self, numbers: torch.Tensor) -> torch.Tensor:
        """The lower lip falls as far as is asked, and a constant goes wrong."""
        offsets = torch.full((1, 63), 0.3)
        offsets[0, 3 * 19 + 1] += numbers[0, -1]
        return offsets

    def eyes(self, numbers: torch.Tensor) -> torch.Tensor:
        offsets = torch.zeros(1, 63)
        offsets[0, 3 * 11 + 1] += numbers[0, -1]
        return offsets

    def stitching(self, both: torch.Tensor) -> torch.Tensor:
        return torch.zeros(len(both), 65)

    def warping(self, volume: torch.Tensor, x_s: torch.Tensor, x_d: torch.Tensor) -> Any:
        self.keypoints.append((x_s, x_d))
        return type("Warped", (), {"features": volume})

    def decoder(self, features: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.interpolate(features, scale_factor=2)


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> Networks:
    made = Networks()
    for one in (module, from_landmarks):
        monkeypatch.setattr(one, "load_liveportrait", lambda device: made)
    return made


@pytest.fixture
def drawing(networks: Networks) -> ClipRenderer:
    renderer = RENDERERS.make("liveportrait", None, "cpu")
    assert isinstance(renderer, Renderer)
    assert isinstance(renderer, LivePortraitRenderer)
    return renderer.of_picture(Still(FRAME, FACE))


def row() -> Float32:
    """What is seen of the face in the frame."""
    rng = np.random.default_rng(0)
    row = rng.normal(0, 0.1, ROW).astype(np.float32)
    own = Reading.of(row[None])
    own.rotation[:], own.scale[:], own.place[0] = np.eye(3), 1.3, (*BOX.centre, 0)
    own.centre[:], own.side[:] = BOX.centre, BOX.side
    row[:READING] = own.rows[0]
    row[2 * READING :] = FACE[list(FACE_OVAL), :2].ravel()
    return row


def test_keypoints_go_where_the_motion_wants_them(
    drawing: ClipRenderer, networks: Networks
) -> None:
    base = row()
    (choice,) = drawing.plan(base[None], base[None]).choices
    drawing.render(FrameTask(FRAME, base, base, choice))
    x_s, x_d = networks.keypoints[-1]
    torch.testing.assert_close(x_s, x_d)
    target = base.copy()
    target[3 * 19 + 1] += 0.02  # the lower lip
    target[72] += BOX.side / 20  # the place
    drawing.render(FrameTask(FRAME, base, target, choice))
    moved = networks.keypoints[-1][1] - x_s
    assert moved[0, :, 0] == pytest.approx(0.1, abs=1e-4)
    assert moved[0, 19, 1] == pytest.approx(1.3 * 0.02, abs=1e-4)
    # What differs from a rotation is brought to the nearest one.
    target = base.copy()
    target[63:72] *= 1.5
    drawing.render(FrameTask(FRAME, base, target, choice))
    torch.testing.assert_close(networks.keypoints[-1][1], x_s)


def test_features_of_a_picture_are_computed_once(drawing: ClipRenderer, networks: Networks) -> None:
    for _ in range(3):
        patch = drawing.render(FrameTask(FRAME, row(), row(), Choice()))
    assert networks.looked == 1
    drawing.render(FrameTask(picture(300, 400, 6), row(), row(), Choice()))
    assert networks.looked == 2
    assert not changed(patch)[: int(FACE[10, 1]) - 2].any()
    head = drawing.render(FrameTask(FRAME, row(), row(), Choice(), region="head"))
    assert head.rgb.size > 2 * patch.rgb.size


def test_the_networks_are_handed_all_on_their_device(networks: Networks, device: str) -> None:
    for name in ("stitching", "lips", "eyes"):
        real = getattr(networks, name)

        def on_device(numbers: torch.Tensor, real: Any = real) -> torch.Tensor:
            assert numbers.device.type == torch.device(device).type
            return real(numbers.cpu()).to(device)

        setattr(networks, name, on_device)
    renderer = RENDERERS.make("liveportrait", None, device)
    patches = [
        renderer.of_picture(Still(FRAME, FACE)).render(FrameTask(FRAME, row(), row(), Choice()))
    ]
    assert isinstance(renderer, DrawsOthers)
    by_landmarks = renderer.drawing(LANDMARK_TERMS).of_picture(Still(FRAME, FACE))
    patches.append(by_landmarks.render(FrameTask(FRAME, FACE, FACE, Choice(), region="head")))
    assert all(patch.rgb.size for patch in patches)


def test_a_picture_is_drawn_truncated_as_there(networks: Networks) -> None:
    drawn = Painter(networks).draw(  # type: ignore[arg-type]
        np.full((128, 128, 3), 77, np.uint8), torch.zeros(1, 21, 3), torch.zeros(1, 21, 3)
    )
    assert drawn.shape == (256, 256, 3)
    assert set(np.unique(drawn)) <= {76, 77}


def test_all_threads_draw_and_one_looks(
    networks: Networks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second of work or more is worth waiting for the others, a tenth is not."""
    used = {}

    def counted(name: str, real: Any) -> Any:
        def call(x: torch.Tensor) -> Any:
            used[name] = torch.get_num_threads()
            return real(x)

        return call

    for name in ("motion_of", "decoder"):
        monkeypatch.setattr(networks, name, counted(name, getattr(networks, name)))
    painter, still = Painter(networks), torch.zeros(1, 21, 3)  # type: ignore[arg-type]
    with cpu_threads(2):
        painter.motion_of(np.zeros((64, 64, 3), np.uint8))
        painter.draw(np.zeros((64, 64, 3), np.uint8), still, still)
    assert used == {"motion_of": 1, "decoder": 2}


def test_landmarks_are_drawn_by_the_retargeting_networks(networks: Networks) -> None:
    renderer = RENDERERS.make("liveportrait", None, "cpu")
    assert isinstance(renderer, DrawsOthers)
    assert renderer.drawing("another space's") is renderer
    other = renderer.drawing(LANDMARK_TERMS)
    assert (other.name, other.terms) == ("liveportrait", LANDMARK_TERMS)
    drawing = other.of_picture(Still(FRAME, FACE))

    def moved(target: Float32, region: Any) -> torch.Tensor:
        drawing.render(FrameTask(FRAME, FACE, target, Choice(), region=region))
        x_s, x_d = networks.keypoints[-1]
        return (x_d - x_s)[0]

    # What does not move stays, whatever the networks make of equal openings.
    assert moved(FACE, "head").abs().max() < 1e-5
    # All was looked at once for motion, once for features.
    moved(FACE, "lips")
    assert networks.looked == 2
    opened = FACE.copy()
    opened[14, 1] += 0.2 * np.linalg.norm(FACE[61, :2] - FACE[291, :2])
    lips = moved(opened, "lips")
    assert lips[19, 1] == pytest.approx(0.2, abs=0.01)
    assert lips.abs().sum() == pytest.approx(float(lips[19, 1]), abs=1e-3)
    shut = FACE.copy()
    shut[[159, 386]] = shut[[145, 374]]
    assert moved(shut, "lips").abs().max() < 1e-5
    assert moved(shut, "face")[11, 1] < -0.1
    # The head turns about its middle, and goes where the landmarks go.
    angle = np.radians(10)
    turn = np.array([[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0],
        [0, 0, 1]])  # fmt: skip
    middle = np.array([*BOX.centre, 0])
    target = ((FACE - middle) @ turn + middle + [BOX.side / 20, 0, 0]).astype(np.float32)
    assert moved(target, "face").abs().max() < 1e-3
    x_s = networks.keypoints[-1][0][0].numpy()
    expected = x_s @ turn + [0.1, 0, 0] - x_s
    np.testing.assert_allclose(moved(target, "head").numpy(), expected, atol=1e-3)


def test_a_picture_is_cut_out_as_one(networks: Networks, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    real = SourceCrops.box

    def box(self: SourceCrops, rgb: UInt8, landmarks: Float32, *, still: bool = False) -> FaceBox:
        asked.append(still)
        return real(self, rgb, landmarks, still=still)

    monkeypatch.setattr(SourceCrops, "box", box)
    renderer = RENDERERS.make("liveportrait-retargeting", None, "cpu")
    for drawing in (renderer.of_picture(Still(FRAME, FACE)), renderer.of_clip(ReferenceBank())):
        drawing.render(FrameTask(FRAME, FACE, FACE, Choice()))
    assert asked == [True, False]


def test_footage_tells_how_the_expression_follows(
    networks: Networks, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The extractor is told of the opening by the picture: the map must hand it on."""
    monkeypatch.setenv("FACEDIT_CACHE", str(tmp_path))
    monkeypatch.setenv("FACEDIT_MODELS", str(tmp_path))
    (tmp_path / "motion_extractor.pth").write_bytes(b"its hash is asked for")
    read, looked = networks.motion_of, []

    def motion_of(pictures: torch.Tensor) -> FaceMotion:
        looked.append(pictures)
        motion = read(pictures)
        motion.expression[0, 19, 1] = pictures.mean() * 0.1
        return motion

    networks.motion_of = motion_of  # type: ignore[method-assign]
    renderer = RENDERERS.make("liveportrait", None, "cpu")
    assert isinstance(renderer, DrawsOthers)
    by_landmarks = renderer.drawing(LANDMARK_TERMS)
    assert isinstance(by_landmarks, LearnsFootage)
    rng = np.random.default_rng(0)

    def opened(width: float) -> Float32:
        face = FACE + rng.normal(0, 0.01, FACE.shape).astype(np.float32)
        face[[14, 17, 152], 1] += 10 * width
        return face

    def looks() -> Iterator[tuple[UInt8, Float32]]:
        for k in range(80):
            width = (1 + np.sin(k / 3)) / 2
            yield np.full_like(FRAME, int(100 * width)), opened(width)

    space = MeshSpace.load()
    learnt, figures = by_landmarks.learnt(space, Footage("a clip", looks))
    assert figures["expression error, lips"] < 0.1
    count = len(looked)
    _again, same = by_landmarks.learnt(space, Footage("a clip", looks))
    assert same == figures
    assert len(looked) == count > 70  # what was read is kept

    shut, wide = opened(0), opened(1)
    networks.motion_of = read  # type: ignore[method-assign]
    learnt.of_picture(Still(FRAME, shut)).render(FrameTask(FRAME, shut, wide, Choice()))
    x_s, x_d = networks.keypoints[-1]
    moved = (x_d - x_s)[0]
    # Darkness 100 of 255, over the crop, a tenth: not what the retargeting network makes of it.
    assert moved[19, 1] == pytest.approx(0.1 * 100 / 255, rel=0.25)
    assert moved.abs().sum() == pytest.approx(float(moved[19, 1]), abs=5e-3)
    # What the footage cannot tell is left to the networks; too short a clip teaches nothing.
    assert "drawn by retargeting networks" not in figures
    for footage in (Footage("", lambda: islice(looks(), 10)), None):
        few, said = by_landmarks.learnt(space, footage)
        assert few == by_landmarks
        assert said == {"drawn by retargeting networks": "lips, face"}


def test_the_simple_variant_does_not_learn(networks: Networks) -> None:
    renderer = RENDERERS.make("liveportrait-retargeting", None, "cpu")
    assert isinstance(renderer, Renderer)
    assert not isinstance(renderer, LearnsFootage)
    assert (renderer.name, renderer.terms) == ("liveportrait-retargeting", LANDMARK_TERMS)
