import csv
import io
import json
import random
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from bench_report_cases import (
    busy_case,
    make_bench,
    make_curves,
    make_item,
    make_measure,
    make_record,
)

from facedit.bench.measures import frechet
from facedit.bench.measures.frechet import sums_length
from facedit.bench.report.facts import RunFacts
from facedit.bench.report.write_results import write_results
from facedit.errors import OutputNotWritable

RESULTS = ("results.csv", "results.json", "results.md")
NASTY = "<script>alert('1')</script>\" onload=\"x & \x00|`*\n=1+1"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    write_results(folder, *busy_case())
    return folder


def rows_of(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / "results.csv").read_text("utf-8"))))


def test_the_order_of_records_times_and_facts_of_the_day_change_no_result(
    written: Path, tmp_path: Path
) -> None:
    bench, records, measures, facts = busy_case()
    write_results(tmp_path / "one", bench, records, measures, facts)
    random.Random(1).shuffle(records)
    records = [replace(r, cost={name: 2 * v for name, v in r.cost.items()}) for r in records]
    other = replace(facts, date="2027-01-01", command="--processes 1", machine={"cpu": "other"})
    write_results(tmp_path / "two", bench, records, measures, other)
    for name in RESULTS:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    cost = [(tmp_path / run / "cost.csv").read_text() for run in ("one", "two")]
    assert cost[0] != cost[1]
    assert "2026-11-25" not in (written / "results.json").read_text()
    assert "2026-11-25" in (written / "index.html").read_text()


def test_the_csv_says_what_the_json_says(written: Path) -> None:
    data = json.loads((written / "results.json").read_text())
    cells = {
        (row["system"], row["track"], row["slice"], name): cell
        for row in data["tables"]
        for name, cell in row["cells"].items()
    }
    rows = rows_of(written)
    filled = [row for row in rows if row["value"]]
    assert len(filled) == len(cells) > 100
    for row in filled:
        cell = cells[row["system"], row["track"], row["slice"], row["measure"]]
        assert float(row["value"]) == cell[0]
        assert int(row["items"]) == cell[3]


def test_what_was_not_measured_is_empty_in_the_csv(written: Path) -> None:
    row = next(
        row for row in rows_of(written)
        if (row["system"], row["track"], row["slice"]) == ("truth", "edit", "all")
    )  # fmt: skip
    assert (row["value"], row["low"], row["high"], row["items"]) == ("", "", "", "0")


def test_hand_made_sums_reach_the_file(tmp_path: Path) -> None:
    bench = make_bench(make_item("a"), make_item("b"))
    records = [
        make_record("a", "ours", {"error": (3.0, 2.0)}),
        make_record("b", "ours", {"error": (1.0, 2.0)}),
    ]
    write_results(tmp_path, bench, records, [make_measure("error", unit="px")], RunFacts())
    (row,) = rows_of(tmp_path)
    assert (row["value"], row["unit"], row["items"], row["clips"]) == ("1.0", "px", "2", "2")
    assert "| ours | **1.000** [" not in (tmp_path / "results.md").read_text()
    assert "| ours | 1.000 [" in (tmp_path / "results.md").read_text()


def test_failures_are_counted_and_listed_with_their_reasons(tmp_path: Path) -> None:
    report = write_results(tmp_path, *busy_case())
    assert report.to_dict()["failed"] == 1
    assert "line, edit: 1 failed" in str(report)
    data = json.loads((tmp_path / "results.json").read_text())
    failed = [entry for entry in data["not_done"] if entry["status"] == "failed"]
    assert failed == [
        {"item": "e4", "system": "line", "status": "failed", "reason": "no face <found>"}
    ]
    page = (tmp_path / "index.html").read_text()
    assert "no face &lt;found&gt;" in page
    assert "18 not applicable" in page


def test_costs_stay_out_of_the_results(written: Path) -> None:
    assert "render" not in "".join((written / name).read_text() for name in RESULTS)
    rows = list(csv.DictReader(io.StringIO((written / "cost.csv").read_text())))
    per_item = next(
        row for row in rows
        if (row["system"], row["track"], row["what"]) == ("ours", "edit", "per item")
    )  # fmt: skip
    assert float(per_item["value"]) == pytest.approx(0.6 + 1.5)


