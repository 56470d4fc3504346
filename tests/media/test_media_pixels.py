"""A patch changes what it shows and nothing else."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from facedit.face.searched_picture import Pixels
from facedit.media.colour import rgb_to_ycbcr
from facedit.media.formats import plane_layout, working_format
from facedit.media.frame import Frame
from facedit.media.info import new_video_info
from facedit.media.pixels import chroma_aligned, frame_from_rgb, patch_frame
from facedit.media.planes import plane_array
from facedit.media.read import read_frames
from facedit.media.sited import sited
from media.clips import make_clip

FORMATS = ["yuv420p", "yuv422p", "yuv444p", "yuvj420p", "yuv420p10le", "gray"]


def decoded(path: Path, **how) -> Frame:
    make_clip(path, seconds=0.12, sound_rate=0, size=(64, 48), options={"qp": "4"}, **how)
    return next(read_frames(path))


def planes(frame: Frame) -> list[np.ndarray]:
    layout = plane_layout(frame.picture.format.name)
    found = []
    for k, plane in enumerate(frame.picture.planes):
        wide = plane.width * (2 if layout.interleaved and k else 1)
        found.append(plane_array(plane, layout.bits)[:, :wide].copy())
    return found


def stored_mask(frame: Frame, rectangle: tuple[int, int, int, int]) -> np.ndarray:
    """Pixels of the stored picture that an upright rectangle covers."""
    info = frame.info
    mask = np.zeros((info.height, info.width), bool)
    x, y, width, height = rectangle
    mask[y : y + height, x : x + width] = True
    return info.orientation.stored(mask)


@pytest.mark.parametrize("pix_fmt", FORMATS)
@pytest.mark.parametrize("turn", [(0, False), (90, False), (180, True), (270, True)])
def test_everything_outside_the_patch_stays(
    pix_fmt: str, turn: tuple[int, bool], tmp_path: Path
) -> None:
    frame = decoded(tmp_path / "a.mp4", pix_fmt=pix_fmt, rotation=turn[0], hflip=turn[1])
    x, y, width, height = 7, 5, 21, 18
    patch = np.zeros((height, width, 3), np.uint8)
    patch[..., 0] = 180
    patched = patch_frame(frame, patch, x, y)
    allowed = stored_mask(frame, chroma_aligned(frame.info, (x, y, width, height)))
    changed = stored_mask(frame, (x, y, width, height))
    for k, (old, new) in enumerate(zip(planes(frame), planes(patched), strict=True)):
        step_y, step_x = allowed.shape[0] // old.shape[0], allowed.shape[1] // old.shape[1]
        # Luma may change in the patch only, chroma in whole samples that touch it.
        region = (changed if k == 0 else allowed)[::step_y, ::step_x]
        np.testing.assert_array_equal(new[~region], old[~region])
        assert np.mean(new[region] != old[region]) > 0.8
    assert (patched.pts, patched.time_s) == (frame.pts, frame.time_s)


@pytest.mark.parametrize("pix_fmt", FORMATS)
def test_a_patch_equal_to_the_picture_changes_nothing(pix_fmt: str, tmp_path: Path) -> None:
    frame = decoded(tmp_path / "a.mp4", pix_fmt=pix_fmt, rotation=90)
    same = frame.rgb()[3:30, 5:40]
    for old, new in zip(planes(frame), planes(patch_frame(frame, same, 5, 3)), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("pix_fmt", FORMATS[:-1])
@pytest.mark.parametrize("matrix", [1, 6])
def test_the_patch_shows_its_colours(pix_fmt: str, matrix: int, tmp_path: Path) -> None:
    full = 2 if pix_fmt.startswith("yuvj") else 1
    frame = decoded(tmp_path / "a.mp4", pix_fmt=pix_fmt, colour=(full, matrix, matrix, matrix))
    y, x = np.mgrid[:24, :32]
    patch = np.stack([60 + 2 * x, 170 - 3 * y, 90 + x + y], axis=-1).astype(np.uint8)
    shown = patch_frame(frame, patch, 16, 12).rgb()[12:36, 16:48]
    inner = (slice(4, -4), slice(4, -4))
    error = np.abs(shown.astype(int) - patch)[inner]
    assert error.max() <= 4
    assert error.mean() < 1.2


def test_nv12(tmp_path: Path) -> None:
    frame = decoded(tmp_path / "a.mp4")
    other = Frame(
        frame.time_s, frame.pts, frame.duration_s, frame.picture.reformat(format="nv12"), frame.info
    )
    patch = np.full((10, 12, 3), 40, np.uint8)
    wanted = planes(patch_frame(frame, patch, 4, 6, base_rgb=frame.rgb()))
    found = planes(patch_frame(other, patch, 4, 6, base_rgb=frame.rgb()))
    np.testing.assert_array_equal(found[0], wanted[0])
    np.testing.assert_array_equal(found[1][:, 0::2], wanted[1])
    np.testing.assert_array_equal(found[1][:, 1::2], wanted[2])


def test_odd_sizes_and_edges(tmp_path: Path) -> None:
    make_clip(tmp_path / "a.webm", seconds=0.12, sound_rate=0, size=(63, 47), codec="libvpx-vp9")
    frame = next(read_frames(tmp_path / "a.webm"))
    assert chroma_aligned(frame.info, (61, 45, 2, 2)) == (60, 44, 3, 3)
    patched = patch_frame(frame, np.zeros((2, 2, 3), np.uint8), 61, 45)
    assert planes(patched)[0][-1, -1] <= 20
    np.testing.assert_array_equal(planes(patched)[0][:45], planes(frame)[0][:45])
    with pytest.raises(ValueError, match="leaves the picture"):
        patch_frame(frame, np.zeros((2, 2, 3), np.uint8), 62, 45)


@pytest.mark.parametrize("rotation", [0, 90])
def test_a_picture_from_rgb(rotation: int, tmp_path: Path) -> None:
    frame = decoded(tmp_path / "a.mp4", rotation=rotation, colour=(1, 1, 1, 1))
    made = frame_from_rgb(frame.rgb(), 0.5, frame.info)
    np.testing.assert_array_equal(made.rgb(), frame.rgb())
    seen = replace(made, made_of=None)  # as a decoder would give it
    assert np.abs(seen.rgb().astype(int) - frame.rgb()).mean() < 1.5
    assert made.time_s == 0.5
    assert made.pts * frame.info.time_base == pytest.approx(0.5)


@pytest.mark.parametrize("rotation", [0, 90])
def test_a_picture_made_of_rgb_is_patched_in_rgb(rotation: int, tmp_path: Path) -> None:
    """It is rounded once, as if the patch had been there from the beginning."""
    frame = decoded(tmp_path / "a.mp4", rotation=rotation, colour=(1, 1, 1, 1))
    made = frame_from_rgb(frame.rgb(), 0.5, frame.info)
    patched = patch_frame(made, np.full((5, 3, 3), 255, np.uint8), 11, 7)
    whole = frame.rgb()
    whole[7:12, 11:14] = 255
    np.testing.assert_array_equal(patched.rgb(), whole)
    wanted = frame_from_rgb(whole, 0.5, frame.info)
    for ours, theirs in zip(planes(patched), planes(wanted), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(made.rgb(), frame.rgb())


def test_matrices_are_those_of_the_standards() -> None:
    """White has no chroma; BT.709's green weight is 0.7152; limited range is 219 steps."""
    for matrix in (1, 5, 6, 7, 9):
        np.testing.assert_allclose(rgb_to_ycbcr(matrix, True) @ np.ones(3), [1, 0, 0], atol=1e-6)
    assert rgb_to_ycbcr(1, True)[0, 1] == pytest.approx(0.7152)
    assert rgb_to_ycbcr(6, False)[0, 1] == pytest.approx(0.587 * 219 / 255)
    assert rgb_to_ycbcr(6, False, 10)[0, 1] == pytest.approx(4 * 0.587 * 219 / 255)
    # Pure blue has the largest Cb: half the range of 224 steps.
    assert (rgb_to_ycbcr(1, False) @ [0, 0, 255])[1] == pytest.approx(112)


