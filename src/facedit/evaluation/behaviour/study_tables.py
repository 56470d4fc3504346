"""Studies of behaviour as Markdown tables."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from facedit.evaluation.behaviour.closures import MARGIN
from facedit.evaluation.behaviour.drift import LEVELS, RATIOS
from facedit.evaluation.behaviour.run_studies import CLOSURES, DRIFT, STILLNESS
from facedit.evaluation.behaviour.study import Row

_CLOSURES = (
    f"Closed: smallest opening within the phone, a frame wider, at most {MARGIN:g} % of the "
    "outer-eye distance above the speaker's closed lips. hit: of those closed in truth; excess: "
    "mean of drawn minus true smallest opening there, %; open vowels closed throughout: should "
    "be as rare as in truth."
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

_CLOSURE_HEADS = "task|method|bilabials|closed, truth|closed|hit|excess|open vowels closed (truth)"
_STILL_HEADS = (
    "task|method|steps|lips|truth|truth, speaking|over truth|opening (truth)|parted (truth)"
)


def behaviour_tables(studies: dict[str, dict[str, list[Row]]]) -> str:
    """Format studies as Markdown: a table per study and corpus; empty without rows."""
    parts: list[str] = []
    for study, title, note in (
        (CLOSURES, "Lips closed on m, b, p", _CLOSURES),
        (STILLNESS, "Lips in silence", _STILLNESS),
        (DRIFT, "Long sounds", _DRIFT),
    ):
        shown = [(corpus, found.get(study, [])) for corpus, found in studies.items()]
        shown = [(corpus, rows) for corpus, rows in shown if rows]
        if not shown:
            continue
        parts += [f"\n## {title}\n", note]
        for corpus, rows in shown:
            parts.append(f"\n### {corpus}, {_size(rows)}\n")
            parts += _FORMATS[study](rows)
    return "\n".join(parts) + "\n" if parts else ""


def _size(rows: Sequence[Row]) -> str:
    if "sounds" in rows[0]:
        kinds = {row["sounds"]: (row["count"], row["seconds"]) for row in rows}
        return ", ".join(
            f"{count} {kind} sounds of {seconds:.0f} s in all"
            if kind == "joined"
            else f"{count} long clips of {seconds:.0f} s in all"
            for kind, (count, seconds) in kinds.items()
        )
    return f"{max(row['clips'] for row in rows)} clips"


def _closures(rows: Sequence[Row]) -> list[str]:
    lines = _head(_CLOSURE_HEADS.split("|"))
    for row in rows:
        of = row["figures"]
        lines.append(
            _line(
                row["task"], row["method"], f"{of['bilabials']['value']:.0f}",
                _share(of["closed_truth"]), _share(of["closed"], True), _share(of["hit"], True),
                _range(of["excess"], "+.2f"),
                f"{_share(of['vowels'])} ({_share(of['vowels_truth'])})",
            )
        )  # fmt: skip
    return lines


def _stillness(rows: Sequence[Row]) -> list[str]:
    lines = _head(_STILL_HEADS.split("|"))
    for row in rows:
        of = {key: one["value"] for key, one in row["figures"].items()}
        lines.append(
            _line(
                row["task"], row["method"], f"{of['steps']:.0f}", f"{of['lips']:.3f}",
                f"{of['lips_truth']:.3f}", f"{of['lips_speaking']:.3f}",
                _range(row["figures"]["over_truth"], ".2f"),
                f"{of['opening']:.2f} ({of['opening_truth']:.2f})",
                f"{of['parted']:.2f} ({of['parted_truth']:.2f})",
            )
        )  # fmt: skip
    return lines


def _drift(rows: Sequence[Row]) -> list[str]:
    heads = ["sounds", "method", *LEVELS, "r"]
    lines = _head(heads)
    for row in rows:
        cells = [_level(row["levels"][name], name in RATIOS) for name in LEVELS]
        r = f"{row['r']['first']:.2f}, {row['r']['second']:.2f}"
        lines.append(_line(row["sounds"], row["method"], *cells, r))
    lines += ["", _JOINS, ""]
    lines += _head(["sounds", "method", "joins", "drawn", "truth there", "drawn over truth"])
    for row in rows:
        drawn, truth, over = ({"value": of["ratio"]} | of for of in row["joins"].values())
        lines.append(
            _line(
                row["sounds"], row["method"], str(drawn["count"]), _range(drawn, ".2f"),
                _range(truth, ".2f"), _range(over, ".2f"),
            )
        )  # fmt: skip
    return lines


_FORMATS = {CLOSURES: _closures, STILLNESS: _stillness, DRIFT: _drift}


def _level(of: dict[str, Any], ratio: bool) -> str:
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


def _head(names: Sequence[str]) -> list[str]:
    return [_line(*names), "|" + "---|" * len(names)]


def _line(*cells: str) -> str:
    return "| " + " | ".join(_NONE.sub("-", cell) for cell in cells) + " |"


_NONE = re.compile(r"[-+]?\bnan\b( %)?")
"""A figure that there is none of, as Python formats it."""
