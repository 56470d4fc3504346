"""Prepared clips in memory: one array per kind, cut into clips by offsets."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from facedit.errors import UsageError
from facedit.model.normalise import SpeechProjection
from facedit.types import Float32

KEPT = "kept"
ROWS = "rows.csv"
META = "meta.json"


@dataclass(frozen=True, slots=True)
class ClipRow:
    """A clip that ``prepare`` kept.

    Attributes:
        file: The clip, as the manifest names it.
        sha256: Hash of its content.
        split: ``train`` or ``dev``.
        corpus: Name of the corpus.
        speaker: Name of the speaker.
        frames: Motion frames.
    """

    file: str
    sha256: str
    split: str
    corpus: str
    speaker: str
    frames: int


@dataclass(frozen=True, slots=True)
class Meta:
    """What the prepared motion and speech are.

    Attributes:
        space: Name of the motion space.
        encoder: Name of the speech encoder.
        dim_names: Name of each motion dim.
        groups: Dims of the groups lips, face and head.
        effects: How far one unit of each dim moves the face (any unit), shape (D,).
        voices: In how many other voices each training clip is heard too.
    """

    space: str
    encoder: str
    dim_names: tuple[str, ...]
    groups: dict[str, slice]
    effects: Float32
    voices: int = 0


@dataclass(frozen=True, slots=True)
class PreparedClip:
    """One prepared clip as stored.

    Attributes:
        motion: Standardised motion, shape (T, D).
        mirrored: Motion of the mirrored face, shape (T, D).
        speech: Encoder features, shape (T, C).
        opening: Lip opening in units of the outer-eye distance, shape (T,).
        identity: Neutral shape taken out of ``motion``, shape (478, 3).
        confidence: Tracker confidence, shape (T,).
        voices: Features of the same words in other voices, shape (V, T, C); None without, and
            where they were not asked for.
    """

    motion: Float32
    mirrored: Float32
    speech: Float32
    opening: Float32
    identity: Float32
    confidence: Float32
    voices: Float32 | None = None

    def cut(self, start: int, stop: int, late: int = 0) -> PreparedClip:
        """Take some frames.

        Args:
            start: First frame.
            stop: One past the last.
            late: Each frame gets the speech of so many frames later (negative: earlier).

        Returns:
            Those frames; the neutral face stays that of the whole clip.
        """
        shown, heard = slice(start, stop), slice(start + late, stop + late)
        return replace(
            self,
            motion=self.motion[shown],
            mirrored=self.mirrored[shown],
            speech=self.speech[heard],
            opening=self.opening[shown],
            confidence=self.confidence[shown],
            voices=None if self.voices is None else self.voices[:, heard],
        )


STORED = ("motion", "mirrored", "speech", "opening", "identity", "confidence")
"""Arrays of a ``PreparedClip`` that are always there."""

_NO_VOICES = "holds no other voices: prepare anew with --voices, or set voices = 0 in [data]."


def read_rows(folder: Path) -> list[ClipRow]:
    """Read which clips were kept.

    Args:
        folder: Folder made by ``facedit prepare``.

    Returns:
        Rows in the manifest's order.

    Raises:
        UsageError: If the folder was not made by ``facedit prepare`` or kept nothing.
    """
    path = folder / ROWS
    if not path.is_file():
        raise UsageError(f"{folder} holds no {ROWS}: make it with 'facedit prepare CLIPS -o DIR'.")
    with path.open(newline="") as file:
        rows = [
            ClipRow(
                row["file"], row["sha256"], row["split"], row["corpus"], row["speaker"],
                int(row["frames"]),
            )
            for row in csv.DictReader(file)
            if row["status"] == KEPT
        ]  # fmt: skip
    if not rows:
        raise UsageError(f"{path} lists no clip that was kept.")
    return rows


def read_meta(folder: Path) -> Meta:
    """Read what the prepared motion and speech are.

    Args:
        folder: Folder made by ``facedit prepare``.

    Returns:
        The description.

    Raises:
        UsageError: If the file is missing or garbled.
    """
    try:
        table = json.loads((folder / META).read_text())
        return Meta(
            space=table["space"],
            encoder=table["encoder"],
            dim_names=tuple(table["dim_names"]),
            groups={name: slice(*bounds) for name, bounds in table["groups"].items()},
            effects=np.asarray(table["effects"], dtype=np.float32),
            voices=int(table.get("voices", 0)),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{folder / META} cannot be read ({error}); prepare again.") from error


def write_meta(folder: Path, meta: Meta) -> None:
    """Write what the prepared motion and speech are.

    Args:
        folder: The folder.
        meta: The description.
    """
    table = {
        "space": meta.space,
        "encoder": meta.encoder,
        "dim_names": list(meta.dim_names),
        "groups": {name: [part.start, part.stop] for name, part in meta.groups.items()},
        "effects": [float(value) for value in meta.effects],
        "voices": meta.voices,
    }
    (folder / META).write_text(json.dumps(table, indent=1))


def clip_path(folder: Path, sha256: str) -> Path:
    """Return where a prepared clip is stored."""
    return folder / "clips" / f"{sha256}.npz"


def read_clip(folder: Path, sha256: str, *, voices: bool = False) -> PreparedClip:
    """Read one prepared clip.

    Args:
        folder: Folder made by ``facedit prepare``.
        sha256: Hash of the clip.
        voices: Read its speech in other voices too (``facedit prepare --voices N``).

    Returns:
        The clip, all arrays float32.

    Raises:
        UsageError: If it is missing or damaged, or has no other voices and they are asked for.
    """
    path = clip_path(folder, sha256)
    try:
        with np.load(path, allow_pickle=False) as stored:
            if voices and "voices" not in stored:
                raise UsageError(f"{path} {_NO_VOICES}")
            names = (*STORED, "voices") if voices else STORED
            return PreparedClip(*(stored[name].astype(np.float32) for name in names))
    except UsageError:
        raise
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(f"{path} cannot be read ({error}); prepare again.") from error


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
        heard: Speech as the sync network embeds it, shape (N, E); None unless the loss asks for it.
    """

    rows: tuple[ClipRow, ...]
    offsets: np.ndarray[tuple[int], np.dtype[np.int64]]
    motion: Float32
    mirrored: Float32
    speech: Float32
    opening: Float32
    voices: tuple[Float32, ...] = ()
    heard: Float32 | None = None

    def clip(self, index: int) -> slice:
        """Return the frames of a clip."""
        return slice(int(self.offsets[index]), int(self.offsets[index + 1]))

    def facts(self) -> dict[str, Any]:
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

    Args:
        folder: Folder made by ``facedit prepare``.
        rows: Which clips.
        projection: Speech projection.
        voices: Load the other voices too.

    Returns:
        The packed clips.

    Raises:
        UsageError: If there is no clip, or one is damaged, or there are no other voices.
    """
    if not rows:
        raise UsageError("No clip is left to load: check the corpora and hold-outs of the config.")
    offsets = np.concatenate([[0], np.cumsum([row.frames for row in rows])]).astype(np.int64)
    total = int(offsets[-1])
    meta = read_meta(folder)
    if voices and not meta.voices:
        raise UsageError(f"{folder} {_NO_VOICES}")
    motion = np.empty((total, len(meta.dim_names)), np.float32)
    mirrored = np.empty_like(motion)
    speech = np.empty((total, len(projection.offset)), np.float32)
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


def fit_projection(features: Iterable[Float32], dims: int, whiten: float) -> SpeechProjection:
    """Fit principal components of the encoder's channels; energy and activity pass through.

    Args:
        features: Features of each clip, shape (T, C); the last two channels are energy and voice
            activity.
        dims: Components to keep.
        whiten: 0 keeps the components' spread, 1 makes it equal.

    Returns:
        A map to ``dims + 2`` dims with mean 0 and a variance of 1 on average.
    """
    count, total, square = 0, np.zeros(0), np.zeros((0, 0))
    for values in features:
        wide = values.astype(np.float64)
        if not count:
            total, square = np.zeros(wide.shape[1]), np.zeros((wide.shape[1],) * 2)
        count += len(wide)
        total += wide.sum(axis=0)
        square += wide.T @ wide
    mean = total / count
    covariance = square / count - np.outer(mean, mean)
    channels = len(mean) - 2
    dims = min(dims, channels)
    variance, vectors = np.linalg.eigh(covariance[:channels, :channels])
    variance, vectors = variance[::-1][:dims].clip(1e-12), vectors[:, ::-1][:, :dims]
    factor = variance ** (-whiten / 2)
    factor /= np.sqrt((variance * factor**2).mean())
    matrix = np.zeros((channels + 2, dims + 2))
    matrix[:channels, :dims] = vectors * factor
    for extra in range(2):
        spread = max(covariance[channels + extra, channels + extra], 1e-6)
        matrix[channels + extra, dims + extra] = 1 / np.sqrt(spread)
    return SpeechProjection(matrix.astype(np.float32), (-mean @ matrix).astype(np.float32))


def motion_scale(meta: Meta, smallest: float = 0.25) -> Float32:
    """Scale dims that hardly move the face down, so that their noise costs the network little.

    Args:
        meta: Describes the dims.
        smallest: Least factor.

    Returns:
        ``sqrt(effect / strongest effect of its group)``, bounded below, shape (D,).
    """
    scale = np.ones(len(meta.dim_names), np.float32)
    for name in ("lips", "face"):
        effect = meta.effects[meta.groups[name]]
        scale[meta.groups[name]] = np.sqrt(effect / effect.max())
    return scale.clip(smallest, 1.0)


def split_rows(
    rows: Sequence[ClipRow],
    speakers: Sequence[str],
    every: int,
    corpora: Sequence[str],
) -> tuple[list[ClipRow], list[ClipRow]]:
    """Part the training split into clips to learn from and clips held out.

    Args:
        rows: All rows.
        speakers: Speakers held out whole.
        every: Every n-th clip of ``corpora`` is held out too; 0 for none.
        corpora: Where ``every`` applies.

    Returns:
        Rows to learn from, rows held out.
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
    return learn, held
