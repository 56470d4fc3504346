"""``facedit train``: one verb for all networks; the configuration file says which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from facedit.device import AUTO, choose_device
from facedit.errors import UsageError
from facedit.fields import build
from facedit.training.distributed import joined_by_launcher
from facedit.training.engine import Trained, train
from facedit.training.experiment import Experiment, read_experiment
from facedit.training.motion.data import with_pools
from facedit.training.motion.motion_config import MotionExperiment
from facedit.training.motion.motion_task import motion_task
from facedit.training.mouth.mouth_config import MouthExperiment
from facedit.training.mouth.mouth_task import mouth_task
from facedit.training.sync.sync_config import SyncExperiment
from facedit.training.sync.sync_task import sync_task

KINDS: Mapping[str, type[Experiment]] = {
    "motion": MotionExperiment, "mouth": MouthExperiment, "sync": SyncExperiment,
}  # fmt: skip


def read_config(path: Path, changes: Iterable[str] = ()) -> Experiment:
    """Read the experiment of a TOML file or a shipped configuration; its ``kind`` says of what.

    Fields that differ are given as ``optim.steps=100``. Raises UsageError if a field is missing,
    unknown or of a wrong kind.
    """
    table = read_experiment(path, changes)
    kind = str(table.pop("kind", "motion"))
    if kind not in KINDS:
        raise UsageError(f"{path}: kind is {kind!r}; choose {', '.join(KINDS)}.")
    config = build(KINDS[kind], table, str(path))
    return config


def start(
    path: Path, *, changes: Iterable[str] = (), resume: bool = False, device: str = AUTO
) -> Trained | None:
    """Train the network that a configuration, as of ``read_config``, is for.

    With ``resume`` it goes on from the run's last state, exactly. Returns what the run left behind;
    None in all but the first of several processes. Raises UsageError if they are to train a
    network that only one can train.
    """
    config, place = read_config(path, changes), choose_device(device)
    rank, size = joined_by_launcher()
    if isinstance(config, MotionExperiment):
        config = replace(config, data=with_pools(config.data))
        trained = train(config, motion_task, resume=resume, device=place)
        return None if rank else trained
    if size > 1:
        raise UsageError(f"{path}: {size} processes can train the motion model only.")
    if isinstance(config, MouthExperiment):
        return train(config, mouth_task, resume=resume, device=place)
    assert isinstance(config, SyncExperiment)
    config = replace(config, data=with_pools(config.data))
    return train(config, sync_task, resume=resume, device=place)
