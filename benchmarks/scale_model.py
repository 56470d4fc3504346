"""What a corpus costs on many machines: computed from measured seconds, then simulated.

    python benchmarks/scale_model.py RESULTS.jsonl [--hours 1000] [--clip-s 8] [--cores 16] \
        [--megabytes-in 5 --megabytes-out 30] [--network-mb-s 1000]

RESULTS.jsonl is the log of a batch (``results.jsonl``): the seconds of its items, drawn again with
replacement, are those of the simulation, so that stragglers come as often as they were measured.
A worker dies at a stated rate; its item is done again. Shards are dealt out before, a queue hands
out one item at a time (Ray, ``--workers``). Storage is shared; ``--network-mb-s`` is what it gives
to all machines together.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
from pathlib import Path
from statistics import fmean

MACHINES = (1, 10, 100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--verb", help="only items whose id ends so")
    parser.add_argument("--hours", type=float, default=1000.0, help="of footage")
    parser.add_argument("--clip-s", type=float, default=8.0, help="mean length of a clip")
    parser.add_argument("--cores", type=int, default=16, help="of a machine: a worker each")
    parser.add_argument("--megabytes-in", type=float, default=5.0, help="read for an item")
    parser.add_argument("--megabytes-out", type=float, default=5.0, help="written for an item")
    parser.add_argument("--network-mb-s", type=float, default=1000.0)
    parser.add_argument("--deaths", type=float, default=0.01, help="of a worker, an hour")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    seconds = measured(args.results, args.verb)
    count = round(args.hours * 3600 / args.clip_s)
    chance = random.Random(args.seed)
    items = chance.choices(seconds, k=count)
    gigabytes = count * (args.megabytes_in + args.megabytes_out) / 1000
    print(
        f"{len(seconds)} measured items: mean {fmean(seconds):.1f} s, most {max(seconds):.1f} s; "
        f"{count} items, {sum(items) / 3600:.0f} core hours, {gigabytes:.0f} GB through the network"
    )
    print("| machines | cores | computed, h | network alone, h | queue, h | shards, h | redone |")
    print("|---|---|---|---|---|---|---|")
    for machines in MACHINES:
        workers = machines * args.cores
        network = gigabytes * 1000 / args.network_mb_s / 3600
        queue, redone = simulated(items, workers, args.deaths, chance)
        parts = [simulated(items[k::machines], args.cores, args.deaths, chance)[0]
                 for k in range(machines)]  # fmt: skip
        print(
            f"| {machines} | {workers} | {sum(items) / workers / 3600:.2f} | {network:.2f} | "
            f"{max(queue, network):.2f} | {max(*parts, network):.2f} | {redone} |"
        )


def measured(results: Path, verb: str | None) -> list[float]:
    """Read the seconds of the items that were done."""
    records = [json.loads(line) for line in results.read_text().splitlines() if line]
    found = [
        record["seconds"]
        for record in records
        if record["status"] == "done" and record["id"].endswith(verb or "")
    ]
    if not found:
        raise SystemExit(f"{results}: no item is done.")
    return found


def simulated(
    items: list[float], workers: int, deaths: float, chance: random.Random
) -> tuple[float, int]:
    """Hand items out one at a time; return the hours until the last one ends, and how many died.

    A worker that dies loses what it did of its item, which goes to the end of the queue.
    """
    free = [0.0] * min(workers, len(items))
    todo, redone = list(reversed(items)), 0
    last = 0.0
    while todo:
        start, length = heapq.heappop(free), todo.pop()
        life = chance.expovariate(deaths / 3600) if deaths else float("inf")
        if life < length:
            todo.insert(0, length)
            redone += 1
        end = start + min(life, length)
        last = max(last, end)
        heapq.heappush(free, end)
    return last / 3600, redone


if __name__ == "__main__":
    main()
