"""Fetched networks for tests, which skip where they are not installed."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from facedit.bench import worker
from facedit.bench.measures.registry import load_nets
from facedit.bench.nets.face_embedding import FaceEmbedding, load_face_embedding
from facedit.bench.nets.feature_distance import FeatureDistance
from facedit.bench.nets.mobilenet import PictureFeatures, load_picture_features
from facedit.bench.nets.stlpips import load_stlpips
from facedit.bench.record import Record
from facedit.weights.fetch import is_installed


def need(*names: str) -> None:
    """Skip if an asset is missing."""
    for name in names:
        if not is_installed(name):
            pytest.skip(f"{name} is not installed ('facedit doctor --fetch bench')")


def stlpips() -> FeatureDistance:
    """The perceptual distance."""
    need("stlpips_alex.pth")
    return load_stlpips()


def face_embedding() -> FaceEmbedding:
    """The face embedding."""
    need("face_recognition_model.bin", "face_recognition_model.json")
    return load_face_embedding()


def picture_features() -> PictureFeatures:
    """MobileNetV2."""
    need("mobilenet_v2-b0353104.pth")
    return load_picture_features()


def worker_without_stlpips(job: worker.Job) -> Callable[[worker.Task], list[Record]]:
    """Make a benchmark's worker that leaves the slowest measure out; other processes find it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "load_nets", lambda *a: replace(load_nets(*a), stlpips=None))
        return worker.make_worker(job)
