"""One item through every system: made ready once, then made, looked at and measured."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from facedit.bench.items import Item
from facedit.bench.judges.judge_files import JudgeFiles
from facedit.bench.judges.judges import features
from facedit.bench.judges.pooled import store
from facedit.bench.lips_over_time import mouth_curves, seam_profile
from facedit.bench.measures.registry import Nets, load_nets, measure_drawn, measure_scene
from facedit.bench.prepared_item import Case, build_case
from facedit.bench.record import Record
from facedit.bench.reference import Original, original_of
from facedit.bench.render_item import Made, make_video
from facedit.bench.scene import Scene
from facedit.bench.scoring import drawn_scene, scene_of, truth_scene
from facedit.bench.selection import SUFFIXES
from facedit.bench.systems.chosen import choose
from facedit.bench.systems.system import System
from facedit.device import AUTO, choose_device
from facedit.errors import BadMedia, FaceditError, one_line
from facedit.evaluation.meter import measured_space
from facedit.face.landmarker import Landmarker
from facedit.progress import StageClock
from facedit.render.mouths import Mouths
from facedit.render.network import load_network
from facedit.speech.encoders.encoders import Encoder, encoder_named

VIDEOS, WORK = "videos", "work"


@dataclass(frozen=True, slots=True)
class Job:
    """What all workers of a run share; ``systems`` and ``judges`` as the options name them."""

    clips: Path
    output: Path
    systems: str
    takes: int
    device: str = AUTO
    judges: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """An item to be worked on.

    Attributes:
        other: An item of another clip, whose sound is the wrong one.
        systems: Those that have no result yet.
    """

    item: Item
    other: Item | None
    systems: tuple[str, ...]


def make_worker(job: Job) -> Callable[[Task], list[Record]]:
    """Load what a worker needs: a function from a task to its records."""
    device = choose_device(job.device)
    systems = {system.name: system for system in choose(job.systems, device)}
    mouths = Mouths(load_network(device=device), device)
    files = JudgeFiles.parse(job.judges) if job.judges else None
    tools = Tools(load_nets(device, files), mouths, Landmarker(), encoder_named(device=device))

    def handle(task: Task) -> list[Record]:
        return work(job, task, systems, tools)

    return handle


@dataclass(frozen=True, slots=True)
class Tools:
    """The loaded networks: ``mouths`` draws all systems; ``encoder`` hears for the measures."""

    nets: Nets
    mouths: Mouths
    landmarker: Landmarker
    encoder: Encoder


def work(job: Job, task: Task, systems: Mapping[str, System], tools: Tools) -> list[Record]:
    """Work on one item: a record per system; what goes wrong is in it and ends nothing else."""
    item = task.item
    wanted = [systems[name] for name in task.systems if item.track in systems[name].tracks]
    records = [
        Record(item.id, name, "not applicable", f"{name} has no answer to {item.track}")
        for name in task.systems
        if systems[name] not in wanted
    ]
    if not wanted:
        return records
    folder = job.output / WORK
    folder.mkdir(parents=True, exist_ok=True)
    clock = StageClock()
    try:
        case = build_case(item, job.clips, folder, clock, task.other, encoder=tools.encoder)
        original = original_of(case)
    except Exception as error:
        reason = _reason(error)
        return records + [Record(item.id, system.name, "failed", reason) for system in wanted]
    for system in wanted:
        try:
            records.append(_one(job, case, original, system, tools, clock.seconds))
        except Exception as error:
            records.append(Record(item.id, system.name, "failed", _reason(error)))
    if case.source != case.clip:
        case.source.unlink(missing_ok=True)
    return records


def _one(
    job: Job,
    case: Case,
    original: Original,
    system: System,
    tools: Tools,
    shared: Mapping[str, float],
) -> Record:
    """Make one system's answer, look at it and measure it."""
    item = case.item
    clock = StageClock()
    made = _made(job, case, system, tools, clock)
    sums: dict[str, tuple[float, ...]] = {}
    with clock.stage("looking"):
        scene, before = _looked_at(case, original, system, made, tools)
    with clock.stage("measuring"):
        if scene is not None:
            sums |= measure_scene(scene, tools.nets)
            if tools.nets.judges is not None:
                store(job.output, system.name, item.id, features(scene, tools.nets.judges))
        if before is not None:
            sums |= measure_drawn(before, tools.nets)
    seen = scene or before
    if seen is None:
        return Record(item.id, system.name, "not applicable", "no motion is known before rendering")
    cost = {**shared, **clock.seconds}
    cost["fill_s"] = float(seen.filled.sum()) / seen.frame_rate
    cost["peak_mib"] = _peak_mib()
    video = ""
    if made.video is not None:
        inside = made.video.is_relative_to(job.output)
        video = str(made.video.relative_to(job.output) if inside else made.video)
    return Record(
        item.id,
        system.name,
        "done",
        sums=sums,
        profile=seam_profile(seen, measured_space()),
        curves=mouth_curves(seen, measured_space()),
        cost={name: round(value, 4) for name, value in cost.items()},
        video=video,
    )


def _looked_at(
    case: Case, original: Original, system: System, made: Made, tools: Tools
) -> tuple[Scene | None, Scene | None]:
    """Look at the video, and at the motion before rendering, as far as there are any."""
    scene = before = None
    if made.video is not None:
        scene = scene_of(case, original, made.video, made.drawn, tools.landmarker)
    # A picture's own identity is not the clip's: what ``generate`` draws is not compared.
    if system.pictures == "clip" and case.still is None:
        before = truth_scene(case, original)
    elif made.drawn is not None:
        before = drawn_scene(case, original, made.drawn)
    return scene, before


def _made(job: Job, case: Case, system: System, tools: Tools, clock: StageClock) -> Made:
    """Make or find the video of a system."""
    if system.pictures == "given":
        return Made(given_video(Path(system.videos), case.item.id), None)
    folder = job.output / VIDEOS / system.name
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / f"{case.item.id}.mp4"
    return make_video(case, system, tools.mouths, output, job.takes, clock)


def given_video(folder: Path, item: str) -> Path:
    """Find the video that another system made of an item; ``BadMedia`` if there is none."""
    for suffix in SUFFIXES:
        if (path := folder / f"{item}{suffix}").is_file():
            return path
    raise BadMedia(f"{folder.name} holds no video named {item} ({', '.join(SUFFIXES)}).")


def _reason(error: Exception) -> str:
    if isinstance(error, FaceditError):
        return one_line(str(error))
    return one_line(f"unexpected fault ({type(error).__name__}: {error})")


def _peak_mib() -> float:
    """Return the process's largest memory so far; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0.0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
