"""How the studio is started, and what it says where it cannot."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from facedit.cli.demo import DemoFiles
from facedit.cli.main import main
from facedit.studio.serve import listen


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["none.mp4"], "no such file"),
        (["--folder", "none"], "no such folder"),
        (["--port", "70000"], "--port 70000"),
        (["--limit-mb", "0"], "--limit-mb 0"),
    ],
)
def test_bad_arguments_are_told_in_one_line(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["studio", "--no-open", *arguments]) == 2
    printed = capsys.readouterr()
    assert says in printed.err
    assert (printed.out, printed.err.count("\n")) == ("", 1)


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with listen(0) as taken:
        address, number = taken.getsockname()
        assert address == "127.0.0.1"  # no other machine reaches it
        port = str(number)
        assert main(["studio", "--no-open", "--port", port]) == 2
    assert f"--port {port}" in capsys.readouterr().err


def test_the_demo_says_how_to_open_the_studio_where_its_environment_is_not_active(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = DemoFiles(*map(Path, ("talking.mp4", "edited.mp4", "side.mp4", "report.html")))
    monkeypatch.setattr("sys.argv", [".venv/bin/facedit", "demo"])
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert ": .venv/bin/facedit studio talking.mp4" in str(made)
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/facedit")
    assert ": facedit studio talking.mp4" in str(made)


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "facedit.studio.serve")
    assert main(["studio", "--no-open"]) == 7
    assert "pip install facedit[studio]" in capsys.readouterr().err


def test_the_page_ships_with_the_package_and_loads_nothing_from_elsewhere() -> None:
    import facedit.studio

    page = Path(facedit.studio.__file__).with_name("page")
    texts = {file.name: file.read_text("utf-8") for file in page.iterdir()}
    assert {"index.html", "style.css", "main.js"} <= set(texts)
    names = "http://www.w3.org/2000/svg"
    found = [
        name
        for name, text in texts.items()
        if "//" in text.replace(names, "")
        and ("http:" in text.replace(names, "") or "https:" in text)
    ]
    assert found == []
