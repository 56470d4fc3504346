"""A take of curves under a plan: what is kept, what is new, and how they join."""

import wave
from pathlib import Path

import numpy as np
import pytest

from compose.compose_cases import plan
from facedit.cli.main import main
from facedit.compose.frames.base import Take
from facedit.compose.frames.spans import VideoBase
from facedit.compose.session.curve_rows import (
    USUAL_PERCENTILE,
    changed_curves,
    edited_rows,
    shown_curves,
)
from facedit.compose.session.curve_session import _SCALE, curve_windows, shown_track
from facedit.compose.source.clip import Clip
from facedit.compose.source.sources import source_paths
from facedit.editing.diff import WordEdit
from facedit.editing.plan import EditPlan
from facedit.face.landmarker import Landmarker
from facedit.media.info import new_video_info
from facedit.media.wav import write_wav
from facedit.motion.curve_map import curve_map
from facedit.motion.live_link import CURVES, WEIGHTS, CurveTake, read_live_link, write_live_link
from facedit.motion.mesh_space import MeshSpace
from facedit.options import Region
from facedit.progress import StageClock
from facedit.render.mouths import Mouths
from facedit.types import Sound

RATE = 60
LIPS = changed_curves(["lips"])


@pytest.fixture(scope="module")
def space() -> MeshSpace:
    return MeshSpace.load()


@pytest.fixture(scope="module")
def landmarker() -> Landmarker:
    return Landmarker()


