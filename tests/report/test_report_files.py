import json

import pytest
from report_cases import full_report

from facedit.errors import OutputExists, OutputNotWritable
from facedit.report.report_files import check_report, write_report


def test_both_files_are_written_and_others_stay(tmp_path):
    folder = tmp_path / "report"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    document, page = write_report(full_report(), folder)
    assert json.loads(document.read_text("utf-8"))["verb"] == "edit"
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert sorted(path.name for path in folder.iterdir()) == ["mine.txt", page.name, document.name]


def test_an_earlier_report_stays_without_force(tmp_path):
    folder = tmp_path / "report"
    document, _ = write_report(full_report(), folder)
    before = document.read_bytes()
    with pytest.raises(OutputExists, match=r"report\.json"):
        write_report(full_report("a dog saw it"), folder)
    with pytest.raises(OutputExists, match=r"report\.json"):
        check_report(folder)
    assert document.read_bytes() == before
    check_report(folder, force=True)
    write_report(full_report("a dog saw it"), folder, force=True)
    assert document.read_bytes() != before


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("x")
    for folder in (
        tmp_path / "missing" / "report",
        tmp_path / "file",
        tmp_path / "file" / "report",
    ):
        with pytest.raises(OutputNotWritable):
            check_report(folder)
        with pytest.raises(OutputNotWritable):
            write_report(full_report(), folder)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
