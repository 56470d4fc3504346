"""A folder of results belongs to one benchmark at one version and setting."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from facedit import __version__
from facedit.bench.items import Bench
from facedit.bench.systems.system import System
from facedit.errors import OutputExists
from facedit.lock import NAME as LOCK
from facedit.media.output import whole_or_nothing
from facedit.render.network import default_weights
from facedit.weights.fetch import sha256_of

RECORDS, RUN = "records.jsonl", "run.json"


def check_settings(
    output: Path, bench: Bench, systems: Sequence[System], *, takes: int, force: bool
) -> None:
    """Make sure that a folder holds results of this benchmark and these settings only.

    ``OutputExists`` if it holds results of something else.
    """
    items_hash = hashlib.sha256(repr(bench.items).encode()).hexdigest()[:16]
    mine: dict[str, Any] = {
        "bench": f"{bench.name} {bench.version} {items_hash}",
        "facedit": __version__,
        "takes": takes,
        "systems": {s.name: _identity(s) for s in systems},
    }
    path = output / RUN
    if path.is_file():
        found = json.loads(path.read_text(encoding="utf-8"))
        same = all(found.get(key) == mine[key] for key in ("bench", "facedit", "takes"))
        known: dict[str, str] = found.get("systems", {})
        same = same and all(known.get(s, text) == text for s, text in mine["systems"].items())
        if not same and not force:
            raise OutputExists(
                f"{output} holds results of another benchmark, version or setting: choose another "
                "-o, or --force to throw them away."
            )
        if not same:
            (output / RECORDS).unlink(missing_ok=True)
        else:
            mine["systems"] = known | mine["systems"]
    elif any(one.name != LOCK for one in output.iterdir()) and not force:
        raise OutputExists(f"{output} is not empty: choose another -o, or add --force.")
    with whole_or_nothing(path, force=True) as part:
        part.write_text(json.dumps(mine, indent=1), encoding="utf-8")


def _identity(system: System) -> str:
    """Say in one line on what the results of a system depend."""
    by = ""
    if system.pictures == "rendered" and default_weights().is_file():
        by = sha256_of(default_weights())[:16]
    return f"{system.pictures} {by} {system.origin} {system.videos}"
