"""Edit scripts on disk: saved by one run, changed by hand, run again by another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from facedit.compose.words.plans import PlannedEdit
from facedit.editing.edit_options import MOST_ARTICULATION, EditOptions
from facedit.editing.jsonread import Node
from facedit.editing.script import EditScript, ScriptSource, dumps, loads
from facedit.errors import BadEdit
from facedit.inputs import MOST_SEED, read_text
from facedit.media.info import VideoInfo
from facedit.media.output import whole_or_nothing
from facedit.options import REGIONS, EditRequest, Run
from facedit.weights.fetch import sha256_of

_OPTIONS = ("voice", "region", "seed", "articulation", "expression")


def load_script(file: Path, source: Path) -> EditScript:
    """Read a script and make sure that it is for this clip.

    Raises BadEdit if it is malformed or for another clip.
    """
    script = loads(read_text(file, "script", BadEdit))
    if script.source.sha256 not in (None, sha256_of(source)):
        raise BadEdit(
            f"{file.name} is for {script.source.name}, not for {source.name} as it is now "
            "(another hash): remove its sha256 to use it all the same."
        )
    return script


def save_script(file: Path, source: Path, info: VideoInfo, planned: PlannedEdit, run: Run) -> None:
    """Save an edit, to be changed by hand and run again.

    ``planned``: the edit, and the request that names the voice. A recording is named where it lies
    beside the script; else it must be given again.
    """
    script = EditScript(
        ScriptSource(source.name, info.duration_s, info.frame_rate, sha256_of(source)),
        planned.transcript,
        planned.edits,
        {
            "voice": planned.request.voice or "auto",
            "region": run.region_of("edit"),
            "seed": run.first_seed,
            **({} if run.articulation == 1 else {"articulation": run.articulation}),
            **({"expression": list(run.expression)} if run.expression else {}),
        },
        planned.plan,
        tuple(_with_recording(own, planned.request.speech, file) for own in planned.own),
    )
    with whole_or_nothing(file, run.force) as temporary:
        temporary.write_text(dumps(script), encoding="utf-8")


def _with_recording(own: EditOptions, speech: tuple[Path, ...], file: Path) -> EditOptions:
    """Name a recording of all new words with each edit; of several takes none: give them again."""
    folder = file.absolute().parent
    if len(speech) != 1 or not speech[0].absolute().is_relative_to(folder):
        return own
    return replace(own, speech=speech[0].absolute().relative_to(folder).as_posix())


def own_options(script: EditScript, request: EditRequest, run: Run) -> tuple[EditOptions, ...]:
    """Take over the options that edits have of their own, but for those that the caller set.

    ``request``, ``run``: what the caller set, as for ``with_script_options``.
    """
    unset: dict[str, Any] = {}
    unset |= {} if run.seed is None else {"seed": None}
    unset |= {} if run.region is None else {"region": None}
    unset |= {} if run.articulation == 1 else {"articulation": None}
    unset |= {"expression": None} if run.expression else {}
    unset |= {} if request.voice is None else {"voice": None}
    return tuple(replace(own, **unset) for own in script.own)


def with_script_options(
    script: EditScript, request: EditRequest, run: Run
) -> tuple[EditRequest, Run]:
    """Take the options of a script over where the caller set none.

    ``request``: the wishes; a voice of None is not set; ``run``: options; a seed and a region of
    None are not set, nor what is as usual. Raises BadEdit if one of the script's options is unknown
    or has no sensible value.
    """
    for name in script.options:
        if name not in _OPTIONS:
            raise BadEdit(f"options.{name}: not known; {', '.join(_OPTIONS)} are.")
    voice = script.options.get("voice", "auto")
    if not isinstance(voice, str):
        raise BadEdit(f"options.voice: {voice!r} is no name of a voice.")
    if "seed" in script.options and run.seed is None:
        run = replace(run, seed=_seed(script.options["seed"]))
    if "region" in script.options and run.region is None:
        region = next((one for one in REGIONS if one == script.options["region"]), None)
        if region is None:
            asked = script.options["region"]
            raise BadEdit(f"options.region: {asked!r}; choose {', '.join(REGIONS)}.")
        run = replace(run, region=region)
    options = Node(dict(script.options), "options")
    if (strength := options.optional("articulation")) and run.articulation == 1:
        run = replace(run, articulation=strength.number(0, MOST_ARTICULATION))
    if (wishes := options.optional("expression")) and not run.expression:
        run = replace(run, expression=tuple(one.text() for one in wishes.items()))
    spoken = request.voice is not None or request.voice_command is not None
    return (request if spoken else replace(request, voice=voice)), run


def _seed(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_SEED:
        raise BadEdit(f"options.seed: {value!r} is no whole number from 0 to {MOST_SEED}.")
    return value


def moved_joints(script: EditScript) -> tuple[tuple[float, float], ...] | None:
    """Return the joints of a script: those that were moved by hand count.

    Returns start and end of each edit in the source, in seconds; None if it was not planned.
    Lengths come from the sounds as they are now.
    """
    if script.plan is None:
        return None
    return tuple((fill.source_start_s, fill.source_end_s) for fill in script.plan.fills)
