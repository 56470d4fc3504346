"""Assets by group, and files that changed since they were installed."""

from pathlib import Path

import pytest

from facedit import assets
from facedit.doctor import doctor
from facedit.errors import AssetMissing, BadWeights


@pytest.mark.parametrize(
    ("group", "needs"),
    [("core", ["core", "kokoro"]), ("bench", ["bench"]), ("kokoro", ["kokoro"])],
)
def test_a_group_brings_what_is_needed_for_it_and_nothing_else(
    group: str, needs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    monkeypatch.setattr(assets, "fetch", fetched.append)
    doctor(group)
    assert set(fetched) == {name for name, one in assets.ASSETS.items() if one.needed in needs}
    assert fetched[0] in {name for name, one in assets.ASSETS.items() if one.needed == needs[0]}
    assert set(needs) <= set(assets.groups())


def test_core_without_the_voices_warns_and_the_voices_alone_fail(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fetched: list[str] = []

    def fetch(name: str) -> None:
        if assets.ASSETS[name].needed == "kokoro":
            raise AssetMissing("kokoro-js could not be fetched: no network.")
        fetched.append(name)

    monkeypatch.setattr(assets, "fetch", fetch)
    doctor("core")
    assert {assets.ASSETS[name].needed for name in fetched} == {"core"}
    assert "a woman's voice, speaks for everybody" in caplog.text
    with pytest.raises(AssetMissing, match="kokoro-js"):
        doctor("kokoro")


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
