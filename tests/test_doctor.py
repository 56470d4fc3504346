"""Assets by group, and files that changed since they were installed."""

from pathlib import Path

import pytest

from facedit import assets
from facedit.doctor import doctor
from facedit.errors import BadWeights


@pytest.mark.parametrize("group", ["core", "bench", "kokoro"])
def test_a_group_brings_what_is_needed_for_it_and_nothing_else(
    group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    monkeypatch.setattr(assets, "fetch", fetched.append)
    doctor(group)
    assert fetched == [name for name, one in assets.ASSETS.items() if one.needed == group]
    assert fetched
    assert group in assets.groups()


def test_all_brings_every_group(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []
    monkeypatch.setattr(assets, "fetch", fetched.append)
    doctor("all")
    assert {assets.ASSETS[name].needed for name in fetched} == set(assets.groups())


def test_a_file_that_changed_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEDIT_CACHE", str(tmp_path))
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "stlpips_alex.pth").write_bytes(b"something else")
    with pytest.raises(BadWeights, match=r"stlpips_alex\.pth"):
        assets.verified_path("stlpips_alex.pth")
