from dataclasses import replace

import numpy as np
import pytest

from bench.scenes import SIZE, make_item, make_motion, make_pictures, make_scene, motion_space
from facedit.bench.measures import continuity
from facedit.bench.measures.continuity import WIDTH, flow_changes, flows_of

SEAMS = {f"seam_{kind}" for kind in continuity.UNITS}
KEYS = SEAMS | {"worst_picture", "worst_motion"}


def figures(*scenes):
    found = [continuity.sums(scene) for scene in scenes]
    return {
        measure.name: float(measure.value(np.sum([s[measure.sums] for s in found], axis=0)))
        for measure in continuity.MEASURES
        if all(measure.sums in sums for sums in found)
    }


def ramp(values):
    """Even grey pictures of given levels."""
    return tuple(np.full((*SIZE, 3), value, np.uint8) for value in values)


def wallpaper(shifts, seed=0):
    """A smooth random texture moved right by so many pixels in each picture."""
    rng = np.random.default_rng(seed)
    height, width = SIZE
    y, x = np.mgrid[:height, :width].astype(float)
    waves = [(*rng.uniform(-0.4, 0.4, 2), rng.uniform(0, 6)) for _ in range(12)]

    def picture(shift):
        grey = sum(np.sin(a * (x - shift) + b * y + c) for a, b, c in waves)
        return np.repeat(np.clip(128 + 24 * grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)

    return tuple(picture(shift) for shift in shifts)


def test_keys_and_bounds():
    scene = make_scene(motion=make_motion(seed=1), pictures=make_pictures(seed=1))
    found = continuity.sums(scene)
    assert found.keys() == KEYS == {measure.sums for measure in continuity.MEASURES}
    for measure in continuity.MEASURES:
        assert measure.low <= measure.value(np.array(found[measure.sums])) <= measure.high


def test_a_picture_jump_of_known_size():
    # The clip gets lighter by 2 levels a picture; at the two seams the output jumps by 10 and 6.
    true = np.arange(50) * 2
    shown = true.copy()
    shown[20:30] += 8
    found = figures(make_scene(pictures=ramp(shown), true_pictures=ramp(true)))
    assert found["seam_picture_jump"] == pytest.approx((10 + 6) / (2 + 2))
    assert found["seam_picture_excess"] == pytest.approx(6)
    assert found["seam_picture_above"] == 100


def test_a_motion_jump_of_known_size():
    true = np.zeros((50, motion_space().dims), np.float32)
    true[:, 0] = np.arange(50) * 0.1
    shown = true.copy()
    shown[20:30, 0] += 0.3
    found = figures(make_scene(motion=shown, true_motion=true))
    # 0.1 + 0.3 up at one seam; at the other 0.3 less 0.1 down.
    assert found["seam_motion_jump"] == pytest.approx((4 + 2) / 2, rel=1e-4)
    assert found["seam_motion_above"] == 100


def test_a_velocity_jump_is_seen_on_both_sides_of_a_seam():
    rng = np.random.default_rng(0)
    true = np.zeros((50, motion_space().dims), np.float32)
    true[:, 0] = np.cumsum(rng.choice([-0.1, 0.1], 50))
    found = {}
    for kink in (18, 19, 20, 21):  # from this frame on, the lips are faster by 1 a frame
        kinked = true.copy()
        kinked[kink:, 0] += np.arange(50 - kink)
        sums = continuity.sums(make_scene(motion=kinked, true_motion=true, hidden=(20, 50)))
        found[kink] = sums["seam_velocity"][0] / sums["seam_velocity"][1]
    assert found[19] > 5
    assert found[20] > 5
    assert found[18] < 2.1
    assert found[21] < 2.1


def test_the_truth_makes_usual_steps():
    pooled = {key: np.zeros(4 if key in SEAMS else 2) for key in KEYS}
    for seed in range(8):
        motion, pictures = make_motion(60, seed), make_pictures(60, seed)
        scene = make_scene(true_motion=motion, true_pictures=pictures, hidden=(25, 35))
        for key, values in continuity.sums(scene).items():
            pooled[key] += values
    for measure in continuity.MEASURES:
        value, usual = measure.value(pooled[measure.sums]), pooled[measure.sums][1] / 16
        if measure.name.startswith("worst"):  # of some twelve steps one may lie above the 95th
            assert 0.7 < value < 1.6
            continue
        if measure.better == "one":
            assert value == pytest.approx(1, abs=0.3)
        elif measure.better == "zero":
            assert abs(value) < 0.3 * usual
        else:
            assert value < 25


def test_movement_is_measured_in_the_picture():
    # The texture moves by 2 pixels a picture; the crop is as wide as the flow's pictures.
    crops = [picture[:, :WIDTH] for picture in wallpaper(np.arange(6) * 2.0)]
    flow = np.median([one[20:-20, 20:-20, 0] for one in flows_of(crops)])
    assert flow == pytest.approx(2, abs=0.2)
    assert flow_changes(crops).max() < 100 * 0.6 / WIDTH
    stop = [picture[:, :WIDTH] for picture in wallpaper([0.0, 2.0, 4.0, 4.0, 4.0])]
    changes = flow_changes(stop)
    assert int(np.argmax(changes)) == 1
    assert changes[1] == pytest.approx(100 * 2 / WIDTH, rel=0.2)


def test_a_jerk_at_the_seam_shows_in_the_flow():
    true = wallpaper(np.arange(50) * 0.5)
    smooth = make_scene(true_pictures=true)
    place = np.arange(50) * 0.5
    place[20:30] += 3.0
    jerked = make_scene(true_pictures=true, pictures=wallpaper(place))
    found = figures(jerked)
    assert found["seam_flow_jump"] > 3 * figures(smooth)["seam_flow_jump"]
    assert found["seam_flow_above"] == 100


def test_a_cut_between_kept_pictures_is_a_seam():
    filled = np.zeros(6, bool)
    index = np.array([0, 1, 2, 7, 8, 9])
    assert continuity.picture_seams(filled, index) == [3]
    filled[3] = True
    index[3] = -1
    assert continuity.picture_seams(filled, index) == [3, 4]
    assert continuity.picture_seams(filled[:3], index[:3]) == []
    # Kept pictures beyond the source's view show nobody knows what: no seam.
    beyond = np.array([-1, -1, -1, 0, 1, 2])
    assert continuity.picture_seams(np.zeros(6, bool), beyond) == []


@pytest.mark.parametrize("hidden", [(0, 12), (38, 50)])
def test_spans_at_the_edges_have_one_seam(hidden):
    sums = continuity.sums(make_scene(hidden=hidden))
    assert sums.keys() == KEYS
    assert {sums[key][2] for key in SEAMS} == {1.0}
    assert {sums[key][1] for key in KEYS - SEAMS} == {1.0}


def test_all_new_has_no_seam():
    assert continuity.sums(make_scene(item=make_item("generate"), hidden=(0, 50))) == {}


def test_motion_alone_has_no_pictures_to_compare():
    scene = make_scene(item=make_item("edit"), pictures=())
    assert continuity.sums(scene).keys() == {"seam_motion", "seam_velocity", "worst_motion"}


def test_a_seam_without_a_face_does_not_count():
    motion = make_motion()
    motion[29] = np.nan
    assert (
        continuity.sums(make_scene(motion=motion, true_motion=make_motion()))["seam_motion"][2] == 1
    )


def test_a_face_outside_the_picture_is_no_crash():
    scene = make_scene()
    far = scene.source.landmarks + np.float32(1000)
    scene = replace(scene, source=replace(scene.source, landmarks=far))
    assert continuity.sums(scene).keys() == KEYS


def test_a_jump_inside_what_was_made_anew_is_found_though_no_seam_sees_it():
    from facedit.bench.measures.continuity import beside, seam_sums, worst_sums

    made = np.zeros(20, bool)
    made[6:14] = True
    steps = np.ones(19)
    steps[9] = 7.0  # from row 9 to row 10, deep inside
    own = np.ones(30)
    assert seam_sums(steps, own, [6, 14])[0] == 2.0
    assert worst_sums(steps, own, beside(made, [6, 14])) == [7.0, 1.0]
    steps[2] = 50.0  # among kept rows: not this measure's business
    assert worst_sums(steps, own, beside(made, [6, 14])) == [7.0, 1.0]
    assert worst_sums(steps, own, beside(made, [6, 14, 3])) == [50.0, 1.0]
