"""Small benchmarks with records whose tables can be worked out by hand."""

from __future__ import annotations

from facedit.bench.items import Bench, ClipFacts, Item, Kind, Length, SoundRecipe, Track
from facedit.bench.record import Curves, Record, Status
from facedit.bench.report.facts import RunFacts
from facedit.evaluation.measure import Better, Measure, correlation_of, mean_of
from facedit.types import Word

LENGTHS: tuple[Length, ...] = ("short", "medium", "long")
KINDS: tuple[Kind, ...] = ("substitute", "insert", "delete")


def make_measure(
    name: str, better: Better = "lower", *, unit: str = "", group: str = "motion", digits: int = 3
) -> Measure:
    value, key = (correlation_of, "corr") if name.endswith("_r") else (mean_of, name)
    title = name.replace("_", " ")
    return Measure(name, title, unit, better, key, value, 0.0, 9.0, digits, group)


def make_item(
    name: str,
    track: Track = "reconstruct",
    *,
    clip: str = "",
    corpus: str = "grid",
    kind: Kind | None = None,
    length: Length = "short",
    words: tuple[str, ...] = ("place", "red", "at", "two"),
    new: tuple[str, ...] = ("blue",),
) -> Item:
    default: dict[Track, Kind] = {
        "reconstruct": "span", "edit": "substitute", "generate": "everything",
    }  # fmt: skip
    said = tuple(Word(text, 0.3 * k, 0.3 * k + 0.25) for k, text in enumerate(words))
    clip = clip or name
    return Item(
        id=name,
        track=track,
        kind=kind or default[track],
        length=length,
        position="middle",
        clip=ClipFacts(f"{clip}.mp4", clip, corpus, f"speaker of {clip}", words=said),
        sound=SoundRecipe("own"),
        hidden_s=(0.4, 0.8),
        old_start=1,
        old_end=2,
        new_words=new if track == "edit" else (),
        joint_s=(0.3, 0.55),
        speech_s=0.3,
    )


def make_bench(*items: Item, name: str = "small") -> Bench:
    return Bench(name, "1", 7, "0.1.0", "../clips", items)


def make_record(
    item: str,
    system: str,
    sums: dict[str, tuple[float, ...]] | None = None,
    status: Status = "done",
    reason: str = "",
    *,
    cost: dict[str, float] | None = None,
    video: str = "",
    profile: tuple[tuple[float, float], ...] = (),
    curves: Curves | None = None,
) -> Record:
    return Record(
        item, system, status, reason, sums or {}, profile, curves or Curves(), cost or {}, video
    )


def make_curves(shift: float = 0.0) -> Curves:
    times = tuple(k / 25 for k in range(25))
    truth = tuple(0.1 + 0.05 * ((k * 7) % 5) / 5 for k in range(25))
    output = tuple(v + shift * (10 <= k < 20) for k, v in enumerate(truth))
    output = (*output[:3], None, *output[4:])
    hidden = tuple(int(10 <= k < 20) for k in range(25))
    return Curves(times, output, truth, hidden, tuple(0.5 for _ in times))


def busy_case() -> tuple[Bench, list[Record], tuple[Measure, ...], RunFacts]:
    """Three tracks, two corpora, four systems; some items failed, some do not apply."""
    items = [
        *(make_item(f"r{k}", clip=f"c{k % 10}", length=LENGTHS[k % 3]) for k in range(20)),
        *(
            make_item(f"e{k}", "edit", clip=f"c{k % 10}", kind=KINDS[k % 3],
                      length=LENGTHS[k // 3 % 3], corpus="grid" if k % 10 < 8 else "tiny")
            for k in range(18)
        ),
        *(make_item(f"g{k}", "generate", clip=f"c{k}", length="whole") for k in range(3)),
    ]  # fmt: skip
    measures = (
        make_measure("lip_opening_error", unit="eye distances"),
        make_measure("lip_opening_r", "higher"),
        make_measure("av_sync_d", group="sync"),
        make_measure("lip_speed", "one"),
        make_measure("phone_lag", "zero", unit="s", group="sync"),
        make_measure("identity_cosine_natural", "none", group="sync", unit="dB", digits=1),
    )
    records = []
    for place, item in enumerate(items):
        for rank, system in enumerate(("truth", "ours", "line", "hold & keep")):
            if system == "truth" and item.track == "edit":
                reason = "no truth in edits"
                records.append(make_record(item.id, system, None, "not applicable", reason))
                continue
            if system == "line" and item.id == "e4":
                records.append(make_record(item.id, system, None, "failed", "no face <found>"))
                continue
            wobble = ((place * 37 + rank * 11) % 17) / 17 - 0.5
            error = 0.05 * rank + 0.02 * wobble * (rank > 0)
            sums = {
                "lip_opening_error": (10 * abs(error), 10.0),
                "corr": (10.0, 5.0, 5.0 + wobble, 8.0, 9.0 + rank, 8.0 - rank - wobble),
                "av_sync_d": (7.0 + rank + wobble, 1.0),
                "lip_speed": (10.0 - 2 * rank + wobble, 10.0),
                "phone_lag": (0.01 * rank * (1 if place % 2 else -1) + 0.01, 1.0),
                "identity_cosine_natural": (-20.0 + wobble, 1.0),
            }
            if item.track == "edit":
                del sums["lip_opening_error"], sums["corr"]
            records.append(
                make_record(
                    item.id, system, sums,
                    cost={"motion_s": 0.5 + 0.1 * rank, "render_s": 1.5, "fill_s": 0.5,
                          "peak_mib": 800.0 + place},
                    profile=tuple((0.2 * rank * (d + 1), 2.0) for d in range(6)),
                    curves=make_curves(0.03 * rank),
                )
            )  # fmt: skip
    facts = RunFacts(
        versions={"facedit": "0.1.0", "torch": "2.13.0"},
        weights={"motion": "a" * 64},
        seed=7,
        selfcheck=("truth: in its band", "sound +3 frames: AVSync-D rises"),
        systems={"ours": "The model as it ships.", "line": "Linear interpolation."},
        command="facedit bench run BENCH --systems all -o OUT --processes 2",
        date="2026-11-25",
        machine={"cpu": "2 cores"},
    )
    return make_bench(*items, name="busy"), records, measures, facts
