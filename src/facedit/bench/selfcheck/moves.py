"""Which measures a disturbance must move, by how much at least, with the reasons.

The least amounts are about half of what the dev set shows, and several times what a mere repetition
of the tracking changes (``tracked_anew``).
"""

from __future__ import annotations

import math

from facedit.bench.selfcheck.disturb import DELAY_S, GROWTH, SHIFTS, TURN_RAD, shift_name
from facedit.bench.selfcheck.expected import (
    Band,
    Expectation,
    Follows,
    Moves,
    Ordered,
    Way,
)
from facedit.bench.selfcheck.figures import TRUTH

_BLUR = "fine detail of the mouth is gone"
_GRAIN = "the mouth has grain that the face has not"
_FROZEN = "the lips stand still under speech"
_JUMP = "one frame at each seam stands aside"
_OTHER = "another person's face"
_TURN = "the head is turned by a known angle"
_SWAP = "these lips never said this"

_MOVES: tuple[tuple[str, Way, float, str, str], ...] = (
    ("blurred_mouth", "down", 0.15, "sharpness_ratio", _BLUR),
    ("blurred_mouth", "down", 0.1, "grain_ratio", _BLUR),
    ("blurred_mouth", "down", 40.0, "psnr_mouth psnr_face psnr_frame", _BLUR),
    ("blurred_mouth", "down", 0.005, "ssim_mouth", _BLUR),
    ("blurred_mouth", "up", 0.03, "stlpips_mouth", _BLUR),
    ("noisy_mouth", "up", 1.0, "grain_ratio", _GRAIN),
    ("noisy_mouth", "up", 0.2, "sharpness_ratio", "grain is detail too"),
    ("noisy_mouth", "down", 40.0, "psnr_mouth psnr_face psnr_frame", _GRAIN),
    ("noisy_mouth", "down", 0.03, "ssim_mouth", _GRAIN),
    ("noisy_mouth", "up", 0.03, "stlpips_mouth", _GRAIN),
    ("noisy_mouth", "up", 1.0, "change_mouth", "grain changes with every frame"),
    ("noisy_mouth", "up", 0.05, "fd_mobilenetv2_dt", "grain changes with every frame"),
    ("noisy_mouth", "up", 1.0, "fd_mobilenetv2", _GRAIN),
    ("frozen_mouth", "down", 0.3, "lip_opening_r lip_width_r", _FROZEN),
    ("frozen_mouth", "up", 0.4, "lip_opening_relative_error lip_width_relative_error", _FROZEN),
    ("frozen_mouth", "up", 1.0, "lip_opening_error lip_width_error", _FROZEN),
    ("frozen_mouth", "down", 0.3, "lip_speed lip_speed_own", _FROZEN),
    ("frozen_mouth", "up", 1.0, "landmark_lips_error shape_lips_error shape_jaw_error", _FROZEN),
    ("frozen_mouth", "down", 0.5, "opening_velocity_slow opening_velocity_mid", _FROZEN),
    ("frozen_mouth", "down", 0.5, "opening_velocity_fast opening_acceleration_slow", _FROZEN),
    ("frozen_mouth", "down", 0.5, "opening_acceleration_mid opening_acceleration_fast", _FROZEN),
    ("frozen_mouth", "down", 0.5, "lips_velocity_slow lips_velocity_mid", _FROZEN),
    ("frozen_mouth", "down", 0.5, "lips_acceleration_slow lips_acceleration_mid", _FROZEN),
    # What is left of the fast band is the tracker's noise.
    ("frozen_mouth", "down", 0.2, "lips_velocity_fast lips_acceleration_fast", _FROZEN),
    ("frozen_mouth", "down", 0.1, "av_sync_c", "lips that stand still say nothing"),
    ("frozen_mouth", "up", 0.05, "av_sync_d", "lips that stand still say nothing"),
    ("frozen_mouth", "up", 1.0, "change_mouth", "the mouth should have changed"),
    ("jump", "up", 2.0, "seam_picture_jump seam_flow_jump", _JUMP),
    ("jump", "up", 1.0, "worst_picture_step", _JUMP),
    ("jump", "up", 5.0, "seam_picture_excess", _JUMP),
    ("jump", "up", 2.0, "seam_flow_excess", _JUMP),
    ("jump", "up", 50.0, "seam_picture_above seam_flow_above", _JUMP),
    ("jump", "up", 0.3, "seam_velocity_jump", _JUMP),
    ("jump", "up", 0.03, "seam_velocity_excess", _JUMP),
    ("jump", "up", 0.3, "head_shift_error", _JUMP),
    ("other_face", "down", 0.03, "identity_cosine", _OTHER),
    ("other_face", "up", 0.25, "identity_distance identity_excess", _OTHER),
    ("other_face", "up", 0.5, "fd_mobilenetv2", _OTHER),
    ("other_face", "up", 0.15, "stlpips_face stlpips_mouth", _OTHER),
    ("other_face", "up", 0.03, "stlpips_frame", _OTHER),
    ("other_face", "down", 0.2, "ssim_face ssim_mouth", _OTHER),
    ("other_face", "down", 60.0, "psnr_face psnr_mouth psnr_frame", _OTHER),
    ("other_face", "up", 2.0, "landmark_face_error landmark_jaw_error shape_face_error", _OTHER),
    ("other_face", "up", 1.0, "seam_motion_jump", "the face changes from frame to frame"),
    ("touched_frames", "down", 40.0, "kept_psnr kept_psnr_worst", "4 grey levels are 36 dB"),
    ("touched_frames", "down", 90.0, "kept_clean", "4 grey levels are 36 dB"),
    ("late_frames", "down", 15.0, "kept_in_place", "half of the kept frames are late"),
    ("late_frames", "down", 10.0, "kept_psnr", "half of the kept frames are late"),
    ("turned_head", "up", 2.0, "landmark_face_error landmark_jaw_error", _TURN),
    ("turned_head", "up", 1.0, "landmark_lips_error", _TURN),
    ("turned_head", "up", math.degrees(TURN_RAD) - 1, "head_rotation_error", _TURN),
    ("turned_head", "up", 100 * math.log(GROWTH) - 0.5, "head_size_error", "larger by as much"),
    ("turned_head", "up", 1.0, "seam_motion_jump seam_velocity_jump", "it turns within a frame"),
    ("turned_head", "up", 0.2, "worst_motion_step", "it turns within a frame"),
    ("turned_head", "up", 0.1, "seam_motion_excess seam_velocity_excess", "the same"),
    ("turned_head", "up", 40.0, "seam_motion_above seam_velocity_above", "the same"),
    ("mixed_takes", "up", 1.2, "diversity", "frames drawn by chance: sqrt(2) by definition"),
    ("silenced_sound", "down", 0.2, "av_sync_c", "nothing is said at any shift"),
    ("silenced_sound", "up", 0.15, "av_sync_d", "nothing is said at any shift"),
    ("silenced_sound", "down", 40.0, "kept_sound_snr", "the sound is gone"),
    ("swapped_sound", "down", 0.1, "av_sync_c", _SWAP),
    ("swapped_sound", "up", 0.1, "av_sync_d", _SWAP),
    ("swapped_sound", "down", 0.3, "av_sync_within_1", _SWAP),
    ("swapped_sound", "up", 2.0, "av_sync_offset_size", _SWAP),
    ("swapped_sound", "down", 0.2, "phone_r", _SWAP),
    ("swapped_sound", "down", 40.0, "kept_sound_snr", "another sound"),
    ("swapped_sound", "down", 90.0, "kept_sound_in_place", "another sound"),
    ("delayed_sound", "up", 1000 * DELAY_S - 0.5, "kept_sound_lag", "5 ms late"),
    ("delayed_sound", "down", 90.0, "kept_sound_in_place", "5 ms late"),
    ("delayed_sound", "down", 40.0, "kept_sound_snr", "5 ms late"),
)  # fmt: skip

