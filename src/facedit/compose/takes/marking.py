"""How outputs say what they are: a mark in the metadata, a signed manifest, the report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from facedit import __version__
from facedit.compose.source.weights import choose_weights
from facedit.options import Run
from facedit.provenance.library import sidecar_of
from facedit.provenance.manifest import Change, Origin, Statement
from facedit.provenance.signing import Seal, Signing

if TYPE_CHECKING:
    from facedit.compose.takes.job import Job


def provenance(job: Job, signing: Signing) -> dict[str, str]:
    """Return what the output is marked with, for the report.

    ``signing``: whether it is signed. Returns facts by name.
    """
    facts = {"signed": signing.state, "mark in the file": mark(job, signing), "voice": job.voice}
    facts |= choose_weights(job.run).facts()
    if job.run.consent:
        facts["consent"] = job.run.consent
    return facts


def mark(job: Job, signing: Signing) -> str:
    """Return the comment that marks the output as synthetic.

    ``signing``: whether it is signed: a file whose manifest was taken off still tells of it.
    Returns one line naming what was made and when in the video.
    """
    if job.verb == "generate":
        what = "synthetic face and motion throughout"
    else:
        spans = job.base.plan.picture_spans()
        times = ", ".join(f"{span.output_start_s:.2f}-{span.output_end_s:.2f} s" for span in spans)
        silent = all(fill.kind == "express" for fill in job.base.plan.fills)
        what = f"synthetic face{'' if silent else ' and speech'} at {times or 'no time'}"
    if job.imitation:
        what += f", in {job.imitation}"
    line = marked(job.verb, what, job.run)
    return line if signing.identity is None else f"{line}; signed (C2PA)"


def marked(verb: str, what: str, run: Run) -> str:
    """Word the comment that marks an output.

    ``verb``: what was done; ``what``: what is synthetic, and when; ``run``: options: the weights
    are named, and ``consent`` is added if it was stated. Returns one line.
    """
    line = f"facedit {__version__} {verb}: {what}; {choose_weights(run).mark}"
    return f"{line}; consent: {run.consent}" if run.consent else line


def statement(job: Job) -> Statement:
    """Return what the manifest states of a job's outputs.

    Returns the statement; the files that the output is made of are hashed for it.
    """
    return Statement(
        job.verb,
        changes(job),
        tuple(Origin(clip.path, clip.sha256) for clip in job.made_of),
        job.voice,
        choose_weights(job.run).facts(),
        job.run.consent,
    )


def changes(job: Job) -> tuple[Change, ...]:
    """List what is not as it was shot.

    Returns per word edit the new pictures around it, and the words; of the other verbs the whole.
    """
    plan = job.base.plan
    if job.verb != "edit":
        said = " ".join(word.text for word in job.output_words) or None
        spans = plan.picture_spans()
        return tuple(
            Change(span.output_start_s, span.output_end_s, job.verb, None, said) for span in spans
        )
    words = job.transcript.words if job.transcript else ()
    found = []
    for span in plan.picture_spans():
        for number in span.fills:
            fill = plan.fills[number]
            edit = plan.edits[fill.edit]
            old = " ".join(word.text for word in words[edit.old_start : edit.old_end])
            # Fills so near that their pictures join share a span: the words tell them apart.
            times = (span.output_start_s, span.output_end_s)
            found.append(Change(*times, fill.kind, old or None, edit.text or None))
    return tuple(found)


def seal_of(stated: Statement | None, signing: Signing, output: Path, run: Run) -> Seal | None:
    """Return what signs an output.

    ``stated``: what is stated of it; None if nobody signs; ``signing``: who signs, if anybody;
    ``output``: the file; ``run``: options. Returns the seal; None if nobody signs.
    """
    if signing.identity is None or stated is None:
        return None
    return Seal(signing.identity.pair, stated, output, run.force)


def forget_manifest(output: Path) -> None:
    """Remove the manifest of a file that was replaced by an unsigned one.

    ``output``: the file.
    """
    if (beside := sidecar_of(output)) is not None:
        beside.unlink(missing_ok=True)
