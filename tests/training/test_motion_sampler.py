from dataclasses import replace

import numpy as np
import pytest
from motion_corpus import DIMS, GROUPS, META, write_corpus

from facedit.dataset.masks import KINDS, MaskConfig, reverse_kept_dims
from facedit.dataset.prepare import describe_space
from facedit.dataset.prepared import clip_path, read_clip, read_meta, read_rows, write_meta
from facedit.errors import UsageError
from facedit.model.normalise import kept_centre
from facedit.training.experiment import PoolConfig
from facedit.training.motion.data import load_dataset, split_rows
from facedit.training.motion.motion_config import MotionClipsConfig
from facedit.training.motion.sampler import (
    BLEND,
    Sampler,
    hold_picture,
    make_pool,
    speaker_perturbation,
    time_stretch,
)
from facedit.training.motion.scaling import fit_projection, motion_scale

POOLS = (PoolConfig(("one",), 0.5, 32), PoolConfig(("two",), 0.25, 64))
PLAIN = MotionClipsConfig("", POOLS, mirror=0.0, amplitude=0.0, speech_noise=0.0)
ONES = np.ones(DIMS, np.float32)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = write_corpus(tmp_path_factory.mktemp("corpus") / "prepared")
    rows = read_rows(folder)
    clips = [read_clip(folder, row.sha256).speech for row in rows]
    return load_dataset(folder, rows, fit_projection(clips, META.encoder, 6, 0.5))


def only(kind, dim_set="all_dims"):
    kinds = {name: float(name == kind) for name in KINDS}
    sets = {name: float(name == dim_set) for name in ("lips", "lips_face", "all_dims")}
    return MaskConfig(**kinds, **sets)


def same(a, b):
    return all(
        np.array_equal(getattr(x, name), getattr(y, name))
        for x, y in zip(a, b, strict=True)
        for name in ("motion", "mask", "speech", "valid")
    )


def test_batches_are_a_function_of_seed_and_step(data):
    config = MotionClipsConfig("", POOLS, stretch=0.1)

    def make(seed):
        return Sampler(data, META, ONES, config, MaskConfig(), 400, seed)

    one, other = make(0), make(0)
    for step in range(3):
        one.draw(step)
    assert same(one.draw(7), other.draw(7))
    assert not same(one.draw(7), one.draw(8))
    assert not same(one.draw(7), make(1).draw(7))


def test_batches_follow_shares_and_pad(data):
    batches = Sampler(data, META, ONES, PLAIN, MaskConfig(), 960, 0).draw(0)
    assert [batch.motion.shape[:2] for batch in batches] == [(20, 32), (5, 64)]
    assert [batch.share for batch in batches] == pytest.approx([2 / 3, 1 / 3])
    assert batches[0].valid.all()  # every clip has at least 40 frames
    short = batches[1]
    assert not short.valid.all()
    assert (short.motion[~short.valid] == 0).all()
    assert not short.mask[~short.valid].any()


def test_windows_are_centred_on_what_is_kept(data):
    for batch in Sampler(data, META, ONES, PLAIN, only("short"), 960, 0).draw(0):
        for motion, hidden, valid in zip(batch.motion, batch.mask, batch.valid, strict=True):
            centre = kept_centre(motion[valid], hidden[valid])
            np.testing.assert_allclose(centre, 0, atol=1e-5)


def test_scale_and_mirror_apply(data):
    mirrored = replace(PLAIN, mirror=1.0)
    plain = Sampler(data, META, ONES, PLAIN, only("short"), 400, 0).draw(0)[0]
    other = Sampler(data, META, 2 * ONES, mirrored, only("short"), 400, 0).draw(0)[0]
    np.testing.assert_allclose(other.motion, -2 * plain.motion, atol=1e-5)


def test_still_windows_begin_with_a_held_closed_mouth(data):
    for batch in Sampler(data, META, ONES, PLAIN, only("still"), 960, 0).draw(0):
        for motion, hidden, valid in zip(batch.motion, batch.mask, batch.valid, strict=True):
            held = int(np.flatnonzero(hidden.any(axis=1))[0])
            # Centred on what is kept, a held face is zero; closed is the least of dim 0 here.
            np.testing.assert_allclose(motion[:held], 0, atol=1e-5)
            assert (motion[valid][:, 0] >= -1e-5).all()


def test_what_a_still_picture_keeps_does_not_move(data):
    for batch in Sampler(data, META, ONES, PLAIN, only("still", "lips"), 960, 0).draw(0):
        assert not batch.mask[..., 3:].any()
        assert batch.mask[..., :3].any()
        np.testing.assert_allclose(batch.motion[..., 3:], 0, atol=1e-5)
        assert np.abs(batch.motion[..., :3]).max() > 0.1


