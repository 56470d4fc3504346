"""Takes of one edit: of its own seed, untouched by edits elsewhere, and what the whole shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import facedit
from facedit.compose.frames.spans import tracked_part
from facedit.compose.session.near import alone, edits_near
from facedit.compose.takes.draw import SEEDS_A_SPAN, span_draws, span_regions
from facedit.compose.words.plans import PlannedEdit
from facedit.compose.words.scripts import save_script, with_script_options
from facedit.editing.diff import WordEdit
from facedit.editing.edit_options import NONE, EditOptions
from facedit.editing.planner import Margins, make_plan
from facedit.editing.script import EditScript, ScriptSource, dumps, loads
from facedit.errors import BadEdit
from facedit.inputs import MOST_SEED
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.media.sound import read_sound
from facedit.options import EditRequest, Run
from facedit.types import Transcript, Word
from talking_clips import TalkingClips, make_talking_clips

NTSC = Fraction(30000, 1001)
WORDS = Transcript(tuple(Word(f"w{k}", k * 0.5, k * 0.5 + 0.4) for k in range(120)), 60.0)
REQUEST = EditRequest(say="x")


def planned(*places: int, bridge_s: float = 0.16) -> PlannedEdit:
    """Cut words out of a minute of words."""
    margins = Margins(bridge_s=bridge_s)
    edits = tuple(WordEdit(place, place + 1) for place in places)
    sounds = [None] * len(edits)
    plan = make_plan(edits, WORDS, sounds, source_duration_s=60.0, frame_rate=NTSC, margins=margins)
    own = tuple(EditOptions(seed=place) for place in places)
    return PlannedEdit(WORDS, edits, tuple(sounds), plan, REQUEST, own=own)


def test_an_edit_by_itself_is_tracked_and_seen_on_the_same_grid_wherever_it_comes() -> None:
    whole = planned(4, 60, 62, 110)
    assert [list(edits_near(whole.plan, k)) for k in range(4)] == [[0], [1, 2], [1, 2], [3]]
    for edit in range(4):
        one, number = alone(whole, edit)
        assert one.edits[number] == whole.edits[edit]
        assert one.own[number] == whole.own[edit]
        spans = [
            (part.plan, next(s for s in part.plan.picture_spans() if at in s.fills))
            for part, at in ((one, number), (whole, edit))
        ]
        assert len({tracked_part(*pair) for pair in spans}) == 1
        # From the span's start to the next motion frame it is as far in both.
        ahead = [(-(span.output_start_s - plan.late_s(span)) * 25) % 1 for plan, span in spans]
        assert min(abs(ahead[0] - ahead[1]), 1 - abs(ahead[0] - ahead[1])) < 1e-6


def test_a_seed_of_its_own_is_the_same_noise_wherever_an_edit_comes() -> None:
    whole = planned(4, 60, 110)
    draws = span_draws(whole.plan, whole.own, Run(seed=5, articulation=1.5))
    assert [(draw.seed, draw.noise) for draw in draws] == [(4, 4), (60, 60), (110, 110)]
    usual = span_draws(whole.plan, (NONE,) * 3, Run(seed=5, articulation=1.5))
    assert [draw.noise for draw in usual] == [5 + SEEDS_A_SPAN * k for k in range(3)]
    assert {draw.articulation for draw in (*draws, *usual)} == {1.5}
    quiet = EditOptions(articulation=0.5, region="face")
    (one, two) = span_draws(planned(4, 60).plan, (NONE, quiet), Run())
    assert (one.articulation, two.articulation) == (1.0, 0.5)
    assert span_regions(planned(4, 60).plan, (NONE, quiet), "lips") == ("lips", "face")


def test_edits_in_one_picture_span_take_the_seed_of_the_first_that_has_one() -> None:
    near = planned(4, 6, bridge_s=0.4)
    assert len(near.plan.picture_spans()) == 1
    (draw,) = span_draws(near.plan, (NONE, EditOptions(seed=9)), Run())
    assert draw.seed == 9
    assert [own.seed for own in near.with_seed(1, 3).own] == [3, 3]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> TalkingClips:
    return make_talking_clips(tmp_path_factory.mktemp("clips"), "we fly to the moon")


@pytest.fixture(scope="module", autouse=True)
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("facedit.cache.results_dir", lambda: folder)
        yield folder


def frames(path: Path) -> list[np.ndarray]:
    return [frame.rgb().astype(int) for frame in read_frames(path)]


@pytest.mark.full
def test_a_take_shows_its_span_as_the_script_with_its_seed_makes_it(
    clips: TalkingClips, tmp_path: Path
) -> None:
    source, script = Path(clips["one.mp4"]), tmp_path / "edit.json"
    wish = EditRequest(
        replace=(("moon", "sun"),), transcript=Path(clips["words.json"]), voice="default"
    )
    with facedit.open(source, run=Run(provenance=False)) as session:
        plan = session.plan(wish)
        take = session.take(plan, 0, tmp_path / "take.mp4", seed=1)
        other = session.take(plan, 0, tmp_path / "other.mp4", seed=2)
        session.render(plan.with_seed(0, 1), tmp_path / "out.mp4", save_script=script)
    assert (take.figures["seed"], other.figures["seed"]) == (1, 2)
    assert {seam.side for seam in take.seams} <= {"in", "out"}
    assert np.isfinite(take.worst)
    (edit,) = json.loads(script.read_text())["edits"]
    assert edit["seed"] == 1
    facedit.edit(
        source, tmp_path / "again.mp4", EditRequest(script=script), run=Run(provenance=False)
    )
    whole, again = frames(tmp_path / "out.mp4"), frames(tmp_path / "again.mp4")
    assert all(np.array_equal(a, b) for a, b in zip(whole, again, strict=True))
    # The preview is another encoding of the same pictures, a second on either side.
    start, (shown, drawn) = (
        round(take.output_s[0] * 25), (frames(tmp_path / f"{n}.mp4") for n in ("take", "other"))
    )  # fmt: skip
    part = np.array(whole[start : start + len(shown)])
    assert len(part) == len(shown) == round((take.output_s[1] - take.output_s[0]) * 25)
    differ = np.abs(np.array(shown) - drawn).max(axis=-1) > 20
    assert differ.any()
    away, off = (np.abs(part - one)[differ].mean() for one in (drawn, shown))
    assert off < 0.4 * away


@pytest.mark.full
def test_an_expression_changes_the_pictures_at_its_words_and_nothing_else(
    clips: TalkingClips, tmp_path: Path
) -> None:
    source, output = Path(clips["one.mp4"]), tmp_path / "out.mp4"
    request = EditRequest(
        express=(("moon", "neutral:0.8"), ("moon", "brows-up:0.3")),
        transcript=Path(clips["words.json"]),
    )
    script, again = tmp_path / "edit.json", tmp_path / "again.mp4"
    run = Run(provenance=False)
    result = facedit.edit(source, output, request, run=run, save_script=script)
    (span,) = result.details["reports"][0]["spans"]
    before, after = frames(source), frames(output)
    assert len(before) == len(after)
    start_s, end_s = span["output"]
    inside = [k for k in range(len(before)) if start_s <= k / 25 + 1e-6 < end_s]
    kept = [k for k in range(len(before)) if k not in inside]
    assert len(kept) > 5
    assert all(np.array_equal(before[k], after[k]) for k in kept)
    assert max(np.abs(before[k] - after[k]).max() for k in inside) > 40
    heard = [read_sound(one).samples for one in (source, output)]
    assert abs(len(heard[0]) - len(heard[1])) <= 1024  # of the last packet a player may cut some
    shorter = min(map(len, heard)) - 1024
    assert np.array_equal(*(one[:shorter] for one in heard))
    facedit.edit(source, again, EditRequest(script=script), run=run)
    assert all(np.array_equal(a, b) for a, b in zip(after, frames(again), strict=True))


def test_a_saved_script_is_drawn_as_the_run_that_saved_it(
    clips: TalkingClips, tmp_path: Path
) -> None:
    source, file = Path(clips["one.mp4"]), tmp_path / "edit.json"
    run = Run(seed=3, region="face", articulation=1.5, expression=("brows-up:0.4",))
    save_script(file, source, probe(source), planned(4), run)
    script = loads(json.dumps(json.loads(file.read_text()) | {"plan": None}))
    assert with_script_options(script, REQUEST, Run())[1] == run


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ({"seed": -1}, "seed"), ({"seed": 1.5}, "seed"), ({"seed": True}, "seed"),
        ({"region": "nose"}, "region"), ({"articulation": 3}, "articulation"),
        ({"speech": "/etc/passwd"}, "speech"), ({"speech": "../x.wav"}, "speech"),
        ({"speech": "a\\..\\x.wav"}, "speech"), ({"speech": ""}, "speech"), ({"sed": 1}, "sed"),
        ({"expression": "smile:0.5"}, "expression"),
    ],
)  # fmt: skip
def test_options_of_one_edit_are_judged_at_their_place(
    option: dict[str, object], says: str
) -> None:
    script = EditScript(ScriptSource("a.mp4", 60.0, NTSC), WORDS, (WordEdit(4, 5, ("x",)),))
    document = json.loads(dumps(script))
    document["edits"][0] |= option
    with pytest.raises(BadEdit, match=rf"edits\[0\].*{says}"):
        loads(json.dumps(document))
    good: dict[str, object]
    good = {"seed": 2**62 + 1, "voice": "default", "speech": "a b.wav", "articulation": 0.5}
    good["expression"] = ["smile:0.5@sun"]
    document["edits"][0] = json.loads(dumps(script))["edits"][0] | good
    (own,) = loads(json.dumps(document)).own
    assert json.loads(json.dumps(own.to_dict())) == good


def test_the_least_and_the_greatest_seed_of_a_script_are_taken() -> None:
    script = EditScript(ScriptSource("a.mp4", 60.0, NTSC), WORDS, (WordEdit(4, 5, ("x",)),))
    for seed in (0, MOST_SEED):
        chosen = replace(script, options={"seed": seed})
        request = EditRequest(script=Path("e.json"))
        assert with_script_options(chosen, request, Run())[1].seed == seed
