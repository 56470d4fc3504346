"""Expressions on drawn motion: as much as was asked, where it was asked, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from facedit.compose.canvas import Canvas
from facedit.compose.express import (
    EASE_S,
    check_wishes,
    expressed,
    parse_wish,
    wishes_for,
    wishes_of,
)
from facedit.compose.performance import nobody
from facedit.editing.diff import WordEdit
from facedit.editing.edit_options import NONE, EditOptions
from facedit.editing.plan import EditPlan
from facedit.editing.planner import make_plan
from facedit.errors import BadEdit, UsageError
from facedit.face.landmarker import Landmarker
from facedit.motion.expressions import PARTS, expressions
from facedit.motion.mesh_space import MeshSpace
from facedit.options import Run
from facedit.types import Transcript, Word

FRAMES, KEPT = 60, 5
WORDS = (Word("so", 0.3, 0.5), Word("happy", 1.0, 1.3), Word("today", 1.3, 1.6))


@pytest.fixture(scope="module")
def space() -> MeshSpace:
    return MeshSpace.load()


@pytest.fixture(scope="module")
def canvas(space: MeshSpace) -> Canvas:
    """The mean face, kept at first and drawn from then on."""
    seen = nobody(space).still.landmarks[None]
    identity = space.identity(seen, np.ones(1, np.float32))
    values = np.repeat(space.encode(seen, identity), FRAMES, axis=0)
    mask = np.zeros(values.shape, np.bool_)
    mask[KEPT:] = True
    return Canvas(0, values, mask, np.ones(FRAMES, np.float32), identity, "head")


def drawn(canvas: Canvas) -> np.ndarray:
    """Two takes that speak: lips that open and close."""
    chance = np.random.default_rng(0)
    takes = np.repeat(canvas.values[None], 2, axis=0)
    takes[:, KEPT:, :6] += chance.normal(0, 0.3, (2, FRAMES - KEPT, 6)).astype(np.float32)
    return takes


@pytest.mark.parametrize("name", PARTS)
def test_a_face_shows_what_was_asked_of_it(name: str, space: MeshSpace, canvas: Canvas) -> None:
    asked = 0.5 * expressions()[name].most
    motion = drawn(canvas)
    wish = parse_wish(f"{name}:{asked:.2f}")
    (made,), figures = expressed(space, [canvas], [motion], [wish], WORDS)
    landmarker, columns = Landmarker(), list(wish.expression.columns)

    def score(one: np.ndarray) -> float:
        faces = space.decode(one[20::8], canvas.identity)
        return float(np.mean([landmarker.blendshapes(face)[columns] for face in faces]))

    assert score(made[0]) - score(motion[0]) == pytest.approx(asked, abs=0.06)
    assert figures[f"expression {name}"].startswith(f"asked {asked:.2f}, the drawn face shows")
    assert np.array_equal(made[:, :KEPT], motion[:, :KEPT])
    # Both takes get the same; nothing jumps where it comes.
    assert np.allclose(made[0] - motion[0], made[1] - motion[1], atol=1e-5)
    added = np.abs(np.diff(made[0] - motion[0], axis=0)).max()
    assert added < 0.25 * np.abs(made[0] - motion[0]).max()


@pytest.mark.parametrize("when", ["happy today", "1.0-1.6"])
def test_it_shows_at_its_words_or_seconds_and_nowhere_else(
    when: str, space: MeshSpace, canvas: Canvas
) -> None:
    motion = drawn(canvas)
    (made,), _ = expressed(space, [canvas], [motion], [parse_wish(f"smile:0.4@{when}")], WORDS)
    moved = np.abs(made[0] - motion[0]).max(axis=1)
    at_s = np.arange(FRAMES) / 25
    inside = (at_s >= 1.0) & (at_s <= 1.6)
    assert np.allclose(moved[inside], moved.max())
    assert not moved[(at_s < 1.0 - EASE_S) | (at_s > 1.6 + EASE_S)].any()
    assert 0 < moved[(at_s > 0.75) & (at_s < 1.0)].max() < moved.max()


def two_edits() -> EditPlan:
    """Words that are replaced at 1 s and at 3 s, each by 0.8 s."""
    said = Transcript(tuple(Word(f"w{k}", k * 0.5, k * 0.5 + 0.4) for k in range(10)), 5.0)
    edits = (WordEdit(2, 3, ("happy", "now")), WordEdit(6, 7, ("again",)))
    return make_plan(edits, said, [0.8, 0.8], source_duration_s=5.0, frame_rate=Fraction(25))


@pytest.mark.parametrize("wish", ["smile:0.4", "smile:0.4@now", "smile:0.4@0.4-0.8"])
def test_an_edit_shows_its_own_and_no_other_one_does(
    wish: str, space: MeshSpace, canvas: Canvas
) -> None:
    plan = two_edits()
    spans = plan.picture_spans()
    starts = [int(span.output_start_s * 25) - KEPT for span in spans]
    canvases, motions = [], []
    for start in starts:
        mask = np.tile(plan.motion_mask(FRAMES, start)[:, None], canvas.mask.shape[1])
        canvases.append(replace(canvas, first_frame=start, mask=mask))
        motions.append(np.where(mask, drawn(canvas), canvas.values))
    first, second = plan.fills
    start_s, again_s = first.output_start_s, second.output_start_s
    words = (
        Word("happy", start_s, start_s + 0.4), Word("now", start_s + 0.4, start_s + 0.8),
        Word("again", again_s, again_s + 0.8),
    )  # fmt: skip
    own = (EditOptions(expression=(wish,)), NONE)
    wishes = wishes_for(Run(), plan, own)
    (one, other), figures = expressed(space, canvases, motions, wishes, words)
    assert np.array_equal(other, motions[1])
    assert all(name.startswith("expression smile at ") for name in figures)
    # What all shall show, an edit with its own does not.
    frown = wishes_for(Run(expression=("frown:0.2",)), plan, own)
    assert [(one.expression.name, one.spans) for one in frown] == [("frown", (1,)), ("smile", (0,))]
    moved = np.abs(one[0] - motions[0][0]).max(axis=1)
    at_s = canvases[0].start_s + np.arange(FRAMES) / 25
    assert moved[(at_s > start_s + 0.4) & (at_s < start_s + 0.7)].min() > 0.5 * moved.max() > 0
    early = moved[(at_s > spans[0].output_start_s) & (at_s < start_s + 0.1)]
    assert early.any() == ("@" not in wish)
    assert not moved[at_s > spans[0].output_end_s].any()
    elsewhere = wishes_for(Run(), plan, (EditOptions(expression=("smile:0.4@again",)), NONE))
    with pytest.raises(BadEdit, match="'again' does not occur"):  # it is another edit's
        expressed(space, canvases, motions, elsewhere, words)


def test_what_may_not_move_does_not(space: MeshSpace, canvas: Canvas) -> None:
    lips = np.zeros_like(canvas.mask)
    lips[KEPT:, space.groups["lips"]] = True
    only = Canvas(0, canvas.values, lips, canvas.confidence, canvas.identity, "lips")
    motion = drawn(canvas)
    (made,), _ = expressed(space, [only], [motion], [parse_wish("smile:0.4")], WORDS)
    assert np.array_equal(made[..., space.groups["face"]], motion[..., space.groups["face"]])
    assert not np.array_equal(made, motion)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("smile", "NAME:AMOUNT"),
        ("smile:-0.5", "NAME:AMOUNT"),
        ("smirk:0.5", "choose smile, frown"),
        ("smile:0", "people show up to"),
        ("smile:3", "people show up to"),
        ("smile:0.5@2-1", "ends before"),
    ],
)
def test_what_is_no_expression_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        wishes_of(Run(expression=(text,)))


def test_what_would_show_nowhere_is_refused(space: MeshSpace, canvas: Canvas) -> None:
    motion = drawn(canvas)
    with pytest.raises(BadEdit, match="'sad' does not occur"):
        expressed(space, [canvas], [motion], [parse_wish("smile:0.4@sad")], WORDS)
    with pytest.raises(UsageError, match="nothing is drawn at"):
        expressed(space, [canvas], [motion], [parse_wish("smile:0.4@8-9")], WORDS)
    run = Run(expression=("brows-up:0.4",))
    check_wishes(run, "generate")
    with pytest.raises(UsageError, match="--region face"):
        check_wishes(run, "sync")
    brows = EditOptions(expression=("brows-up:0.4",))
    check_wishes(Run(), "edit", [NONE, replace(brows, region="face")])
    with pytest.raises(BadEdit, match=r"edits\[1\].*--region face"):
        check_wishes(Run(), "edit", [NONE, brows])


@pytest.mark.full
def test_the_pictures_show_it(tmp_path: Path) -> None:
    """Seen by the tracker in what a photograph became (she smiles already)."""
    data = pytest.importorskip("skimage.data")
    from PIL import Image

    import facedit
    from facedit.face.choice import FaceChoice
    from facedit.face.track import track_face
    from facedit.media.read import read_frames
    from facedit.motion.export import blendshape_weights

    Image.fromarray(data.astronaut()).save(tmp_path / "her.png")
    request = facedit.GenerateRequest(text="We are happy to be here.")
    found = {}
    for name in ("", "squint:0.3", "brows-up:0.4"):
        output = tmp_path / f"{name.partition(':')[0] or 'plain'}.mp4"
        run = facedit.Run(expression=(name,) if name else (), provenance=False)
        facedit.generate(tmp_path / "her.png", output, request, run=run)
        frames = ((one.time_s, one.rgb()) for one in read_frames(output))
        track = track_face(frames, FaceChoice(), landmarker=Landmarker())
        found[name] = np.nanmean(blendshape_weights(track, Landmarker())[10:], axis=0)
    for name in ("squint:0.3", "brows-up:0.4"):
        columns = list(expressions()[name.partition(":")[0]].columns)
        rise = (found[name] - found[""])[columns].mean()
        assert rise > 0.15, f"{name}: {rise:.2f}"
