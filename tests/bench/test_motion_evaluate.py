import csv
import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from facedit.dataset.clip_rows import FIELDS
from facedit.dataset.prepare import describe_space
from facedit.dataset.prepared import (
    ClipRow,
    clip_path,
    read_clip,
    read_meta,
    read_rows,
    write_meta,
)
from facedit.errors import OutputExists, UsageError
from facedit.evaluation.baselines import line
from facedit.evaluation.evaluate import BASELINES, MIN_CLIPS, evaluate, group_clips
from facedit.evaluation.evaluate_options import EvaluateOptions
from facedit.evaluation.fills import OF_ANOTHER_CLIP
from facedit.evaluation.hidden_spans import EDGE, LipMeter, middle_span, score_clips, spread_spans
from facedit.evaluation.lip_sums import hidden_frames
from facedit.model.checkpoint import MotionModel, save_model
from facedit.model.config import preset
from facedit.model.dit import DiT
from facedit.motion.mesh_space import MeshSpace
from facedit.training.motion.scaling import fit_projection
from standin import plugged_in

ENCODER = "made-up+energy+vad"


def evaluated(data, output, **options):
    return evaluate(data, output, EvaluateOptions(**options))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Two splits of clips whose motion is a linear function of their speech."""
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "clips").mkdir()
    space = MeshSpace.load()
    write_meta(folder, describe_space("mesh", ENCODER))
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((6, space.dims)) * 0.5
    rows, speeches = [], []
    for number in range(40):
        speech = rng.standard_normal((34, 6)).astype(np.float32)
        motion = (speech @ matrix).astype(np.float32)
        name = f"{number:064x}"
        np.savez(
            clip_path(folder, name), motion=motion, mirrored=motion, speech=speech,
            opening=motion[:, 0], identity=space.canonical.astype(np.float32),
            confidence=np.ones(34, np.float32),
        )  # fmt: skip
        split = "dev" if number >= 36 else "train"
        rows.append([f"{number}.mp4", name, split, "c", "s", "kept", "", 34])
        speeches.append(speech)
    with (folder / "rows.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(FIELDS)
        writer.writerows(rows)
    torch.manual_seed(0)
    model = MotionModel(
        net=DiT(preset("tiny", motion_dims=space.dims, speech_dims=6)),
        projection=fit_projection(speeches, ENCODER, 4, 0.5),
        motion_scale=np.ones(space.dims, np.float32),
        encoder=ENCODER,
        space="mesh",
        dim_names=tuple(space.names),
    )
    save_model(model, folder / "m.safetensors")
    return folder


def test_evaluation_computes_on_another_device(prepared, tmp_path):
    """Few clips and short spans: a stand-in for a device is slow."""
    small = {"spans": (8,), "protocols": ("edit",), "most_clips": 2, "parts": ("spans",)}
    weights = prepared / "m.safetensors"
    with plugged_in() as device:
        there = evaluated(prepared, tmp_path / "there", weights=weights, device=device, **small)
    here = evaluated(prepared, tmp_path / "here", weights=weights, device="cpu", **small)
    for one, other in zip(there.rows, here.rows, strict=True):
        assert one["method"] == other["method"]
        value = one["figures"]["opening_rel"]["value"]
        assert value == pytest.approx(other["figures"]["opening_rel"]["value"], rel=1e-3)


def test_evaluation_measures_every_method_and_ridge_solves_a_linear_world(prepared, tmp_path):
    weights = prepared / "m.safetensors"
    result = evaluated(prepared, tmp_path, weights=weights, spans=(8, 14), protocols=("edit",))
    assert {row["span"] for row in result.rows} == {8, 14}
    by_method = {row["method"]: row["figures"] for row in result.rows if row["span"] == 14}
    assert set(BASELINES) < set(by_method)
    assert by_method["ridge"]["opening_r"]["value"] > 0.9
    assert by_method["ridge, wrong sound"]["opening_r"]["value"] < 0.6
    assert by_method["hold"]["speed"]["value"] == 0
    # An untrained network returns no velocity: at temperature 0 it draws the kept mean.
    assert by_method["model, mean (T=0)"]["speed"]["value"] == pytest.approx(0, abs=1e-5)
    stored = json.loads((tmp_path / "evaluation.json").read_text())
    assert stored["clips"] == {"c": 4}
    table = (tmp_path / "evaluation.md").read_text()
    assert table.count("| 14 (56) |") == len(by_method)
    with pytest.raises(OutputExists):
        evaluated(prepared, tmp_path, weights=weights)


def test_a_gain_over_a_baseline_is_the_difference_of_figures(prepared, tmp_path):
    result = evaluated(
        prepared, tmp_path, weights=prepared / "m.safetensors", spans=(8,), protocols=("edit",)
    )
    figures = {row["method"]: row["figures"]["opening_rel"]["value"] for row in result.rows}
    gain = next(
        g for g in result.gains
        if (g["method"], g["against"], g["figure"]) == ("model", "ridge", "opening_rel")
    )  # fmt: skip
    assert gain["value"] == pytest.approx(figures["model"] - figures["ridge"])
    assert gain["low"] <= gain["value"] <= gain["high"]


def test_with_one_clip_what_needs_a_second_is_left_out_by_name(prepared, tmp_path):
    result = evaluated(
        prepared, tmp_path, weights=prepared / "m.safetensors", spans=(8,), protocols=("edit",),
        most_clips=1,
    )  # fmt: skip
    methods = {row["method"] for row in result.rows}
    assert not methods & set(OF_ANOTHER_CLIP)
    assert set(BASELINES) < methods
    table = (tmp_path / "evaluation.md").read_text()
    assert f"one clip only: '{OF_ANOTHER_CLIP[0]}'" in table
    # "hold" does not move: it has no correlation. Neither that nor one clip's interval is a figure.
    (held,) = [line for line in table.splitlines() if "| hold |" in line]
    assert "[" not in held
    assert not re.search(r"\bnan\b", table)


def test_weights_for_other_features_are_refused(prepared, tmp_path):
    from facedit.model.checkpoint import load_model

    other = replace(load_model(prepared / "m.safetensors"), encoder="another")
    save_model(other, tmp_path / "o.safetensors")
    with pytest.raises(UsageError, match="another"):
        evaluated(prepared, tmp_path / "out", weights=tmp_path / "o.safetensors")


def test_a_split_without_clips_is_refused(prepared, tmp_path):
    with pytest.raises(UsageError, match=r"'holiday'; it holds train \(36\), dev \(4\).*--split"):
        evaluated(prepared, tmp_path, weights=prepared / "m.safetensors", split="holiday")


def test_parts_are_measured_as_asked_and_unknown_ones_refused(prepared, tmp_path):
    weights = prepared / "m.safetensors"
    with pytest.raises(UsageError, match="whiskers"):
        evaluated(prepared, tmp_path, weights=weights, parts=("spans", "whiskers"))
    result = evaluated(
        prepared, tmp_path, weights=weights, parts=("closures", "stillness", "drift")
    )
    assert result.rows == []
    # Clips of 1.4 s, without footage: no phones, no long sounds; no voice at all, so all is still.
    assert result.behaviour["c"]["closures"] == result.behaviour["c"]["drift"] == []
    stored = json.loads((tmp_path / "evaluation.json").read_text())
    assert stored["behaviour"] == result.behaviour


def test_as_many_spans_are_hidden_as_asked(prepared, tmp_path):
    def frames(spans_per_clip):
        result = evaluated(
            prepared, tmp_path / str(spans_per_clip), weights=prepared / "m.safetensors",
            spans=(8,), protocols=("edit",), parts=("spans",), spans_per_clip=spans_per_clip,
        )  # fmt: skip
        return {row["frames"] for row in result.rows}

    # Four clips of 34 frames: two spans of 8 fit with their edges.
    assert frames(1) == {4 * 8}
    assert frames(9) == {4 * 8 * 2}
    with pytest.raises(UsageError, match="spans-per-clip"):
        frames(0)


def test_middle_span_is_in_the_middle_or_not_at_all():
    assert middle_span(30, 20) == (5, 25)
    assert middle_span(20 + 2 * EDGE - 1, 20) is None


@pytest.mark.parametrize(("frames", "length", "most"), [(100, 14, 4), (75, 14, 9), (30, 14, 4)])
def test_spread_spans_lie_evenly_and_leave_their_edges(frames, length, most):
    spans = spread_spans(frames, length, most)
    ends = np.array([0, *np.ravel(spans), frames])
    kept = np.diff(ends)[::2]
    assert {stop - start for start, stop in spans} == {length}
    assert kept.min() >= EDGE
    assert np.ptp(kept) <= 1
    # One more would not fit.
    assert len(spans) == most or frames - (len(spans) + 1) * length < (len(spans) + 2) * EDGE
    assert spread_spans(length + 2 * EDGE - 1, length, most) == []


def test_several_spans_of_a_clip_add_up(prepared):
    meta = read_meta(prepared)
    meter = LipMeter(MeshSpace.named(meta.space), meta.groups, meta.effects)
    clip = read_clip(prepared, read_rows(prepared)[0].sha256)
    clip = replace(clip, motion=np.tile(clip.motion, (3, 1)), speech=np.tile(clip.speech, (3, 1)))

    def score(most):
        return score_clips(
            [clip, clip], lambda gaps: [line(g.motion, g.hidden) for g in gaps], meter,
            14, "lips", most=most,
        )  # fmt: skip

    spans = spread_spans(len(clip.motion), 14, 3)
    assert len(spans) == 3
    several, alone = score(3), score(1)
    assert len(several) == len(alone) == 2
    np.testing.assert_array_equal(several[0], several[1])
    assert hidden_frames(several) == 3 * hidden_frames(alone) == 2 * 3 * 14


def test_small_corpora_are_pooled():
    rows = [ClipRow(str(i), str(i), "dev", "large", "s", 40) for i in range(MIN_CLIPS)]
    rows += [ClipRow(f"a{i}", f"a{i}", "dev", f"small{i % 2}", "s", 40) for i in range(6)]
    groups = group_clips(rows, None)
    assert {name: len(members) for name, members in groups.items()} == {
        "large": MIN_CLIPS,
        "others": 6,
    }
    assert len(group_clips(rows, 4)["large"]) == 4
    # A corpus that is all there is keeps its name.
    assert set(group_clips(rows[-6::2], None)) == {"small0"}
