"""Prepared clips in memory: one array per kind, cut into clips by offsets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from facedit.dataset.clip_rows import counted
from facedit.dataset.prepared import META, NO_VOICES, ClipRow, read_clip, read_meta, read_rows
from facedit.errors import UsageError
from facedit.model.normalise import SpeechProjection
from facedit.training.experiment import ClipsConfig, PoolConfig
from facedit.types import Float32

C = TypeVar("C", bound=ClipsConfig)


@dataclass(frozen=True, slots=True)
class Dataset:
    """Clips packed end to end.

    Attributes:
        rows: The clips.
        offsets: First frame of each clip, and the total, shape (clips + 1,).
        motion: Shape (N, D).
        mirrored: Shape (N, D).
        speech: Projected speech, shape (N, S).
        opening: Shape (N,).
        voices: Projected speech in other voices, each of shape (N, S).
        embedded: Speech as the sync network embeds it, shape (N, E); None unless it is asked for.
    """

    rows: tuple[ClipRow, ...]
    offsets: np.ndarray[tuple[int], np.dtype[np.int64]]
    motion: Float32
    mirrored: Float32
    speech: Float32
    opening: Float32
    voices: tuple[Float32, ...] = ()
    embedded: Float32 | None = None

    def clip(self, index: int) -> slice:
        """Return the frames of a clip."""
        return slice(int(self.offsets[index]), int(self.offsets[index + 1]))

    def facts(self) -> dict[str, object]:
        """Return what weights that learnt from it say of it."""
        return {
            "clips": len(self.rows),
            "frames": int(self.offsets[-1]),
            "corpora": sorted({row.corpus for row in self.rows}),
        }


def load_dataset(
    folder: Path, rows: Sequence[ClipRow], projection: SpeechProjection, *, voices: bool = False
) -> Dataset:
    """Load clips with their speech projected, one clip's raw features in memory at a time.

    Raises UsageError if a clip is damaged, or if there are no other voices where they are asked
    for.
    """
    offsets = np.concatenate([[0], np.cumsum([row.frames for row in rows])]).astype(np.int64)
    total = int(offsets[-1])
    meta = read_meta(folder)
    if voices and not meta.voices:
        raise UsageError(f"{folder} {NO_VOICES}")
    motion = np.empty((total, len(meta.dim_names)), np.float32)
    mirrored = np.empty_like(motion)
    speech = np.empty((total, projection.width), np.float32)
    opening = np.empty(total, np.float32)
    others = tuple(np.empty_like(speech) for _ in range(meta.voices if voices else 0))
    for row, start, stop in zip(rows, offsets[:-1], offsets[1:], strict=True):
        clip = read_clip(folder, row.sha256, voices=voices)
        if len(clip.motion) != stop - start:
            raise UsageError(f"{row.file} has {len(clip.motion)} frames, {row.frames} listed.")
        motion[start:stop], mirrored[start:stop] = clip.motion, clip.mirrored
        speech[start:stop], opening[start:stop] = projection(clip.speech), clip.opening
        if clip.voices is not None:
            if len(clip.voices) != len(others):
                raise UsageError(
                    f"{row.file} has {len(clip.voices)} voices, {META} says {len(others)}."
                )
            for other, values in zip(others, clip.voices, strict=True):
                other[start:stop] = projection(values)
    return Dataset(tuple(rows), offsets, motion, mirrored, speech, opening, others)


def with_pools(config: C) -> C:
    """Let settings without pools have one of all that was prepared."""
    if config.pools:
        return config
    rows = read_rows(Path(config.folder))
    corpora = tuple(sorted({row.corpus for row in rows}))
    window = min(max(row.frames for row in rows), config.window)
    return replace(config, pools=(PoolConfig(corpora, 1.0, window),))


def chosen_rows(config: ClipsConfig) -> tuple[list[ClipRow], list[ClipRow]]:
    """Read which clips of a prepared folder are learnt from, and which are held out.

    Raises UsageError if there is no clip of a pool, or nothing to learn from.
    """
    rows = read_rows(Path(config.folder))
    there = counted(row.corpus for row in rows)
    wanted = {name for pool in config.pools for name in pool.corpora}
    for pool in config.pools:
        if not any(row.corpus in pool.corpora for row in rows):
            raise UsageError(
                f"{config.folder} holds no clips of {', '.join(pool.corpora)}, a pool of the "
                f"configuration; it holds {there}. Name these corpora in [[data.pools]], or write "
                "pools = [] in [data] to learn from all that was prepared."
            )
    return split_rows(
        [row for row in rows if row.corpus in wanted],
        config.hold_out_speakers,
        config.hold_out_every,
        config.hold_out_corpora,
    )


def split_rows(
    rows: Sequence[ClipRow],
    speakers: Sequence[str],
    every: int,
    corpora: Sequence[str],
) -> tuple[list[ClipRow], list[ClipRow]]:
    """Part the training split into rows to learn from and rows held out.

    Held out are whole speakers, and every n-th clip of the corpora (0 for none). Raises UsageError
    if nothing is left to learn from.
    """
    learn: list[ClipRow] = []
    held: list[ClipRow] = []
    seen = 0
    for row in rows:
        if row.split != "train":
            continue
        seen += row.corpus in corpora
        periodic = every > 0 and row.corpus in corpora and seen % every == 0
        (held if row.speaker in speakers or periodic else learn).append(row)
    if not learn:
        raise UsageError(
            f"there is nothing to learn from: the clips' splits are "
            f"{counted(row.split for row in rows)}, only 'train' is learnt from, and "
            f"{len(held)} clips of it are held out by the configuration."
        )
    return learn, held