class Page(HTMLParser):
    """Collects what a page holds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_refers_to_nothing_elsewhere(written: Path) -> None:
    text = (written / "index.html").read_text()
    page = Page(text)
    assert page.open == []
    assert not re.search(r"https?:|//[a-z]|url\((?!#)|@import", text)
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe", "object", "embed")
        assert not any(name.startswith("on") for name in attributes)
        target = attributes.get("href") or ""
        if target.startswith("#"):
            assert f'id="{target[1:]}"' in text
        elif target:
            assert (written / target).is_file()
    policy = next(a["content"] for t, a in page.tags if t == "meta" and "http-equiv" in a)
    assert policy == (
        "default-src 'none'; img-src data:; media-src 'self'; style-src 'unsafe-inline'"
    )


def test_all_coordinates_are_finite(written: Path) -> None:
    drawn = re.findall(r"<svg.*?</svg>", (written / "index.html").read_text(), re.S)
    assert len(drawn) > 20
    for picture in drawn:
        assert not re.search(r"\b(nan|inf|None)\b", picture)
        box = [float(v) for v in re.search(r'viewBox="([^"]+)"', picture)[1].split()]  # type: ignore[index]
        places = re.findall(r'\b(?:cx|x1|x2|x)="(-?[\d.]+)"', picture)
        assert places
        assert all(-1 <= float(x) <= box[2] + 1 for x in places)


def test_a_system_without_videos_is_in_the_table_of_motion_with_its_failures(
    tmp_path: Path,
) -> None:
    measures = [make_measure("lip_opening_error"), make_measure("drawn_lip_opening_error")]
    records = [
        make_record("a", "ours", {m.name: (1.0, 1.0) for m in measures}),
        make_record("b", "ours", {m.name: (1.0, 1.0) for m in measures}),
        make_record("a", "bare", {"drawn_lip_opening_error": (2.0, 1.0)}),
        make_record("b", "bare", None, "failed", "no sound"),
        make_record("a", "broken", None, "failed", "no weights"),
        make_record("b", "broken", None, "failed", "no weights"),
    ]
    bench = make_bench(make_item("a"), make_item("b"))
    write_results(tmp_path, bench, records, measures, RunFacts())
    videos, drawn = (tmp_path / "results.md").read_text().split("Motion before rendering")
    assert [name in videos for name in ("| ours |", "| bare |", "| broken |")] == [
        True,
        False,
        True,
    ]
    assert "| bare | 2.000 | 1 of 2 |" in drawn
    page = (tmp_path / "index.html").read_text().split("before it was rendered</h3>")
    rows = [re.findall(r"</i>([a-z]+)</td>", part.split("</table>")[0]) for part in page]
    assert rows == [["ours", "broken"], ["ours", "bare"]]
    cells = page[1].split("</i>bare</td>")[1].split("</tr>")[0]
    assert re.findall(r'<td class="n">(\d*)</td>', cells) == ["1", "1", "", ""]


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    items = [
        make_item("a", "edit", corpus=NASTY, words=(NASTY, "b", "c"), new=(NASTY,)),
        make_item("b", "edit"),
    ]
    items = [replace(i, clip=replace(i.clip, file=NASTY, speaker=NASTY)) for i in items]
    measure = replace(make_measure("error"), title=NASTY, unit=NASTY, group=NASTY)
    records = [
        make_record("a", "ours", {"error": (1.0, 1.0)}, curves=make_curves(), video=NASTY[:5]),
        make_record("a", NASTY, {"error": (2.0, 1.0)}, cost={NASTY: 1.0}),
        make_record("b", NASTY, None, "failed", NASTY),
        make_record("b", "ours", {"error": (1.0, 1.0)}),
    ]
    facts = RunFacts(
        versions={NASTY: NASTY}, weights={NASTY: NASTY}, selfcheck=(NASTY,),
        systems={NASTY: NASTY}, command=NASTY, date=NASTY, machine={NASTY: NASTY},
    )  # fmt: skip
    write_results(tmp_path, make_bench(*items, name=NASTY), records, [measure], facts)
    page = Page((tmp_path / "index.html").read_text("utf-8"))
    assert page.open == []
    assert not any(tag == "script" or "onload" in attributes for tag, attributes in page.tags)
    systems = {row["system"] for row in rows_of(tmp_path)}
    assert systems == {"ours", NASTY}
    table = (tmp_path / "results.md").read_text("utf-8").splitlines()
    assert [line for line in table if "<script>" in line.replace("\\<", "")] == []


def test_a_bench_without_any_record_still_makes_a_report(tmp_path: Path) -> None:
    report = write_results(tmp_path, make_bench(make_item("a")), [], [], RunFacts())
    assert report.counts == ()
    assert Page((tmp_path / "index.html").read_text()).open == []


def test_a_single_item_has_no_interval(tmp_path: Path) -> None:
    records = [
        make_record("a", "ours", {"m": (1.0, 2.0)}),
        make_record("a", "x", {"m": (3.0, 2.0)}),
    ]
    write_results(tmp_path, make_bench(make_item("a")), records, [make_measure("m")], RunFacts())
    assert all(row["low"] == "" for row in rows_of(tmp_path))
    assert not re.search(r"\bnan\b", (tmp_path / "index.html").read_text())


def test_what_comes_to_no_figure_or_is_not_proven_is_left_out_by_name(tmp_path: Path) -> None:
    """Three pictures are no Gaussian: the Fréchet distance is no number."""
    few = next(m for m in frechet.MEASURES if m.name == "fd_mobilenetv2")
    sums = {"m": (1.0, 1.0), few.sums: (0.0,) * (2 * sums_length(frechet.DIMS))}
    record = make_record("a", "ours", sums)
    report = write_results(
        tmp_path, make_bench(make_item("a")), [record], [make_measure("m"), few],
        RunFacts(unproven={"phone_r": "swapped_sound: phone_r should go down"}),
    )  # fmt: skip
    text = str(report)
    assert "| ours | 1.00" in text
    assert "2 measures are left out" in text
    assert "- phone\\_r: swapped\\_sound: phone\\_r should go down" in text
    assert "- fd\\_mobilenetv2: these items hold too little of what it measures" in text
    for name in RESULTS:
        assert "nan" not in (tmp_path / name).read_text().lower().split()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputNotWritable, match="cannot be made"):
        write_results(tmp_path / "file" / "out", make_bench(make_item("a")), [], [], RunFacts())
