"""Expressions on drawn motion: as much as was asked, where it was asked, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from facedit.compose.frames.canvas import Canvas
from facedit.compose.session.performance import nobody
from facedit.compose.takes.express import EASE_S, MOST_STRETCH, _in_pictures, expressed
from facedit.compose.takes.lip_closures import close_lips
from facedit.compose.takes.looks import Face, Look, Rows
from facedit.compose.takes.wishes import check_wishes, parse_wish, wishes_for, wishes_of
from facedit.editing.diff import WordEdit
from facedit.editing.edit_options import NONE, EditOptions
from facedit.editing.plan import EditPlan
from facedit.editing.planner import make_plan
from facedit.errors import BadEdit, UsageError
from facedit.face.closed_lids import turned_landmarks
from facedit.face.distances import lip_opening
from facedit.face.landmarker import Landmarker
from facedit.face.strain import brow_strain
from facedit.motion.expressions import BLINK, NEUTRAL, expression_named, expressions
from facedit.motion.mesh_space import MeshSpace
from facedit.options import Run
from facedit.types import Float64, Transcript, Word

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


def score_of(space: MeshSpace, canvas: Canvas, name: str, motion: np.ndarray) -> float:
    """What the landmarker's network sees of an expression."""
    landmarker, columns = Landmarker(), expression_named(name).columns
    faces = space.decode(motion[14::3], canvas.identity)
    return float(np.mean([landmarker.blendshapes(face)[columns] for face in faces]))


@pytest.mark.parametrize("name", [one for one, what in expressions().items() if what.space])
def test_a_face_shows_what_was_asked_of_it(name: str, space: MeshSpace, canvas: Canvas) -> None:
    asked = 0.5 * expressions()[name].most
    motion = drawn(canvas)
    wish = parse_wish(f"{name}:{asked:.2f}")
    found = expressed(space, [canvas], [motion], [wish], WORDS)
    (made,), figures = found.motion, found.figures

    def score(one: np.ndarray) -> float:
        return score_of(space, canvas, name, one)

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
    wish = parse_wish(f"smile:0.4@{when}")
    (made,) = expressed(space, [canvas], [motion], [wish], WORDS).motion
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
    found = expressed(space, canvases, motions, wishes, words)
    (one, other), figures = found.motion, found.figures
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
    (made,) = expressed(space, [only], [motion], [parse_wish("smile:0.4")], WORDS).motion
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
        ("neutral:1.2", "give up to 1"),
        ("blink", "say when"),
        ("gaze-left", "NAME:AMOUNT"),
        ("jawOpen:0.3", "speech moves it"),
        ("tongueOut:0.3", "choose smile"),
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


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("brows up:0.3", "brows-up"),
        ("Smile : 0.3 @ today", "smile"),
        ("mouthSmileLeft:0.3", "mouthSmileLeft"),
        ("browinnerup:0.3", "browInnerUp"),
        ("eyeLookUpLeft:0.3", "eyeLookUpLeft"),
        ("blink@1.2", BLINK),
    ],
)
def test_expressions_are_known_by_arkits_names_too(text: str, name: str) -> None:
    assert parse_wish(text).expression.name == name


def test_one_side_smiles_more_than_the_other(space: MeshSpace, canvas: Canvas) -> None:
    motion = drawn(canvas)
    wish = parse_wish("mouthSmileLeft:0.3")
    (made,) = expressed(space, [canvas], [motion], [wish], WORDS).motion
    left, right = (
        score_of(space, canvas, name, made[0]) - score_of(space, canvas, name, motion[0])
        for name in ("mouthSmileLeft", "mouthSmileRight")
    )
    assert left == pytest.approx(0.3, abs=0.06)
    assert right < 0.5 * left


