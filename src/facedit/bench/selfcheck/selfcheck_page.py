"""The self-check as a page: the verdict, the matrix, the sync curves, every expectation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from facedit.bench.selfcheck.figures import Figures
from facedit.bench.selfcheck.matrix import SCALE, matrix_picture
from facedit.bench.selfcheck.result import SelfCheck
from facedit.bench.selfcheck.sync_curves import ALL, COLOURS, curve_picture, shift_curves
from facedit.report.drawing import escape
from facedit.report.strips import legend
from facedit.report.style import STYLE

_MORE_STYLE = (
    ".pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); "
    "gap: 14px 26px; }"
)


def selfcheck_html(
    found: SelfCheck, figures: Figures, corpora: Sequence[str], units: Mapping[str, float]
) -> str:
    """Write a self-check as a page.

    Args:
        found: The outcome.
        figures: The figures.
        corpora: Corpus of each item.
        units: By measure, the least change that counts as a move.

    Returns:
        A whole HTML document.
    """
    met = sum(row.ok for row in found.rows)
    badge = "<span class='badge good'>passed</span>"
    if not found.passed:
        badge = "<span class='badge look'>failed: no table is made</span>"
    body = [
        f"<h1>Proof of the measures {badge}</h1>",
        f"<p class='soft'>{met} of {len(found.rows)} expectations met on {len(found.items)} real "
        "clips, each disturbed in known ways. The measure meant for a disturbance must move, by an "
        "amount that matters and by more than chance explains; those not meant for it must "
        "stay.</p>",
        _failures(found),
        "<section><h2>Disturbances and measures</h2><p class='soft small'>Colour: change of the "
        "figure in units of what counts as a move (orange up, blue down). Outlined: must move. "
        "Dot: must stay. Red: was not as expected. Green: must lie in its band. White: not "
        "measured.</p>"
        f"{matrix_picture(figures, found.rows, units)}{_scale()}</section>",
        _curves(figures, corpora),
        _rows(found),
        _facts(found),
    ]
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        f"<title>Proof of the measures</title><style>{STYLE}{_MORE_STYLE}</style></head>\n"
        f"<body><main>{''.join(body)}</main></body></html>\n"
    )


def _failures(found: SelfCheck) -> str:
    """Show what was not as expected."""
    if found.passed:
        return ""
    lines = "".join(
        f"<li>{escape(f'{row.disturbance}: {row.measure} should be or go {row.expected}; was ')}"
        f"{escape(row.seen)}</li>"
        for row in found.failed
    )
    return f"<section class='warnings'><h2>Not as expected</h2><ul>{lines}</ul></section>"


def _scale() -> str:
    """Explain the colours."""
    down = [(blue, f"−{text}") for text, _, blue in reversed(SCALE[1:])]
    up = [(orange, text if orange == SCALE[0][1] else f"+{text}") for text, orange, _ in SCALE]
    return legend([*down, *up])


def _curves(figures: Figures, corpora: Sequence[str]) -> str:
    """Show the sync figures against the shift of the sound."""
    pictures = "".join(
        curve_picture(measure, shift_curves(figures, name, corpora))
        for name, measure in figures.measures.items()
        if measure.group == "sync" and measure.better != "none"
    )
    if not pictures:
        return ""
    names = sorted(set(corpora))
    colours = [(COLOURS[min(i, len(COLOURS) - 1)], name) for i, name in enumerate(names)]
    return (
        "<section><h2>Sync figures against the shift of the sound</h2><p class='soft small'>"
        "Intervals: 95 %, bootstrap over clips.</p>"
        f"<div class='pair'>{pictures}</div>{legend([('#1c2733', ALL), *colours])}</section>"
    )


def _rows(found: SelfCheck) -> str:
    """List every expectation."""
    lines = "".join(
        f"<tr><td>{escape(row.disturbance)}</td><td>{escape(row.measure)}</td>"
        f"<td>{escape(row.expected)}</td><td>{escape(row.seen)}</td>"
        f"<td><span class='badge {'good' if row.ok else 'look'}'>{'yes' if row.ok else 'no'}"
        f"</span></td><td class='soft small'>{escape(row.reason)}</td></tr>"
        for row in found.rows
    )
    head = "<tr><th>disturbance</th><th>measure</th><th>expected</th><th>seen</th><th>met</th>"
    return (
        f"<section><h2>Expectations</h2><div class='scroll'><table>{head}<th>why</th></tr>{lines}"
        "</table></div></section>"
    )


def _facts(found: SelfCheck) -> str:
    """Say what it rests on."""
    facts = {
        "not tested": "; ".join(f"{name}: {why}" for name, why in found.skipped.items()),
        "moved by no disturbance": ", ".join(found.unexamined),
        "items": ", ".join(found.items),
        "versions": ", ".join(f"{name} {text}" for name, text in found.versions.items()),
        "depends on": found.depends_on,
        "time": f"{found.seconds:.0f} s",
    }
    shown = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in facts.items() if text
    )
    return f"<section><h2>Where it comes from</h2><dl>{shown}</dl></section>"
