"""What every disturbance must do to the measures, as data: bands, moves and what stays.

A measure is named in full, or a group of them by the words that their names begin with; a name that
others begin with too ends in ``!``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product

from facedit.bench.measures.registry import EARS, proven_measures
from facedit.bench.selfcheck.disturb import (
    DELAY_S,
    DISTURBANCES,
    GROWTH,
    SHIFTS,
    TURN_RAD,
    shift_name,
)
from facedit.bench.selfcheck.expected import (
    TRACKED_ANEW,
    Band,
    Expectation,
    Follows,
    Moves,
    Ordered,
    Same,
    Stays,
    Way,
)
from facedit.bench.selfcheck.figures import TRUTH
from facedit.bench.selfcheck.picture_disturbances import LIGHTER

_AGAINST_TRUTH = (
    "lip_opening lip_width lip_speed landmark shape head opening lips psnr ssim stlpips change kept"
)
"""Measures that compare with the truth, or with the source: the clip itself is right by them."""

_NATURAL: tuple[tuple[str, float, float, str], ...] = (
    ("lip_speed_own", 0.6, 1.6, "a span of speech beside the clip's other speech"),
    ("sharpness grain", 0.8, 1.25, "filled frames are the clip's own"),
    ("seam_picture_jump seam_flow_jump seam_motion_jump seam_velocity_jump", 0.6, 1.6,
     "the clip's own steps at its seams are like its steps elsewhere"),
    ("worst", 0.5, 2.0, "the largest of a few of the clip's steps"),
    ("seam_picture_above seam_flow_above seam_motion_above seam_velocity_above", 0.0, 20.0,
     "5 % by definition; few seams"),
    ("identity_distance", 0.0, 0.6, "dlib's limit for one person"),
    ("identity_excess", -0.1, 0.1, "the span differs from the clip by what is natural"),
    ("av_sync_within_1", 0.6, 1.0, "the clips are in sync"),
    ("phone_r", 0.2, 1.0, "open phones go with open lips; far from 1 in real speech"),
    ("phone_lag", -2.0, 2.0, "lips lead the sound by a frame"),
    ("diversity", 0.0, 1e-6, "all takes are the same one"),
)  # fmt: skip
"""Where figures of undisturbed clips lie by what they are."""

_BLUR = "fine detail of the mouth is gone"
_GRAIN = "the mouth has grain that the face has not"
_FROZEN = "the lips stand still under speech"
_JUMP = "one frame at each seam stands aside"
_OTHER = "another person's face"
_TURN = "the head is turned and nearer, within a frame"
_SWAP = "these lips never said this"
_LATE = "the sound is late by so much"
_SILENT = "nothing is said at any shift"

_MOVES: tuple[tuple[str, Way, str, str], ...] = (
    ("blurred_mouth", "down", "sharpness grain psnr ssim_mouth", _BLUR),
    ("blurred_mouth", "up", "stlpips_mouth", _BLUR),
    ("noisy_mouth", "up", "grain sharpness stlpips_mouth change fd", _GRAIN),
    ("noisy_mouth", "down", "psnr ssim_mouth", _GRAIN),
    ("frozen_mouth", "down", "lip_opening_r lip_width_r lip_speed opening lips av_sync_c", _FROZEN),
    ("frozen_mouth", "up", "lip_opening_error lip_opening_relative_error lip_width_error "
     "lip_width_relative_error landmark_lips shape_lips shape_jaw av_sync_d change", _FROZEN),
    ("jump", "up", "seam_picture seam_flow worst_picture seam_velocity_jump seam_velocity_excess "
     "head_shift", _JUMP),
    ("other_face", "down", "identity_cosine psnr ssim", _OTHER),
    ("other_face", "up", "identity_distance identity_excess fd_mobilenetv2! stlpips landmark_face "
     "landmark_jaw shape_face seam_motion_jump", _OTHER),
    ("touched_frames", "down", "kept_psnr kept_clean", "4 grey levels are 36 dB"),
    ("late_frames", "down", "kept_in_place kept_psnr", "half of the kept frames are late"),
    ("turned_head", "up", "landmark seam_motion seam_velocity worst_motion", _TURN),
    ("silenced_sound", "down", "av_sync_c kept_sound_snr", _SILENT),
    ("silenced_sound", "up", "av_sync_d", _SILENT),
    ("swapped_sound", "down", "av_sync_c av_sync_within_1 phone_r kept_sound_snr "
     "kept_sound_in_place", _SWAP),
    ("swapped_sound", "up", "av_sync_d av_sync_offset_size", _SWAP),
    ("delayed_sound", "down", "kept_sound_in_place kept_sound_snr", "5 ms late"),
    *((shift_name(sign * n), "down", "av_sync_within_1", _LATE)
      for n in SHIFTS if n > 1 for sign in (-1, 1)),
    *((shift_name(sign * n), "down", "phone_r", _LATE) for n in (5, 10) for sign in (-1, 1)),
)  # fmt: skip

_KNOWN: tuple[tuple[str, str, float, float, str], ...] = (
    ("turned_head", "head_rotation_error", math.degrees(TURN_RAD), 1.0, _TURN),
    ("turned_head", "head_size_error", 100 * math.log(GROWTH), 0.5, _TURN),
    ("touched_frames", "kept_psnr", 20 * math.log10(255 / LIGHTER), 1.0, "PSNR by its formula"),
    ("delayed_sound", "kept_sound_lag", 1000 * DELAY_S, 0.5, "5 ms late"),
    ("mixed_takes", "diversity", math.sqrt(2), 0.2, "frames drawn by chance: by definition"),
    *((shift_name(sign * n), "phone_lag", sign * n, 2.0, _LATE)
      for n in SHIFTS if n <= 5 for sign in (-1, 1)),
)  # fmt: skip
"""Figures that must say how large the disturbance is, give or take so much."""

_RESTING = {"lip_ratio": 1e-4, "lip_speed": 1e-4, "opening_ratio": 0.3, "opening_speed": 0.15}
"""Most that is left where lips rest: the opening's unit is the distance of the eyes' corners, which
brows and lids move."""

_DEAF = "looks, does not listen"
_ELSEWHERE = "nothing was changed there"
_POSE_FREE = "the head is not in it"
_LOOKS = "sharpness grain identity"
_SYNC = "av_sync_c av_sync_d av_sync_within_1"

_SAME: tuple[tuple[str, str, str], ...] = (
    ("sound", "lip_opening lip_width lip_speed landmark shape head opening lips psnr ssim change "
     "fd sharpness grain identity seam worst kept_psnr kept_clean kept_in_place diversity", _DEAF),
    ("delayed_sound", "av_sync lip_speed", "features of speech were not changed"),
    ("tracked_anew blurred_mouth noisy_mouth frozen_mouth jump other_face", "kept diversity",
     _ELSEWHERE),
    ("touched_frames late_frames", "psnr ssim change kept_sound diversity", _ELSEWHERE),
    ("turned_head", "lip_opening lip_width lip_speed shape opening lips av_sync", _POSE_FREE),
    ("turned_head", "psnr ssim change seam_picture seam_flow worst_picture kept head_shift",
     _ELSEWHERE),
    ("resting_lips", "kept_psnr kept_clean kept_in_place diversity", "the pictures are the same"),
    ("takes", "lip_opening lip_width lip_speed av_sync kept", "the video is the first take"),
)  # fmt: skip
"""Disturbances by name or kind, and what does not look at what they change."""

_STAYS: tuple[tuple[str, str, str], ...] = (
    (TRACKED_ANEW, f"lip_opening_r lip_width_r lip_speed shape seam head {_SYNC} {_LOOKS}",
     "only the tracker saw the pictures again"),
    ("blurred_mouth", f"head seam_picture seam_flow seam_motion_jump {_SYNC} identity",
     "only the mouth is blurred"),
    ("noisy_mouth", f"head seam_flow seam_motion_jump {_SYNC} identity shape_lips",
     "only the mouth is grainy"),
    ("frozen_mouth", "identity head_rotation head_size seam_picture_jump seam_flow_jump",
     "the person is the same"),
    ("jump", f"lip_opening_r lip_width_r lip_speed shape_lips {_SYNC} {_LOOKS}",
     "the face is as it was"),
    ("touched_frames late_frames", f"lip_opening_r {_SYNC} {_LOOKS} head_rotation", _ELSEWHERE),
    ("turned_head", "identity_cosine identity_excess", "the pictures are the same"),
    *((shift_name(sign * n), "av_sync_c av_sync_d",
       "the smallest distance over all shifts of the sound is still there")
      for n in (1, 2, 3) for sign in (-1, 1)),
)  # fmt: skip


def _named(groups: str, among: Sequence[str]) -> list[str]:
    wanted = tuple(group if group.endswith("!") else f"{group}_" for group in groups.split())
    return [n for n in among if f"{n}_".startswith(wanted) or f"{n}!" in wanted]


def _bands(among: Sequence[str]) -> Iterator[Expectation]:
    """Say where undisturbed clips lie: ideal against themselves, natural else."""
    for name in _named(_AGAINST_TRUTH, among):
        measure = proven_measures()[name]
        if name != "lip_speed_own":
            ideal = {"lower": 0.0, "higher": measure.high, "one": 1.0}[measure.better]
            near = 1e-3 if measure.better == "lower" else 1e-4
            yield Band(TRUTH, name, "the truth compared with itself", ideal - near, ideal + near)
    for groups, low, high, reason in _NATURAL:
        for name in _named(groups, among):
            if not name.endswith(("_source", "_natural")):
                yield Band(TRUTH, name, reason, low, high)


def _moves(among: Sequence[str]) -> Iterator[Moves]:
    for disturbance, way, groups, reason in _MOVES:
        for name in _named(groups, among):
            if not name.endswith(("_source", "_natural")):
                yield Moves(disturbance, name, reason, way)


def _shifts() -> Iterator[Expectation]:
    """Say what moved sound does.

    The smallest distance over all shifts is what AVSync-D is, so moving the sound leaves it and
    AVSync-C nearly as they were: they say how well lips and sound go together, the offset where.
    """
    steps = ((TRUTH,), *((shift_name(n), shift_name(-n)) for n in SHIFTS))
    ladder = f"sound moved by 0, {', '.join(map(str, SHIFTS))}"
    yield Follows(TRUTH, "av_sync_offset", "the clips are in sync", 0.0, 1.0, 0.6)
    yield Ordered(ladder, "av_sync_offset_size", _LATE, steps, "up")
    yield Ordered(ladder, "phone_r", _LATE, steps[:-1], "down")
    for frames in (sign * n for n in SHIFTS for sign in (-1, 1)):
        yield Follows(shift_name(frames), "av_sync_offset", _LATE, frames, 1.0, 0.6)


def _same(among: Sequence[str]) -> Iterator[Expectation]:
    heard = {measure.name for part in EARS for measure in part.MEASURES}
    # What is moved on purpose is in a row of its own.
    moved = {(one.disturbance, one.measure) for one in _moves(among)}
    for (which, groups, reason), one in product(_SAME, DISTURBANCES):
        if {one.name, one.kind} & set(which.split()):
            looked_at = [name for name in among if one.needs != "ears" or name in heard]
            for name in _named(groups, looked_at):
                if (one.name, name) not in moved and name != "lip_speed_own":
                    yield Same(one.name, name, reason)


@cache
def expectations() -> tuple[Expectation, ...]:
    """Return all expectations."""
    among = tuple(proven_measures())
    moves = tuple(_moves(among))
    meant: dict[str, tuple[str, ...]] = {}
    for one in moves:
        meant[one.measure] = (*meant.get(one.measure, ()), one.disturbance)
    for disturbance, measure, *_ in _KNOWN:
        meant[measure] = (*meant.get(measure, ()), disturbance)
    return (
        *_bands(among),
        *moves,
        *(Band(where, name, why, at - off, at + off) for where, name, at, off, why in _KNOWN),
        *(Band("resting_lips", f"silence_{name}", "lips that rest in silence", 0.0, high)
          for name, high in _RESTING.items()),
        *(Band("silenced_sound", f"silence_{name}_ratio", "lips that speak in silence", 1.2,
               math.inf) for name in ("lip", "opening")),
        *_shifts(),
        *_same(among),
        *(Stays(where, name, why, meant[name])
          for which, groups, why in _STAYS
          for where in which.split()
          for name in _named(groups, among)
          if name in meant),
    )  # fmt: skip
