"""A failed self-check refuses the table in one line, and an outcome outlives its process."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench.scenes import make_item
from facedit.bench.selfcheck.chosen_items import choose_items, partners
from facedit.bench.selfcheck.expected import Row
from facedit.bench.selfcheck.fingerprint import fingerprint, versions
from facedit.bench.selfcheck.result import SelfCheck, SelfCheckFailed, left_out, load, require, save
from facedit.errors import FaceditError, UsageError
from facedit.weights.shipped import ShippedFile

GOOD = Row("none", "lip_opening_r", "0.99 to 1", "1", True, "the truth is the truth")
BAD = Row("blurred_mouth", "sharpness", "down by 0.1 or more", "1 → 1", False, "blur is not sharp")


def outcome(*rows: Row) -> SelfCheck:
    return SelfCheck(rows, {"other_face": "one person"}, ("speed",), ("a", "b"), "abc", versions())


def test_a_passed_check_lets_the_table_be_made() -> None:
    require(outcome(GOOD))


def test_a_failed_check_refuses_the_table_in_one_line_with_the_reason() -> None:
    with pytest.raises(SelfCheckFailed) as caught:
        require(outcome(GOOD, BAD, BAD))
    message = str(caught.value)
    assert "\n" not in message
    for part in ("2 of 3", "blurred_mouth", "sharpness", "1 → 1", "and 1 more"):
        assert part in message
    assert isinstance(caught.value, FaceditError)
    assert caught.value.exit_status != 0


def test_a_table_goes_without_the_measures_that_failed_each_with_its_reason() -> None:
    others = [replace(GOOD, measure=f"good {k}") for k in range(3)]
    unknown = replace(BAD, measure="fd", seen="nan → nan")
    left = left_out(outcome(GOOD, BAD, unknown, *others))
    assert list(left) == ["sharpness", "fd"]
    assert (
        "blurred_mouth: sharpness should be or go down by 0.1 or more; was 1" in left["sharpness"]
    )
    assert left["fd"] == "these clips hold too little of what it measures"
    assert left_out(outcome(GOOD)) == {}


def test_when_most_measures_fail_there_is_no_table() -> None:
    with pytest.raises(SelfCheckFailed, match="no table: 1 of 2"):
        left_out(outcome(GOOD, BAD))
    with pytest.raises(SelfCheckFailed, match="tested nothing"):
        left_out(outcome())


def test_a_check_that_tested_nothing_proves_nothing() -> None:
    with pytest.raises(SelfCheckFailed, match="tested nothing"):
        require(outcome())


def test_the_short_table_names_what_failed() -> None:
    text = str(outcome(GOOD, BAD))
    assert "FAILED" in text
    assert "1 of 2" in text
    assert "sharpness" in text
    assert "one person" in text


def test_an_outcome_survives_on_disk(tmp_path: Path) -> None:
    found = outcome(GOOD, BAD)
    save(found, tmp_path, "<html>")
    assert load(tmp_path) == found
    assert sorted(path.name for path in tmp_path.iterdir()) == ["selfcheck.html", "selfcheck.json"]


def test_a_garbled_or_forged_outcome_is_none(tmp_path: Path) -> None:
    assert load(tmp_path) is None
    save(outcome(BAD), tmp_path, "")
    path = tmp_path / "selfcheck.json"
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "passed": True}))
    assert load(tmp_path) is None
    path.write_text("{")
    assert load(tmp_path) is None


def test_the_fingerprint_depends_on_items_and_settings() -> None:
    items = [make_item(item="a"), make_item(item="b")]
    first = fingerprint(items, (24, 0))
    assert first == fingerprint([make_item(item="a"), make_item(item="b")], (24, 0))
    assert first != fingerprint(items[:1], (24, 0))
    assert first != fingerprint(items, (24, 1))
    moved = [replace(items[0], hidden_s=(0.0, 1.0)), items[1]]
    assert first != fingerprint(moved, (24, 0))


def of(corpus: str, clip: str, name: str, track: str = "reconstruct"):  # type: ignore[no-untyped-def]
    item = make_item(track, name, clip)
    return replace(item, clip=replace(item.clip, corpus=corpus))


def test_items_are_chosen_from_every_corpus_and_other_clips_first() -> None:
    items = [of("large", f"clip-{k // 2}", f"l{k:02d}") for k in range(40)]
    items += [of("small", "clip-s", "s0"), of("large", "x", "e0", "edit")]
    chosen = choose_items(items, 9, seed=0)
    assert len(chosen) == 9
    assert sum(item.clip.corpus == "small" for item in chosen) == 1
    assert all(item.track == "reconstruct" for item in chosen)
    assert len({item.clip.sha256 for item in chosen}) == 9
    assert chosen == choose_items(list(reversed(items)), 9, seed=0)
    assert chosen != choose_items(items, 9, seed=1)


def test_spans_with_room_for_moved_sound_come_first() -> None:
    items = [
        replace(of("a", f"clip-{k}", f"i{k}"), hidden_s=(0.1, 0.5) if k % 2 else (0.5, 0.9))
        for k in range(8)
    ]
    items = [replace(item, clip=replace(item.clip, duration_s=1.4)) for item in items]
    assert {item.id for item in choose_items(items, 4, seed=0)} == {"i0", "i2", "i4", "i6"}


def test_a_benchmark_without_ground_truth_cannot_be_checked() -> None:
    with pytest.raises(UsageError, match="reconstruct"):
        choose_items([of("a", "c", "one"), of("a", "d", "two", "edit")], 9, seed=0)


def test_partners_are_other_people_of_the_same_corpus_if_there_are_any() -> None:
    chosen = [of("a", "p", "1"), of("a", "p", "2"), of("b", "q", "3"), of("a", "r", "4")]
    assert [partner.id for partner in partners(chosen)] == ["4", "4", "4", "1"]


def test_the_fingerprint_does_not_depend_on_weights_that_are_judged(monkeypatch) -> None:
    def shipped(**hashes: str) -> tuple[ShippedFile, ...]:
        return tuple(
            ShippedFile(name.replace("_", "-"), "", 1, sha, "") for name, sha in hashes.items()
        )

    def with_files(**hashes: str) -> str:
        monkeypatch.setattr(
            "facedit.bench.selfcheck.fingerprint.shipped_files", lambda: shipped(**hashes)
        )
        return fingerprint([make_item(item="a")], (24, 0))

    first = with_files(sync="1", motion_base="1", mouth="1")
    assert first == with_files(sync="1", motion_base="2", mouth="2", motion_grid="3")
    assert first != with_files(sync="2", motion_base="1", mouth="1")
