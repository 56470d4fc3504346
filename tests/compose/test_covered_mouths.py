"""What hides a mouth stays on top of the new one, is told of, or is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from facedit.compose.frames.base import Take
from facedit.compose.frames.covered import refuse_covered_mouths
from facedit.compose.frames.person import free_of
from facedit.compose.frames.pictures import output_pictures
from facedit.compose.frames.spans import VideoBase
from facedit.compose.frames.track_window import track_window
from facedit.compose.source.clip import Clip
from facedit.compose.source.sources import source_paths
from facedit.compose.words.plans import whole_clip_plan
from facedit.errors import CoveredMouth
from facedit.face.choice import FaceChoice
from facedit.media.info import new_video_info
from facedit.media.pixels import frame_from_rgb
from facedit.media.probe import probe
from facedit.media.write import write_video
from facedit.media.write_options import WriteOptions
from facedit.model.weight_sets import WEIGHT_SETS
from facedit.motion.mesh_space import MeshSpace
from facedit.progress import StageClock
from facedit.render.mouths import Mouths
from facedit.types import Bool, UInt8

data = pytest.importorskip("skimage.data")

FRAMES, FIRST, LAST = 20, 7, 13
"""Of the clip, and of the stretch in which the mouth is covered."""

MOUTH = (113, 147)


def microphone(picture: UInt8, k: int) -> Bool:
    """Paint one that comes from below and moves to the side."""
    x, y = MOUTH[0] - 14 + 2 * (k - FIRST), MOUTH[1] + 9
    grain = np.random.default_rng(1).normal(0, 12, picture.shape[:2])
    cover = np.zeros(picture.shape[:2], np.uint8)
    cv2.circle(cover, (x, y), 16, 1, -1)
    cv2.line(cover, (x, y), (x + 6, 223), 1, 14)
    picture[cover > 0] = np.clip(45 + grain, 0, 255)[cover > 0, None]
    return cover > 0


def words(picture: UInt8, k: int) -> Bool:
    """Paint a burnt-in caption over the mouth."""
    cover = np.zeros(picture.shape[:2], np.uint8)
    cv2.rectangle(cover, (40, MOUTH[1] - 8), (190, MOUTH[1] + 8), 1, -1)
    picture[cover > 0] = (20, 20, 120)
    cv2.putText(picture, "BREAKING NEWS", (44, MOUTH[1] + 5), 0, 0.55, (255, 255, 255), 1)
    return cover > 0


def base_of(folder: Path, paint) -> tuple[VideoBase, list[Bool]]:
    """Track a clip of a real face over which something is painted for a while."""
    face, masks, pictures = data.astronaut()[:224, 112:336], [], []
    for k in range(FRAMES):
        picture = face.copy()
        masks.append(
            paint(picture, k) if paint and FIRST <= k < LAST else np.zeros((224, 224), bool)
        )
        pictures.append(picture)
    info = new_video_info(224, 224)
    frames = (frame_from_rgb(one, k / 25, info) for k, one in enumerate(pictures))
    write_video(folder / "a.mp4", info, frames, (), WriteOptions(quantiser=0))
    clip = Clip(folder / "a.mp4", StageClock(), info=probe(folder / "a.mp4"))
    _, _, cover = WEIGHT_SETS["default"].files()
    window = track_window(clip, (0.0, FRAMES / 25), FaceChoice(), cover)
    plan = whole_clip_plan(FRAMES / 25, clip.info.frame_rate, FRAMES / 25)
    return VideoBase(clip, clip.info, plan, (window,), source_paths(plan)), masks


def drawn(base: VideoBase) -> list[UInt8]:
    """Open the mouth in all frames."""
    space = MeshSpace.load()
    (canvas,) = base.canvases(space, "lips")
    motion = canvas.values.copy()
    motion[:, space.groups["lips"].start] += 2.0
    works = base.works(Take((canvas,), (motion,), space, Mouths(None), 0))
    return [one.frame.rgb() for one in output_pictures(base.frames(), base.plan, base.paths, works)]


@pytest.mark.parametrize("paint", [microphone, words])
def test_a_cover_stays_on_top_and_is_told_of(paint, tmp_path: Path) -> None:
    base, masks = base_of(tmp_path, paint)
    sources = [frame.rgb() for frame in base.clip.frames()]
    pictures = drawn(base)
    for k in range(FIRST, LAST):
        core = (
            cv2.erode(masks[k].astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
        )  # its edge shares chroma
        np.testing.assert_array_equal(pictures[k][core], sources[k][core])
    assert all((pictures[k] != sources[k]).any() for k in (2, FRAMES - 3))  # a new mouth elsewhere
    stretches, (warning,) = refuse_covered_mouths(base, "keep")
    ((start, end),) = stretches
    assert start == pytest.approx(FIRST / 25, abs=0.05)
    assert end == pytest.approx(LAST / 25, abs=0.05)
    assert warning.startswith(f"mouth covered at {start:.2f}-{end:.2f} s of the output: ")
    with pytest.raises(CoveredMouth, match=rf"covered at {start:.2f}-{end:.2f} s .*--on-covered"):
        refuse_covered_mouths(base, "fail")
    # No mouth is copied from where it is covered, and no picture is chosen there.
    (window,) = base.windows
    hidden = window.track.times_s[FIRST:LAST]
    assert not set(hidden) & set(window.bank.times_s)
    assert np.isnan(free_of(window.track, window.covers).landmarks[FIRST:LAST]).all()


def test_a_clean_clip_is_drawn_as_if_nobody_had_looked(tmp_path: Path) -> None:
    base, _ = base_of(tmp_path, None)
    (window,) = base.windows
    assert window.covers is not None
    assert not window.covers.covered.any()
    assert refuse_covered_mouths(base, "fail") == ((), ())
    unlooked = replace(base, windows=(replace(window, covers=None),))
    np.testing.assert_array_equal(drawn(base), drawn(unlooked))
