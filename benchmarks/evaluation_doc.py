"""Put the span tables of an evaluation into docs/journal/evaluation.md, or print the model card's.

python benchmarks/evaluation_doc.py OUT/evaluation.json journal  # replaces all from '## Tables' on
python benchmarks/evaluation_doc.py OUT/evaluation.json card     # prints the card's table
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "journal" / "evaluation.md"
TABLES = "## Tables"
METHODS = {
    "model": "**{weights}**",
    "model, mean (T=0)": "its mean (T = 0, no guidance)",
    "model, sample (T=1)": "a full sample (T = 1)",
    "model, wrong sound": "{weights}, another clip's sound",
    "another clip's lips": "that other clip's true lips",
    "line": "straight line",
    "hold": "hold the last frame",
    "ridge": "ridge, all corpora",
    "ridge, own corpus": "ridge, own corpus",
    "ridge, wrong sound": "ridge, another clip's sound",
}
TITLES = {
    "others": "Others: unseen speakers of six corpora",
    "grid_s1": "GRID, known speaker, new sentences",
    "lrw_ar": "LRW-AR, four unseen speakers",
}
CARD = {
    "grid_s1": "GRID, known speaker",
    "lrw_ar": "LRW-AR, unseen people",
    "others": "others, unseen people",
}
HEADS = ("opening r", "rel. error", "width r", "rel. error")
FIGURES = ("opening_r", "opening_rel", "width_r", "width_rel")
RATIOS = ("speed", "jump", "velocity_jump")
RIDGE = "ridge, own corpus"

Row = dict[str, Any]


class Evaluation:
    """An evaluation as ``facedit evaluate`` wrote it."""

    def __init__(self, path: Path) -> None:
        self.all: dict[str, Any] = json.loads(path.read_text())
        self.rows: list[Row] = self.all["rows"]

    def name(self, method: str) -> str:
        """Return the name of a method in the tables."""
        return METHODS[method].format(weights=self.all["weights"])

    def find(self, corpus: str, dims: str, span: int, method: str) -> Row | None:
        """Return a row, or None where the clips are too short for the span."""
        wanted = (corpus, dims, span, method)
        keys = ("corpus", "dims", "span", "method")
        return next((r for r in self.rows if tuple(r[k] for k in keys) == wanted), None)

    def spans(self, corpus: str) -> list[int]:
        """Return the spans that were measured."""
        return sorted({r["span"] for r in self.rows if r["corpus"] == corpus})


def interval(figure: Row, signed: bool = False) -> str:
    """Write a figure with its interval."""
    form = (
        "{value:+.3f} [{low:+.3f}, {high:+.3f}]"
        if signed
        else "{value:.2f} [{low:.2f}, {high:.2f}]"
    )
    return form.format(**figure)


def table(*heads: str) -> list[str]:
    """Begin a table."""
    return ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]


def journal(found: Evaluation) -> str:
    """Write the tables of the journal's page."""
    lines = [f"{TABLES} (protocol `edit`)", ""]
    corpora = [name for name in TITLES if name in found.all["clips"]]
    for corpus in corpora:
        lines += [f"### {TITLES[corpus]} ({found.all['clips'][corpus]} clips)", ""]
        lines += table(
            "span", "method", *HEADS, "opening r beyond a line", "speed", "jump", "velocity jump"
        )
        for span in found.spans(corpus):
            for method in METHODS:
                if row := found.find(corpus, "edit", span, method):
                    cells = [interval(row["figures"][name]) for name in FIGURES]
                    cells.append(f"{row['figures']['opening_beyond_r']['value']:.2f}")
                    cells += [f"{row['figures'][name]['value']:.2f}" for name in RATIOS]
                    lines.append(f"| {span} | {found.name(method)} | {' | '.join(cells)} |")
        lines.append("")
    lines += ["### Span of 14 frames under the three protocols", ""]
    lines += table("clips", "protocol", "method", *HEADS)
    for corpus in corpora:
        for dims in ("edit", "lips", "all dims"):
            for method in ("model", "model, mean (T=0)", RIDGE):
                if row := found.find(corpus, dims, 14, method):
                    cells = [interval(row["figures"][name]) for name in FIGURES]
                    lines.append(
                        f"| {corpus} | {dims} | {found.name(method)} | {' | '.join(cells)} |"
                    )
    lines += ["", "### Model minus the stronger ridge, paired by clip (edit protocol)", ""]
    lines += table(
        "clips", "span", "method", "opening r", "opening rel. error", "width r", "width rel. error"
    )
    gains = {
        (g["corpus"], g["dims"], g["span"], g["method"], g["against"], g["figure"]): g
        for g in found.all["gains"]
    }
    for corpus in corpora:
        for span in found.spans(corpus):
            for method in ("model", "model, mean (T=0)"):
                keys = [(corpus, "edit", span, method, RIDGE, name) for name in FIGURES]
                if all(key in gains for key in keys):
                    cells = [interval(gains[key], signed=True) for key in keys]
                    lines.append(
                        f"| {corpus} | {span} | {found.name(method)} | {' | '.join(cells)} |"
                    )
    return "\n".join(lines) + "\n"


def card(found: Evaluation) -> str:
    """Write the table of the model card."""
    lines = table(
        "clips", "span", "opening r", "error", "ridge", "width r", "error", "ridge", "speed", "jump"
    )
    for corpus in (name for name in CARD if name in found.all["clips"]):
        for span in found.spans(corpus):
            row, ridge = (found.find(corpus, "edit", span, m) for m in ("model", RIDGE))
            if row is None or ridge is None:
                continue
            cells = []
            for lip in ("opening", "width"):
                names = (f"{lip}_r", f"{lip}_rel")
                cells += [interval(row["figures"][name]) for name in names]
                cells.append(" / ".join(f"{ridge['figures'][name]['value']:.2f}" for name in names))
            cells += [f"{row['figures'][name]['value']:.2f}" for name in ("speed", "jump")]
            lines.append(f"| {CARD[corpus]} ({row['clips']}) | {span} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write or print what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("evaluation", type=Path)
    parser.add_argument("what", choices=["journal", "card"])
    args = parser.parse_args()
    found = Evaluation(args.evaluation)
    if args.what == "card":
        print(card(found), end="")
    else:
        before, *_ = PAGE.read_text().partition(f"{TABLES} ")
        PAGE.write_text(before + journal(found))


if __name__ == "__main__":
    main()
