"""Systems by name, and what each makes of a task whose right answer is known."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest

from facedit.bench.systems import chosen
from facedit.bench.systems.chosen import choose
from facedit.bench.systems.ours import Setting, complete, ours
from facedit.bench.systems.retrieval import best_match, retrieve
from facedit.bench.systems.simple import held, ridge, straight
from facedit.bench.systems.system import Heard, InfillTask, Library
from facedit.errors import BadWeights, UsageError
from facedit.evaluation.baselines import Ridge, load_ridges, save_ridges
from facedit.model.checkpoint import MotionModel, load_model, weights_path
from facedit.model.normalise import SpeechProjection
from facedit.speech.encoders.encoders import Encoder
from facedit.speech.encoders.whisper_base import WHISPER
from facedit.types import Float32
from model.motion_models import CHANNELS, DIMS, SPEECH, tiny_model

MODEL = tiny_model()
HIDDEN = slice(8, 14)


def infill_task(seed: int = 0, library: Library | None = None, corpus: str = "x") -> InfillTask:
    """A random task whose first three dims are hidden in the middle."""
    rng = np.random.default_rng(seed)
    motion = rng.standard_normal((24, DIMS)).astype(np.float32)
    mask = np.zeros(motion.shape, bool)
    mask[HIDDEN, :3] = True
    speech = rng.standard_normal((24, CHANNELS)).astype(np.float32)
    other = rng.standard_normal((24, CHANNELS)).astype(np.float32)
    hidden = np.where(mask, np.float32(np.nan), motion)
    return InfillTask(hidden, mask, speech, ears(speech, other), library, corpus, seed)


def ears(own: Float32, other: Float32) -> Callable[[Heard, Encoder], Float32]:
    """What a task hears; layer 2 sounds like twice layer 4."""
    return lambda which, encoder: (
        (other if which == "other" else own) * np.float32(4 / encoder.layer)
    )


def changed(one: InfillTask, **fields: object) -> InfillTask:
    values = {name: getattr(one, name) for name in InfillTask.__slots__}
    return InfillTask(**{**values, **fields})  # type: ignore[arg-type]


def own_library(rng: np.random.Generator) -> tuple[Library, SpeechProjection]:
    """A library whose projected speech is its speech."""
    speech = rng.standard_normal((60, CHANNELS)).astype(np.float32)
    motion = np.cumsum(rng.standard_normal((60, DIMS)), axis=0).astype(np.float32)
    eye = SpeechProjection(np.eye(CHANNELS, dtype=np.float32), np.zeros(CHANNELS, np.float32))
    return Library(motion, speech, np.ones(60, bool)), eye


def test_names_give_systems_in_order_and_settings_are_taken():
    systems = choose("truth, cut ,calm=ours:temperature=0:guidance=1:render=no,bare=line:render=no")
    assert [system.name for system in systems] == ["truth", "cut", "calm", "bare"]
    assert [system.pictures for system in systems] == ["clip", "frozen", "none", "none"]
    assert not systems[2].chance
    assert "temperature=0" in systems[2].about


def test_every_setting_of_the_sampler_is_an_option():
    given = "steps=3:temperature=0.2:guidance=1.5:level_guidance=0.25:settle=0.75"
    settings = dataclasses.replace(
        load_model().sampler,
        steps=3, temperature=0.2, free_temperature=0.2, speech_guidance=1.5, level_guidance=0.25,
        settle=0.75,
    )  # fmt: skip
    (system,) = choose(f"a=ours:{given}")
    assert str(settings) in system.origin
    (plain,) = choose("ours")
    assert str(load_model().sampler) in plain.origin


def test_weights_are_loaded_once_however_often_they_are_named(tmp_path: Path, monkeypatch):
    loaded = []

    def load(path: Path, device: str) -> MotionModel:
        loaded.append(path)
        return load_model(path)

    monkeypatch.setattr(chosen, "load_model", load)
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes(weights_path("default").read_bytes())
    choose(f"ours,ours-mean,a=ours:steps=2,b=ours:weights={copy},c=ours-deaf:weights={copy}")
    assert loaded == [weights_path("default"), copy]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names no system"),
        ("oracle", "known are truth, hold"),
        ("hold,hold", "names hold twice"),
        ("a=ours:colour=red", "'colour=red' is no setting"),
        ("a=ours:temperature=hot", "temperature wants a number"),
        ("a=ours:level_guidance=2", "level_guidance 2.0; choose 0 to 1"),
        ("a=ours:context=maybe", "context is yes or no"),
        ("a=nothing:x=1", "NAME=ours:FIELD=VALUE"),
        ("a=cut:render=no", "NAME=ours:FIELD=VALUE"),
        ("../a=ours:steps=1", "is no plain name"),
        ("a=videos:/nowhere/at/all", "no folder of videos"),
    ],
)
def test_wrong_systems_are_one_clear_line(text: str, says: str):
    with pytest.raises(UsageError, match=None) as error:
        choose(text)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_without_speech_no_sound_is_heard_and_with_it_one_is():
    from dataclasses import replace

    deaf = replace(MODEL, sampler=replace(MODEL.sampler, speech_guidance=0.0))
    one = infill_task()
    backwards = one.speech[::-1].copy()
    another = changed(one, speech=backwards, hear=ears(backwards, one.speech))
    silent = [complete(deaf, b, 1, context=True, sound="own") for b in (one, another)]
    assert np.allclose(silent[0], silent[1], atol=1e-5)
    hearing = [complete(MODEL, b, 1, context=True, sound="own") for b in (one, another)]
    assert np.abs(hearing[0] - hearing[1]).max() > 1e-3


def test_without_context_the_surroundings_do_not_matter_and_with_it_they_do():
    one = infill_task()
    moved = changed(one, motion=one.motion + np.float32(1.0))
    alone = [complete(MODEL, b, 1, context=False, sound="own")[0] for b in (one, moved)]
    assert np.allclose(alone[0][one.mask], alone[1][one.mask], atol=1e-5)
    shown = [complete(MODEL, b, 1, context=True, sound="own")[0] for b in (one, moved)]
    assert np.abs(shown[0][one.mask] - shown[1][one.mask]).max() > 1e-2


def test_the_wrong_sound_is_the_other_clips(device):
    model = dataclasses.replace(MODEL, net=deepcopy(MODEL.net).to(device))
    one = infill_task()
    swapped = changed(one, hear=ears(one.hear("other", WHISPER), one.speech))
    heard = complete(model, one, 2, context=True, sound="other")
    assert np.array_equal(heard, complete(model, swapped, 2, context=True, sound="own"))
    assert heard.shape == (2, 24, DIMS)
    assert np.abs(heard[0] - heard[1]).max() > 1e-3


def test_weights_hear_the_layer_that_they_name():
    one = infill_task()
    lower = dataclasses.replace(MODEL, encoder="whisper-base/2+energy+vad")
    loud = changed(one, hear=ears(2 * one.speech, one.speech))
    heard = complete(lower, one, 1, context=True, sound="own")
    assert np.array_equal(heard, complete(MODEL, loud, 1, context=True, sound="own"))
    unknown = dataclasses.replace(MODEL, encoder="whisper-base/7+energy+vad")
    with pytest.raises(UsageError, match="whisper-base/7"):
        complete(unknown, one, 1, context=True, sound="own")


@pytest.mark.parametrize("system", [held(), straight()])
def test_simple_systems_keep_what_is_kept(system):
    one = infill_task()
    drawn = system.draw(one, 2)
    assert drawn.shape == (2, 24, DIMS)
    assert np.isfinite(drawn).all()
    assert np.array_equal(drawn[0][~one.mask], one.motion[~one.mask])
    assert np.array_equal(drawn[0], drawn[1])


def test_retrieval_finds_the_same_sound_again():
    rng = np.random.default_rng(3)
    library, projection = own_library(rng)
    one = infill_task()
    # The task's sound is a stretch of the library, its kept motion too: the answer is known.
    start = 20
    mask, speech = one.mask, library.speech[start : start + 24]
    truth = library.motion[start : start + 24]
    motion = np.where(mask, np.float32(np.nan), truth)
    found = retrieve(changed(one, motion=motion, speech=speech, library=library), projection)
    assert np.allclose(found, truth, atol=1e-4)


def test_retrieval_never_takes_what_is_hidden():
    rng = np.random.default_rng(4)
    library, _ = own_library(rng)
    usable = np.ones(60, bool)
    usable[25:40] = False
    path = best_match(library.speech[28:36], library.speech, library.motion, usable, 0.5)
    assert usable[path].all()


def test_a_smoother_path_jumps_less():
    rng = np.random.default_rng(5)
    library, _ = own_library(rng)
    usable = np.ones(60, bool)
    wanted = rng.standard_normal((30, CHANNELS)).astype(np.float32)
    free, smooth = (
        best_match(wanted, library.speech, library.motion, usable, weight) for weight in (0.0, 50.0)
    )
    assert np.array_equal(
        free, ((wanted[:, None] - library.speech) ** 2).sum(axis=2).argmin(axis=1)
    )
    assert (np.diff(smooth) == 1).mean() > (np.diff(free) == 1).mean() + 0.5


def test_retrieval_without_a_library_draws_a_line():
    one = infill_task()
    projection = SpeechProjection(np.eye(CHANNELS, dtype=np.float32), np.zeros(CHANNELS))
    assert np.array_equal(retrieve(one, projection), straight().draw(one, 1)[0])


def test_ridges_come_back_and_the_own_corpus_is_preferred(tmp_path: Path):
    rng = np.random.default_rng(6)
    projection = SpeechProjection(
        rng.standard_normal((CHANNELS, SPEECH)).astype(np.float32), np.zeros(SPEECH, np.float32)
    )
    maps = {
        name: Ridge(
            rng.standard_normal((3 * SPEECH, DIMS)).astype(np.float32),
            np.zeros(DIMS, np.float32),
            1,
        )
        for name in ("all", "mine")
    }
    path = tmp_path / "ridge.safetensors"
    save_ridges(path, projection, maps)
    again, found = load_ridges(path)
    assert found.keys() == maps.keys()
    assert found["mine"].reach == 1
    assert np.allclose(found["mine"].matrix, maps["mine"].matrix, atol=2e-3)
    assert np.allclose(again.matrix, projection.matrix, atol=2e-3)
    system = ridge(path)
    own, other = (system.draw(infill_task(corpus=name), 1)[0] for name in ("mine", "elsewhere"))
    task = infill_task()
    fill = found["all"].fill(np.nan_to_num(task.motion), task.mask, again(task.speech))
    assert np.allclose(other, fill, atol=1e-6)
    assert np.abs(own - other).max() > 1e-3


def test_damaged_ridges_are_refused(tmp_path: Path):
    path = tmp_path / "ridge.safetensors"
    path.write_bytes(b"not weights")
    with pytest.raises(BadWeights, match="no fitted ridges"):
        load_ridges(path)


def test_weights_of_another_motion_space_draw_in_it():
    assert ours("ours", "", Setting()).space == "mesh"
    assert ours("grid", "", Setting(weights="grid")).space == "mesh-grid"
