"""Fit the motion space to a manifest's training clips, from their cached tracks.

``python -m facedit.motion.fit_corpus MANIFEST TRACKS -o mesh.safetensors``
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from facedit.errors import UsageError
from facedit.face.store import load_track
from facedit.motion.fit import FitClip, FitOptions, fit_space
from facedit.motion.mesh_space import MeshSpace

log = logging.getLogger(__name__)

LARGE_CORPUS = 100
"""Corpora with fewer clips than this weigh together as one group."""

FREE_LICENCE = "CC BY 4.0"


def fit_from_manifest(
    manifest: Path, tracks: Path, *, options: FitOptions | None = None
) -> MeshSpace:
    """Fit the motion space to the clips of the training split that have a track.

    The manifest is a CSV with the columns ``file`` (beside it), ``split``, ``corpus``, ``speaker``
    and ``licence``; ``tracks`` holds raw tracks, ``SHA256_OF_THE_CLIP.npz``. The space's metadata
    names corpora and licence. UsageError is raised if no training clip has a track.
    """
    with manifest.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "train"]
    found = [(row, path) for row in rows if (path := _track_of(manifest, row, tracks)).is_file()]
    if not found:
        raise UsageError(f"none of {len(rows)} training clips has a track in {tracks}.")
    log.info("%d of %d training clips have a track", len(found), len(rows))
    counts: dict[str, int] = {}
    for row, _ in found:
        counts[row["corpus"]] = counts.get(row["corpus"], 0) + 1
    free = all(row.get("licence", "").startswith(FREE_LICENCE) for row, _ in found)

    def clips() -> Iterator[FitClip]:
        for row, path in found:
            corpus = row["corpus"]
            group = corpus if counts[corpus] >= LARGE_CORPUS else "other"
            yield FitClip(load_track(path), f"{corpus}/{row['speaker']}", group)

    provenance = {
        "fitted_by": "facedit.motion.fit_corpus",
        "split": "train",
        "corpora": counts,
        "licence": FREE_LICENCE if free else "research use only (CC BY-NC 4.0)",
    }
    return fit_space(clips(), options=options, provenance=provenance)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m facedit.motion.fit_corpus")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("tracks", type=Path, help="folder of raw tracks, SHA256.npz")
    parser.add_argument("-o", "--output", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    fit_from_manifest(chosen.manifest, chosen.tracks).save(chosen.output)


def _track_of(manifest: Path, row: dict[str, str], tracks: Path) -> Path:
    """Return where the raw track of a clip would be."""
    with (manifest.parent / row["file"]).open("rb") as file:
        return tracks / f"{hashlib.file_digest(file, 'sha256').hexdigest()}.npz"


if __name__ == "__main__":
    main()
