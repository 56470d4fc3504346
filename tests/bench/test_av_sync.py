"""AVSync: known embeddings give known figures; the shipped network judges real clips rightly."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from scenes import make_item, make_motion, make_scene, motion_space

from facedit.bench.measures import av_sync
from facedit.bench.selfcheck.sound_disturbances import shift_sound, swap_sound
from facedit.errors import AssetMissing, BadWeights, UsageError
from facedit.lip_sync.distance import REACH, mean_distances, score
from facedit.lip_sync.sync_network import SyncNetwork, SyncNetworkConfig
from facedit.lip_sync.sync_weights import SyncModel, bridged, load_sync, save_sync
from facedit.model.normalise import SpeechProjection

CHANNELS = 6
FAR = np.sqrt(2)


def orthogonal(frames):
    """Unit vectors of which no two are alike."""
    return np.eye(frames, dtype=np.float32)


def small_model(seed=0):
    torch.manual_seed(seed)
    lips = motion_space().groups["lips"]
    dims = lips.stop - lips.start
    config = SyncNetworkConfig(dims, 5, motion_width=8, speech_width=8, embedding=4)
    rng = np.random.default_rng(seed)
    return SyncModel(
        net=SyncNetwork(config).eval().requires_grad_(False),
        projection=SpeechProjection(
            rng.standard_normal((CHANNELS, 5)).astype(np.float32), np.zeros(5, np.float32)
        ),
        motion_scale=np.linspace(1, 0.5, dims, dtype=np.float32),
        lips=(lips.start, lips.stop),
        encoder="some encoder",
        space="mesh",
        notes={"steps": 3},
    )


def speech(frames, seed=1):
    return np.random.default_rng(seed).standard_normal((frames, CHANNELS)).astype(np.float32)


@pytest.mark.parametrize("late", [-10, -1, 0, 3, 15])
def test_a_late_sound_is_found_with_the_distance_and_confidence_computed_by_hand(late):
    motion = orthogonal(80)
    counts = np.zeros(80, bool)
    counts[30:50] = True
    heard = np.roll(motion, late, axis=0)
    distances = mean_distances(motion, heard, counts)
    found = score(distances, 20)
    assert found.offset == late
    assert found.distance == pytest.approx(0, abs=1e-7)
    assert found.confidence == pytest.approx(FAR)
    assert len(distances) == 2 * REACH + 1
    np.testing.assert_allclose(np.delete(distances, late + REACH), FAR)


def test_part_of_the_frames_in_step_gives_part_of_the_confidence():
    motion = orthogonal(60)
    heard = motion.copy()
    heard[20:25] = 0  # a zero vector is 1 away from every unit vector
    counts = np.zeros(60, bool)
    counts[20:30] = True
    found = score(mean_distances(motion, heard, counts), 10)
    assert found.offset == 0
    assert found.distance == pytest.approx(0.5)
    others = [
        sum(1.0 if 20 <= t + s < 25 else FAR for t in range(20, 30)) / 10
        for s in range(-REACH, REACH + 1)
        if s
    ]
    assert found.confidence == pytest.approx(np.median([*others, 0.5]) - 0.5)


def test_shifts_beyond_the_sound_are_left_out_and_short_clips_still_score():
    motion = orthogonal(8)
    distances = mean_distances(motion, motion, np.ones(8, bool))
    known = np.flatnonzero(np.isfinite(distances)) - REACH
    assert known.tolist() == list(range(-4, 5))  # half of eight frames have a partner
    assert score(distances, 8).offset == 0
    assert score(np.full(5, np.nan), 0) is None


def test_lips_that_never_move_have_no_confidence():
    still = np.tile(orthogonal(4)[:1], (60, 1))
    found = score(mean_distances(still, np.roll(still, 3, axis=0), np.ones(60, bool)), 60)
    assert found.confidence == 0


def test_frames_without_a_face_are_bridged_and_do_not_count():
    motion = make_motion(30)
    motion[10:14] = np.nan
    finite, seen = bridged(motion)
    assert seen.tolist() == [not 10 <= k < 14 for k in range(30)]
    np.testing.assert_allclose(finite[11], motion[9] + (motion[14] - motion[9]) * 2 / 5, rtol=1e-4)
    np.testing.assert_array_equal(finite[seen], motion[seen])
    nothing, none_seen = bridged(np.full((5, 3), np.nan, np.float32))
    assert not none_seen.any()
    assert np.isfinite(nothing).all()
    net = small_model()
    assert av_sync.judge(net, np.full_like(motion, np.nan), speech(30), np.ones(30, bool)) is None
    found = av_sync.judge(net, motion, speech(30), np.ones(30, bool))
    assert found.frames == 26


def test_sums_of_a_scene_are_the_score_of_the_widened_span():
    net = small_model()
    motion, heard = make_motion(50), speech(50)
    scene = make_scene(motion=motion, speech=heard, hidden=(20, 24))
    found = av_sync.sums(scene, net)
    counts = np.zeros(50, bool)
    counts[20 - av_sync.WIDEN : 24 + av_sync.WIDEN] = True
    expected = score(mean_distances(net.embed_motion(motion), net.embed_speech(heard), counts), 10)
    assert found["av_sync"] == pytest.approx(av_sync.score_sums(expected))
    values = {m.name: float(m.value(np.array(found[m.sums]))) for m in av_sync.MEASURES}
    assert values["av_sync_d"] == pytest.approx(expected.distance)
    assert values["av_sync_c"] == pytest.approx(expected.confidence)
    assert values["av_sync_offset"] == expected.offset
    assert values["av_sync_offset_size"] == abs(expected.offset)
    assert values["av_sync_within_1"] == (abs(expected.offset) <= 1)
    assert values["av_sync_d_source"] == pytest.approx(expected.distance)  # it is the truth
    # Pooling is over items, each once.
    both = np.array(found["av_sync"]) + np.array([0.5, 0.1, 4, 4, 0, 1])
    pooled = {m.name: float(m.value(both)) for m in av_sync.MEASURES if m.sums == "av_sync"}
    assert pooled["av_sync_d"] == pytest.approx((expected.distance + 0.5) / 2)


def test_an_edit_is_read_against_as_many_frames_of_the_clip_around_what_was_replaced():
    item = make_item("edit", joint_s=(0.8, 1.2))
    scene = make_scene(
        item=item, true_motion=make_motion(50), motion=make_motion(60, seed=2), hidden=(20, 36)
    )
    counts = av_sync.source_counts(scene, av_sync.widened(scene.hidden, 3))
    assert counts.sum() == 22
    assert abs(np.flatnonzero(counts).mean() - 25) <= 0.5  # the middle of the joint is 1.0 s


def test_without_sound_there_is_no_figure():
    scene = make_scene(speech=np.zeros((50, 0), np.float32))
    assert av_sync.sums(scene, small_model()) == {}


def test_weights_come_back_as_they_were_and_damage_is_refused(tmp_path):
    model = small_model()
    path = tmp_path / "sync.safetensors"
    save_sync(model, path, torch.float32)
    again = load_sync(path)
    motion = make_motion(20)
    np.testing.assert_allclose(again.embed_motion(motion), model.embed_motion(motion), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(again.embed_speech(speech(9)), axis=1), 1, atol=1e-5)
    assert again.lips == model.lips
    assert again.notes == {"steps": 3}
    save_sync(replace(model, lips=(0, 3)), tmp_path / "odd.safetensors")
    with pytest.raises(BadWeights, match="do not fit"):
        load_sync(tmp_path / "odd.safetensors")
    with pytest.raises(UsageError, match="from 1 to"):
        SyncNetworkConfig(24, 10**9)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(BadWeights):
        load_sync(path)
    with pytest.raises(AssetMissing):
        load_sync(tmp_path / "missing.safetensors")


def test_an_embedding_depends_on_eleven_frames_only():
    model = small_model()
    motion = make_motion(41)
    moved = motion.copy()
    moved[20] += 1
    changed = np.abs(model.embed_motion(moved) - model.embed_motion(motion)).max(axis=1) > 1e-6
    assert np.flatnonzero(changed).tolist() == list(range(15, 26))


REAL = (
    "grid_s1/bbas3a.mp4",
    "grid_s1/pbav2n.mp4",
    "lrw_ar/03416_d7f2.mp4",
    "lrw_ar/05381_da31.mp4",
    "lrw_ar/12187_46a5.mp4",
    "lrw_ar/19024_0ed0.mp4",
)
"""Clips of the dev split: never learnt from."""


@pytest.fixture(scope="module")
def real_scenes(shared_data):
    """The first 50 frames of each, tracked, over their sound's features, all hidden."""
    from facedit.face.choice import FaceChoice
    from facedit.face.landmarker import Landmarker
    from facedit.face.smooth import smooth_track
    from facedit.face.track import track_face
    from facedit.media.read import read_frames
    from facedit.media.sound import read_sound
    from facedit.motion.resample import resample_track
    from facedit.speech.recognition.sound_cache import cached_features

    scenes = []
    for name in REAL:
        frames = ((one.time_s, one.rgb()) for one in islice(read_frames(shared_data / name), 50))
        try:
            track = smooth_track(
                track_face(frames, FaceChoice(largest=True), landmarker=Landmarker())
            )
            landmarks, confidence = resample_track(track, 0.0, len(track.times_s))
            heard = cached_features(read_sound(shared_data / name), len(landmarks)).values
        except AssetMissing as missing:
            pytest.skip(str(missing))
        seen = confidence > 0
        identity = motion_space().identity(landmarks[seen], confidence[seen])
        motion = motion_space().encode(landmarks, identity)
        pictures = [np.zeros((4, 4, 3), np.uint8)] * len(motion)
        scenes.append(
            make_scene(
                true_motion=motion,
                true_pictures=pictures,
                speech=heard,
                hidden=(0, len(motion)),
            )
        )
    return scenes


