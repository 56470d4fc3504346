"""Where the figures of undisturbed clips must lie, with the reasons."""

from __future__ import annotations

from collections.abc import Iterable

from facedit.bench.selfcheck.expected import (
    Band,
)

_SAME = "the truth compared with itself"
_USUAL = "the clip's own steps at its seams are like its steps elsewhere"

_BANDS: tuple[tuple[str, float, float, str], ...] = (
    # Against ground truth: equal is equal, whatever the clip.
    ("lip_opening_r lip_width_r", 0.9999, 1.0, _SAME),
    ("lip_opening_error lip_width_error", 0.0, 1e-4, _SAME),
    ("lip_opening_relative_error lip_width_relative_error", 0.0, 1e-4, _SAME),
    ("landmark_lips_error landmark_jaw_error landmark_face_error", 0.0, 1e-3, _SAME),
    ("shape_lips_error shape_jaw_error shape_face_error", 0.0, 1e-3, _SAME),
    ("head_rotation_error head_shift_error head_size_error", 0.0, 1e-3, _SAME),
    ("lip_speed head_speed", 0.9999, 1.0001, _SAME),
    ("opening_velocity_slow opening_velocity_mid opening_velocity_fast", 0.9999, 1.0001, _SAME),
    ("lips_velocity_slow lips_velocity_mid lips_velocity_fast", 0.9999, 1.0001, _SAME),
    ("opening_acceleration_slow opening_acceleration_mid", 0.9999, 1.0001, _SAME),
    ("opening_acceleration_fast lips_acceleration_slow", 0.9999, 1.0001, _SAME),
    ("lips_acceleration_mid lips_acceleration_fast", 0.9999, 1.0001, _SAME),
    ("psnr_mouth psnr_face psnr_frame", 99.9999, 100.0001, "the cap: not one pixel differs"),
    ("ssim_mouth ssim_face", 1 - 1e-6, 1.0 + 1e-6, _SAME),
    ("stlpips_mouth stlpips_face stlpips_frame", 0.0, 1e-4, _SAME),
    ("change_mouth", 0.0, 1e-6, _SAME),
    # Against the clip's own: as usual, within what clips differ by.
    ("lip_speed_own", 0.7, 1.4, "a span of speech beside the clip's other speech"),
    ("seam_picture_jump seam_flow_jump", 0.6, 1.6, _USUAL),
    ("seam_motion_jump seam_velocity_jump", 0.6, 1.6, _USUAL),
    ("seam_picture_above seam_flow_above", 0.0, 20.0, "5 % by definition; few seams"),
    ("seam_motion_above seam_velocity_above", 0.0, 20.0, "5 % by definition; few seams"),
    ("worst_picture_step worst_motion_step", 0.5, 2.0, "the largest of a few of the clip's steps"),
    ("sharpness_ratio grain_ratio", 0.85, 1.18, "filled frames are the clip's own"),
    ("identity_cosine identity_cosine_natural", 0.96, 1.0, "one person in one take"),
    ("identity_distance identity_distance_natural", 0.0, 0.4, "dlib's limit for one person is 0.6"),
    ("identity_excess", -0.1, 0.1, "the span differs from the clip by what is natural"),
    # What people say goes with what is heard.
    ("av_sync_within_1 av_sync_within_1_source", 0.7, 1.0, "the clips were checked by hand"),
    ("phone_r", 0.2, 1.0, "open phones go with open lips; far from 1 in real speech"),
    ("phone_lag", -2.0, 2.0, "lips lead the sound by a frame"),
    ("av_sync_c av_sync_c_source", 0.25, 2.0, "above what swapped sound gets"),
    ("av_sync_d av_sync_d_source", 0.0, 1.0, "below what swapped sound gets"),
    # What is kept is kept.
    ("kept_psnr kept_psnr_worst kept_clean kept_in_place", 99.9999, 100.0001, _SAME),
    ("kept_sound_snr kept_sound_in_place kept_sound_same_rate", 99.9999, 100.0001, _SAME),
    ("kept_sound_lag", 0.0, 0.0, _SAME),
    ("diversity", 0.0, 1e-6, "all takes are the same one"),
)  # fmt: skip


def _spread(rows: Iterable[tuple[str, float, float, str]]) -> tuple[Band, ...]:
    return tuple(
        Band(measure, low, high, reason)
        for measures, low, high, reason in rows
        for measure in measures.split()
    )


BANDS = _spread(_BANDS)
"""A band per measure."""
