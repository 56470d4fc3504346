import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from motion_corpus import DIMS, GROUPS

from facedit.dataset.masks import DIM_SETS, KINDS, MaskConfig, draw_mask, span_mask
from facedit.errors import UsageError


def runs(frames):
    edges = np.flatnonzero(np.diff(np.concatenate([[0], frames.astype(int), [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


@settings(max_examples=2 * settings.default.max_examples, deadline=None)
@given(st.integers(2, 120), st.integers(0, 2**32 - 1))
def test_every_mask_keeps_the_law(frames, seed):
    mask = draw_mask(np.random.default_rng(seed), frames, DIMS, GROUPS, MaskConfig())
    assert mask.entries.shape == (frames, DIMS)
    assert mask.entries.any()
    rows = mask.entries.any(axis=1)
    for name, part in GROUPS.items():
        inside = mask.entries[:, part]
        # A group is hidden as a whole, over the same frames as the others, or not at all.
        assert (inside.any(axis=1) == inside.all(axis=1)).all()
        if name in DIM_SETS[mask.dim_set]:
            assert (inside.any(axis=1) == rows).all()
        else:
            assert not inside.any()
    found = runs(rows)
    length = max(b - a for a, b in found)
    if mask.kind == "short":
        assert len(found) == 1
        assert length <= 20
        assert length >= min(4, frames)
    if mask.kind == "bridge":
        assert length <= 6
    if mask.kind == "long":
        assert 0.5 * frames - 1 <= length <= 0.95 * frames + 1
    if mask.kind == "whole":
        assert rows.all()
    if mask.kind in ("prompt", "still"):
        ((start, stop),) = found
        assert stop == frames
        assert 1 <= start <= 8
    assert mask.held == (found[0][0] if mask.kind == "still" else 0)


def test_every_kind_and_dim_set_occurs_about_as_often_as_asked():
    config = MaskConfig()
    masks = [
        draw_mask(np.random.default_rng(seed), 60, DIMS, GROUPS, config) for seed in range(2000)
    ]
    total = sum(getattr(config, kind) for kind in KINDS)
    for kind in KINDS:
        share = np.mean([mask.kind == kind for mask in masks])
        assert share == pytest.approx(getattr(config, kind) / total, abs=0.04)
    lips = np.mean([mask.dim_set == "lips" for mask in masks])
    assert lips == pytest.approx(0.45, abs=0.04)


def test_span_mask_hides_what_it_says():
    hidden = span_mask(10, DIMS, GROUPS, [(2, 4), (6, 7)], "lips_face")
    assert hidden.sum() == 3 * 5
    assert hidden[2:4, :5].all()
    assert not hidden[:, 5:].any()


@pytest.mark.parametrize("bad", [{"short": -0.1}, {"lips": 0, "lips_face": 0, "all_dims": 0}])
def test_frequencies_that_cannot_be_drawn_from_are_refused(bad):
    with pytest.raises(UsageError):
        MaskConfig(**bad)
