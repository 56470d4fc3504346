"""``facedit train``: one verb for all networks; the configuration file says which."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facedit.device import AUTO, choose_device
from facedit.errors import UsageError
from facedit.training.distributed import joined_by_launcher
from facedit.training.table import read_table

if TYPE_CHECKING:
    from facedit.training.motion.run import Trained


@dataclass(frozen=True, slots=True)
class MouthTrained:
    """What a training of the mouth network left behind.

    Attributes:
        weights: Averaged weights, ready for use.
        steps: Steps done.
    """

    weights: Path
    steps: int

    def to_dict(self) -> dict[str, object]:
        """Return the figures for JSON."""
        return {"weights": str(self.weights), "steps": self.steps}

    def __str__(self) -> str:
        """Return the figures for people."""
        return f"{self.weights}: {self.steps} steps"


def start(
    config: Path, *, resume: bool = False, device: str = AUTO
) -> Trained | MouthTrained | None:
    """Train the network that a configuration file is for.

    Args:
        config: TOML file, or a shipped configuration's name; ``kind = "mouth"`` for the mouth
            network, ``kind = "sync"`` for the sync network of the benchmark, else the motion
            model.
        resume: Go on from the run's last state.
        device: Where to compute, as ``device.choose_device`` takes it.

    Returns:
        What the run left behind; None in all but the first of several processes.

    Raises:
        UsageError: If several processes are to train a network that only one can train.
    """
    table = read_table(config)
    rank, size = joined_by_launcher()
    if size > 1 and table.get("kind") in ("mouth", "sync"):
        raise UsageError(
            f"{config}: {size} processes can train the motion model only, not {table['kind']}."
        )
    if table.get("kind") == "mouth":
        return train_mouth_network(table, resume=resume, device=device)
    if table.get("kind") == "sync":
        from facedit.training.sync.sync_config import sync_config_from
        from facedit.training.sync.sync_run import train_sync

        return train_sync(sync_config_from(table), resume=resume, device=choose_device(device))
    from facedit.training.motion.run import train

    trained = train(config, resume=resume, device=device)
    return None if rank else trained


def train_mouth_network(table: dict[str, Any], *, resume: bool, device: str = AUTO) -> MouthTrained:
    """Train the mouth network, after cutting its training pictures out of the clips if needed.

    Args:
        table: The configuration; its table ``bake`` names the clips and their tracks.
        resume: Go on from the run's last state.
        device: Where to compute.

    Returns:
        What the run left behind. The errors of ``run_folder`` pass through.

    Raises:
        UsageError: If pictures are missing and nothing says where from.
    """
    from facedit.training.mouth.mouth_bake import bake
    from facedit.training.mouth.mouth_config import config_from
    from facedit.training.mouth.mouth_loop import train_mouth
    from facedit.training.state import run_folder

    place = choose_device(device)
    source = table.get("bake")
    settings = config_from(table)
    with run_folder(Path(settings.out), resume=resume):
        if not Path(settings.baked).is_dir():
            if not isinstance(source, dict) or not {"data", "tracks"} <= source.keys():
                raise UsageError(
                    f"{settings.baked} is missing; a table [bake] with data (a folder "
                    "with manifest.csv) and tracks (made by prepare) lets it be made."
                )
            limits = {corpus: int(source.get("clips", 2000)) for corpus in table["mix"]["corpora"]}
            bake(
                Path(source["data"]),
                Path(source["tracks"]),
                Path(settings.baked),
                limits,
                source.get("every", {}),
            )
        return MouthTrained(train_mouth(settings, device=place), settings.steps)
