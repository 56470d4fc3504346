"""Studies of behaviour as Markdown tables."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from facedit.evaluation.behaviour.closures import MARGIN
from facedit.evaluation.behaviour.drift import LEVELS, RATIOS
from facedit.evaluation.behaviour.rounding import NARROW
from facedit.evaluation.behaviour.study import Row
from facedit.evaluation.evaluate_options import CLOSURES, DRIFT, ROUNDING, STILLNESS
from facedit.report.page_kit import markdown_table

_CLOSURES = (
    f"Closed: smallest opening within the phone, a frame wider, at most {MARGIN:g} % of the "
    "outer-eye distance above the speaker's closed lips. hit: of those closed in truth; excess: "
    "mean of drawn minus true smallest opening there, %; open vowels closed throughout: should "
    "be as rare as in truth."
)
_ROUNDING = (
    f"Rounded: smallest lip width within w, oo, o, oy, a frame wider, within the narrowest "
    f"{NARROW:g} % of the speaker's own. hit: of those rounded in truth; size: standard deviation "
    "of the width in the span over the truth's."
)
_STILLNESS = (
    "Lips: mean step of the lip dims per frame in silence, in spreads of the widest; over truth: "
    "over the true lips' in silence (tracking noise included); opening: mean change of the opening "
    "per frame, parted: mean opening above the speaker's closed lips, % of the outer-eye distance."
)
_DRIFT = (
    "Everything but a prompt of six frames hidden. Drawn minus true level: mean (first 2 s, last "
    "2 s; slope in 10 s with 95 % interval); spread and speed as ratio to the truth. opening in % "
    "of the outer-eye distance, lips in spreads of the widest dim; r: opening over the first and "
    "second half."
)
_JOINS = (
    "Mean lip step where a window of the network begins or ends over that elsewhere; the last: the "
    "drawn ratio over the truth's at the same joins (1: no join shows)."
)


def behaviour_tables(studies: dict[str, dict[str, list[Row]]]) -> str:
    """Format studies as Markdown: a table per study and corpus; empty without rows."""
    parts: list[str] = []
    for study, (title, note, tables) in _STUDIES.items():
        shown = [(corpus, found[study]) for corpus, found in studies.items() if found.get(study)]
        if shown:
            parts += [f"\n## {title}\n", note]
        for corpus, rows in shown:
            parts.append(f"\n### {corpus}, {_size(rows)}\n")
            for before, heads, cells in tables:
                lines = [[_NONE.sub("-", cell) for cell in cells(row)] for row in rows]
                table = markdown_table(heads.split("|"), lines)
                parts.append(f"{before}{table}")
    return "\n".join(parts) + "\n" if parts else ""


def _size(rows: Sequence[Row]) -> str:
    if "sounds" not in rows[0]:
        return f"{max(row['clips'] for row in rows)} clips"
    names = {"clips": "long clips", "joined": "joined sounds"}
    kinds = {row["sounds"]: (row["count"], row["seconds"]) for row in rows}
    return ", ".join(
        f"{count} {names[kind]} of {seconds:.0f} s in all"
        for kind, (count, seconds) in kinds.items()
    )


def _closures(row: Row) -> list[str]:
    of = row["figures"]
    return [
        row["task"], row["method"], f"{of['bilabials']['value']:.0f}",
        _share(of["closed_truth"]), _share(of["closed"], True), _share(of["hit"], True),
        _range(of["excess"], "+.2f"), f"{_share(of['vowels'])} ({_share(of['vowels_truth'])})",
    ]  # fmt: skip


def _rounding(row: Row) -> list[str]:
    of = row["figures"]
    return [
        row["task"], row["method"], f"{of['rounded_phones']['value']:.0f}",
        _share(of["rounded_truth"]), _share(of["rounded"], True), _share(of["hit"], True),
        _range(of["size"], ".2f"),
    ]  # fmt: skip


def _stillness(row: Row) -> list[str]:
    of = {key: one["value"] for key, one in row["figures"].items()}
    return [
        row["task"], row["method"], f"{of['steps']:.0f}", f"{of['lips']:.3f}",
        f"{of['lips_truth']:.3f}", f"{of['lips_speaking']:.3f}",
        _range(row["figures"]["over_truth"], ".2f"),
        f"{of['opening']:.2f} ({of['opening_truth']:.2f})",
        f"{of['parted']:.2f} ({of['parted_truth']:.2f})",
    ]  # fmt: skip


def _drift(row: Row) -> list[str]:
    cells = [_level(row["levels"][name], name in RATIOS) for name in LEVELS]
    return [
        row["sounds"], row["method"], *cells, f"{row['r']['first']:.2f}, {row['r']['second']:.2f}"
    ]  # fmt: skip


def _joins(row: Row) -> list[str]:
    ranges = [_range({"value": of["ratio"]} | of, ".2f") for of in row["joins"].values()]
    return [row["sounds"], row["method"], str(row["joins"]["drawn"]["count"]), *ranges]


_Table = tuple[str, str, Callable[[Row], list[str]]]

_STUDIES: dict[str, tuple[str, str, tuple[_Table, ...]]] = {
    CLOSURES: ("Lips closed on m, b, p", _CLOSURES, ((
        "", "task|method|bilabials|closed, truth|closed|hit|excess|open vowels closed (truth)",
        _closures,
    ),)),
    ROUNDING: ("Lips rounded on w and oo", _ROUNDING, ((
        "", "task|method|phones|rounded, truth|rounded|hit|size", _rounding,
    ),)),
    STILLNESS: ("Lips in silence", _STILLNESS, ((
        "",
        "task|method|steps|lips|truth|truth, speaking|over truth|opening (truth)|parted (truth)",
        _stillness,
    ),)),
    DRIFT: ("Long sounds", _DRIFT, (
        ("", "|".join(("sounds", "method", *LEVELS, "r")), _drift),
        (f"\n{_JOINS}\n\n", "sounds|method|joins|drawn|truth there|drawn over truth", _joins),
    )),
}  # fmt: skip
"""By study: title, note, and tables, each with what stands before it, its head and its cells."""


def _level(of: Row, ratio: bool) -> str:
    form = ".2f" if ratio else "+.2f"
    slope = of["slope"]
    return (
        f"{of['mean']:{form}} ({of['first']:{form}}, {of['last']:{form}}; "
        f"{slope['per_10_s']:+.2f} [{slope['low']:+.2f}, {slope['high']:+.2f}])"
    )


def _share(of: dict[str, float], interval: bool = False) -> str:
    if not math.isfinite(of["value"]):
        return "-"
    text = f"{100 * of['value']:.0f} %"
    return text + (f" [{100 * of['low']:.0f}, {100 * of['high']:.0f}]" if interval else "")


def _range(of: dict[str, float], form: str) -> str:
    if not math.isfinite(of["value"]):
        return "-"
    return f"{of['value']:{form}} [{of['low']:{form}}, {of['high']:{form}}]"


_NONE = re.compile(r"[-+]?\bnan\b( %)?")
"""A figure that there is none of, as Python formats it."""
