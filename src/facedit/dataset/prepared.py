"""What ``facedit prepare`` leaves in its folder: rows of the clips kept, what they are, clips."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facedit.errors import UsageError
from facedit.inputs import read_csv, read_json
from facedit.tensors import read_arrays
from facedit.types import Float32

KEPT = "kept"
ROWS = "rows.csv"
META = "meta.json"


@dataclass(frozen=True, slots=True)
class ClipRow:
    """A clip that ``prepare`` kept, as the manifest names it, with the hash of its content."""

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
        """Take the frames start to stop - 1; the neutral face stays that of the whole clip.

        Each gets the speech of ``late`` frames later (negative: earlier).
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
NO_VOICES = "holds no other voices: prepare anew with --voices, or set voices = 0 in [data]."


def read_rows(folder: Path) -> list[ClipRow]:
    """Read which clips were kept, in the manifest's order.

    UsageError is raised if ``facedit prepare`` did not make the folder or kept nothing.
    """
    path = folder / ROWS
    if not path.is_file():
        raise UsageError(f"{folder} holds no {ROWS}: make it with 'facedit prepare CLIPS -o DIR'.")
    rows = []
    for number, row in read_csv(path, "table of clips", UsageError):
        if row.get("status") != KEPT:
            continue
        try:
            rows.append(
                ClipRow(
                    row["file"], row["sha256"], row["split"], row["corpus"], row["speaker"],
                    int(row["frames"]),
                )
            )  # fmt: skip
        except (KeyError, ValueError) as error:
            raise UsageError(f"{path}, line {number}: {error}; prepare again.") from error
    if not rows:
        raise UsageError(f"{path} lists no clip that was kept.")
    return rows


def read_meta(folder: Path) -> Meta:
    """Read what the prepared motion and speech are; UsageError if it is missing or garbled."""
    try:
        table = read_json(folder / META, "description", UsageError)
        return Meta(
            space=table["space"],
            encoder=table["encoder"],
            dim_names=tuple(table["dim_names"]),
            groups={name: slice(*bounds) for name, bounds in table["groups"].items()},
            effects=np.asarray(table["effects"], dtype=np.float32),
            voices=int(table.get("voices", 0)),
        )
    except (AttributeError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{folder / META} cannot be read ({error}); prepare again.") from error


def write_meta(folder: Path, meta: Meta) -> None:
    """Write what the prepared motion and speech are."""
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
    """Read a prepared clip as float32, with its other voices if they are asked for.

    UsageError is raised if it is missing or damaged, or has no other voices (``facedit prepare
    --voices N``).
    """
    path = clip_path(folder, sha256)
    names = (*STORED, "voices") if voices else STORED
    stored = read_arrays(path, names, UsageError)
    if voices and "voices" not in stored:
        raise UsageError(f"{path} {NO_VOICES}")
    try:
        return PreparedClip(*(stored[name].astype(np.float32) for name in names))
    except (ValueError, KeyError) as error:
        raise UsageError(f"{path} cannot be read ({error}); prepare again.") from error
