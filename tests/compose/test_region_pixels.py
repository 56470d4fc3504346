"""What the model moves reaches the pixels of videos and pictures, where the region allows it."""

from dataclasses import replace

import numpy as np
import pytest

from compose.compose_cases import brow_height, drawn_brows, upright_face, with_raised_brows
from facedit.compose.frames.base import Take, TrackedWindow
from facedit.compose.frames.person import Person
from facedit.compose.frames.picture_base import picture_base
from facedit.compose.frames.pictures import output_pictures
from facedit.compose.frames.spans import VideoBase
from facedit.compose.source.clip import Clip
from facedit.compose.source.sources import source_paths
from facedit.compose.words.plans import whole_clip_plan
from facedit.media.info import new_video_info
from facedit.media.pixels import frame_from_rgb
from facedit.media.probe import probe
from facedit.media.write import write_video
from facedit.media.write_options import WriteOptions
from facedit.motion.mesh_space import MeshSpace
from facedit.progress import StageClock
from facedit.render.bank import ReferenceBank
from facedit.render.mouths import Mouths
from facedit.render.still_renderer import Still
from facedit.types import FaceTrack, Sound

FRAMES, RAISED_PX = 12, 6.0


@pytest.fixture(scope="module")
def space():
    return MeshSpace.load()


def picture(face, _):
    """One picture of the face, for as long as the sound."""
    speech = Sound(np.zeros((FRAMES * 640, 1), np.float32), 16000)
    return picture_base(Person(Still(drawn_brows(face), face)), speech, "")


def video(face, folder):
    """A clip in which the face does not move, changed as a whole."""
    info = new_video_info(256, 256)
    shown = frame_from_rgb(drawn_brows(face), 0.0, info)
    frames = (shown.at(k / 25) for k in range(FRAMES))
    write_video(folder / "a.mp4", info, frames, (), WriteOptions(quantiser=0))
    info = probe(folder / "a.mp4")
    times = np.arange(FRAMES) / 25
    landmarks = np.repeat(face[None], FRAMES, axis=0)
    track = FaceTrack(times, landmarks, np.ones(FRAMES, np.float32), 256, 256)
    plan = whole_clip_plan(FRAMES / 25, info.frame_rate, FRAMES / 25)
    window = TrackedWindow(0.0, FRAMES / 25, track, ReferenceBank())
    return VideoBase(
        Clip(info.path, StageClock(), info=info), info, plan, (window,), source_paths(plan)
    )


@pytest.mark.parametrize(("region", "arrives"), [("lips", False), ("face", True), ("head", True)])
@pytest.mark.parametrize("base_of", [picture, video])
def test_raised_brows(base_of, region, arrives, space, tmp_path):
    face = upright_face(space)
    base = base_of(face, tmp_path)
    (canvas,) = base.canvases(space, region)
    motion = canvas.values.copy()
    motion[-FRAMES // 2 :] = with_raised_brows(space, motion[-1], canvas.identity, RAISED_PX)
    works = base.works(Take((canvas,), (motion,), space, Mouths(None), 0))
    # The mask says the same as the pixels.
    assert canvas.mask[-1, space.groups["face"]].all() == arrives
    works = tuple(replace(work, blinks=()) for work in works)
    frames = list(output_pictures(base.frames(), base.plan, base.paths, works))
    assert len(frames) == FRAMES
    before, after = (brow_height(frames[k].frame.rgb(), face) for k in (0, -1))
    assert after - before == pytest.approx(RAISED_PX if arrives else 0.0, abs=1.0)
