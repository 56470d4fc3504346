from dataclasses import replace
from pathlib import Path

import pytest
from bench_report_cases import make_bench, make_curves, make_item, make_measure, make_record

from facedit.bench.record import Curves, Record
from facedit.bench.report.example_items import ExampleItem, choose, ranking
from facedit.bench.report.measure_notes import main_measures, note_on
from facedit.bench.report.page_plots import lip_curve
from facedit.bench.report.result_tables import make_tables
from facedit.bench.report.videos import hidden_stretches, side_by_sides
from facedit.media.probe import probe
from facedit.report.charts import Line, Point, difference_chart, histogram, line_chart
from media.clips import make_clip

ERROR = make_measure("lip_opening_error")


def records_of(values: dict[str, float], system: str = "ours") -> list[Record]:
    return [
        make_record(item, system, {"lip_opening_error": (value, 1.0)})
        for item, value in values.items()
    ]


def test_the_worst_the_median_and_the_best_are_shown_once_each() -> None:
    values = {"a": 5.0, "b": 1.0, "c": 3.0, "d": 4.0, "e": 2.0, "f": 9.0}
    records = records_of(values) + records_of(dict.fromkeys(values, 1.0), "line")
    bench = make_bench(*(make_item(name) for name in values))
    shown = choose(bench, records, [ERROR], make_tables(bench, records, [ERROR], draws=10))
    found = [(one.rank, one.item.id) for one in shown]
    assert found == [("worst", "f"), ("worst", "a"), ("median", "c"), ("best", "b")]
    assert [record.system for record in shown[0].records] == ["ours", "line"]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_items_are_shown_once_each(count: int) -> None:
    values = {f"i{k}": float(k) for k in range(count)}
    bench, records = make_bench(*map(make_item, values)), records_of(values)
    shown = choose(bench, records, [ERROR], make_tables(bench, records, [ERROR], draws=10))
    assert sorted(one.item.id for one in shown) == sorted(values)


def test_worse_is_what_the_measure_says() -> None:
    records = {r.item: r for r in records_of({"a": 0.5, "b": 1.1, "c": 3.0})}
    for better, order in (("lower", "cba"), ("higher", "abc"), ("one", "cab"), ("none", "")):
        measure = replace(ERROR, better=better)
        assert "".join(item for item, _ in ranking(measure, records, "abc")) == order


def test_main_measures_fill_up_a_group_at_a_time() -> None:
    measures = [
        make_measure("x1", group="motion"),
        make_measure("x2", group="motion"),
        make_measure("y1", group="sync"),
        make_measure("n", "none", group="identity"),
        ERROR,
    ]
    chosen = [measure.name for measure in main_measures("reconstruct", measures)]
    assert chosen == ["lip_opening_error", "y1", "x1", "x2"]


def test_hidden_frames_become_stretches() -> None:
    times = tuple(k / 25 for k in range(10))
    curves = Curves(times, times, times, (0, 1, 1, 0, 0, 1, 0, 0, 0, 1), times)
    found = [edge for stretch in hidden_stretches(curves) for edge in stretch]
    assert found == pytest.approx([0.04, 0.12, 0.2, 0.24, 0.36, 0.4])
    assert hidden_stretches(Curves()) == ()


def test_a_curve_breaks_where_there_is_no_face_and_needs_a_reference() -> None:
    own = make_record("a", "ours", curves=make_curves())
    drawn = lip_curve([own, make_record("a", "line", curves=make_curves(0.1))], "ours")
    assert drawn is not None
    picture, legend = drawn
    target = picture.split('class="lips-target"')[0].rsplit("<path", 1)[1]
    assert target.count("M") == 2
    assert "lips-rendered" in picture
    assert ("var(--delete)", "line") in legend
    assert lip_curve([own], "other") is None


def test_an_axis_keeps_to_what_is_possible() -> None:
    nan = float("nan")
    points = (Point(0, 0.97, 0.93, 1.0), Point(1, 0.5, nan, nan), Point(2, nan, nan, nan))
    chart = line_chart("r", ["a", "b", "c"], [Line("x", "#000", points)], bounds=(-1.0, 1.0))
    assert "1.2" not in chart.split("</svg>")[0].split("chart-title")[1].split("<circle")[0]
    assert chart.count("<circle") == 2
    assert line_chart("r", ["a"], [Line("x", "#000", (Point(0, nan),))]) == ""