def test_neutral_takes_away_what_the_face_shows_of_itself(space: MeshSpace, canvas: Canvas) -> None:
    (smiling,) = expressed(space, [canvas], [drawn(canvas)], [parse_wish("smile:0.5")], ()).motion
    before, plain = (score_of(space, canvas, "smile", one[0]) for one in (smiling, drawn(canvas)))
    wishes = [parse_wish("brows-up:0.3"), parse_wish("neutral:0.8")]
    found = expressed(space, [canvas], [smiling], wishes, ())
    after = score_of(space, canvas, "smile", found.motion[0][0])
    usual = expression_named("smile").usual
    assert after - usual == pytest.approx(0.2 * (before - usual), abs=0.08)
    assert after < before - 0.3
    assert plain < before
    # What was asked for beside it is no expression of its own.
    up = [score_of(space, canvas, "brows-up", one[0]) for one in (smiling, found.motion[0])]
    assert up[1] - up[0] == pytest.approx(0.3, abs=0.1)
    assert NEUTRAL in " ".join(found.figures)


def test_eyes_blink_once_and_in_drawn_frames_alone(space: MeshSpace, canvas: Canvas) -> None:
    motion = drawn(canvas)
    found = expressed(space, [canvas], [motion], [parse_wish("blink@1.2")], WORDS)
    (eyes,) = found.eyes
    assert eyes is not None
    shut = eyes[..., 0]
    assert np.array_equal(found.motion[0], motion)
    assert shut[30].min() > 0.95
    assert not shut[:26].any()
    assert not shut[36:].any()
    # Near kept frames it comes as soon as they allow.
    (early,) = expressed(space, [canvas], [motion], [parse_wish("blink@0.1-0.3")], WORDS).eyes
    assert early is not None
    assert early[..., 0].max() > 0.9
    assert not early[: KEPT + 1].any()
    with pytest.raises(UsageError, match="nothing is drawn"):
        expressed(space, [canvas], [motion], [parse_wish("blink@0.05")], WORDS)


@pytest.mark.parametrize("name", ["gaze-left", "gaze-right", "gaze-up", "gaze-down"])
def test_eyes_turn_as_far_as_was_asked(name: str, space: MeshSpace, canvas: Canvas) -> None:
    motion = drawn(canvas)
    wish = parse_wish(f"{name}:0.3")
    found = expressed(space, [canvas], [motion], [wish], WORDS)
    (eyes,) = found.eyes
    assert eyes is not None
    assert not eyes[:KEPT].any()
    landmarker, columns = Landmarker(), wish.expression.columns
    (face,) = space.decode(motion[0][40:41], canvas.identity)
    rise = landmarker.blendshapes(turned_landmarks(face, eyes[40])) - landmarker.blendshapes(face)
    # Up and down lids and little white are in the way.
    least = 0.22 if wish.expression.eyes[:, 1].any() else 0.12
    assert least < rise[columns].mean() < 0.38


@pytest.mark.parametrize("text", ["smile:0.6", "stretch:0.3", "surprise:0.2"])
def test_lips_close_and_follow_speech_with_an_expression_on(
    text: str, space: MeshSpace, canvas: Canvas
) -> None:
    motion = drawn(canvas)
    at_s = np.arange(FRAMES) / 25
    jaw = np.zeros(motion.shape[2], np.float32)
    (opened,) = space.encode(nobody(space).still.landmarks[None], canvas.identity)
    jaw[:6] = 2 * np.abs(opened[:6]) + 1
    spoken = motion + np.sin(2 * np.pi * 3 * at_s)[None, :, None].astype(np.float32) * jaw
    spoken = np.where(canvas.mask, spoken, motion)
    (made,) = expressed(space, [canvas], [spoken], [parse_wish(text)], WORDS).motion
    moments = [(0.6, 0.68), (1.1, 1.16), (1.64, 1.72), (2.08, 2.16)]
    for take, before in zip(made, spoken, strict=True):
        closed, closures = close_lips(space, canvas, take, moments)
        assert closures.spoken == closures.shown == len(moments)
        opening = [lip_opening(space.decode(one, canvas.identity)) for one in (closed, before)]
        free = np.ones(FRAMES, np.bool_)
        for start_s, end_s in moments:
            free[(at_s > start_s - 0.16) & (at_s < end_s + 0.16)] = False
        assert np.corrcoef(opening[0][free], opening[1][free])[0, 1] > 0.9


