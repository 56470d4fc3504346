"""Which weights a run uses: a set or a file, and perhaps a speaker's own motion."""

from __future__ import annotations

from pathlib import Path

from facedit.errors import BadWeights, UsageError
from facedit.inputs import check_input
from facedit.model.checkpoint import weights_path
from facedit.model.weight_sets import DEFAULT_SET, SHORT_HASH, WEIGHT_SETS, ChosenWeights, set_of
from facedit.options import Run
from facedit.tensors import described
from facedit.weights.fetch import sha256_of
from facedit.weights.shipped import header_of

SPEAKER_KIND = "speaker"
"""``kind`` in the notes of motion weights that ``facedit adapt`` made."""


def choose_weights(run: Run) -> ChosenWeights:
    """Find the weights of a run.

    ``run``: options: ``weights`` is a set or motion weights, ``speaker`` may replace the latter.
    ``AssetMissing`` if there are none of that name, UsageError if covered mouths shall be refused
    and the set cannot tell them; the errors of ``check_speaker``.
    """
    base = weights_path(run.weights)
    chosen = set_of(run.weights) or WEIGHT_SETS[DEFAULT_SET]
    _, mouth, cover = chosen.files()
    if cover is None and run.on_covered == "fail":
        raise UsageError(
            f"the weights {run.weights} cannot tell a covered mouth: --on-covered fail needs the "
            f"weights {DEFAULT_SET}."
        )
    if run.speaker is None:
        return ChosenWeights(run.weights, base, mouth, cover)
    check_speaker(run.speaker, base, run.weights)
    name = f"{run.weights}, speaker {run.speaker.name}"
    return ChosenWeights(name, run.speaker, mouth, cover)


def check_speaker(speaker: Path, base: Path, name: str) -> None:
    """Refuse a speaker's weights that were not made from the base that is meant.

    ``speaker``: what ``facedit adapt`` made; ``base``: the motion weights that ``--weights`` means.
    Raises BadWeights if it is no speaker file; also ``BadMedia`` if it is no plain file, UsageError
    if it was made from other weights.
    """
    check_input(speaker, "speaker's weights")
    try:
        notes = described(header_of(speaker), "notes")
        kind, origin = notes.get("kind"), str(notes["base_sha256"])
    except (KeyError, ValueError, AttributeError) as error:
        raise BadWeights(f"{speaker.name} is no speaker's weights of 'facedit adapt'.") from error
    if kind != SPEAKER_KIND:
        raise BadWeights(f"{speaker.name} is no speaker's weights of 'facedit adapt'.")
    meant = sha256_of(base)
    if origin != meant:
        raise UsageError(
            f"--speaker {speaker.name} was made from {notes.get('base', 'weights')} "
            f"{origin[:SHORT_HASH]}, --weights {name} is {meant[:SHORT_HASH]}: adapt again, or "
            "choose those weights."
        )
