"""The sync term: drawn lips shall go with their speech, as the frozen sync network hears it.

The network's own training objective turned round: there both encoders learn to bring a frame of
lips and its speech together and other moments apart (InfoNCE, van den Oord et al. 2018); here the
encoders are fixed and the lips learn. A frozen expert in the loss is Wav2Lip's idea (Prajwal et
al., "A Lip Sync Expert Is All You Need", 2020); the form is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from facedit.dataset.prepared import ClipRow, Meta, read_clip
from facedit.errors import UsageError
from facedit.lip_sync.distance import REACH
from facedit.lip_sync.sync_network import KERNELS
from facedit.lip_sync.sync_weights import SyncModel, load_sync
from facedit.model.flow import masked_mean
from facedit.types import Float32

SIGHT = sum(kernel // 2 for kernel in KERNELS)
"""Frames to each side that an embedding sees."""

LEAST_MASKED = 0.5
"""Share of the frames seen that must be masked: else the term judges what was kept."""


@dataclass(frozen=True, slots=True)
class SyncTarget:
    """What the sync term needs of a batch beside motion and mask.

    Attributes:
        speech: Unit embeddings of the speech as recorded, 0 in padding, shape (B, T, E).
        centre: What was taken from the motion before scaling, standardised, shape (B, D).
    """

    speech: Tensor
    centre: Tensor

    def take(self, rows: Tensor) -> SyncTarget:
        """Return some of the windows."""
        return SyncTarget(self.speech[rows], self.centre[rows])

    def to(self, device: torch.device) -> SyncTarget:
        """Return the same on a device."""
        return SyncTarget(self.speech.to(device), self.centre.to(device))


@dataclass(frozen=True, slots=True)
class SyncJudge:
    """The frozen encoder of lips, fitted to a run's motion.

    Attributes:
        encoder: Scaled lips to unit embeddings; takes gradients to its input only.
        lips: Motion dims it sees.
        scale: Factor on a run's scaled lips, shape (L,).
        offset: Factor on the centre of a window, shape (L,).
        sharpness: Factor on cosines in the softmax, as the network learnt it.
        weight: Factor of the term in the loss.
    """

    encoder: nn.Module
    lips: slice
    scale: Tensor
    offset: Tensor
    sharpness: float
    weight: float

    def loss(
        self,
        estimate: Tensor,
        x_1: Tensor,
        mask: Tensor,
        valid: Tensor,
        t: Tensor,
        target: SyncTarget,
        total: Tensor | None = None,
    ) -> Tensor:
        """Return how hard it is to find a frame's speech among that of its neighbours, in nats.

        For each frame that counts: cross-entropy of its own speech among that of up to
        ``distance.REACH`` frames to each side, weighted by t, as the estimate is blurred early.

        ``estimate``: one-step clean estimate, shape (B, T, D); ``x_1``: motion, which stands where
        it is kept, shape (B, T, D); ``mask``: true where motion is drawn, shape (B, T, D);
        ``valid``: true where a frame exists, shape (B, T); ``t``: flow time, shape (B,);
        ``target``: speech and centres; ``total``: frames that count in the whole batch, if this is
        a part of it. Returns a scalar; 0 if no frame counts.
        """
        counts = sync_counts(mask[..., self.lips], valid)
        total = counts.sum().float() if total is None else total
        # Most of the cost: windows with nothing to judge are left out.
        rows = counts.any(dim=1).nonzero()[:, 0]
        if not len(rows):
            return estimate.new_zeros(())
        counts, valid, t, target = counts[rows], valid[rows], t[rows], target.take(rows)
        joined = torch.where(mask[rows], estimate[rows], x_1[rows])[..., self.lips]
        # As at the end of a clip in the network's training, the last frame goes on in padding.
        last = valid.sum(dim=1, keepdim=True) - 1
        held = torch.minimum(torch.arange(valid.shape[1], device=valid.device), last)
        joined = joined.gather(1, held[..., None].expand_as(joined))
        centre = target.centre[:, None, self.lips]
        drawn = self.encoder(joined * self.scale + centre * self.offset)
        entropy = cross_entropies(drawn, target.speech, valid, self.sharpness)
        return masked_mean(entropy * t[:, None], counts, total)

    def total(self, mask: Tensor, valid: Tensor) -> Tensor:
        """Count the frames of a whole batch that the term counts, for its parts."""
        return sync_counts(mask[..., self.lips], valid).sum().float()


def sync_counts(mask: Tensor, valid: Tensor) -> Tensor:
    """Mark masked frames whose embedding sees enough that is masked, shape (B, T)."""
    drawn = mask.all(dim=-1) & valid
    width = 2 * SIGHT + 1
    both = torch.stack([drawn, valid], dim=1).float()
    seen, there = functional.avg_pool1d(both, width, 1, SIGHT).unbind(dim=1)
    return drawn & (seen >= LEAST_MASKED * there)


def cross_entropies(motion: Tensor, speech: Tensor, valid: Tensor, sharpness: float) -> Tensor:
    """Return the cross-entropy of each frame's own speech among that of its neighbours, in nats.

    Motion and speech are unit embeddings, shape (B, T, E); ``sharpness`` is a factor on cosines.
    The result, shape (B, T), means nothing in padding.
    """
    frames = torch.arange(valid.shape[1], device=valid.device)
    near = (frames[:, None] - frames).abs() <= REACH
    logits = sharpness * motion @ speech.transpose(1, 2)
    own = logits.diagonal(dim1=1, dim2=2)
    # A frame of padding finds itself, so that no row is empty: its gradient would be NaN.
    there = (near & valid[:, None]) | torch.eye(len(frames), dtype=torch.bool, device=valid.device)
    return logits.masked_fill(~there, -torch.inf).logsumexp(dim=2) - own


def load_sync_for(meta: Meta) -> SyncModel:
    """Load the shipped sync network; UsageError if it is for other motion or other speech."""
    model = load_sync()
    lips = meta.groups["lips"]
    theirs = (model.space, model.encoder, *model.lips)
    ours = (meta.space, meta.encoder, lips.start, lips.stop)
    if theirs != ours:
        raise UsageError(f"sync: the sync network is for {theirs}, the data are {ours}: sync = 0.")
    return model


def embed_clips(model: SyncModel, folder: Path, rows: Sequence[ClipRow]) -> Float32:
    """Embed the speech of clips as recorded, end to end, by its own projection, shape (N, E)."""
    return np.concatenate(
        [model.embed_speech(read_clip(folder, row.sha256).speech) for row in rows]
    )


def make_judge(
    model: SyncModel, motion_scale: Float32, weight: float, device: torch.device
) -> SyncJudge:
    """Fit the sync network, moved to the device, to a run's factor on motion, shape (D,)."""
    lips = slice(*model.lips)
    return SyncJudge(
        encoder=model.net.motion.to(device),
        lips=lips,
        scale=torch.from_numpy(model.motion_scale / motion_scale[lips]).to(device),
        offset=torch.from_numpy(model.motion_scale).to(device),
        sharpness=float(model.net.frame_scale.exp()),
        weight=weight,
    )
