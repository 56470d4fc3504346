"""A picture that will disappoint is told so before anyone looks at the video."""

import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from skimage import data

from compose.compose_cases import talking_track
from facedit.compose.source.clip import Clip
from facedit.compose.source.picture_notes import LOW_LIDS, lid_opening, picture_notes
from facedit.compose.source.source_still import calm_frame, load_still
from facedit.errors import AmbiguousFace, NoFace
from facedit.face.choice import FaceChoice
from facedit.face.closed_lids import closed_landmarks
from facedit.face.distances import lip_opening
from facedit.face.landmarker import Landmarker
from facedit.face.track import track_face
from facedit.media.read import read_frames
from facedit.motion.mesh_space import MeshSpace
from facedit.options import Run
from facedit.progress import StageClock
from facedit.render.lids import close_lids
from facedit.render.still_renderer import Still


@pytest.fixture(scope="module")
def space():
    return MeshSpace.load()


@pytest.fixture(scope="module")
def found():
    """Finds the face of a picture."""
    landmarker = Landmarker()

    def find(rgb: np.ndarray) -> Still:
        rgb = np.ascontiguousarray(rgb)
        track = track_face([(0.0, rgb)], FaceChoice(), landmarker=landmarker)
        return Still(rgb, track.landmarks[0])

    return find


@pytest.fixture(scope="module")
def portrait(found):
    return found(data.astronaut())


def test_of_a_good_picture_nothing_is_told(space, portrait):
    assert picture_notes(space, portrait) == ()


@pytest.mark.parametrize("closure", [0.8, 1.0])
def test_shut_and_lowered_eyes(space, portrait, found, closure):
    shut = found(close_lids(portrait.rgb, portrait.landmarks, (closure, closure))[0])
    notes = picture_notes(space, shut)
    assert "eyes are shut or lowered" in notes[0]
    wink = found(close_lids(portrait.rgb, portrait.landmarks, (closure, 0.0))[0])
    assert not any("shut" in note for note in picture_notes(space, wink))


def test_faces_at_the_edge(space, portrait, found):
    points = portrait.landmarks
    chin, lips = int(points[:, 1].max()), int(points[13, 1])
    (note,) = picture_notes(space, found(portrait.rgb[: chin - 12]))
    assert "cut off by the edge" in note
    with pytest.raises(NoFace, match="the mouth is cut off"):
        picture_notes(space, found(portrait.rgb[:lips]))


def test_a_box_is_in_the_pixels_of_the_file(portrait, tmp_path):
    """Also of a photograph that is scaled down before anything is looked for."""
    large = Image.fromarray(np.concatenate([portrait.rgb] * 2, axis=1)).resize((4096, 2048))
    large.save(tmp_path / "a.jpg")
    with pytest.raises(AmbiguousFace) as caught:
        load_still(Clip(tmp_path / "a.jpg", StageClock()), Run())
    boxes = re.findall(r"] ([\d,]+) \(", str(caught.value))
    assert [int(box.split(",")[0]) // 2048 for box in boxes] == [0, 1]
    for box, half in zip(boxes, (0, 1), strict=True):
        still = load_still(Clip(tmp_path / "a.jpg", StageClock()), Run(face=box))
        assert still.rgb.shape == (960, 1920, 3)
        assert still.landmarks[1, 0] // 960 == half


def test_small_turned_and_gaping_faces(space, portrait, found):
    (note,) = picture_notes(space, found(data.astronaut()[::2, ::2]))
    assert "pixels wide" in note
    (note,) = picture_notes(space, found(np.rot90(portrait.rgb)))
    assert "lies on its side" in note
    face = np.asarray(space.canonical, np.float64) * 100
    cos, sin = np.cos(np.radians(40)), np.sin(np.radians(40))
    turned = face @ np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]) + 256
    still = Still(np.zeros((512, 512, 3), np.uint8), turned.astype(np.float32))
    (note,) = picture_notes(space, still)
    assert "turned 40 degrees" in note
    gaping = portrait.landmarks.copy()
    gaping[[87, 14, 317], 1] += 10
    (note,) = picture_notes(space, replace(portrait, landmarks=gaping))
    assert "wide open" in note


def test_of_a_video_no_blink_is_taken(space):
    """The mouth is most closed in the very frames in which the eyes are shut."""
    track = talking_track(space)
    landmarks = track.landmarks.copy()
    quiet = lip_opening(landmarks) < np.quantile(lip_opening(landmarks), 0.3)
    blinks = quiet & (np.arange(len(quiet)) % 2 == 0)
    for frame in np.flatnonzero(blinks):
        landmarks[frame] = closed_landmarks(landmarks[frame], (0.9, 0.9))
    chosen = calm_frame(replace(track, landmarks=landmarks))
    assert lid_opening(landmarks[chosen]) > 0.9 * np.median([lid_opening(x) for x in landmarks])
    assert quiet[chosen]
    assert calm_frame(replace(track, landmarks=np.full_like(landmarks, np.nan))) is None


@pytest.mark.shared
@pytest.mark.parametrize(
    ("clip", "blink_s"),
    [
        ("grid_s1/bbaf3s.mp4", 1.64),
        pytest.param("celebvdub/017.mp4", 0.48, marks=pytest.mark.full),
        pytest.param("more/091_grid.mp4", 0.88, marks=pytest.mark.full),
        ("lrw_ar/00162_9372.mp4", 0.56),
    ],
)
def test_real_blinks(space, shared_data, clip, blink_s, tmp_path):
    """A photograph of the blink is told so; of the clip another frame is taken."""
    blink = next(read_frames(shared_data / clip, blink_s - 1e-3)).rgb()
    Image.fromarray(blink).save(tmp_path / "blink.jpg", quality=95)
    shut = load_still(Clip(tmp_path / "blink.jpg", StageClock()), Run())
    assert any("eyes are shut" in note for note in picture_notes(space, shut))
    assert (
        lid_opening(load_still(Clip(shared_data / clip, StageClock()), Run()).landmarks)
        > 1.3 * LOW_LIDS
    )
