"""What is dear to find is found once, kept privately and within a bound, found again if damaged."""

from __future__ import annotations

import logging
import os
import stat
import sys
from pathlib import Path

import pytest

from facedit.cache import SWITCH, cached, clear, entries, prune, results_dir
from facedit.errors import BadEdit


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("FACEDIT_CACHE", str(tmp_path))
    monkeypatch.delenv(SWITCH, raising=False)
    return results_dir()


def _cached(made: list[str], error: Exception | None = None, name: str = "kind/entry") -> str:
    """Cache a text that says how often it was made."""

    def read(entry: Path) -> str:
        text = entry.read_text()
        if error is not None:
            raise error
        return text

    def make() -> str:
        made.append(f"made {len(made)}")
        return made[-1]

    return cached(name, read, make, lambda part, text: part.write_text(text))


def test_it_is_made_once(folder: Path) -> None:
    made: list[str] = []
    assert [_cached(made) for _ in range(2)] == ["made 0", "made 0"]
    (entry,) = (folder / "kind").iterdir()
    assert entry.read_text() == "made 0"


@pytest.mark.skipif(sys.platform == "win32", reason="there access is not a matter of modes")
def test_nobody_else_can_read_it(folder: Path) -> None:
    """Faces and words are personal, whatever the user's mask lets others see."""
    before = os.umask(0)
    try:
        _cached([])
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder, *sorted(folder.rglob("*")))]
    assert modes == [0o700, 0o700, 0o600]


def test_switched_off_it_keeps_and_finds_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    _cached(made)
    clear()
    monkeypatch.setenv(SWITCH, "1")
    assert [_cached(made), _cached(made)] == ["made 1", "made 2"]
    assert not folder.exists()


def test_reading_keeps_an_entry_young(folder: Path) -> None:
    made: list[str] = []
    _cached(made)
    (entry,) = (folder / "kind").iterdir()
    os.utime(entry, (1e9, 1e9))
    _cached(made)
    assert entry.stat().st_mtime > 1.5e9


def test_whatever_becomes_of_its_bytes_is_noticed(folder: Path) -> None:
    """Every bit turned, every length, another clip's entry: none is taken for what was stored."""
    made: list[str] = []
    _cached(made)
    _cached(made, name="kind/other")
    entry, other = (next((folder / "kind").glob(f"{name}-*")) for name in ("entry", "other"))
    whole = entry.read_bytes()
    turned = [
        whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]
        for at in range(len(whole))
        for bit in range(8)
    ]
    cut = [whole[:length] for length in range(len(whole))]
    for content in (*turned, *cut, whole + b" ", other.read_bytes()):
        entry.write_bytes(content)
        before = len(made)
        assert _cached(made) == f"made {before}"
        (entry,) = (folder / "kind").glob("entry-*")
    other.replace(entry)
    assert _cached(made) == made[-1] != "made 1"


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("x"), EOFError(), BadEdit("x")])
def test_damage_is_said_and_mended(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    made: list[str] = []
    _cached(made)
    with caplog.at_level(logging.WARNING):
        assert _cached(made, error) == "made 1"
    assert "kind/entry is damaged" in caplog.text
    assert _cached(made) == "made 1"


def test_what_cannot_be_kept_is_made_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("FACEDIT_CACHE", str(tmp_path / "file"))
    with caplog.at_level(logging.WARNING):
        assert _cached([]) == "made 0"
    assert "cannot be written" in caplog.text


def test_an_error_of_the_making_leaves_nothing(folder: Path) -> None:
    def make() -> str:
        raise FileNotFoundError("a network")

    with pytest.raises(FileNotFoundError, match="a network"):
        cached("kind/entry", Path.read_text, make, Path.write_text)
    assert not folder.exists()


def test_the_oldest_entries_go_first_whatever_their_kind(folder: Path) -> None:
    for age, kind in enumerate(("speech", "faces", "speech", "faces")):
        path = folder / kind / f"{age}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(100))
        os.utime(path, (1e9 - age, 1e9 - age))
    prune(250)
    assert [path.name for _, _, path in entries()] == ["1", "0"]