def test_kept_dims_may_run_backwards_but_hidden_ones_never(data):
    plain = Sampler(data, META, ONES, PLAIN, only("short", "lips"), 400, 0).draw(0)[0]
    other = replace(PLAIN, foreign=1.0)
    turned = Sampler(data, META, ONES, other, only("short", "lips"), 400, 0).draw(0)[0]
    # The first window is the same draw in both; later ones differ by the chances consumed.
    np.testing.assert_array_equal(turned.motion[0, :, :3], plain.motion[0, :, :3])
    rows = plain.mask[0].any(axis=1)
    assert np.abs(turned.motion[0, rows, 3:] - plain.motion[0, rows, 3:]).max() > 0.1


def test_turned_back_motion_keeps_ends_and_speed():
    rng = np.random.default_rng(0)
    motion = rng.standard_normal((20, 3)).astype(np.float32)
    hidden = np.zeros((20, 3), bool)
    hidden[5:12, 0] = True
    turned = reverse_kept_dims(motion, hidden)
    assert np.array_equal(turned[:, 0], motion[:, 0])
    assert np.array_equal(turned[:5], motion[:5])
    np.testing.assert_allclose(turned[[5, 11]], motion[[5, 11]], atol=1e-6)
    # Backwards: second differences come in the opposite order.
    bend = np.diff(motion[5:12, 1:], n=2, axis=0)
    np.testing.assert_allclose(np.diff(turned[5:12, 1:], n=2, axis=0), bend[::-1], atol=1e-5)


def test_hold_picture_blends_into_the_motion():
    motion = np.ones((12, 2), np.float32)
    held = hold_picture(motion, np.zeros(2, np.float32), 4)
    assert (held[:4] == 0).all()
    assert (held[4 + BLEND :] == 1).all()
    assert (np.diff(held[:, 0]) >= 0).all()
    assert np.diff(held[:, 0]).max() == pytest.approx(1 / (BLEND + 1))


def test_stretch_keeps_a_line_a_line():
    ramp = np.arange(21, dtype=np.float32)[:, None]
    slow = time_stretch(ramp, 2.0)
    assert len(slow) == 41
    np.testing.assert_allclose(slow[:, 0], np.arange(41) / 2, atol=1e-5)
    assert np.array_equal(time_stretch(ramp, 1.0), ramp)


def test_balance_evens_out_speakers(data):
    counts = {}
    for balance in (0.0, 1.0):
        pool = make_pool(data, PoolConfig(("one", "two"), 1.0, 32), balance)
        totals = {}
        for clip, chance in zip(pool.clips, pool.chances, strict=True):
            speaker = data.rows[clip].speaker
            totals[speaker] = totals.get(speaker, 0) + chance
        counts[balance] = totals
    assert list(counts[0.0].values()) == pytest.approx([0.25] * 4)
    frames = {}
    for row in data.rows:
        frames[row.speaker] = frames.get(row.speaker, 0) + row.frames
    total = sum(frames.values())
    assert counts[1.0] == pytest.approx({name: count / total for name, count in frames.items()})


def test_a_pool_without_clips_is_refused(data):
    with pytest.raises(UsageError, match="three"):
        make_pool(data, PoolConfig(("three",), 1.0, 32), 0.5)


def test_held_out_clips_are_not_learnt_from(data):
    learn, held = split_rows(data.rows, ["s1"], 2, ["two"])
    assert {row.speaker for row in held} >= {"s1"}
    assert not {row.sha256 for row in learn} & {row.sha256 for row in held}
    assert len(learn) + len(held) == len(data.rows)
    assert all(row.speaker == "s1" or row.corpus == "two" for row in held)


def test_projection_is_standardised_and_whitens(data):
    rng = np.random.default_rng(0)
    spread = np.array([5, 3, 1, 1, 1, 1, 2, 0.3])
    features = [(rng.standard_normal((400, 8)) * spread + 7).astype(np.float32) for _ in range(3)]
    for whiten in (0.0, 0.5, 1.0):
        projection = fit_projection(features, META.encoder, 4, whiten)
        out = projection(np.concatenate(features))
        np.testing.assert_allclose(out.mean(axis=0), 0, atol=1e-3)
        assert (out[:, :4] ** 2).mean() == pytest.approx(1, abs=1e-3)
        np.testing.assert_allclose(out[:, 4:].std(axis=0), 1, atol=1e-3)
        ratio = out[:, 0].std() / out[:, 1].std()
        assert ratio == pytest.approx((5 / 3) ** (1 - whiten), rel=0.1)


