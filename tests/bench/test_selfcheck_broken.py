"""The self-check fails when a measure is broken, and names it.

``selfcheck_sums.npz`` holds what the measures said of dev clips, disturbed in every way: sums per
item, no footage (``benchmarks/selfcheck_sums.py`` makes it). A broken measure is one that would
have said something else.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from facedit.bench.measures.registry import proven_measures
from facedit.bench.selfcheck.disturb import DISTURBANCES
from facedit.bench.selfcheck.expectations import expectations
from facedit.bench.selfcheck.expected import Row, judge, unexamined
from facedit.bench.selfcheck.figures import TRUTH, Figures

Recorded = dict[str, np.ndarray]
"""By key: sums by disturbance and item, NaN where there are none."""


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    with np.load(Path(__file__).with_name("selfcheck_sums.npz")) as file:
        return {key: file[key].astype(np.float64) for key in file.files}


def rows_of(recorded: Recorded) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    items = next(iter(recorded.values())).shape[1]
    readings = {
        name: [
            {key: sums[place, item].tolist() for key, sums in recorded.items()
             if np.isfinite(sums[place, item]).all()}
            for item in range(items)
        ]
        for place, name in enumerate(NAMES)
    }  # fmt: skip
    known = {name: one for name, one in proven_measures().items() if one.sums in recorded}
    figures = Figures(readings, known)
    wanted = [one for one in expectations() if one.measure in known]
    return judge(wanted, figures), unexamined(wanted, figures)


NAMES = [one.name for one in DISTURBANCES]
TRUE = NAMES.index(TRUTH)


def test_sound_measures_pass(recorded: Recorded) -> None:
    rows, _ = rows_of(recorded)
    assert [row for row in rows if not row.ok] == []
    assert len(rows) > 250


def offset_sign_flipped(sums: Recorded) -> None:
    sums["av_sync"][..., 2] *= -1


def sync_ignores_the_sound(sums: Recorded) -> None:
    sums["av_sync"][:] = sums["av_sync"][TRUE]


def sync_ignores_the_lips(sums: Recorded) -> None:
    for place, one in enumerate(DISTURBANCES):
        if one.kind == "pictures":
            sums["av_sync"][place] = sums["av_sync"][TRUE]


def distance_and_confidence_swapped(sums: Recorded) -> None:
    sums["av_sync"][..., [0, 1]] = sums["av_sync"][..., [1, 0]]


def psnr_of_a_picture_with_itself(sums: Recorded) -> None:
    sums["psnr_mouth"][..., 0] = 100 * sums["psnr_mouth"][..., 1]


def psnr_of_the_wrong_frames(sums: Recorded) -> None:
    """Kept frames are compared in place of filled ones."""
    sums["psnr_mouth"][:] = sums["kept_psnr"]


def psnr_by_another_formula(sums: Recorded) -> None:
    """A decibel is taken for ten."""
    sums["kept_psnr"][..., 0] = 100 * sums["kept_psnr"][..., 1] - 0.1 * (
        100 * sums["kept_psnr"][..., 1] - sums["kept_psnr"][..., 0]
    )


def ssim_of_noise(sums: Recorded) -> None:
    sums["ssim_mouth"][..., 0] *= 0.9


def identity_is_constant(sums: Recorded) -> None:
    for key in ("identity_cosine", "identity_distance", "identity_excess"):
        sums[key][:] = sums[key][TRUE]


def identity_sees_the_lips(sums: Recorded) -> None:
    place = NAMES.index("frozen_mouth")
    sums["identity_excess"][place, :, 0] += 0.3 * sums["identity_excess"][place, :, 1]


def sharpness_upside_down(sums: Recorded) -> None:
    sums["sharpness"][..., 0] *= -1


def grain_ignores_grain(sums: Recorded) -> None:
    sums["grain"][:] = sums["grain"][TRUE]


def correlation_of_the_truth_with_itself(sums: Recorded) -> None:
    sums["lip_opening"][:] = sums["lip_opening"][TRUE]


def lips_measured_with_the_head(sums: Recorded) -> None:
    place = NAMES.index("turned_head")
    sums["shape_lips"][place, :, 0] += 3 * sums["shape_lips"][place, :, 1]


def seams_looked_for_elsewhere(sums: Recorded) -> None:
    for key in ("seam_picture", "seam_flow"):
        sums[key][:] = sums[key][TRUE]


def pass_through_looks_away(sums: Recorded) -> None:
    for key in ("kept_psnr", "kept_psnr_worst", "kept_clean", "kept_in_place"):
        sums[key][:] = sums[key][TRUE]


def pass_through_searches_the_sound(sums: Recorded) -> None:
    """A lag is looked for and forgiven."""
    place = NAMES.index("delayed_sound")
    for key in ("kept_sound_snr", "kept_sound_lag", "kept_sound_in_place"):
        sums[key][place] = sums[key][TRUE]


def silence_forgets_to_listen(sums: Recorded) -> None:
    for key in ("silence_lips", "silence_lips_own", "silence_opening", "silence_opening_own"):
        sums[key][:] = sums[key][TRUE]


def diversity_of_one_take(sums: Recorded) -> None:
    sums["diversity"][:] = sums["diversity"][TRUE]


def nothing_is_measured(sums: Recorded) -> None:
    sums["psnr_face"][:] = np.nan


BROKEN: dict[Callable[[Recorded], None], str] = {
    offset_sign_flipped: "av_sync_offset",
    sync_ignores_the_sound: "av_sync_c",
    sync_ignores_the_lips: "av_sync_c",
    distance_and_confidence_swapped: "av_sync_d",
    psnr_of_a_picture_with_itself: "psnr_mouth",
    psnr_of_the_wrong_frames: "psnr_mouth",
    psnr_by_another_formula: "kept_psnr",
    ssim_of_noise: "ssim_mouth",
    identity_is_constant: "identity_cosine",
    identity_sees_the_lips: "identity_excess",
    sharpness_upside_down: "sharpness_ratio",
    grain_ignores_grain: "grain_ratio",
    correlation_of_the_truth_with_itself: "lip_opening_r",
    lips_measured_with_the_head: "shape_lips_error",
    seams_looked_for_elsewhere: "seam_picture_jump",
    pass_through_looks_away: "kept_clean",
    pass_through_searches_the_sound: "kept_sound_lag",
    silence_forgets_to_listen: "silence_lip_ratio",
    diversity_of_one_take: "diversity",
    nothing_is_measured: "psnr_face",
}


@pytest.mark.parametrize("breaks", BROKEN, ids=lambda breaks: breaks.__name__)
def test_a_broken_measure_is_found_out(
    recorded: Recorded, breaks: Callable[[Recorded], None]
) -> None:
    sums = {key: values.copy() for key, values in recorded.items()}
    breaks(sums)
    failed = {row.measure for row in rows_of(sums)[0] if not row.ok}
    assert BROKEN[breaks] in failed
    # Nobody else is blamed: what failed has sums that were changed.
    changed = {key for key in sums if not np.array_equal(sums[key], recorded[key], equal_nan=True)}
    assert {proven_measures()[name].sums for name in failed} <= changed
