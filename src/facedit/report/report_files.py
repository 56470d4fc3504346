"""The report on disk: ``report.json`` and ``report.html`` in a folder."""

from __future__ import annotations

import os
from pathlib import Path

from facedit.errors import OutputNotWritable
from facedit.media.output import check_output, whole_or_nothing
from facedit.report.edit_page import report_html
from facedit.report.run_report import RunReport, report_json

JSON_NAME, PAGE_NAME = "report.json", "report.html"


def report_files(folder: Path) -> tuple[Path, Path, Path]:
    """Return what a report consists of: the JSON file, the page, and the folder itself."""
    return folder / JSON_NAME, folder / PAGE_NAME, folder


def check_report(folder: Path, *, force: bool = False) -> None:
    """Check before any work that a report can be written.

    ``OutputExists`` if one is there and ``force`` is off; ``OutputNotWritable`` if the folder
    cannot be made: its parent must be there.
    """
    try:
        os.lstat(folder)
    except FileNotFoundError:
        if not os.path.isdir(folder.absolute().parent):
            missing = f"{folder}: the folder {folder.parent} does not exist."
            raise OutputNotWritable(missing) from None
        return
    except OSError as error:
        raise OutputNotWritable(f"{folder}: cannot be written ({error.strerror}).") from None
    if not folder.is_dir():
        raise OutputNotWritable(f"{folder}: is a file; the report needs a folder (--report DIR).")
    for name in (JSON_NAME, PAGE_NAME):
        check_output(folder / name, force)


def write_report(report: RunReport, folder: Path, *, force: bool = False) -> tuple[Path, Path]:
    """Write the JSON file and the page; other files stay. Errors as ``check_report``."""
    check_report(folder, force=force)
    # Both are made before either is written: a fault in a picture leaves no half report.
    documents = {JSON_NAME: report_json(report), PAGE_NAME: report_html(report)}
    try:
        folder.mkdir(exist_ok=True)
        for name, text in documents.items():
            with whole_or_nothing(folder / name, force) as temporary:
                temporary.write_text(text, encoding="utf-8")
    except OutputNotWritable:
        raise
    except OSError as error:
        raise OutputNotWritable(f"{folder}: cannot be written ({error.strerror}).") from error
    return folder / JSON_NAME, folder / PAGE_NAME