@pytest.mark.parametrize(
    ("pix_fmt", "bits", "worked_on"),
    [
        ("yuv420p", 8, "yuv420p"),
        ("nv12", 8, "nv12"),
        ("p010le", 10, "yuv420p10le"),
        ("yuva444p12le", 12, "yuva444p10le"),
        ("yuv422p12le", 12, "yuv422p10le"),
        ("yuv411p", 8, "yuv444p"),
        ("yuvj440p", 8, "yuvj444p"),
        ("gbrp", 8, "yuv444p"),
        ("rgb48le", 16, "yuv444p10le"),
        ("pal8", 8, "yuv444p"),
        ("monow", 1, "gray"),
    ],
)
def test_working_formats(pix_fmt: str, bits: int, worked_on: str) -> None:
    assert working_format(pix_fmt, bits) == worked_on
    assert plane_layout(worked_on) is not None


def test_new_videos() -> None:
    info = new_video_info(101, 77, Fraction(30000, 1001), sound_rate=16_000)
    assert info.pix_fmt == "yuv444p"
    assert info.sound_rate == 16_000
    frame = frame_from_rgb(np.full((77, 101, 3), 90, np.uint8), 0.0, info)
    assert np.abs(frame.rgb().astype(int) - 90).max() <= 1


def test_a_patched_picture_remembers_what_was_decoded(tmp_path: Path) -> None:
    frame = decoded(tmp_path / "a.mp4")
    dark = np.zeros((8, 8, 3), np.uint8)
    twice = patch_frame(patch_frame(frame, dark, 0, 0), dark, 16, 16).at(1.0)
    assert frame.base is None
    assert twice.base is frame


