import csv
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from facedit.errors import UsageError
from facedit.face.canonical import mirror_points
from facedit.face.store import save_track
from facedit.motion.fit import FitClip, FitOptions, fit_space
from facedit.motion.fit_corpus import fit_from_manifest
from facedit.motion.mesh_space import MeshSpace
from facedit.types import FaceTrack, Float64

MakeTrack = Callable[..., FaceTrack]
SMALL = FitOptions(lower_dims=3, upper_dims=2)


def fitted(make_track: MakeTrack) -> MeshSpace:
    clips = [FitClip(make_track(seed=k), f"person{k % 2}", "made") for k in range(4)]
    return fit_space(clips, options=SMALL, provenance={"licence": "none"})


def test_the_first_axis_is_the_motion_that_was_put_in(
    make_track: MakeTrack, neutral: Float64
) -> None:
    space = fitted(make_track)
    first = np.zeros((478, 3))
    first[space.lower_points] = space.lower[0].reshape(-1, 3)
    first /= space.weights
    put_in = np.sqrt(np.clip((neutral[:, 1] - 0.75) / 0.6, 0, 1))
    moved = first[space.lower_points, 1]
    assert abs(np.corrcoef(moved, put_in[space.lower_points])[0, 1]) > 0.98
    assert np.abs(first[:, [0, 2]]).max() < 0.1 * np.abs(moved).max()
    assert space.metadata["lower_variance_kept"] > 0.98


def test_bases_are_orthonormal_and_values_standardised(make_track: MakeTrack) -> None:
    space = fitted(make_track)
    np.testing.assert_allclose(space.lower @ space.lower.T, np.eye(3), atol=1e-5)
    np.testing.assert_allclose(space.upper @ space.upper.T, np.eye(2), atol=1e-5)
    values = []
    for k in range(4):
        track = make_track(seed=k)
        identity = space.identity(track.landmarks, track.confidence)
        values.append(space.encode(track.landmarks, identity))
    part = np.concatenate(values)[:, [0, 5, 6, 7]]
    np.testing.assert_allclose(part.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose(part.std(axis=0), 1, atol=0.1)


def test_every_group_weighs_the_same(make_track: MakeTrack) -> None:
    quiet = [FitClip(make_track(seed=k, opening=0.02), "a", "quiet") for k in range(6)]
    loud = [FitClip(make_track(seed=9, opening=0.1), "b", "loud")]
    std = fit_space([*quiet, *loud], options=SMALL).std[0]
    alone = [fit_space(group, options=SMALL).std[0] for group in (quiet, loud)]
    assert std**2 == pytest.approx(np.mean(np.square(alone)), rel=0.05)


def test_the_mean_face_is_symmetrical_and_in_place(make_track: MakeTrack) -> None:
    canonical = fitted(make_track).canonical
    mirrored = (canonical * [-1, 1, 1])[mirror_points()]
    np.testing.assert_allclose(mirrored, canonical, atol=1e-4)
    np.testing.assert_allclose(canonical[[33, 263]].mean(axis=0), 0, atol=1e-5)
    assert np.linalg.norm(canonical[263] - canonical[33]) == pytest.approx(1, rel=1e-5)


def test_mirror_points_pair_off() -> None:
    pairs = mirror_points()
    np.testing.assert_array_equal(pairs[pairs], np.arange(478))
    assert pairs[33] == 263
    assert pairs[61] == 291
    assert pairs[13] == 13
    # A rim point on the outer side of one iris goes with the outer side of the other.
    assert pairs[468] == 473
    assert pairs[471] == 474


def test_too_little_is_refused(make_track: MakeTrack) -> None:
    with pytest.raises(ValueError, match="too few"):
        fit_space([FitClip(make_track(frames=10), "a", "made")])


def test_a_manifest_fits_its_training_clips_only(make_track: MakeTrack, tmp_path: Path) -> None:
    tracks = tmp_path / "tracks"
    tracks.mkdir()
    manifest = tmp_path / "manifest.csv"
    rows = []
    for k, split in enumerate(["train", "train", "dev"]):
        clip = tmp_path / f"{k}.mp4"
        clip.write_bytes(bytes([k]))
        # The dev clip moves a lot more: its use would show in the statistics.
        track = make_track(seed=k, opening=1.0 if split == "dev" else 0.05)
        save_track(tracks / f"{hashlib.sha256(clip.read_bytes()).hexdigest()}.npz", track)
        rows.append([clip.name, split, "grid", f"p{k}", "CC BY 4.0 (Cooke)"])
    with manifest.open("w", newline="") as file:
        csv.writer(file).writerows([["file", "split", "corpus", "speaker", "licence"], *rows])
    space = fit_from_manifest(manifest, tracks, options=SMALL)
    clips = [FitClip(make_track(seed=k, opening=0.05), f"p{k}", "g") for k in range(2)]
    np.testing.assert_allclose(space.std, fit_space(clips, options=SMALL).std, rtol=1e-5)
    assert space.metadata["corpora"] == {"grid": 2}
    assert space.metadata["licence"] == "CC BY 4.0"
    with pytest.raises(UsageError, match="none of 2"):
        fit_from_manifest(manifest, tmp_path)