def test_charts_show_every_value_and_hold_no_foreign_markup() -> None:
    rows = [Line(name, "#000", (Point(0, at, at - 1, at + 1, "</title><script>"),))
            for name, at in (("<b>", 2.0), ("long " * 9, -3.0))]  # fmt: skip
    chart = difference_chart("t", "lower is better", rows, "difference to <i>")
    assert chart.count("<circle") == 2
    assert "<script" not in chart
    assert "<b>" not in chart
    assert "…" in chart
    assert difference_chart("t", "", [Line("x", "#000", (Point(0, float("nan")),))], "") == ""
    assert histogram("t", "s", [1.0, 1.0, 2.0], bins=4).count("<rect") == 4
    assert histogram("t", "s", [1.0]).count("<rect") == 40  # one value is a spread too


def test_every_measure_of_the_benchmark_has_a_sentence_of_its_own() -> None:
    registry = pytest.importorskip("facedit.bench.measures.registry")
    groups = ("Made-anew motion against", "How well the mouth", "What was not edited,")
    for measure in registry.MEASURES:
        note = note_on(measure)
        assert note.endswith(".")
        assert not note.removeprefix("Of the motion before rendering: ").startswith(groups)


def test_a_longer_name_does_not_get_the_note_of_a_shorter_one() -> None:
    names = ("lip_opening_r", "lip_opening_relative_error", "lip_opening_error")
    names += ("av_sync_d", "av_sync_d_source", "drawn_lip_opening_r")
    assert len({note_on(make_measure(name)) for name in names}) == len(names)


def shown_item(folder: Path, *systems: str, track: str = "edit") -> ExampleItem:
    """Return an item whose systems' videos lie in the folder."""
    item = make_item("a", track)  # type: ignore[arg-type]
    rows = tuple(
        make_record("a", system, video=f"{system}.mp4", curves=make_curves()) for system in systems
    )
    return ExampleItem(item, "worst", ERROR, 1.0, rows)


def test_source_ours_and_the_rival_stand_side_by_side(tmp_path: Path) -> None:
    results, clips = tmp_path / "results", tmp_path / "clips"
    results.mkdir(), clips.mkdir()
    for path in (results / "ours.mp4", results / "line.mp4", clips / "a.mp4"):
        make_clip(path, seconds=1.0)
    (made,) = side_by_sides(results, [shown_item(results, "ours", "line")], "ours", clips)
    assert (made.file, made.note) == ("media/a.mp4", "")
    info = probe(results / made.file)
    assert info.width == 3 * 384
    assert info.has_sound
    assert made.poster.startswith("data:image/jpeg;base64,")


def test_a_missing_video_is_a_note_and_no_error(tmp_path: Path) -> None:
    make_clip(tmp_path / "ours.mp4", seconds=0.6)
    (made,) = side_by_sides(tmp_path, [shown_item(tmp_path, "ours", "line")], "ours", None)
    assert made.file
    assert "line is missing" in made.note
    assert "clip itself is not at hand" in made.note
    (tmp_path / "ours.mp4").write_bytes(b"no video")
    (made,) = side_by_sides(tmp_path, [shown_item(tmp_path, "ours")], "ours", None)
    assert (made.file, made.note[:16]) == ("", "No side-by-side:")
    (tmp_path / "ours.mp4").unlink()
    (made,) = side_by_sides(tmp_path, [shown_item(tmp_path, "ours")], "ours", None)
    assert made.file == ""


def test_a_video_outside_the_results_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    make_clip(tmp_path / "ours.mp4", seconds=0.4)
    one = shown_item(tmp_path, "ours")
    outside = replace(one, records=(replace(one.records[0], video="../ours.mp4"),))
    (made,) = side_by_sides(tmp_path / "results", [outside], "ours", None)
    assert made.file == ""
