import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from bench.scenes import (
    features,
    make_identity,
    make_item,
    make_motion,
    make_scene,
    make_speech,
    motion_space,
)
from facedit.bench.measures import diversity, head, landmarks, lips, silence, spectra
from facedit.evaluation.meter import lip_meter
from facedit.face.distances import eye_distance
from facedit.face.pose import rotation_matrices

MODULES = (diversity, head, landmarks, lips, silence, spectra)
HEAD = motion_space().groups["head"].start


def figures(module, *scenes):
    """The figures of scenes pooled, by name of the measure."""
    found = [module.sums(scene) for scene in scenes]
    result = {}
    for measure in module.MEASURES:
        rows = [np.array(sums[measure.sums]) for sums in found if measure.sums in sums]
        if rows:
            result[measure.name] = float(measure.value(np.sum(rows, axis=0)))
    return result


def still(frames=50):
    return np.zeros((frames, motion_space().dims), np.float32)


def opened(curve, base=None):
    """Motion whose first lip dim follows a curve."""
    motion = still(len(curve)) if base is None else base.copy()
    motion[:, 0] += np.asarray(curve, np.float32)
    return motion


@pytest.mark.parametrize("module", MODULES)
def test_keys_match_measures(module):
    scene = make_scene(
        motion=make_motion(seed=1),
        drawn=make_motion(seed=1),
        takes=(make_motion(seed=2),),
        speech=make_speech(50, np.zeros(50, bool)),
    )
    speech = features(make_speech())
    speaking = replace(scene, speech=speech, source_speech=speech)
    keys = module.sums(scene).keys() | module.sums(speaking).keys()
    assert keys == {measure.sums for measure in module.MEASURES}
    for name, value in figures(module, scene, speaking).items():
        measure = next(m for m in module.MEASURES if m.name == name)
        assert measure.low <= value <= measure.high


@pytest.mark.parametrize("module", MODULES)
def test_the_truth_is_right(module):
    for name, value in figures(module, make_scene(first_frame=7)).items():
        measure = next(m for m in module.MEASURES if m.name == name)
        if name == "lip_speed_own":  # of the span beside that of the whole clip
            continue
        target = {"lower": 0.0, "higher": 1.0, "one": 1.0}[measure.better]
        assert value == pytest.approx(target, abs=1e-6), name


@pytest.mark.parametrize("module", MODULES)
def test_frames_without_a_face_do_not_count(module):
    rng = np.random.default_rng(0)
    motion = make_motion() + 0.3 * rng.standard_normal((50, motion_space().dims)).astype("f4")
    lost = motion.copy()
    lost[24:] = np.nan
    speech = make_speech(50, np.zeros(50, bool))
    whole = figures(module, make_scene(motion=motion, hidden=(10, 24), speech=speech))
    cut = figures(module, make_scene(motion=lost, hidden=(10, 50), speech=speech))
    assert cut == pytest.approx(whole, rel=1e-4)
    nobody = np.full_like(motion, np.nan)
    scene = make_scene(motion=nobody, true_motion=nobody, speech=speech)
    assert all(math.isnan(value) for value in figures(module, scene).values())


@pytest.mark.parametrize("module", [head, landmarks, spectra])
def test_nothing_is_said_without_truth(module):
    assert module.sums(make_scene(item=make_item("edit"))) == {}


def test_nothing_hidden_is_nothing_measured():
    takes = {"drawn": make_motion(), "takes": (make_motion(seed=1),)}
    quiet = make_speech(50, np.zeros(50, bool))
    scene = make_scene(motion=make_motion(seed=1), hidden=(0, 0), speech=quiet, **takes)
    for module in MODULES:
        assert all(math.isnan(value) for value in figures(module, scene).values())


def test_a_shift_of_the_curve_is_error_and_no_loss_of_correlation():
    true = make_motion()
    shifted = true.copy()
    shifted[:, 0] += 0.5
    neutral = make_identity().neutral
    gap = (
        lip_meter().measure(shifted, neutral)["opening"]
        - lip_meter().measure(true, neutral)["opening"]
    )
    found = figures(lips, make_scene(motion=shifted, true_motion=true))
    assert found["lip_opening_error"] == pytest.approx(100 * np.abs(gap[20:30]).mean(), rel=1e-4)
    assert found["lip_opening_r"] > 0.99
    assert found["lip_speed"] == pytest.approx(1)