_LATE = "the sound is late by so much"

_LADDER = ((TRUTH,), *((shift_name(n), shift_name(-n)) for n in SHIFTS))


def _shifts() -> list[Expectation]:
    """Say what moved sound does.

    The smallest distance over all shifts is what AVSync-D is, so moving the sound leaves it and
    AVSync-C nearly as they were: they say how well lips and sound go together, the offset where.
    """
    ladder = f"sound moved by 0, {', '.join(map(str, SHIFTS))}"
    found: list[Expectation] = [
        Follows(TRUTH, "av_sync_offset", 0.0, 1.0, 0.7, "the clips are in sync"),
        Ordered(ladder, _LADDER, "av_sync_offset_size", "up", _LATE),
        Ordered(ladder, _LADDER[:-1], "phone_r", "down", _LATE),
    ]
    for frames in (sign * n for n in SHIFTS for sign in (-1, 1)):
        name = shift_name(frames)
        share = 0.7 if abs(frames) <= 5 else 0.6
        found.append(Follows(name, "av_sync_offset", frames, 1.0, share, _LATE))
        if abs(frames) > 1:
            found.append(Moves(name, "av_sync_within_1", "down", 0.4, _LATE))
        if abs(frames) in (5, 10):
            found.append(Moves(name, "phone_r", "down", 0.2, _LATE))
        if abs(frames) <= 5:
            found.append(Band("phone_lag", frames - 2, frames + 2, _LATE, name))
    return found


MOVES: tuple[Expectation, ...] = (
    *(
        Moves(disturbance, measure, way, least, reason)
        for disturbance, way, least, measures, reason in _MOVES
        for measure in measures.split()
    ),
    *_shifts(),
    *(
        Band(name, 1.2, math.inf, "lips that speak in silence", "silenced_sound")
        for name in ("silence_lip_ratio", "silence_opening_ratio")
    ),
    *(
        Band(f"silence_{name}", 0.0, high, why, "resting_lips")
        for name, high, why in (
            ("lip_ratio", 1e-4, "lips that rest in silence"),
            ("lip_speed", 1e-4, "lips that rest in silence"),
            # The opening's unit is the distance of the eyes' corners, which brows and lids move.
            ("opening_ratio", 0.3, "lips that rest in silence"),
            ("opening_speed", 0.15, "lips that rest in silence"),
        )
    ),
)
"""All that must move."""
