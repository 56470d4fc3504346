"""The motion model as a training task: flow matching over windows of prepared clips."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from facedit.model.checkpoint import MotionModel, save_model
from facedit.model.dit import DiT
from facedit.model.flow import FlowLoss
from facedit.training.distributed import Processes
from facedit.training.engine import TrainingTask, Validation
from facedit.training.motion.corpus import load_corpus, loss_weights, make_sampler, make_validator
from facedit.training.motion.flow_task import FlowTask, draw_task, task_loss, task_totals
from facedit.training.motion.motion_config import MotionExperiment, MotionOptimConfig
from facedit.training.motion.part_dropout import part_of, use_part_dropout
from facedit.training.motion.sampler import Sampler
from facedit.training.motion.sync_term import SyncJudge, make_judge
from facedit.training.motion.validate import Validator

_LOG = logging.getLogger(__name__)


@dataclass
class MotionTask(TrainingTask):
    """Learns to fill in hidden motion, alone or as one of several processes that share each step.

    Attributes:
        net: The network, on its device.
        model: What belongs to it beside its weights.
        sampler: Draws batches; the same in every process.
        optim: How it is learnt.
        dim_weights: Weight per motion dim, on the network's device.
        processes: The processes.
        bf16: Compute in bfloat16 where autocast allows it.
        forward: What computes the network, if it is compiled.
        judge: What adds the sync term; None for none.
        validator: Judges on held-out clips; None for none.
        facts: What the weights say of the clips that they learnt from.
    """

    net: DiT
    model: MotionModel
    sampler: Sampler
    optim: MotionOptimConfig
    dim_weights: Tensor
    processes: Processes
    bf16: bool = False
    forward: Callable[..., Tensor] | None = None
    judge: SyncJudge | None = None
    validator: Validator | None = None
    facts: Mapping[str, object] | None = None

    def __post_init__(self) -> None:
        """Let parts of a batch have the dropout of the whole."""
        if self.processes.size * self.optim.accumulate > 1:
            use_part_dropout(self.net)

    def backward(self, step: int, generator: torch.Generator) -> dict[str, float]:
        """Add up the gradients of this process's share of a step."""
        judge = self.judge if step >= self.optim.sync_from else None
        figures = {"velocity": 0.0, "smoothness": 0.0} | ({"sync": 0.0} if self.judge else {})
        before = 0
        for batch in self.sampler.draw(step):
            task = draw_task(batch, self.optim, generator)
            for loss in self._parts(task, before, judge):
                (batch.share * loss.total).backward()  # type: ignore[no-untyped-call]
                for name in figures:
                    if (term := getattr(loss, name)) is not None:
                        figures[name] += batch.share * float(term.detach())
            before += len(task.x_1)
        return figures

    def _parts(self, task: FlowTask, before: int, judge: SyncJudge | None) -> Iterator[FlowLoss]:
        """Yield the losses of this process's parts of a batch, after ``before`` windows."""
        net = self.net if self.forward is None else self.forward
        weights, optim = self.dim_weights, self.optim
        count = self.processes.size * optim.accumulate
        if count == 1:
            yield task_loss(net, task, weights, optim.smoothness, bf16=self.bf16, judge=judge)
            return
        totals = task_totals(task, weights, judge)
        for rows in part_of(self.net, len(task.x_1), self._shares(len(task.x_1), before)):
            yield task_loss(
                net, task.take(rows), weights, optim.smoothness, bf16=self.bf16,
                totals=totals, judge=judge,
            )  # fmt: skip

    def _shares(self, windows: int, before: int) -> list[Tensor]:
        """Deal windows out like cards, on from the batch before: shares differ by one at most."""
        size, rank = self.processes.size, self.processes.rank
        count = size * self.optim.accumulate
        return [
            torch.arange(windows)[(micro * size + rank - before) % count :: count]
            for micro in range(self.optim.accumulate)
        ]

    def blank(self) -> nn.Module:
        """Return a network of the same size."""
        return DiT(self.net.config)

    def validate(self, net: nn.Module) -> Validation | None:
        """Judge on held-out clips; None without any."""
        if self.validator is None:
            return None
        return self.validator.validate(self._with(net))

    def save(self, net: nn.Module, path: Path, step: int) -> None:
        """Write weights for use."""
        notes = {**self.model.notes, "steps": step, **(self.facts or {})}
        save_model(replace(self._with(net), notes=notes), path)

    def _with(self, net: nn.Module) -> MotionModel:
        assert isinstance(net, DiT)
        return replace(self.model, net=net)


def motion_task(config: MotionExperiment, processes: Processes) -> MotionTask:
    """Load the data and the first weights of an experiment."""
    run, device = config.run, processes.device
    corpus = load_corpus(config)
    net = corpus.model.net.to(device)
    weights = loss_weights(config.optim, corpus.meta)
    judge = None
    if corpus.sync is not None:
        judge = make_judge(corpus.sync, corpus.model.motion_scale, config.optim.sync, device)
    return MotionTask(
        net=net,
        model=corpus.model,
        sampler=make_sampler(corpus.learn, corpus, config, run.seed),
        optim=config.optim,
        dim_weights=weights.to(device),
        processes=processes,
        bf16=run.bf16,
        forward=compiled(net, device) if run.compile else None,
        judge=judge,
        validator=None if processes.rank else make_validator(config, corpus, weights),
        facts=corpus.learn.facts(),
    )


def compiled(net: nn.Module, device: torch.device) -> Callable[..., Tensor]:
    """Compile a network, which keeps its weights, or say in one line why it stays as it is.

    Dropout draws the same numbers as in the network itself.
    """
    try:
        # What a missing compiler raises is the tool chain's affair; a trial tells in time.
        torch.compile(lambda x: (x + 1).sin())(torch.zeros(8, device=device))
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        _LOG.warning("the network is not compiled: %s", reason)
        return net
    # A run has few shapes, the same at every step, so each gets code of its own.
    function: Callable[..., Tensor] = torch.compile(
        net, dynamic=False, options={"fallback_random": True}
    )
    return function
