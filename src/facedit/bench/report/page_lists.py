"""Lists of the page: what was not done, what it cost, what was run, the self-check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from facedit.bench.record import Record
from facedit.bench.report.cost import Cost, stage_name
from facedit.bench.report.facts import RunFacts
from facedit.bench.report.numbers import seconds
from facedit.bench.report.page_tables import TRACK_TITLES, system_name
from facedit.report.drawing import escape

_OPEN_UP_TO = 30
"""Longer lists are folded."""


def not_done_section(records: Sequence[Record]) -> str:
    """List what failed, and what does not apply, with the reasons.

    Args:
        records: Records that are not done, in the order to show them.

    Returns:
        HTML.
    """
    failed = [record for record in records if record.status == "failed"]
    other = [record for record in records if record.status != "failed"]
    parts = ["<section id='not-done'><h2>Failed and not applicable</h2>"]
    if not records:
        parts.append("<p class='soft'>Every item was measured in every system.</p>")
    if failed:
        body = _reasons([(r.system, r.item, r.reason) for r in failed])
        title = f"{len(failed)} failed"
        is_open = " open" if len(failed) <= _OPEN_UP_TO else ""
        parts.append(f"<details{is_open}><summary>{title}</summary>{body}</details>")
    if other:
        # A system that has no answer to a kind of item says the same of each: once is enough.
        groups: dict[tuple[str, str], list[str]] = {}
        for record in other:
            groups.setdefault((record.system, record.reason), []).append(record.item)
        rows = [
            (system, items[0] if len(items) == 1 else f"{len(items)} items", reason)
            for (system, reason), items in groups.items()
        ]
        body = _reasons(rows)
        parts.append(f"<details><summary>{len(other)} not applicable</summary>{body}</details>")
    return "".join([*parts, "</section>"])


def cost_section(costs: Sequence[Cost], colour: Mapping[str, str]) -> str:
    """Show what every system cost.

    Args:
        costs: The costs.
        colour: Colours by system.

    Returns:
        HTML; empty if nothing was timed.
    """
    if not costs:
        return ""
    stages = sorted({name for cost in costs for name in cost.stages})
    head = "".join(f"<th class='n'>{escape(stage_name(name))}</th>" for name in stages)
    parts = [
        "<section id='cost'><h2>Cost</h2><p class='soft small'>Seconds per item by stage; all "
        "stages but looking and measuring, per item and per second of new pictures; largest "
        "memory of a process so far. Times differ from run to run: they are in "
        "<a href='cost.csv'>cost.csv</a>, apart from the results.</p>"
    ]
    for track, (title, _) in TRACK_TITLES.items():
        rows = []
        for cost in costs:
            if cost.track != track:
                continue
            cells = [
                seconds(cost.stages[name] / cost.items) if name in cost.stages else ""
                for name in stages
            ]
            cells += [
                seconds(cost.per_item_s),
                "" if cost.per_fill_s is None else seconds(cost.per_fill_s),
                f"{cost.peak_mib:.0f}" if cost.peak_mib else "",
                str(cost.items),
            ]
            row = "".join(f"<td class='n'>{cell}</td>" for cell in cells)
            rows.append(f"<tr><td>{system_name(cost.system, colour)}</td>{row}</tr>")
        if rows:
            parts.append(
                f"<h3>{title}</h3><div class='scroll'><table class='figures'><tr><th>system</th>"
                f"{head}<th class='n'>all stages<span class='unit'>s / item</span></th>"
                "<th class='n'>per fill<span class='unit'>s / s</span></th>"
                "<th class='n'>memory<span class='unit'>MiB</span></th>"
                f"<th class='n'>items</th></tr>{''.join(rows)}</table></div>"
            )
    return "".join([*parts, "</section>"])


def selfcheck_section(facts: RunFacts) -> str:
    """Show the lines of the self-check.

    Args:
        facts: The facts.

    Returns:
        HTML.
    """
    if facts.selfcheck:
        body = f"<pre>{escape_lines(facts.selfcheck)}</pre>"
    else:
        body = "<p class='soft'>No self-check was given with this run.</p>"
    return (
        "<section id='selfcheck'><h2>Proof of the metrics</h2><p class='soft small'>Before any "
        "table, known harm was done to real clips: each must move the measure that is meant for "
        f"it, and leave the others.</p>{body}</section>"
    )


def facts_section(facts: RunFacts) -> str:
    """Show what was run, with what and on what.

    Args:
        facts: The facts.

    Returns:
        HTML.
    """
    entries = [("date", facts.date), ("command", facts.command), ("seed", str(facts.seed))]
    entries += [*facts.versions.items(), *facts.machine.items()]
    entries += [(f"weights: {name}", value) for name, value in facts.weights.items()]
    shown = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in entries if value
    )
    return f"<section id='facts'><h2>What was run</h2><dl>{shown}</dl></section>"


def systems_section(
    systems: Sequence[str], facts: RunFacts, colour: Mapping[str, str], reference: str
) -> str:
    """Say what each system is.

    Args:
        systems: The systems in order.
        facts: Sentences about them.
        colour: Colours by system.
        reference: The system the others are compared with.

    Returns:
        HTML.
    """
    rows = "".join(
        f"<tr><td style='white-space:nowrap'>{system_name(system, colour)}</td>"
        f"<td>{escape(facts.systems.get(system, ''))}"
        f"{' <span class=soft>(reference)</span>' if system == reference else ''}</td></tr>"
        for system in systems
    )
    return f"<section id='systems'><h2>Systems</h2><table>{rows}</table></section>"


def escape_lines(lines: Sequence[str]) -> str:
    """Escape lines and put them below each other."""
    return "\n".join(escape(line) for line in lines)


def _reasons(rows: Sequence[tuple[str, str, str]]) -> str:
    body = "".join(
        f"<tr><td style='white-space:nowrap'>{escape(system)}</td><td>{escape(item)}</td>"
        f"<td class='reason'>{escape(reason)}</td></tr>"
        for system, item, reason in rows
    )
    return (
        "<div class='scroll'><table><tr><th>system</th><th>item</th><th>reason</th></tr>"
        f"{body}</table></div>"
    )
