import math

import pytest
from bench_report_cases import make_bench, make_item, make_measure, make_record

from facedit.bench.report.compare import best_systems, verdict
from facedit.bench.report.facts import costs
from facedit.bench.report.result_tables import Tables, make_tables, slices, system_order
from facedit.evaluation.measure import Better
from facedit.evaluation.stats import Estimate

ERROR = make_measure("error")


def tables_of(rows: dict[str, dict[str, tuple[float, float]]]) -> Tables:
    """Make tables of one measure from sums by system and item."""
    items = [make_item(name) for name in ("a", "b", "c", "d")]
    records = [
        make_record(item, system, {"error": sums})
        for system, by_item in rows.items()
        for item, sums in by_item.items()
    ]
    return make_tables(make_bench(*items), records, [ERROR], draws=200)


def test_a_figure_is_of_pooled_sums_and_no_mean_of_means() -> None:
    tables = tables_of({"ours": {"a": (10.0, 1.0), "b": (10.0, 9.0)}})
    cell = tables.whole("reconstruct").rows["ours"]["error"]  # type: ignore[union-attr]
    assert cell.value == pytest.approx(2.0)
    assert (cell.items, cell.clips) == (2, 2)
    assert cell.low <= cell.value <= cell.high


def test_what_was_not_measured_is_no_cell_and_never_zero() -> None:
    tables = tables_of({"ours": {"a": (1.0, 1.0)}, "line": {"a": (0.0, 0.0)}})
    whole = tables.whole("reconstruct")
    assert whole is not None
    assert "error" not in whole.rows["line"]
    assert tables.contrasts == ()


def test_a_true_zero_is_a_figure() -> None:
    whole = tables_of({"truth": {"a": (0.0, 5.0)}}).whole("reconstruct")
    assert whole is not None
    assert whole.rows["truth"]["error"].value == 0.0


def test_every_item_is_counted_once_whatever_became_of_it() -> None:
    items = [make_item(name) for name in ("a", "b", "c", "d", "e")]
    records = [
        make_record("a", "ours", {"error": (1.0, 1.0)}),
        make_record("b", "ours", status="failed", reason="no face"),
        make_record("c", "ours", status="not applicable", reason="no answer"),
        make_record("d", "ours", {}),
        make_record("gone", "ours", {"error": (100.0, 1.0)}),
    ]
    (count,) = make_tables(make_bench(*items), records, [ERROR], draws=10).counts
    assert (count.done, count.failed, count.not_applicable, count.missing) == (2, 1, 1, 1)


def test_sums_of_an_item_that_failed_do_not_count() -> None:
    records = [
        make_record("a", "ours", {"error": (1.0, 1.0)}),
        make_record("b", "ours", {"error": (99.0, 1.0)}, "failed"),
    ]
    bench = make_bench(make_item("a"), make_item("b"))
    whole = make_tables(bench, records, [ERROR], draws=10).whole("reconstruct")
    assert whole is not None
    assert whole.rows["ours"]["error"].value == 1.0


def test_the_difference_is_taken_on_the_items_that_both_have() -> None:
    tables = tables_of(
        {
            "ours": {"a": (2.0, 1.0), "b": (4.0, 1.0), "c": (900.0, 1.0)},
            "line": {"a": (3.0, 1.0), "b": (7.0, 1.0), "d": (0.5, 1.0)},
        }
    )
    (contrast,) = tables.contrasts
    assert contrast.system == "line"
    assert contrast.difference.value == pytest.approx(2.0)
    assert contrast.difference.items == 2


def test_holm_counts_the_systems_of_a_measure() -> None:
    items = [make_item(f"i{k}") for k in range(12)]
    records = [
        make_record(item.id, system, {"error": (base + 0.01 * k, 1.0)})
        for k, item in enumerate(items)
        for system, base in (("ours", 1.0), ("x", 2.0), ("y", 3.0), ("z", 1.0))
    ]
    tables = make_tables(make_bench(*items), records, [ERROR], draws=400)
    found = {c.system: c for c in tables.contrasts}
    assert found["x"].p_holm == pytest.approx(3 * found["x"].difference.p)
    assert [found[s].verdict for s in "xyz"] == ["worse", "worse", ""]


