"""What is known of every edit of a clip: its sound, its takes, what speaks against it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from facedit.editing.diff import WordEdit
from facedit.editing.edit_options import EditOptions
from facedit.editing.estimate import estimated_plan
from facedit.editing.script import EditScript, dumps
from facedit.studio.clip_store import StoredClip, digest
from facedit.studio.shown_wishes import of_edits
from facedit.types import Word

_REACH_S = 3.2
"""Words this near to those of an edit are in reach of its pictures."""

_HEARD_S = 9.0
"""Words this near decide how its new words sound."""

_UNKNOWN = 1e6
"""Stands for a jump that could not be measured: such a take is never called the best."""

_OPTIONS = ("voice", "speech", "region", "articulation", "expression")


def edit_keys(script: EditScript, face: str | None) -> tuple[str, ...]:
    """Name each edit by all that its sound and pictures depend on, seeds apart.

    Args:
        script: The edits.
        face: Whose face is meant.

    Returns:
        A name per edit; what was made of an edit of the same name is its own.
    """
    common = {name: value for name, value in script.options.items() if name != "seed"}
    places = [_place(script, edit) for edit in script.edits]
    names = []
    for start_s, end_s in places:
        near = [
            (*place, script.edits[number].text, _depends_on(script.own[number]))
            for number, place in enumerate(places)
            if place[0] <= end_s + _REACH_S and place[1] >= start_s - _REACH_S
        ]
        heard = [
            (word.text, word.start_s, word.end_s)
            for word in script.transcript.words
            if word.start_s <= end_s + _HEARD_S and word.end_s >= start_s - _HEARD_S
        ]
        text = json.dumps([start_s, end_s, near, heard, common, face], sort_keys=True)
        names.append(hashlib.sha256(text.encode()).hexdigest()[:16])
    return tuple(names)


def states(clip: StoredClip, script: EditScript) -> dict[str, Any]:
    """Return what a page shows of the edits.

    Args:
        clip: The clip.
        script: Its edits.

    Returns:
        ``edits``, ``plan`` (the layout of all) and whether that is ``estimated``; for JSON.
        (``BadEdit`` if the edits do not fit the words.)
    """
    chosen = clip.notes().get("chosen", {})
    keys = edit_keys(script, clip.face)
    edits, spoken = [], [spoken_of(clip, key) for key in keys]
    for key, edit, own, sound in zip(keys, script.edits, script.own, spoken, strict=True):
        takes = takes_of(clip, key)
        names = [take["name"] for take in takes]
        edits.append(
            {
                "key": key,
                "words": [edit.old_start, edit.old_end],
                "new": edit.text,
                **dict.fromkeys(_OPTIONS),
                **{name: value for name, value in own.to_dict().items() if name in _OPTIONS},
                "spoken": sound,
                "takes": takes,
                "chosen": chosen.get(key) if chosen.get(key) in names else next(iter(names), None),
                "warnings": _read(clip.looks_folder / f"{key}.json") or [],
            }
        )
    lengths = [None if sound is None else sound["speech_s"] for sound in spoken]
    plan = estimated_plan(
        script.edits,
        script.transcript,
        source_duration_s=script.source.duration_s,
        frame_rate=script.source.frame_rate,
        spoken_s=lengths,
        joints=[None if sound is None else sound["joint"] for sound in spoken],
    )
    words = [
        [Word(*word) for word in sound["words"]] if sound and "words" in sound else None
        for sound in spoken
    ]
    for told, wishes in zip(edits, of_edits(script, plan, words), strict=True):
        told["wishes"] = wishes
    return {"edits": edits, "plan": plan.to_dict(), "estimated": None in spoken, "warnings": []}


def resolved(script: EditScript, edits: Sequence[dict[str, Any]]) -> EditScript:
    """Let every edit name its seed, and its voice where it was spoken already.

    So what an edit shows and sounds like stays, whatever is edited elsewhere afterwards.

    Args:
        script: The edits.
        edits: What ``states`` says of them.

    Returns:
        The script to be run.
    """
    own = []
    for state, options in zip(edits, script.own, strict=True):
        seeds = {take["name"]: take["seed"] for take in state["takes"]}
        spoken = state["spoken"] or {}
        voice = options.voice
        if (voice or script.options.get("voice", "auto")) == "auto":
            voice = spoken.get("voice_name") or voice
        seed = seeds.get(state["chosen"], options.seed or 0)
        own.append(replace(options, seed=seed, voice=voice))
    source = replace(script.source, sha256=None)
    return replace(script, source=source, own=tuple(own))


def made_from(script: EditScript, edits: Sequence[dict[str, Any]]) -> str:
    """Name the edits of a clip with their chosen takes, as ``states`` says them."""
    return digest(dumps(resolved(replace(script, plan=None), edits)))


def exports_of(clip: StoredClip, now: str | None) -> list[dict[str, Any]]:
    """List what was exported, and whether that is of the edits as they are ``now``."""
    return [
        {"name": one["name"], "what": one["what"], "current": one.get("of") in (None, now)}
        for one in clip.notes().get("exports", [])
    ]


def spoken_of(clip: StoredClip, key: str) -> dict[str, Any] | None:
    """Return what is known of the sound of an edit; None before it is spoken."""
    found: dict[str, Any] | None = _read(clip.sounds_folder / f"{key}.json")
    return found


def takes_of(clip: StoredClip, key: str) -> list[dict[str, Any]]:
    """List the takes of an edit, the best first."""
    found = [_read(file) for file in clip.takes_folder.glob(f"{key}-*.json")]
    made = [take for take in found if take is not None]
    return sorted(made, key=lambda take: (_worst(take), take["seed"]))


def _worst(take: dict[str, Any]) -> float:
    return _UNKNOWN if take["worst"] is None else float(take["worst"])


def _depends_on(own: EditOptions) -> dict[str, Any]:
    return replace(own, seed=None).to_dict()


def _place(script: EditScript, edit: WordEdit) -> tuple[float, float]:
    """Return from where to where in the source the words of an edit are, or would be."""
    words = script.transcript.words
    if edit.old_start < edit.old_end:
        return words[edit.old_start].start_s, words[edit.old_end - 1].end_s
    before, after = words[max(edit.old_start - 1, 0)], words[min(edit.old_end, len(words) - 1)]
    return min(before.end_s, after.start_s), max(before.end_s, after.start_s)


def _read(file: Path) -> Any:
    return json.loads(file.read_text("utf-8")) if file.is_file() else None
