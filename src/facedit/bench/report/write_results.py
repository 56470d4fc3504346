"""Writes the results of a benchmark: tables, page and side-by-sides in one folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from facedit.bench.items import Bench
from facedit.bench.record import Record
from facedit.bench.report.example_items import choose
from facedit.bench.report.facts import RunFacts, costs
from facedit.bench.report.result_files import (
    cost_csv,
    results_csv,
    results_json,
    results_md,
    unmeasured,
)
from facedit.bench.report.result_tables import Count, make_tables
from facedit.bench.report.results_page import FILES, Run, bench_page
from facedit.bench.report.videos import side_by_sides
from facedit.errors import OutputNotWritable
from facedit.evaluation.measure import Measure
from facedit.media.output import whole_or_nothing

PAGE = "index.html"
COST = "cost.csv"


@dataclass(frozen=True, slots=True)
class Report:
    """What was written: the page, the main tables, what became of the items.

    ``notes`` says which side-by-sides could not be made.
    """

    page: Path
    markdown: str
    counts: tuple[Count, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the report for JSON, with the results that failed or have no record."""
        return {
            "page": str(self.page),
            "failed": sum(count.failed for count in self.counts),
            "missing": sum(count.missing for count in self.counts),
            "counts": [asdict(count) for count in self.counts],
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        """Return the report for people."""
        lines = [self.markdown.rstrip(), ""]
        lines += [
            f"{count.system}, {count.track}: {count.failed} failed, {count.missing} missing"
            for count in self.counts
            if count.failed or count.missing
        ]
        lines += self.notes
        return "\n".join([*lines, f"page: {self.page}"])


def write_results(
    folder: Path,
    bench: Bench,
    records: Sequence[Record],
    measures: Sequence[Measure],
    facts: RunFacts,
    *,
    reference: str = "ours",
) -> Report:
    """Write ``results.csv``, ``.json`` and ``.md``, ``cost.csv``, ``index.html`` and side-by-sides.

    ``folder``: in which the records' videos lie; files of an earlier report are replaced, each
    whole. ``OutputNotWritable`` if it cannot be written.
    """
    place = {item.id: index for index, item in enumerate(bench.items)}
    known = sorted((r for r in records if r.item in place), key=lambda r: (place[r.item], r.system))
    order = tuple(facts.systems)
    tables = make_tables(bench, known, measures, reference=reference, order=order, seed=bench.seed)
    spent = costs(bench, known, tables.systems)
    shown = choose(bench, known, measures, tables)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputNotWritable(f"{folder}: cannot be made ({error.strerror}).") from error
    videos = side_by_sides(folder, shown, reference, facts.clips)
    examples = list(zip(shown, videos, strict=True))
    absent = dict(facts.unproven) | unmeasured(tables, known, measures)
    markdown = results_md(bench, tables, measures, absent, facts.judged)
    documents = {
        FILES[0]: results_csv(tables, measures),
        FILES[1]: results_json(bench, tables, known, measures, facts),
        FILES[2]: markdown,
        COST: cost_csv(spent),
        PAGE: bench_page(Run(bench, known, measures, facts, tables, spent, examples)),
    }
    for name, text in documents.items():
        with whole_or_nothing(folder / name, force=True) as temporary:
            temporary.write_text(text, encoding="utf-8")
    notes = tuple(f"{one.item.id}: {video.note}" for one, video in examples if not video.file)
    return Report(folder / PAGE, markdown, tables.counts, notes)
