"""What is dear to make is made once, kept within a bound, and made again where damaged."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from facedit.cache import cached, prune
from facedit.errors import BadEdit


def _cached(path: Path, made: list[str], error: Exception | None = None) -> str:
    """Cache a text that says how often it was made."""

    def read(entry: Path) -> str:
        text = entry.read_text()
        if error is not None:
            raise error
        return text

    def make() -> str:
        made.append(f"made {len(made)}")
        return made[-1]

    return cached(path, read, make, lambda part, text: part.write_text(text))


def test_it_is_made_once(tmp_path: Path) -> None:
    made: list[str] = []
    path = tmp_path / "kind" / "entry"
    assert [_cached(path, made) for _ in range(2)] == ["made 0", "made 0"]
    assert [entry.name for entry in path.parent.iterdir()] == ["entry"]


def test_reading_keeps_an_entry_young(tmp_path: Path) -> None:
    made: list[str] = []
    path = tmp_path / "entry"
    _cached(path, made)
    os.utime(path, (1e9, 1e9))
    _cached(path, made)
    assert path.stat().st_mtime > 1.5e9


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("x"), EOFError(), BadEdit("x")])
def test_damage_is_said_and_mended(
    error: Exception, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made: list[str] = []
    path = tmp_path / "kind" / "entry"
    _cached(path, made)
    with caplog.at_level(logging.WARNING):
        assert _cached(path, made, error) == "made 1"
    assert "kind/entry is damaged" in caplog.text
    assert _cached(path, made) == "made 1"


def test_what_cannot_be_kept_is_made_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder")
    with caplog.at_level(logging.WARNING):
        assert _cached(tmp_path / "file" / "entry", []) == "made 0"
    assert "cannot be written" in caplog.text


def test_an_error_of_the_making_leaves_nothing(tmp_path: Path) -> None:
    def make() -> str:
        raise FileNotFoundError("a network")

    with pytest.raises(FileNotFoundError, match="a network"):
        cached(tmp_path / "entry", Path.read_text, make, Path.write_text)
    assert list(tmp_path.iterdir()) == []


def test_the_oldest_entries_go_first(tmp_path):
    for age in range(4):
        path = tmp_path / f"{age}"
        path.write_bytes(bytes(100))
        os.utime(path, (1e9 - age, 1e9 - age))
    prune(tmp_path, 250)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1"]
