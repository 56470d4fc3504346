"""Draw the masked entries of a motion: the border between NumPy and the network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from facedit.device import device_of, inference
from facedit.errors import BadWeights
from facedit.model.checkpoint import MotionModel
from facedit.model.field import windowed_field
from facedit.model.flow import draw_noise, euler
from facedit.model.normalise import kept_centre
from facedit.model.sampler_settings import SamplerSettings
from facedit.model.seams import correct_offsets, limit_steps
from facedit.model.windows import WINDOW, plan_windows
from facedit.types import Bool, Float32


def infill(
    model: MotionModel,
    motion: Float32,
    mask: Bool,
    speech: Float32,
    *,
    seed: int,
    takes: int = 1,
    settings: SamplerSettings | None = None,
) -> Float32:
    """Draw the masked entries of a motion from speech and what is kept.

    Editing, dubbing and generation are this one call with different masks. Entries that are kept
    come back bit for bit.

    Args:
        model: From ``load_model``.
        motion: Standardised motion; masked entries may hold anything, NaN too, shape (T, D).
        mask: True where motion is to be drawn, shape (T, D).
        speech: Features of ``model.encoder`` on the same frames, shape (T, C).
        seed: Seed of take 0; take k is drawn with ``seed + k``, independent of other takes.
        takes: Versions to draw.
        settings: Steps, guidance and noise; the checkpoint's own (``model.sampler``) if None.

    Returns:
        Motion, shape (takes, T, D). ``infill_batch``'s errors pass through.
    """
    tasks = [Task(motion, mask, speech, seed + take) for take in range(takes)]
    return np.stack(infill_batch(model, tasks, settings or model.sampler))


@dataclass(frozen=True, slots=True)
class Task:
    """A motion to be drawn.

    Attributes:
        motion: Standardised motion; masked entries may hold anything, shape (T, D).
        mask: True where motion is to be drawn, shape (T, D).
        speech: Features on the same frames, shape (T, C).
        seed: Seed of its noise.
    """

    motion: Float32
    mask: Bool
    speech: Float32
    seed: int


def infill_batch(
    model: MotionModel, tasks: Sequence[Task], settings: SamplerSettings
) -> list[Float32]:
    """Draw many motions; those of one length pass through the network together.

    Args:
        model: From ``load_model``.
        tasks: What to draw; what else is in the batch never changes a result beyond rounding.
        settings: How.

    Returns:
        Motion of each task, shape (T, D). ``check``'s error passes through.
    """
    groups: dict[tuple[int, bytes], list[int]] = {}
    for number, task in enumerate(tasks):
        check(model, task)
        # On canvases longer than a window the windows depend on where the masked frames are.
        where = task.mask.any(axis=1).tobytes() if len(task.mask) > WINDOW else b""
        groups.setdefault((len(task.mask), where), []).append(number)
    drawn: list[Float32] = [task.motion.astype(np.float32) for task in tasks]
    with inference():
        for numbers in groups.values():
            members = [number for number in numbers if tasks[number].mask.any()]
            if members:
                results = _draw(model, [tasks[number] for number in members], settings)
                for number, result in zip(members, results, strict=True):
                    drawn[number] = result
    return drawn


def check(model: MotionModel, task: Task) -> None:
    """Refuse a task that does not fit the model.

    Args:
        model: The model.
        task: What to draw.

    Raises:
        BadWeights: If the model takes other dims.
        ValueError: If kept motion or speech is not finite.
    """
    motion, mask, speech = task.motion, task.mask, task.speech
    dims, channels = model.net.config.motion_dims, model.projection.channels
    fits = motion.ndim == 2 and motion.shape[1] == dims and mask.shape == motion.shape
    if not fits or speech.shape != (len(motion), channels):
        raise BadWeights(
            f"motion {motion.shape}, mask {mask.shape} and speech {speech.shape} do not fit a "
            f"model of {dims} motion and {channels} speech dims."
        )
    if not (np.isfinite(motion[~mask]).all() and np.isfinite(speech).all()):
        raise ValueError("kept motion and speech must be finite.")


def _draw(model: MotionModel, tasks: Sequence[Task], settings: SamplerSettings) -> list[Float32]:
    """Draw tasks of one length whose windows are the same."""
    windows = plan_windows(np.asarray(tasks[0].mask.any(axis=1)), model.window)
    seen = np.unique(np.concatenate([window.frames for window in windows]))
    centres = [kept_centre(task.motion[seen], task.mask[seen]) for task in tasks]
    kept = [
        np.where(task.mask, 0.0, (task.motion - centre) * model.motion_scale).astype(np.float32)
        for task, centre in zip(tasks, centres, strict=True)
    ]
    device = device_of(model.net)
    x_1 = torch.from_numpy(np.stack(kept)).to(device)
    mask = torch.from_numpy(np.stack([task.mask for task in tasks])).to(device)
    speech = torch.from_numpy(np.stack([model.projection(task.speech) for task in tasks]))
    noise = draw_noise(x_1.shape[1], x_1.shape[2], [task.seed for task in tasks])
    x_0 = (noise * torch.from_numpy(settings.temperatures(model.dim_names))).to(device)
    field = windowed_field(model, windows, x_1, mask, speech.to(device), settings)
    drawn = euler(field, x_1, mask, x_0, settings).cpu().numpy()
    # The caller's own numbers where kept: the round trip through the scale would cost a bit.
    joined = (
        np.where(task.mask, result / model.motion_scale + centre, task.motion).astype(np.float32)
        for task, result, centre in zip(tasks, drawn, centres, strict=True)
    )
    return [
        limit_steps(correct_offsets(motion, task.mask, settings.settle), task.mask)
        for motion, task in zip(joined, tasks, strict=True)
    ]
