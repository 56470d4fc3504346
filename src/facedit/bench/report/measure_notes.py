"""The few measures that stand for a track, and a sentence about each for the page's legend."""

from __future__ import annotations

import re
from collections.abc import Sequence

from facedit.bench.items import Track
from facedit.evaluation.measure import DRAWN, Measure

MOST, FEWEST = 7, 4

_PREFERRED: dict[Track, tuple[str, ...]] = {
    "reconstruct": (
        "lip_opening_error", "lip_opening_r", "av_sync_d", "lse_d", "lpips_alex_face",
        "stlpips_mouth", "seam_motion_jump", "seam_picture_jump", "lip_speed",
    ),
    "edit": (
        "lse_d", "idsim", "av_sync_d", "phone_r", "seam_motion_jump", "seam_picture_jump",
        "identity_distance", "av_sync_c", "lip_speed_own",
    ),
    "generate": (
        "lse_d", "lse_c", "idsim", "lip_opening_error", "lip_opening_r", "av_sync_d",
        "identity_distance", "av_sync_c", "lip_speed", "silence_lip_ratio",
    ),
}  # fmt: skip
"""Names, most telling first. Where hardly any is there, measures that tell better from worse take
their places in their own order, a group at a time."""


def is_drawn(measure: Measure) -> bool:
    """Tell whether a measure is of motion before rendering."""
    return measure.name.startswith(DRAWN)


def main_measures(
    track: Track, measures: Sequence[Measure], *, drawn: bool = False
) -> list[Measure]:
    """Choose a track's main measures, at most ``MOST``, of videos or of motion before rendering."""
    judged = {m.name: m for m in measures if m.better != "none" and is_drawn(m) == drawn}
    names = (DRAWN + name if drawn else name for name in _PREFERRED[track])
    chosen = [judged[name] for name in names if name in judged]
    rest = [measure for measure in judged.values() if measure not in chosen]
    while rest and len(chosen) < FEWEST:
        groups = [measure.group for measure in chosen]
        rest.sort(key=lambda m: groups.count(m.group))
        chosen.append(rest.pop(0))
    return chosen[:MOST]


