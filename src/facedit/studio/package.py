"""An edit for other programs as one file to be fetched: what ``facedit export`` writes, zipped."""

from __future__ import annotations

import zipfile
from pathlib import Path

from facedit.compose.session.session import Session
from facedit.compose.words.plans import PlannedEdit
from facedit.interchange.export_edit import export_edit
from facedit.interchange.export_options import ExportOptions
from facedit.media.output import whole_or_nothing
from facedit.options import Run
from facedit.scratch import scratch_folder


def write_package(
    session: Session, planned: PlannedEdit, output: Path, options: ExportOptions, run: Run
) -> None:
    """Export an edit into one file.

    Args:
        session: The clip.
        planned: Its edit.
        output: The zip file; one that is there is replaced.
        options: What it holds.
        run: Options of the rendering.
    """
    with scratch_folder(output.parent) as scratch:
        folder = scratch / output.stem
        export_edit(session, planned, folder, options, run=run, original_beside=True)
        with (
            whole_or_nothing(output, force=True) as temporary,
            # What is large in it is compressed already.
            zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as packed,
        ):
            for file in sorted(path for path in folder.rglob("*") if path.is_file()):
                packed.write(file, file.relative_to(scratch))
