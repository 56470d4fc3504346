"""How long the studio's takes last in a warm session: seconds from request to a playable preview.

    python benchmarks/takes.py CLIP.mp4 WORD [NEW]

Give a clip of about 10 s and 512 x 512 for the figures of docs/studio.md, and keep the machine
quiet. Prints the seconds of each step, and of each stage of a further take.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import facedit
from facedit.compose.words.plans import PlannedEdit
from facedit.options import EditRequest
from facedit.progress import Progress


def main(clip: str, old: str, new: str = "wonderful") -> None:
    """Measure one clip."""
    stages: dict[str, float] = {}
    last: list[tuple[str, float]] = []

    def heard(progress: Progress) -> None:
        now = time.perf_counter()
        if last:
            name, since = last.pop()
            stages[name] = stages.get(name, 0.0) + now - since
        last.append((progress.stage, now))

    def timed(name: str, work: Callable[[], Any]) -> Any:
        stages.clear()
        last.clear()
        start = time.perf_counter()
        made = work()
        took = time.perf_counter() - start
        shares = "  ".join(f"{stage} {s:.2f}" for stage, s in stages.items() if s >= 0.05)
        print(f"{took:7.2f} s  {name:30s} {shares}", flush=True)
        return made

    with tempfile.TemporaryDirectory() as folder:
        session = facedit.open(Path(clip), on_progress=heard)
        words = timed("words", session.transcript)

        def plan(by: str) -> PlannedEdit:
            request = EditRequest(replace=((old, by),), voice="default")
            return session.plan(request, words)

        def take(planned: PlannedEdit, seed: int) -> None:
            session.take(planned, 0, Path(folder) / f"{seed}.mp4", seed=seed)

        planned = timed("plan, cold", lambda: plan("ready"))
        timed("take, cold", lambda: take(planned, 0))
        timed("a further take", lambda: take(planned, 1))
        timed("four further takes", lambda: [take(planned, seed) for seed in range(2, 6)])
        other = timed("another wording, spoken", lambda: plan(new))
        timed("its first take", lambda: take(other, 0))
        timed("the whole clip", lambda: session.render(planned, Path(folder) / "whole.mp4"))


if __name__ == "__main__":
    main(*sys.argv[1:])