@pytest.fixture(scope="module")
def performed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds at 60 frames a second: a jaw that swings, lids and a head that move slowly."""
    times = np.arange(4 * RATE) / RATE
    weights, angles = np.full((len(times), 52), 0.02), np.zeros((len(times), 3))
    weights[:, 25] = 0.25 - 0.2 * np.cos(2 * np.pi * 2 * times)  # jawOpen
    weights[:, 38] = 0.3 + 0.2 * np.sin(2 * np.pi * 0.7 * times)  # mouthPucker
    weights[:, 9] = 0.1 + 0.1 * times  # eyeBlinkLeft
    angles[:, 0] = 5 * times
    path = tmp_path_factory.mktemp("takes") / "take.csv"
    write_live_link(path, times, weights, angles)
    return path


def edited(
    take: CurveTake,
    layout: EditPlan,
    more: float,
    space: MeshSpace,
    landmarker: Landmarker,
    region: Region = "lips",
) -> tuple[list[tuple[str, ...]], np.ndarray]:
    """Let the jaw open further in the hidden frames; return rows and their curves."""
    clip = Clip(Path("take.wav"), StageClock(), info=new_video_info(512, 512, RATE))
    base = VideoBase(clip, clip.info, layout, curve_windows(take, layout), source_paths(layout))
    canvases = base.canvases(space, *[region] * len(layout.picture_spans()))
    added = np.ones(space.dims, np.float32)
    added[: space.groups["head"].start] = curve_map().slope[WEIGHTS.index("JawOpen")]
    motions = [np.where(one.mask, one.values + more * added, one.values) for one in canvases]
    motions = [one.astype(np.float32) for one in motions]
    works = base.works(Take(canvases, motions, space, Mouths(None), 0))
    rows, _ = edited_rows(take, base, works, landmarker, space)
    return rows, np.array([[float(row[2 + k]) for k in range(len(CURVES))] for row in rows])


@pytest.mark.parametrize(
    ("edit", "speech_s"),
    [(WordEdit(2, 3, ("new",)), 0.9), (WordEdit(2, 4, ()), 0.9), (WordEdit(3, 3, ("new",)), 0.5)],
)
def test_rows_outside_are_texts_of_the_take_and_new_ones_join_as_it_moves(
    performed: Path, space: MeshSpace, landmarker: Landmarker, edit: WordEdit, speech_s: float
) -> None:
    take, layout = read_live_link(performed), plan(edit, speech_s=speech_s, rate=RATE)
    rows, curves = edited(take, layout, 0.5, space, landmarker)
    assert len(rows) == len(take.rows) + layout.shift_frames
    (span,) = layout.picture_spans()
    first = int(np.ceil(span.output_start_s * RATE - 1e-6))
    last = int(np.ceil(span.output_end_s * RATE - 1e-6))
    assert rows[:first] == list(take.rows[:first])
    after = take.rows[last - layout.shift_frames :]
    assert [row[1:] for row in rows[last:]] == [row[1:] for row in after]
    clock = np.array([[int(x) for x in row[0].replace(".", ":").split(":")] for row in rows])
    assert (clock[:, 2] * RATE + clock[:, 3] == np.arange(len(rows))).all()
    steps = np.linalg.norm(np.diff(take.values[:, LIPS], axis=0), axis=1)
    made = np.linalg.norm(np.diff(curves[:, LIPS], axis=0), axis=1)
    assert made[[first - 1, last - 1]].max() <= np.percentile(steps, USUAL_PERCENTILE) + 1e-6
    jaw = CURVES.index("JawOpen")
    assert curves[first + 4 : last - 4, jaw].mean() > 0.4  # in the take 0.25
    for name in ("EyeBlinkLeft", "HeadYaw"):  # the performer's own go on through the span
        own, slow = curves[:, CURVES.index(name)], take.values[:, CURVES.index(name)]
        most = max(np.abs(np.diff(slow)).max(), np.ptp(slow) / 20)
        assert np.abs(np.diff(own[first - 1 : last + 1])).max() <= most


def test_motion_that_is_the_performer_s_own_gives_their_curves(
    performed: Path, space: MeshSpace, landmarker: Landmarker
) -> None:
    take = read_live_link(performed)
    layout = plan(WordEdit(2, 3, ("new",)), speech_s=0.5, rate=RATE)
    _, curves = edited(take, layout, 0.0, space, landmarker)
    start = round(layout.fills[0].output_start_s * RATE)
    kept = min(len(curves), len(take.values))
    jaw = CURVES.index("JawOpen")
    off = np.abs(curves[:start, jaw] - take.values[:start, jaw])
    assert off.max() < 0.08
    assert np.ptp(curves[start:kept, jaw]) > 0.2


def test_a_head_turns_with_the_region_head_alone(
    performed: Path, space: MeshSpace, landmarker: Landmarker
) -> None:
    take, layout = read_live_link(performed), plan(WordEdit(2, 3, ("new",)), rate=RATE)
    pitch = CURVES.index("HeadPitch")
    for region, moved in (("face", False), ("head", True)):
        _, curves = edited(take, layout, 1.0, space, landmarker, region)
        assert (np.ptp(curves[:, pitch]) > 0.02) == moved


def test_curves_are_shown_by_the_mean_face_and_read_off_it_again(
    performed: Path, space: MeshSpace, landmarker: Landmarker
) -> None:
    take = read_live_link(performed)
    track = shown_track(space, take.times_s[::20], take.values[::20])
    read = shown_curves(track.landmarks, landmarker, space)
    jaw, yaw = CURVES.index("JawOpen"), CURVES.index("HeadYaw")
    assert np.corrcoef(read[:, jaw], take.values[::20, jaw])[0, 1] > 0.95
    np.testing.assert_allclose(read[:, yaw], take.values[::20, yaw], atol=0.02)


@pytest.mark.parametrize(
    ("sound_s", "given", "said", "status"),
    [
        (0, ["-o", "new.csv"], "no sound of its name is beside it: give it by --audio", 3),
        (9, ["-o", "new.csv"], "take.csv lasts 4.0 s, take.wav 9.0 s", 3),
        (4, ["-o", "new.mp4"], "written as .csv", 2),
        (4, ["-o", "take.csv"], "take.csv: is the input itself", 6),
        (4, ["-o", "new.csv", "--audio", "gone.wav"], "gone.wav: no such file", 3),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(
    performed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    sound_s: float,
    given: list[str],
    said: str,
    status: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    before = performed.read_bytes()
    Path("take.csv").write_bytes(before)
    if sound_s:
        write_wav(Path("take.wav"), Sound(np.zeros((round(16000 * sound_s), 1)), 16000))
    assert main(["edit", "take.csv", "--delete", "moon", *given, "--no-progress"]) == status
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert Path("take.csv").read_bytes() == before
    assert not Path("new.csv").exists()


def test_every_sample_of_16_bits_is_written_as_it_was_read(tmp_path: Path) -> None:
    values = np.arange(-32768, 32768, dtype=np.int16)
    read = values.astype(np.float32)[:, None] / 32768
    write_wav(tmp_path / "a.wav", Sound(read * np.float32(_SCALE), 16000))
    with wave.open(str(tmp_path / "a.wav")) as file:
        written = np.frombuffer(file.readframes(len(values)), "<i2")
    np.testing.assert_array_equal(written, values)