@pytest.mark.parametrize("pix_fmt", FORMATS)
@pytest.mark.parametrize("turn", [(0, False), (90, False), (180, True), (270, True)])
def test_a_part_is_what_the_whole_picture_has_there(
    pix_fmt: str, turn: tuple[int, bool], tmp_path: Path
) -> None:
    make_clip(
        tmp_path / "a.mp4",
        seconds=0.12,
        sound_rate=0,
        size=(160, 98),
        pix_fmt=pix_fmt,
        rotation=turn[0],
        hflip=turn[1],
    )
    frame = next(read_frames(tmp_path / "a.mp4"))
    whole, (width, height) = frame.rgb(), frame.size
    rng = np.random.default_rng(3)
    for _ in range(12):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        across, down = int(rng.integers(1, width - x + 1)), int(rng.integers(1, height - y + 1))
        here = whole[y : y + down, x : x + across]
        np.testing.assert_array_equal(frame.part(x, y, across, down), here)
        apart = frame.piece(x, y, across, down, apart=True)
        np.testing.assert_array_equal(apart.rgb(), here)


@pytest.mark.parametrize("pix_fmt", FORMATS[:-1])
@pytest.mark.parametrize("turn", [(0, False), (90, True)])
def test_grey_levels_are_those_of_the_picture(
    pix_fmt: str, turn: tuple[int, bool], tmp_path: Path
) -> None:
    frame = decoded(tmp_path / "a.mp4", pix_fmt=pix_fmt, rotation=turn[0], hflip=turn[1])
    width, height = frame.size
    rows, columns = np.arange(2, height, 5), np.arange(1, width, 3)
    expected = frame.rgb()[np.ix_(rows, columns)].mean(axis=2)
    # Chroma is not interpolated between samples: at an edge of colour they differ.
    assert np.abs(frame.grey(rows, columns) - expected).mean() < 2.0


@pytest.mark.parametrize("pix_fmt", FORMATS)
@pytest.mark.parametrize("turn", [(0, False), (90, False), (180, True), (270, True)])
def test_a_piece_is_read_from_the_planes_where_the_picture_has_it(
    pix_fmt: str, turn: tuple[int, bool], tmp_path: Path
) -> None:
    frame = decoded(tmp_path / "a.mp4", pix_fmt=pix_fmt, rotation=turn[0], hflip=turn[1])
    tilted = np.array([[1.1, -0.4, 14.5], [0.4, 1.1, -3.25]])  # out of the picture at a corner
    expected = Pixels(frame.rgb()).sampled(tilted, 32).astype(int)
    piece = frame.sampled(tilted, 32).astype(int)
    # Where chroma lies between pixels the two differ at an edge of colour, by half a sample.
    assert np.abs(piece - expected).mean() < 2.5
    away = Pixels(frame.rgb()).sampled(tilted + np.array([[0, 0, 4], [0, 0, 0]]), 32).astype(int)
    assert np.abs(piece - expected).mean() < 0.5 * np.abs(piece - away).mean()


@pytest.mark.parametrize("turn", [0, 90])
def test_a_patched_picture_is_converted_to_rgb_as_the_decoded_one_is(
    turn: int, tmp_path: Path
) -> None:
    frame = decoded(tmp_path / "a.mp4", rotation=turn)
    patched = sited(patch_frame(frame, frame.rgb()[:8, :8], 0, 0))
    assert patched.picture is not frame.picture
    np.testing.assert_array_equal(patched.rgb(), frame.rgb())
    np.testing.assert_array_equal(planes(patched)[1], planes(frame)[1])
    before = planes(frame)[0]
    dark = sited(patch_frame(frame, np.zeros((8, 8, 3), np.uint8), 8, 8))
    assert dark.rgb()[11:13, 11:13].max() < 12
    np.testing.assert_array_equal(planes(frame)[0], before)  # the decoded one stays