_NOTES: tuple[tuple[str, str], ...] = (
    (r"lip_opening_r$", "Correlation of the lip opening with the truth's over hidden frames."),
    (r"lip_opening_relative", "Mean absolute error of the lip opening over the truth's own "
     "standard deviation; the mean itself as an answer gives about 0.8."),
    (r"lip_opening_error", "Mean absolute error of the lip opening over hidden frames."),
    (r"lip_width_r$", "Correlation of the mouth's width with the truth's over hidden frames."),
    (r"lip_width_relative", "Mean absolute error of the mouth's width over the truth's own "
     "standard deviation."),
    (r"lip_width_error", "Mean absolute error of the mouth's width over hidden frames."),
    (r"lip_speed_own", "Mean step of the lips while speaking over the clip's own: below 1 dull, "
     "above 1 trembling."),
    (r"lip_speed", "Mean step of the lips over the truth's: below 1 dull, above 1 trembling."),
    (r"landmark_", "Mean distance of landmarks in the picture from the truth's; head and mouth "
     "errors add up."),
    (r"shape_", "Mean distance of landmarks from the truth's once the head's pose is taken off."),
    (r"(opening|lips)_velocity", "Energy of the lips' velocity in a band over the truth's: below 1 "
     "too smooth, above 1 trembling."),
    (r"(opening|lips)_acceleration", "Energy of the lips' acceleration in a band over the "
     "truth's: below 1 too smooth, above 1 trembling."),
    (r"head_rotation", "Mean angle between the head's pose and the truth's."),
    (r"head_shift", "Mean distance of the head's place in the picture from the truth's."),
    (r"head_size", "Mean difference of the head's size in the picture from the truth's."),
    (r"head_speed", "Mean turn of the head from frame to frame over the truth's."),
    (r"diversity", "How far takes of one item lie apart; only to be read beside the errors, for "
     "noise is diverse too."),
    (r"av_sync_[cd]_source", "The same of the clip itself over as many frames: what to hope for."),
    (r"av_sync_within_1_source", "The same of the clip itself: what to hope for."),
    (r"av_sync_d", "Smallest mean distance of lips and speech over shifts, by our own sync "
     "network; not comparable with LSE-D."),
    (r"av_sync_c", "Median over shifts of that distance less the smallest one, by our own sync "
     "network; not comparable with LSE-C."),
    (r"av_sync_within", "Share of items whose sync network finds the sound in its place."),
    (r"av_sync_offset_size", "Mean absolute shift at which lips and speech go together best."),
    (r"av_sync_offset", "Mean shift at which lips and speech go together best; positive where the "
     "sound is late."),
    (r"phone_r", "Correlation of the lip opening with the openness of the phones that are spoken; "
     "nothing trained."),
    (r"phone_lag", "Shift at which lips and phones go together best, over all items."),
    (r"worst_", "The largest step of an item within and around what was made anew, over the 95th "
     "percentile of the clip's own steps: above 1 something jumps."),
    (r"silence_.*_ratio", "How fast the lips move while nobody speaks, over the clip's own in "
     "silence."),
    (r"silence_", "How fast the lips move while nobody speaks."),
    (r"identity_.*_natural", "The same between the clip's own pictures: the natural variation."),
    (r"identity_cosine", "Cosine of face embeddings (dlib) of made-anew and of the clip's own "
     "pictures; not ArcFace."),
    (r"identity_distance", "Distance of face embeddings (dlib) of made-anew pictures from the "
     "clip's own; below 0.6 dlib takes two faces for one person's."),
    (r"identity_excess", "That distance less the clip's natural one."),
    (r"psnr_", "Peak signal-to-noise ratio of made-anew pictures against the true ones."),
    (r"ssim_", "Structural similarity of made-anew pictures and the true ones."),
    (r"stlpips_", "Perceptual distance (ST-LPIPS) of made-anew pictures and the true ones; not "
     "LPIPS."),
    (r"lpips_", "LPIPS v0.1 of made-anew pictures and the true ones, by a user's file."),
    (r"lse_", "SyncNet's figure over windows with a made-anew picture; the official one averages "
     "over a whole clip."),
    (r"idsim", "Cosine of ArcFace embeddings of made-anew and true pictures, or of the clip's mean "
     "face; faces are aligned by our mesh."),
    (r"change_", "Error of the change from picture to picture against the truth's."),
    (r"sharpness_", "Sharpness of the mouth over the face's, over the same of the clip itself."),
    (r"grain_", "Grain of the mouth over the face's, over the same of the clip itself."),
    (r"fd_mobilenetv2_dt", "Fréchet distance of the change of picture features of mouths; not FVD, "
     "and only comparable on the same items."),
    (r"fd_mobilenetv2", "Fréchet distance of picture features of mouths; not FID, and only "
     "comparable on the same items."),
    (r"seam_.*_above", "Share of seams whose step is above the 95th percentile of the clip's own "
     "steps; 5 is usual."),
    (r"seam_.*_excess", "Mean step at seams less the clip's own mean step; our definition."),
    (r"seam_.*_jump", "Step at seams over the clip's own mean step; our definition, not the "
     "paper's."),
    (r"kept_sound", "Sound that was not edited, against the source's."),
    (r"kept_", "Pictures that were not edited, against the source's."),
)  # fmt: skip
"""Beginnings of names; the first that fits counts."""


def note_on(measure: Measure) -> str:
    """Say in a sentence what a measure is; its title where no note is on it."""
    name = measure.name.removeprefix(DRAWN)
    # Much the same of motion that was not rendered yet: one sentence serves both.
    before = "Of the motion before rendering: " if name != measure.name else ""
    notes = (note for pattern, note in _NOTES if re.match(pattern, name))
    return before + next(notes, measure.title)
