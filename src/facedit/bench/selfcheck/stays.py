"""Which measures a disturbance must leave alone, with the reasons.

What a disturbance does not touch must stay *the same*, clip by clip. Where it is touched only by
way of the tracker, which sees another picture, a figure may change by ``WITHIN``: less than would
be called a difference between two systems.
"""

from __future__ import annotations

from collections.abc import Iterable

from facedit.bench.selfcheck.disturb import DISTURBANCES
from facedit.bench.selfcheck.expected import (
    Expectation,
    Same,
    Stays,
)

_LIPS = (
    "lip_opening_r lip_width_r lip_opening_error lip_width_error lip_opening_relative_error "
    "lip_width_relative_error lip_speed"
)
_SHAPES = "shape_lips_error shape_jaw_error shape_face_error"
_LANDMARKS = "landmark_lips_error landmark_jaw_error landmark_face_error"
_HEAD = "head_rotation_error head_shift_error head_size_error head_speed"
_SYNC = "av_sync_c av_sync_d av_sync_within_1 av_sync_offset av_sync_offset_size"
_SEAMS = "seam_picture_jump seam_flow_jump seam_motion_jump seam_velocity_jump"
_PICTURE = "psnr_mouth psnr_face psnr_frame ssim_mouth ssim_face change_mouth"
_LOOK = "sharpness_ratio grain_ratio"
_IDENTITY = "identity_cosine identity_distance identity_excess"
_KEPT = "kept_psnr kept_psnr_worst kept_clean kept_in_place"
_KEPT_SOUND = "kept_sound_snr kept_sound_lag kept_sound_in_place kept_sound_same_rate"

WITHIN: dict[str, float] = {
    "lip_opening_r": 0.06, "lip_width_r": 0.15,
    "lip_speed": 0.12,
    "shape_lips_error": 1.0, "shape_jaw_error": 1.0, "shape_face_error": 0.6,
    "head_speed": 0.15, "head_rotation_error": 2.5, "head_size_error": 0.8,
    "av_sync_c": 0.06, "av_sync_d": 0.05, "av_sync_within_1": 0.15,
    "seam_picture_jump": 0.35, "seam_flow_jump": 0.35,
    "seam_motion_jump": 0.35, "seam_velocity_jump": 0.35,
    "sharpness_ratio": 0.12, "grain_ratio": 0.15,
    "identity_cosine": 0.01, "identity_distance": 0.08, "identity_excess": 0.08,
}  # fmt: skip
"""What would not be called a difference between two systems, in the measures' units."""

_DEAF = "looks, does not listen"
_BLIND = "listens, does not look"
_ELSEWHERE = "nothing was changed there"
_TRACKER = "only the tracker saw another picture"
_MINIMUM = "the smallest distance over all shifts of the sound is still there"

_SAME: tuple[tuple[str, str, str], ...] = (
    ("swapped_sound", f"{_LIPS} {_SHAPES} {_LANDMARKS} {_HEAD} {_SEAMS} {_PICTURE}", _DEAF),
    ("swapped_sound", f"{_LOOK} {_IDENTITY} {_KEPT} fd_mobilenetv2 diversity", _DEAF),
    ("silenced_sound", f"{_LIPS} {_KEPT}", _DEAF),
    ("delayed_sound", f"{_LIPS} {_KEPT}", _DEAF),
    ("delayed_sound", _SYNC, "features of speech were not changed"),
    ("turned_head", f"{_LIPS} {_SHAPES} {_SYNC}", "the head is not in it"),
    ("turned_head", f"{_PICTURE} {_KEPT} {_KEPT_SOUND} head_shift_error", _ELSEWHERE),
    ("resting_lips", f"{_KEPT} diversity", "the pictures are the same"),
    ("mixed_takes", f"{_LIPS} {_SYNC} {_KEPT} {_KEPT_SOUND}", "the video is the first take"),
    ("touched_frames", f"{_PICTURE} {_KEPT_SOUND}", _ELSEWHERE),
    ("late_frames", f"{_PICTURE} {_KEPT_SOUND}", _ELSEWHERE),
    *((one.name, f"{_KEPT} {_KEPT_SOUND} diversity", _ELSEWHERE)
      for one in DISTURBANCES
      if one.kind == "pictures" and one.name not in ("touched_frames", "late_frames")),
    *((one.name, f"{_LIPS} {_KEPT} diversity", _DEAF) for one in DISTURBANCES if one.shift),
)  # fmt: skip

_STAYS: tuple[tuple[str, str, str], ...] = (
    ("tracked_anew", f"lip_opening_r lip_width_r lip_speed {_SHAPES}", _TRACKER),
    ("tracked_anew", "av_sync_c av_sync_d av_sync_within_1", _TRACKER),
    ("tracked_anew", f"{_SEAMS} {_LOOK} {_IDENTITY} head_rotation_error head_speed", _TRACKER),
    ("blurred_mouth", f"av_sync_c av_sync_d av_sync_within_1 {_IDENTITY} {_SEAMS}", _TRACKER),
    ("blurred_mouth", "head_rotation_error head_size_error", _TRACKER),
    ("noisy_mouth", f"lip_opening_r av_sync_c av_sync_d av_sync_within_1 {_IDENTITY}", _TRACKER),
    ("noisy_mouth", f"{_SEAMS} head_rotation_error head_size_error shape_lips_error", _TRACKER),
    ("frozen_mouth", f"{_IDENTITY} head_rotation_error head_size_error", "the person is the same"),
    ("frozen_mouth", "seam_picture_jump", "it begins as the frame before"),
    ("jump", "lip_opening_r lip_width_r lip_speed shape_lips_error", "the face is as it was"),
    ("jump", f"av_sync_c av_sync_d av_sync_within_1 {_LOOK} {_IDENTITY}", "the face is as it was"),
    ("touched_frames", f"lip_opening_r lip_width_r av_sync_c av_sync_d {_LOOK}", _TRACKER),
    ("touched_frames", f"{_IDENTITY} head_rotation_error", _TRACKER),
    ("late_frames", f"lip_opening_r av_sync_c av_sync_d {_LOOK} {_IDENTITY}", _TRACKER),
    ("turned_head", "identity_cosine identity_excess", "the pictures are the same"),
    *((f"sound{frames:+d}", "av_sync_c av_sync_d", _MINIMUM) for frames in (-3, -2, -1, 1, 2, 3)),
)  # fmt: skip


def _each(rows: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return [(where, name, why) for where, names, why in rows for name in names.split()]


STAYS: tuple[Expectation, ...] = (
    *(Same(where, name, why) for where, name, why in _each(_SAME)),
    *(Stays(where, name, WITHIN[name], why) for where, name, why in _each(_STAYS)),
)
"""All that must stay."""