def test_groups_cover_all_dims():
    assert sorted(i for part in GROUPS.values() for i in range(DIMS)[part]) == list(range(DIMS))


def test_windows_hear_other_voices_as_often_as_asked(data):
    silent = np.zeros_like(data.speech)
    shown = replace(data, voices=(silent + 1, silent + 2))

    def heard(chance):
        config = replace(PLAIN, voices=chance)
        batches = Sampler(shown, META, ONES, config, MaskConfig(), 4000, 0).draw(0)
        return [float(row[0, 0]) for batch in batches for row in batch.speech]

    assert set(heard(1.0)) == {1.0, 2.0}
    half = [value in (1.0, 2.0) for value in heard(0.5)]
    assert 0.35 < np.mean(half) < 0.65
    assert not any(value in (1.0, 2.0) for value in heard(0.0))


def test_other_voices_are_projected_like_the_own(tmp_path):
    folder = write_corpus(tmp_path / "prepared")
    rows = read_rows(folder)
    projection = fit_projection([read_clip(folder, rows[0].sha256).speech], META.encoder, 6, 0.5)
    with pytest.raises(UsageError, match="--voices"):
        load_dataset(folder, rows, projection, voices=True)
    write_meta(folder, replace(read_meta(folder), voices=2))
    with pytest.raises(UsageError, match="--voices"):  # promised, but the clips have none
        load_dataset(folder, rows, projection, voices=True)
    for row in rows:
        path = clip_path(folder, row.sha256)
        stored = dict(np.load(path))
        np.savez(path, **stored, voices=np.stack([stored["speech"], stored["speech"][::-1]]))
    loaded = load_dataset(folder, rows, projection, voices=True)
    np.testing.assert_array_equal(loaded.voices[0], loaded.speech)
    first = loaded.clip(0)
    np.testing.assert_allclose(loaded.voices[1][first], loaded.speech[first][::-1], atol=1e-6)
    assert load_dataset(folder, rows, projection).voices == ()
    write_meta(folder, replace(read_meta(folder), voices=3))
    with pytest.raises(UsageError, match=r"has 2 voices, meta\.json says 3"):
        load_dataset(folder, rows, projection, voices=True)


def test_weak_dims_are_scaled_down_and_z_scores_left_alone_on_request():
    meta = describe_space("mesh", "made-up")
    scale = motion_scale(meta)
    for name in ("lips", "face"):
        part, effect = scale[meta.groups[name]], meta.effects[meta.groups[name]]
        assert part[effect.argmax()] == part.max() == 1
        # A dim a quarter as strong weighs half as much, and none less than a quarter.
        np.testing.assert_allclose(part, np.sqrt(effect / effect.max()).clip(0.25), rtol=1e-6)
        assert part.min() < 0.5
    assert (scale[meta.groups["head"]] == 1).all()
    assert (motion_scale(meta, 1.0) == 1).all()


def test_a_made_up_person_moves_each_dim_about_as_far():
    """Over many people a dim changes by the strength, once by its factor and once by the others."""
    rng = np.random.default_rng(0)
    spread = np.array([1.0, 0.5, 0.25, 0.1], np.float32)
    motion = (rng.standard_normal((400, 4)) * spread).astype(np.float32)
    maps = [speaker_perturbation(rng, spread, 0.2) for _ in range(400)]
    changes = np.array([motion @ one - motion for one in maps])
    relative = np.sqrt((changes**2).mean(axis=(0, 1))) / motion.std(axis=0)
    # Of its own exp(N(0, s)) - 1, and of each other dim's spread s x its share of the norm.
    share = 1 - spread**2 / (spread**2).sum()
    wanted = np.sqrt(0.2**2 * share + np.exp(2 * 0.2**2) - 2 * np.exp(0.2**2 / 2) + 1)
    np.testing.assert_allclose(relative, wanted, rtol=0.08)
    assert not np.array_equal(maps[0], maps[1])


def test_made_up_people_change_the_lips_and_only_the_lips(data):
    plain, other = (
        Sampler(data, META, ONES, replace(PLAIN, people=people), only("whole"), 200, 0).draw(3)[0]
        for people in (0.0, 0.3)
    )
    # The first window is drawn before the random numbers part.
    one, two = plain.motion[0], other.motion[0]
    changed = np.abs(one - two).max(axis=0) > 0
    lips = GROUPS["lips"]
    assert changed[lips].all()
    assert not np.delete(changed, np.r_[lips]).any()
    # One map for all frames: the change is linear in the motion.
    found = np.linalg.lstsq(one[:, lips], two[:, lips], rcond=None)[0]
    np.testing.assert_allclose(one[:, lips] @ found, two[:, lips], atol=1e-4)
