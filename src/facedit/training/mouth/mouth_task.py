"""The mouth network as a training task: batch, losses, critic."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from facedit.device import device_of
from facedit.errors import UsageError
from facedit.media.output import whole_or_nothing
from facedit.render.network import (
    MouthNetwork,
    MouthNetworkConfig,
    combine,
    load_network,
    save_network,
)
from facedit.training.distributed import Processes
from facedit.training.engine import TrainingTask, Validation
from facedit.training.mouth.mouth_bake import CLIPS, bake, load_baked
from facedit.training.mouth.mouth_batch import MouthBatch, collate
from facedit.training.mouth.mouth_config import MouthClipsConfig, MouthExperiment, MouthOptimConfig
from facedit.training.mouth.mouth_data import MouthSampler
from facedit.training.mouth.mouth_held import MouthStrip, choose_strips, draw_strips
from facedit.training.mouth.mouth_loss import (
    FeatureTrunk,
    PatchCritic,
    change_error,
    crop_windows,
    feature_distance,
    weighted_l1,
)
from facedit.training.mouth.mouth_samples import MouthSample
from facedit.training.state import Parts
from facedit.weights.fetch import sha256_of

_LOG = logging.getLogger(__name__)


@dataclass
class MouthTask(TrainingTask):
    """Learns to draw one frame from others.

    Attributes:
        critic: What the adversarial term asks; it learns too.
        seed: Seed of the windows that are looked at.
        trunk: Features for the loss; None for a Laplacian pyramid.
        strips: Clips that are held out.
        notes: What the weights say of where they come from.
    """

    net: MouthNetwork
    critic: PatchCritic
    sampler: MouthSampler
    optim: MouthOptimConfig
    seed: int = 0
    trunk: FeatureTrunk | None = None
    strips: Sequence[MouthStrip] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    weights_name = "mouth.safetensors"

    def __post_init__(self) -> None:
        """Lay weights out with channels last, a third faster on a CPU; make the critic learn."""
        device = device_of(self.net)
        for module in (self.net, self.critic.to(device), *([self.trunk] if self.trunk else [])):
            for parameter in module.to(device).parameters():
                if parameter.dim() == 4:
                    parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        self._critic_optimiser = torch.optim.AdamW(
            self.critic.parameters(), self.optim.lr, (0.5, 0.98), weight_decay=0.0
        )

    def optimiser(self) -> torch.optim.Optimizer:
        """Return AdamW with one weight decay for all."""
        return torch.optim.AdamW(
            self.net.parameters(), self.optim.lr, (0.9, 0.98), weight_decay=self.optim.weight_decay
        )

    def more_state(self) -> Parts:
        """Return the critic and its optimiser."""
        return {"critic": self.critic, "critic_optimiser": self._critic_optimiser}

    def samples(self, step: int) -> list[MouthSample]:
        """Return the batch of a step: single samples, or pairs one behind the other."""
        if self.optim.temporal <= 0:
            return [self.sampler.draw(step, item) for item in range(self.optim.batch)]
        pairs = [
            self.sampler.draw_pair(step, item) for item in range(max(self.optim.batch // 2, 1))
        ]
        return [sample for pair in pairs for sample in pair]

    def backward(self, step: int, generator: torch.Generator) -> dict[str, float]:
        """Add up the gradients of a step; the critic takes its own."""
        optim, device = self.optim, device_of(self.net)
        batch = collate(self.samples(step)).to(device)
        with torch.autocast(device.type, torch.bfloat16):
            weights, residual = self.net(batch.pictures, batch.raster, batch.gaps)
        share = torch.where(batch.referenced & batch.own, optim.residual_own, 1.0)
        fake = combine(batch.pictures, weights, share[:, None, None, None] * residual)
        windows = self._windows(step, fake, batch)
        with torch.autocast(device.type, torch.bfloat16):
            looks = feature_distance(self.trunk, windows[0], windows[1])
        # Without references the inside can't be known: its mean would be a flat bar.
        lips = torch.where(batch.referenced, optim.lips, optim.lips_alone)
        plain = weighted_l1(fake, batch.truth, batch.raster, lips)
        loss = (plain + optim.features * looks).mean()
        flicker = torch.zeros(())
        if optim.temporal > 0:
            flicker = change_error(fake, batch.truth, batch.raster, lips).mean()
            loss = loss + optim.temporal * flicker
        (gradient,) = torch.autograd.grad(loss, fake, retain_graph=True)
        hinge = 0.0
        if optim.adversarial > 0 and step >= optim.adversarial_from * optim.steps:
            hinge, push = self._adversarial(step, gradient, fake, windows)
            gradient = gradient + push
        torch.autograd.backward(fake, gradient)
        return {
            "l1": float(plain.detach().mean()),
            "l1_alone": _mean_of(plain, ~batch.referenced),
            "features": float(looks.detach().mean()),
            "features_alone": _mean_of(looks, ~batch.referenced),
            "change": float(flicker.detach()),
            "critic": hinge,
        }

    def _windows(self, step: int, fake: Tensor, batch: MouthBatch) -> tuple[Tensor, Tensor, Tensor]:
        """Cut out of drawn, true and raster pictures windows round the middle: the mouth."""
        rng = np.random.default_rng([self.seed, step, 1_000_000])
        side = self.optim.window
        slack = self.net.config.size - side
        drawn = rng.integers(slack // 4, slack - slack // 4 + 1, (len(fake), 2))
        corners = torch.from_numpy(drawn)
        return (
            crop_windows(fake, corners, side),
            crop_windows(batch.truth, corners, side),
            crop_windows(batch.raster, corners, side),
        )

    def _adversarial(
        self, step: int, gradient: Tensor, fake: Tensor, windows: tuple[Tensor, Tensor, Tensor]
    ) -> tuple[float, Tensor]:
        """Train the critic; return its hinge loss and the gradient it gives to the pictures."""
        optim, (window, real, raster) = self.optim, windows
        for group in self._critic_optimiser.param_groups:
            group["lr"] = optim.critic_rate * optim.rate(step)
        verdict = self.critic(torch.cat([real, window.detach()]), torch.cat([raster, raster]))
        on_real, on_fake = verdict.chunk(2)
        hinge = torch.relu(1.0 - on_real).mean() + torch.relu(1.0 + on_fake).mean()
        self._critic_optimiser.zero_grad(set_to_none=True)
        hinge.backward()  # type: ignore[no-untyped-call]
        self._critic_optimiser.step()
        lost = float(hinge.detach())
        if step < optim.adversarial_from * optim.steps + optim.critic_ahead:
            return lost, torch.zeros_like(gradient)
        self.critic.requires_grad_(False)
        fooled = -self.critic(window, raster).mean()
        (push,) = torch.autograd.grad(fooled, fake, retain_graph=True)
        self.critic.requires_grad_(True)
        share = optim.adversarial * float(gradient.norm()) / max(float(push.norm()), 1e-12)
        return lost, share * push

    def blank(self) -> nn.Module:
        """Return a network of the same size."""
        return MouthNetwork(self.net.config)

    def validate(self, net: nn.Module) -> Validation | None:
        """Draw the mouths held out; None if nobody is."""
        if not self.strips:
            return None
        assert isinstance(net, MouthNetwork)
        return draw_strips(net, self.strips, self.optim)

    def save(self, net: nn.Module, path: Path, step: int) -> None:
        """Write weights for use."""
        assert isinstance(net, MouthNetwork)
        with whole_or_nothing(path, force=True) as part:
            save_network(net, part, steps=str(step), **self.notes)


def mouth_task(config: MouthExperiment, processes: Processes) -> MouthTask:
    """Load the data of an experiment, cut out of clips if need be, and its first weights.

    Raises UsageError if pictures are missing and nothing says where from, if no clip is of a corpus
    that is asked for, or if the weights to start from are of another size.
    """
    data, optim, init = config.data, config.optim, config.run.init
    trunk = FeatureTrunk.from_file(Path(optim.features_file)) if optim.features_file else None
    net, critic = new_networks(config.network, config.run.seed)
    notes = {}
    if init:
        start = load_network(Path(init))
        if start.config != config.network:
            raise UsageError(f"{init} is of another size ({start.config}) than [network] says.")
        net.load_state_dict(start.state_dict())
        notes = {"init": Path(init).name, "init_sha256": sha256_of(Path(init))}
        _LOG.info("Start from %s, sha256 %s.", init, notes["init_sha256"])
    _cut_out(data)  # the longest last
    clips, size = load_baked(Path(data.baked)), config.network.size
    return MouthTask(
        net=net.to(processes.device),
        critic=critic,
        sampler=MouthSampler(clips, data, size, config.run.seed),
        optim=optim,
        seed=config.run.seed,
        trunk=trunk,
        strips=choose_strips(clips, data, size),
        notes=notes,
    )


def new_networks(config: MouthNetworkConfig, seed: int) -> tuple[MouthNetwork, PatchCritic]:
    """Draw the weights of a network and of its critic from a seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MouthNetwork(config), PatchCritic()


def _cut_out(data: MouthClipsConfig) -> None:
    """Make the training pictures if they are missing."""
    baked, source = Path(data.baked), data.bake
    if (baked / CLIPS).is_file():
        return
    if not source.data or not source.tracks:
        raise UsageError(
            f"{data.baked} is missing; a table [data.bake] with data (a folder with manifest.csv) "
            "and tracks (made by prepare) lets it be made."
        )
    limits = dict.fromkeys(data.corpora, source.clips)
    bake(Path(source.data), Path(source.tracks), baked, limits, source.every)


def _mean_of(values: Tensor, chosen: Tensor) -> float:
    """Mean over chosen samples, NaN where there are none."""
    picked = values.detach()[chosen]
    return float(picked.mean()) if len(picked) else math.nan
