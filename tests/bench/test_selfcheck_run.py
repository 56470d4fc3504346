"""The self-check as a whole: real clips, real networks, one measure broken on purpose."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.scenes import make_item, make_motion, make_scene, make_sound
from facedit.bench.items import Bench, read_bench
from facedit.bench.measures import picture
from facedit.bench.scene import Scene
from facedit.bench.selfcheck import SelfCheckFailed, require, selfcheck
from facedit.bench.selfcheck import run_selfcheck as run
from facedit.bench.selfcheck.disturb import DISTURBANCES, Disturbance, Help
from facedit.weights.fetch import ASSETS, is_installed

DEV = Path(__file__).parents[2] / "benchmarks" / "dev"


def test_every_disturbance_reaches_the_measures_with_the_truths_takes() -> None:
    motion = make_motion()
    scene, other = (
        make_scene(item=make_item(clip=clip), true_motion=motion, sound=make_sound(), speech=speech)
        for clip, speech in (
            ("clip-a", np.ones((50, 4), np.float32)),
            ("clip-b", np.zeros((50, 4), np.float32)),
        )
    )
    seen: dict[str, Scene] = {}

    def measure(disturbed: Scene, one: Disturbance) -> dict[str, tuple[float, ...]]:
        seen[one.name] = disturbed
        return {"takes": (float(len(disturbed.takes)), 1.0)}

    help = Help(other, lambda scene, frames: replace(scene.output, frames=frames))
    sums = run.read(scene, help, measure)
    assert list(sums) == [one.name for one in DISTURBANCES]
    assert seen["none"].output is scene.output
    assert all(np.array_equal(take, motion) for take in seen["none"].takes)
    assert not seen["swapped_sound"].speech.values.any()
    assert all(sums[name]["takes"] == (2.0, 1.0) for name in sums)


@pytest.mark.parametrize(
    ("speakers", "distance", "expected"),
    [
        (("me", "me"), 0.7, {"other_face"}),  # one name is one person
        (("anna", "ben"), 0.1, set()),  # two names are two, or the face embedding fails
        (("clip-a", "clip-b"), 0.25, {"other_face"}),  # nobody was named
        (("clip-a", "clip-b"), 0.61, set()),
    ],
)
def test_another_face_is_one_of_another_person(
    speakers: tuple[str, str], distance: float, expected: set[str]
) -> None:
    item, other = (
        replace(one, clip=replace(one.clip, speaker=f"mine/{name}"))
        for one, name in zip(
            (make_item(clip="clip-a"), make_item(clip="clip-b")), speakers, strict=True
        )
    )
    sums = {"other_face": {"identity_distance": (6 * distance, 6.0)}}
    assert run.unfit(run.Pair(item, other, 0), sums) == expected


def test_one_clip_alone_has_no_wrong_sound_and_no_other_face() -> None:
    pair = run.Pair(make_item(item="a"), make_item(item="b"), 0)
    assert run.unfit(pair, {}) == {"other_face", "swapped_sound"}


def test_a_benchmark_whose_clips_are_missing_is_refused_with_the_reason(tmp_path: Path) -> None:
    if not all(is_installed(name) for name, one in ASSETS.items() if one.needed in NEEDED):
        pytest.skip("the networks that measure are not installed")
    items = tuple(make_item(item=f"i{k}", clip=f"clip-{k}") for k in range(3))
    bench = Bench("made-up", "1", 0, "0", "clips", items)
    with pytest.raises(SelfCheckFailed, match=r"0 of 3 items; i0: .*clip-0\.mp4 is missing"):
        selfcheck(bench, tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


NEEDED = ("core", "bench")
"""Groups of assets without which nothing can be measured."""


def test_one_broken_measure_refuses_the_table(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PSNR compares a picture with itself; two short clips, two disturbances."""
    if not all(is_installed(name) for name, one in ASSETS.items() if one.needed in NEEDED):
        pytest.skip("the networks that measure are not installed")
    # Without the slow ST-LPIPS.
    needs = {"none": "eyes", "blurred_mouth": "eyes", "swapped_sound": "ears"}
    few = [replace(one, needs=needs[one.name]) for one in DISTURBANCES if one.name in needs]
    monkeypatch.setattr(run, "DISTURBANCES", few)
    monkeypatch.setattr(picture, "psnr", lambda one, other: 100.0)
    bench = read_bench(DEV)
    short = [i for i in bench.items if i.clip.corpus == "lrw_ar" and i.track == "reconstruct"]
    some = replace(bench, items=tuple(sorted(short, key=lambda i: i.clip.speaker)))
    found = selfcheck(some, shared_data, tmp_path, run.CheckOptions(items=2))
    rows = {(row.disturbance, row.measure): row for row in found.rows}
    assert not rows["blurred_mouth", "psnr_mouth"].ok
    for measure in ("ssim_mouth", "sharpness_ratio"):
        assert rows["blurred_mouth", measure].ok
    assert rows["none", "psnr_mouth"].ok
    assert rows["swapped_sound", "lip_opening_r"].ok
    with pytest.raises(SelfCheckFailed, match="no table"):
        require(found)
    saved = json.loads((tmp_path / "selfcheck.json").read_text())
    assert saved["passed"] is False
    assert "psnr_mouth" in (tmp_path / "selfcheck.html").read_text()
    # Asked again, it answers from what it wrote: nothing of what it depends on has changed.
    monkeypatch.setattr(run, "measure_pairs", None)
    assert selfcheck(some, shared_data, tmp_path, run.CheckOptions(items=2)) == found
