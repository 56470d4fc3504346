"""``facedit train``: one verb for all networks; the configuration file says which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from facedit.device import AUTO, choose_device
from facedit.errors import UsageError
from facedit.fields import build
from facedit.training.distributed import joined_by_launcher
from facedit.training.engine import Trained, train
from facedit.training.experiment import read_experiment
from facedit.training.motion.config import MotionExperiment
from facedit.training.motion.data import with_pools
from facedit.training.motion.motion_task import motion_task
from facedit.training.mouth.mouth_config import MouthExperiment
from facedit.training.mouth.mouth_task import mouth_task
from facedit.training.sync.sync_config import SyncExperiment
from facedit.training.sync.sync_task import sync_task


def start(
    path: Path, *, changes: Iterable[str] = (), resume: bool = False, device: str = AUTO
) -> Trained | None:
    """Train the network that a configuration is for, by its ``kind``: motion if it has none.

    Args:
        path: TOML file, or a shipped configuration's name.
        changes: Fields that differ from the file, as ``optim.steps=100``.
        resume: Go on from the run's last state, exactly.
        device: Where to compute, as ``device.choose_device`` takes it.

    Returns:
        What the run left behind; None in all but the first of several processes.

    Raises:
        UsageError: If a field is missing, unknown or of a wrong kind, or if several processes are
            to train a network that only one can train.
    """
    table = read_experiment(path, changes)
    kind = table.pop("kind", "motion")
    rank, size = joined_by_launcher()
    if kind not in ("motion", "mouth", "sync"):
        raise UsageError(f"{path}: kind is {kind!r}; choose motion, mouth or sync.")
    if size > 1 and kind != "motion":
        raise UsageError(f"{path}: {size} processes can train the motion model only, not {kind}.")
    place = choose_device(device)
    if kind == "mouth":
        mouth: MouthExperiment = build(MouthExperiment, table, str(path))
        return train(mouth, mouth_task, resume=resume, device=place)
    if kind == "sync":
        sync: SyncExperiment = build(SyncExperiment, table, str(path))
        sync = replace(sync, data=with_pools(sync.data))
        return train(sync, sync_task, resume=resume, device=place)
    motion: MotionExperiment = build(MotionExperiment, table, str(path))
    motion = replace(motion, data=with_pools(motion.data))
    trained = train(motion, motion_task, resume=resume, device=place)
    return None if rank else trained