def test_slices_by_length_hold_their_items_alone() -> None:
    items = [make_item("a", length="short"), make_item("b", length="long")]
    records = [
        make_record("a", "ours", {"error": (1.0, 1.0)}),
        make_record("b", "ours", {"error": (5.0, 1.0)}),
    ]
    tables = make_tables(make_bench(*items), records, [ERROR], draws=10)
    cuts = {t.slice.name: t.rows["ours"]["error"].value for t in tables.of("reconstruct", "length")}
    assert cuts == {"length=short": 1.0, "length=long": 5.0}


def test_small_corpora_share_a_slice_and_each_item_is_in_one() -> None:
    items = [make_item(f"g{k}", corpus="grid") for k in range(8)]
    items += [make_item("t1", corpus="tiny"), make_item("s1", corpus="small")]
    by_corpus = [part for part in slices(make_bench(*items)) if part.by == "corpus"]
    assert [part.value for part in by_corpus] == ["grid", "others"]
    assert sorted(i for part in by_corpus for i in part.items) == sorted(i.id for i in items)


def test_clips_count_not_items_where_a_corpus_is_small() -> None:
    items = [make_item(f"g{k}", clip="one", corpus="grid") for k in range(20)]
    items += [make_item(f"h{k}", corpus="other") for k in range(8)]
    names = [part.name for part in slices(make_bench(*items)) if part.by == "corpus"]
    assert names == ["corpus=other", "corpus=others"]


@pytest.mark.parametrize(
    ("better", "expected"),
    [("lower", ["a"]), ("higher", ["c"]), ("one", ["b"]), ("zero", ["a"]), ("none", [])],
)
def test_the_best_is_what_better_says(better: Better, expected: list[str]) -> None:
    measure = make_measure("m", better)
    values = {"a": 0.2, "b": 1.1, "c": 3.0, "truth": 1.0}
    rows = {s: {"m": Estimate(v, v, v, 4, 4)} for s, v in values.items()}
    assert best_systems(measure, rows) == expected


def test_a_system_that_left_items_out_is_not_the_best() -> None:
    rows = {
        "easy": {"m": Estimate(0.1, 0, 1, 3, 3)},
        "full": {"m": Estimate(0.2, 0, 1, 4, 4)},
        "bad": {"m": Estimate(0.9, 0, 1, 4, 4)},
    }
    assert best_systems(make_measure("m"), rows) == ["full"]


def test_equal_in_print_is_equally_good() -> None:
    rows = {s: {"m": Estimate(v, 0, 1, 4, 4)} for s, v in (("a", 0.1001), ("b", 0.1), ("c", 0.2))}
    assert best_systems(make_measure("m", digits=3), rows) == ["a", "b"]


@pytest.mark.parametrize(
    ("better", "difference", "p", "expected"),
    [
        ("lower", -1.0, 0.01, "better"),
        ("lower", 1.0, 0.01, "worse"),
        ("higher", 1.0, 0.01, "better"),
        ("higher", 1.0, 0.06, ""),
        ("higher", 1.0, math.nan, ""),
        ("one", 1.0, 0.001, ""),
    ],
)
def test_a_verdict_needs_a_way_and_a_clear_difference(
    better: Better, difference: float, p: float, expected: str
) -> None:
    assert verdict(make_measure("m", better), difference, p) == expected


def test_truth_comes_first_then_the_reference_then_the_order_given() -> None:
    systems = ["zeta", "ours", "line", "alpha", "truth", "hold"]
    order = system_order(systems, "ours", ("line", "hold"))
    assert order == ("truth", "ours", "line", "hold", "alpha", "zeta")


def test_costs_are_per_item_and_per_second_of_fill() -> None:
    bench = make_bench(make_item("a"), make_item("b"), make_item("c"))
    cost = {"motion_s": 1.0, "render_s": 2.0, "fill_s": 0.5, "peak_mib": 100.0}
    cost["measuring"] = 9.0
    records = [
        make_record("a", "ours", cost=cost),
        make_record("b", "ours", cost={**cost, "peak_mib": 300.0}),
        make_record("c", "ours", status="failed", cost={"motion_s": 50.0}),
    ]
    (one,) = costs(bench, records, ["ours"])
    assert (one.total_s, one.per_item_s, one.per_fill_s) == (6.0, 3.0, 6.0)
    assert (one.peak_mib, one.items) == (300.0, 2)
    assert sorted(one.stages) == ["measuring", "motion_s", "render_s"]