@pytest.mark.parametrize(
    ("shown", "gain", "reached"),
    [
        (lambda gain: gain, 0.4, 0.4),
        (lambda gain: 0.5 * gain, 0.88, 0.44),
        (lambda gain: 2.0 * gain, 0.2, 0.4),
        (lambda gain: min(0.5 * gain, 0.25), 0.6, 0.25),
        (lambda gain: 0.1, 0.4, 0.1),
        (lambda gain: 0.02 if gain < 0.7 else 0.3, 0.88, 0.3),
    ],
)
def test_pictures_say_how_far_the_face_moves(
    shown: Callable[[float], float], gain: float, reached: float
) -> None:
    """As far as asked; where more motion shows no more, no further."""
    assert _in_pictures(shown, 0.4, 0.4, np.inf) == pytest.approx((gain, reached), abs=0.03)


def test_what_a_face_cannot_show_is_capped_or_refused(space: MeshSpace, canvas: Canvas) -> None:
    def seen(share: float) -> Look:
        def look(index: int, rows: Rows, face: Face) -> Float64:
            moved = np.abs(face.motion[0][rows] - motion[0][rows]).mean()
            return np.full((len(rows), 52), min(float(moved), share))

        return look

    motion, wish = drawn(canvas), [parse_wish("smile:0.5")]
    found = expressed(space, [canvas], [motion], wish, WORDS, seen(0.2))
    assert found.notes[0].startswith("expression smile: of 0.50 asked this face shows 0.")
    with pytest.raises(UsageError, match="this face would show 0"):
        expressed(space, [canvas], [motion], wish, WORDS, seen(0.02))


def test_brows_that_would_smear_stay_where_they_are(space: MeshSpace, canvas: Canvas) -> None:
    """As low as a frown brings them, there is no lid's skin to draw out under raised ones."""
    down = [parse_wish("brows-down:0.4")]
    (frowning,) = expressed(space, [canvas], [drawn(canvas)], down, ()).motion
    still = replace(canvas, values=frowning[0])
    up = expressed(space, [still], [frowning], [parse_wish("brows-up:0.5")], ()).motion[0]
    faces = space.decode(np.stack([frowning[0, 40], up[0, 40]]), canvas.identity)
    assert brow_strain(faces[0], faces[0]) == pytest.approx((1.0, 1.0))
    assert 1.2 < brow_strain(faces[0], faces[1])[0] < MOST_STRETCH + 0.05


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
    request = facedit.GenerateRequest(text="We are happy to be here, my mother and Bob.")
    found = {}
    for name in ("", "squint:0.3", "brows-up:0.4", "neutral:0.8"):
        output = tmp_path / f"{name.partition(':')[0] or 'plain'}.mp4"
        run = facedit.Run(expression=(name,) if name else (), provenance=False)
        result = facedit.generate(tmp_path / "her.png", output, request, run=run)
        figures = result.details["reports"][0]["figures"]
        assert figures["with lips closed as shown"] == figures["m, b, p spoken"] >= 4
        frames = ((one.time_s, one.rgb()) for one in read_frames(output))
        track = track_face(frames, FaceChoice(), landmarker=Landmarker())
        found[name] = np.nanmean(blendshape_weights(track, Landmarker())[10:], axis=0)
    for name, least in (("squint:0.3", 0.2), ("brows-up:0.4", 0.25), ("smile", -1.0)):
        columns = list(expressions()[name.partition(":")[0]].columns)
        rise = (found.get(name, found["neutral:0.8"]) - found[""])[columns].mean()
        assert rise > least if least > 0 else rise < -0.1, f"{name}: {rise:.2f}"
