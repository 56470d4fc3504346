"""Runs the self-check: clips are disturbed and measured item by item, then judged together."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path, PurePosixPath

from facedit.bench.bench_options import CheckOptions
from facedit.bench.items import Bench, ClipFacts, Item
from facedit.bench.material import ORIGIN as MADE
from facedit.bench.measures import diversity
from facedit.bench.measures.registry import load_nets, measure_scene, proven_measures
from facedit.bench.scene import Scene
from facedit.bench.scoring import scene_of_truth, seen_anew
from facedit.bench.selfcheck.chosen_items import LEAST, choose_items, partners
from facedit.bench.selfcheck.disturb import DISTURBANCES, TAKES, Disturbance, Help
from facedit.bench.selfcheck.expectations import expectations
from facedit.bench.selfcheck.expected import judge, unexamined
from facedit.bench.selfcheck.figures import Figures, ItemSums
from facedit.bench.selfcheck.fingerprint import fingerprint, versions
from facedit.bench.selfcheck.result import SelfCheck, SelfCheckFailed, load, save
from facedit.bench.selfcheck.selfcheck_page import selfcheck_html
from facedit.device import AUTO, choose_device
from facedit.progress import OnProgress
from facedit.scale.outcome import Failure
from facedit.scale.run_items import run_items
from facedit.scale.workers import Workers
from facedit.weights import fetch as assets

UNFIT = {"other_face": "the clips show one person only", "swapped_sound": "there is one clip only"}
"""Disturbances that need another person or clip, and why there is none."""

SAME_PERSON = 0.45
"""Distance of face embeddings below which two clips show one person. One person's takes are 0.13 to
0.28 apart, different people 0.6 or more (dlib's own limit, for pictures of any kind, is 0.6)."""

Sums = dict[str, tuple[float, ...]]
Measuring = Callable[[Scene, Disturbance], Sums]
"""Measures a disturbed scene, as far as the disturbance needs it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An item and another person's, from which sound and face are taken."""

    item: Item
    other: Item
    seed: int


def selfcheck(
    bench: Bench, clips_root: Path, output: Path, options: CheckOptions | None = None
) -> SelfCheck:
    """Prove the measures on a sample of a benchmark's clips: the outcome, passed or not.

    It goes into ``output``; an earlier one there is taken if all that it depends on is the same.
    """
    began, options = time.monotonic(), options or CheckOptions()
    choose_device(options.device)
    depends_on = fingerprint(bench.items, (options.items, options.seed))
    earlier = load(output)
    if earlier is not None and earlier.depends_on == depends_on:
        return earlier
    assets.require("core", "bench")
    pairs = pairs_of(bench, options.items, options.seed)
    measured, failed = measure_pairs(
        pairs, clips_root, options.workers, options.on_progress, options.device
    )
    used = [pair.item for pair in pairs if pair.item.id in measured]
    readings: dict[str, list[ItemSums]] = {
        one.name: [measured[item.id].get(one.name, {}) for item in used] for one in DISTURBANCES
    }
    alike = [name for name in UNFIT if not any(readings.get(name, ("made",)))]
    skipped = {name: f"not looked at: {reason}" for name, reason in failed.items()}
    skipped |= {name: UNFIT[name] for name in alike}
    readings = {name: rows for name, rows in readings.items() if name not in alike}
    hashes, wanted = [item.clip.sha256 for item in used], expectations()
    figures = Figures(readings, proven_measures(), hashes, seed=options.seed)
    items, seconds = tuple(item.id for item in used), round(time.monotonic() - began, 1)
    found = SelfCheck(
        judge(wanted, figures), skipped, unexamined(wanted, figures), items, depends_on,
        versions(), seconds,
    )  # fmt: skip
    save(found, output, selfcheck_html(found, figures, wanted))
    return found


def pairs_of(bench: Bench, items: int, seed: int) -> tuple[Pair, ...]:
    """Choose items and their partners."""
    chosen = choose_items(bench.items, items, seed)
    return tuple(
        Pair(item, other, seed + number)
        for number, (item, other) in enumerate(zip(chosen, partners(chosen), strict=True))
    )


def make_worker(clips_root: Path, device: str = AUTO) -> Callable[[Pair], dict[str, Sums]]:
    """Load what a worker needs: a function from a pair of items to the sums by disturbance."""
    from facedit.face.landmarker import Landmarker
    from facedit.motion.mesh_space import MeshSpace
    from facedit.speech.encoders.encoders import encoder_named

    place = choose_device(device)
    nets, encoder = load_nets(place), encoder_named(device=place)
    retrack = partial(seen_anew, space=MeshSpace.load(), landmarker=Landmarker())

    def measure(scene: Scene, one: Disturbance) -> Sums:
        takes = {key: tuple(values) for key, values in diversity.sums(scene).items()}
        return measure_scene(scene, nets, one.needs) | takes

    # A partner is often the next item of the same corpus.
    @lru_cache(maxsize=3)
    def scene_of(item: Item) -> Scene:
        return scene_of_truth(item, clips_root, encoder)

    def handle(pair: Pair) -> dict[str, Sums]:
        scene, other = scene_of(pair.item), scene_of(pair.other)
        found = read(scene, Help(other, retrack, pair.seed), measure)
        return {name: sums for name, sums in found.items() if name not in unfit(pair, found)}

    return handle


def read(scene: Scene, help: Help, measure: Measuring) -> dict[str, Sums]:
    """Disturb a scene in every way and measure each."""
    motion = scene.output.motion
    scene = replace(scene, drawn=motion, takes=(motion,) * (TAKES - 1))
    return {one.name: measure(one.apply(scene, help), one) for one in DISTURBANCES}


def unfit(pair: Pair, found: Mapping[str, ItemSums]) -> set[str]:
    """Name the disturbances that disturb nothing, because item and partner are too alike.

    Whether two people are one is known by their names; where nobody was named, by the distance of
    their face embeddings.
    """
    clips = (pair.item.clip, pair.other.clip)
    if clips[0].sha256 == clips[1].sha256:
        return set(UNFIT)
    one_person = clips[0].speaker == clips[1].speaker or all(one.origin == MADE for one in clips)
    if not one_person and all(_is_nameless(one) for one in clips):
        total, count = found.get("other_face", {}).get("identity_distance", (0.0, 0.0))
        one_person = count > 0 and total / count < SAME_PERSON
    return {"other_face"} if one_person else set()


def _is_nameless(clip: ClipFacts) -> bool:
    """Return whether a clip's speaker is only called after its file (``training.sources``)."""
    return PurePosixPath(clip.speaker).name == PurePosixPath(clip.file).stem


def measure_pairs(
    pairs: Sequence[Pair],
    clips_root: Path,
    workers: Workers,
    on_progress: OnProgress | None = None,
    device: str = AUTO,
) -> tuple[dict[str, dict[str, ItemSums]], dict[str, str]]:
    """Disturb and measure all items: sums by item and disturbance, and why others could not be.

    ``SelfCheckFailed`` if fewer than two items could.
    """
    measured: dict[str, dict[str, ItemSums]] = {}
    failed: dict[str, str] = {}

    def on_done(_: int, pair: Pair, outcome: dict[str, Sums] | Failure) -> None:
        if isinstance(outcome, Failure):
            failed[pair.item.id] = str(outcome)
        else:
            measured[pair.item.id] = dict(outcome)

    run_items(
        pairs, partial(make_worker, clips_root, device), workers=workers, on_done=on_done,
        title="selfcheck", on_progress=on_progress,
    )  # fmt: skip
    if len(measured) < LEAST:
        item, reason = next(iter(failed.items()))
        raise SelfCheckFailed(
            f"no table: the self-check could look at {len(measured)} of {len(pairs)} items; "
            f"{item}: {reason}"
        )
    return measured, failed