@pytest.mark.parametrize("hidden", [(0, 12), (38, 50), (0, 50), (20, 21)])
def test_spans_at_the_edges_are_measured(hidden):
    found = figures(lips, make_scene(hidden=hidden))
    assert found["lip_opening_error"] == 0
    if hidden != (20, 21):
        assert found["lip_opening_r"] == pytest.approx(1)


def test_lip_speed_is_a_ratio_of_steps():
    true = opened(np.arange(50) * 0.1)
    fast = opened(np.arange(50) * 0.3)
    found = figures(lips, make_scene(motion=fast, true_motion=true))
    assert found["lip_speed"] == pytest.approx(3, rel=1e-5)
    assert found["lip_speed_own"] == pytest.approx(3, rel=1e-5)


def test_own_speed_is_that_of_speech_and_needs_no_truth():
    # The source moves by 0.1 a frame in speech and by 0.5 in silence.
    speaking = np.arange(50) < 25
    true = opened(np.cumsum(np.where(speaking, 0.1, 0.5)))
    new = opened(np.arange(50) * 0.2)
    scene = make_scene(
        item=make_item("edit"),
        motion=new,
        true_motion=true,
        source_speech=make_speech(50, speaking),
    )
    assert figures(lips, scene)["lip_speed_own"] == pytest.approx(2, rel=1e-4)


def test_a_turned_head_is_so_many_degrees_and_no_lip_error():
    true = make_motion()
    turned = true.copy()
    # Turn each true pose by 5 degrees about the upright axis, in the dims' own units.
    space, identity = motion_space(), make_identity()
    pose = space.decode_pose(true, identity)
    extra = rotation_matrices(np.tile([0.0, math.radians(5), 0.0], (50, 1)))
    vectors = replace(pose, rotation=extra @ pose.rotation).rotation_vectors
    raw = vectors - identity.rotation
    turned[:, HEAD : HEAD + 3] = (raw - space.mean[HEAD : HEAD + 3]) / space.std[HEAD : HEAD + 3]
    scene = make_scene(motion=turned, true_motion=true)
    found = figures(head, scene)
    assert found["head_rotation_error"] == pytest.approx(5, abs=1e-3)
    assert found["head_shift_error"] == pytest.approx(0, abs=1e-6)
    assert found["head_speed"] == pytest.approx(1, abs=1e-4)
    assert figures(lips, scene)["lip_opening_error"] == 0
    assert figures(landmarks, scene)["shape_lips_error"] == 0
    assert figures(landmarks, scene)["landmark_lips_error"] > 1


def test_a_moved_and_larger_head():
    true, moved = still(), still()
    space = motion_space()
    moved[:, HEAD + 3] += 0.10 / space.std[HEAD + 3]
    moved[:, HEAD + 5] += 0.02 / space.std[HEAD + 5]
    found = figures(head, make_scene(motion=moved, true_motion=true))
    assert found["head_shift_error"] == pytest.approx(10, rel=1e-4)
    assert found["head_size_error"] == pytest.approx(2, rel=1e-4)
    assert math.isnan(found["head_speed"])  # the true head stands still


def test_landmarks_moved_by_a_tenth_of_the_eye_distance():
    scene = make_scene()
    eyes = float(eye_distance(scene.truth.landmarks).mean())
    points = scene.output.landmarks.copy()
    points[scene.filled, :, 0] += 0.1 * eyes
    points[~scene.filled] += 50  # kept pictures do not count
    found = figures(landmarks, replace(scene, output=replace(scene.output, landmarks=points)))
    assert [found[f"landmark_{part}_error"] for part in ("lips", "jaw", "face")] == pytest.approx(
        [10, 10, 10], rel=1e-4
    )
    assert found["shape_face_error"] == 0


@pytest.mark.parametrize(("hertz", "band"), [(1.0, "slow"), (3.5, "mid"), (8.0, "fast")])
def test_a_sine_is_seen_in_its_band(hertz, band):
    time = np.arange(50) / 25
    base = make_motion(50, seed=3)
    # The true lips move a little everywhere; the output has a strong sine on top.
    noisy = base + opened(16 / hertz * np.sin(2 * np.pi * hertz * time))
    found = figures(spectra, make_scene(motion=noisy, true_motion=base, hidden=(5, 45)))
    for derivative in ("velocity", "acceleration"):
        ratios = {name: found[f"lips_{derivative}_{name}"] for name in spectra.BANDS}
        others = [value for name, value in ratios.items() if name != band]
        assert ratios[band] > 3
        assert ratios[band] > 2 * max(others)


