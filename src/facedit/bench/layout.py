"""Where the new pictures and the sound of an item lie in time."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from facedit.bench.item_sound import item_sound
from facedit.bench.items import Item
from facedit.compose.frames.output_sound import OutputSound, compose_sound
from facedit.editing.diff import WordEdit
from facedit.editing.plan import EditPlan, Fill, Keep
from facedit.errors import BadMedia
from facedit.media.info import VideoInfo
from facedit.types import Word
from facedit.weights.fetch import sha256_of


def clip_of(item: Item, clips: Path) -> Path:
    """Find the clip of an item; ``BadMedia`` if it is missing or not the one that was meant."""
    path = clips / item.clip.file
    if not path.is_file():
        raise BadMedia(f"{item.clip.file} is missing in {clips}: --clips names the folder.")
    if sha256_of(path) != item.clip.sha256:
        raise BadMedia(f"{item.clip.file} is another clip than the benchmark was made for.")
    return path


def layout(
    item: Item, clip: Path, info: VideoInfo, clips: Path
) -> tuple[EditPlan, OutputSound, tuple[Word, ...]]:
    """Lay an item of ``edit`` or ``reconstruct`` out in time: the plan, its sound and its words."""
    if item.track == "reconstruct":
        plan = span_plan(item.hidden_s, info.duration_s, info.frame_rate)
        return plan, own_sound(clip, info), item.clip.words
    plan = item.plan()
    spoken = item_sound(item, clips, info) if item.new_words else None
    sound = compose_sound(clip, info, plan, (spoken.sound if spoken else None,))
    words = plan.output_words(
        item.clip.transcript, [spoken.transcript.words if spoken is not None else ()]
    )
    return plan, sound, words


def span_plan(hidden_s: tuple[float, float], duration_s: float, frame_rate: Fraction) -> EditPlan:
    """Plan a hidden span: filled where it stands, nothing else changes, nothing moves."""
    start_s, end_s = max(hidden_s[0], 0.0), min(hidden_s[1], duration_s)
    fill = Fill(
        edit=0, kind="substitute", source_start_s=start_s, source_end_s=end_s,
        output_start_s=start_s, duration_s=end_s - start_s, shift_frames=0,
        speech_s=end_s - start_s, lead_in_s=0.0, lead_out_s=0.0, text="the same words",
    )  # fmt: skip
    keeps = (Keep(0.0, start_s, 0.0), Keep(end_s, duration_s, end_s))
    before = keeps[:1] if start_s > 0 else ()
    after = keeps[1:] if end_s < duration_s else ()
    edit = WordEdit(0, 0, ("the", "same", "words"))
    return EditPlan((*before, fill, *after), (edit,), duration_s, frame_rate, 0.0, 0.0)


def edited_s(item: Item) -> tuple[float, float]:
    """Return between which times of the clip an item changes something."""
    if item.track == "generate":
        return 0.0, item.clip.duration_s
    return item.hidden_s if item.track == "reconstruct" else item.joint_s


def own_sound(clip: Path, info: VideoInfo) -> OutputSound:
    """Return the sound of a clip as it is."""
    whole = EditPlan((Keep(0.0, info.duration_s, 0.0),), (), info.duration_s, info.frame_rate,
                     0.0, 0.0)  # fmt: skip
    return compose_sound(clip, info, whole, ())