def test_real_clips_are_in_sync_and_moved_or_foreign_sound_is_not(real_scenes):
    net = load_sync()

    def of(scene):
        distance, confidence, offset, *_ = av_sync.sums(scene, net)["av_sync"]
        return distance, confidence, offset

    truth = np.array([of(scene) for scene in real_scenes])
    assert np.mean(np.abs(truth[:, 2]) <= 1) >= 0.8
    for late in (-5, 5):
        moved = np.array([of(shift_sound(scene, late)) for scene in real_scenes])
        assert np.mean(np.abs(moved[:, 2] - late) <= 1) >= 0.8
    others = [*real_scenes[1:], real_scenes[0]]
    foreign = np.array([of(swap_sound(*pair)) for pair in zip(real_scenes, others, strict=True)])
    assert (foreign[:, 0] > truth[:, 0]).all()
    assert foreign[:, 1].mean() < 0.7 * truth[:, 1].mean()


def test_real_lips_that_stand_still_lose_their_confidence(real_scenes):
    net = load_sync()
    for scene in real_scenes:
        still = replace(
            scene, output=replace(scene.output, motion=np.repeat(scene.output.motion[:1],
                                                                 len(scene.hidden), axis=0))
        )  # fmt: skip
        moving, frozen = (av_sync.sums(one, net)["av_sync"] for one in (scene, still))
        assert frozen[1] < 0.5 * moving[1]
        assert frozen[0] > moving[0]