def test_energy_is_the_square_of_amplitude_at_any_length():
    for frames in (14, 50, 200):
        true = make_motion(frames, seed=1)
        half = true * 0.5
        found = figures(spectra, make_scene(motion=half, true_motion=true, hidden=(0, frames)))
        lip_dims = [value for name, value in found.items() if name.startswith("lips")]
        assert lip_dims == pytest.approx([0.25] * 6, rel=1e-4)


def test_all_energy_lands_in_some_band():
    # Parseval: the bands together hold the tapered derivative's energy.
    values = np.random.default_rng(0).standard_normal((21, 2))
    taper = np.sin(np.pi * np.arange(1, 21) / 21)
    moving = 25 * np.diff(values, axis=0) * taper[:, None]
    total = sum(spectra.band_energies(values, np.ones(21, bool), 1))
    assert total == pytest.approx((moving**2).sum() * spectra.SEGMENT, rel=1e-9)


def test_segments_cover_a_long_run():
    found = spectra.segments(150)
    assert found[0][0] == 0
    assert found[-1][1] == 150
    assert all(b - a == spectra.SEGMENT for a, b in found)
    assert all(nxt - a <= spectra.SEGMENT // 2 for (a, _), (nxt, _) in pairwise(found))


def test_takes_drawn_by_chance_differ_by_root_two():
    rng = np.random.default_rng(0)
    takes = tuple(rng.standard_normal((2000, motion_space().dims)).astype("f4") for _ in range(4))
    scene = make_scene(motion=takes[0], true_motion=takes[0], hidden=(100, 1900), pictures=(),
                       true_pictures=(), drawn=takes[1], takes=takes[2:])  # fmt: skip
    assert figures(diversity, scene)["diversity"] == pytest.approx(math.sqrt(2), rel=0.03)


def test_equal_takes_do_not_differ_and_one_take_says_nothing():
    take = make_motion(seed=4)
    assert figures(diversity, make_scene(drawn=take, takes=(take, take)))["diversity"] == 0
    assert diversity.sums(make_scene(drawn=take)) == {}
    assert diversity.sums(make_scene()) == {}


def test_distance_over_pairs_agrees_with_pairs_one_by_one():
    a, b, c = np.random.default_rng(0).standard_normal((3, 5, 7))
    pairs = [((one - other) ** 2).sum(axis=1) for one, other in ((a, b), (a, c), (b, c))]
    assert diversity.mean_squares_apart([a, b, c]) == pytest.approx(np.mean(pairs, axis=0))


def test_restless_lips_in_silence():
    quiet = make_speech(50, np.zeros(50, bool))
    true = opened(0.05 * (np.arange(50) % 2))
    restless = opened(0.15 * (np.arange(50) % 2))
    scene = make_scene(motion=restless, true_motion=true, speech=quiet)
    found = figures(silence, scene)
    assert found["silence_lip_ratio"] == pytest.approx(3, rel=1e-4)
    assert found["silence_opening_ratio"] == pytest.approx(3, rel=0.05)
    assert found["silence_lip_speed"] == pytest.approx(0.15, rel=1e-4)
    opening = lip_meter().measure(restless, make_identity().neutral)["opening"]
    assert found["silence_opening_speed"] == pytest.approx(100 * abs(opening[1] - opening[0]))


def test_movement_beside_speech_and_in_kept_frames_is_no_restlessness():
    speaking = np.ones(50, bool)
    speaking[20:32] = False
    moving = opened(3.0 * (np.arange(50) % 2))
    moving[22:30] = 0  # two frames at each end of the silence are not looked at
    found = figures(silence, make_scene(motion=moving, hidden=(16, 45),
                                        speech=make_speech(50, speaking)))  # fmt: skip
    assert found["silence_lip_speed"] == 0


def test_a_clip_without_silence_gives_the_absolute_figure_only():
    quiet = make_speech(50, np.zeros(50, bool))
    scene = make_scene(motion=make_motion(seed=1), speech=quiet, source_speech=make_speech())
    assert silence.sums(scene).keys() == {"silence_opening", "silence_lips"}
    assert silence.sums(make_scene(speech=make_speech())) == {}
    mute = np.zeros((50, 0), np.float32)
    assert silence.sums(make_scene(speech=mute, source_speech=mute)) == {}
