"""The loaded judges, and what they say of a video."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from facedit.bench.crops import spread
from facedit.bench.judges import arcface, i3d, lpips, syncnet
from facedit.bench.judges.face_crops import face_crops
from facedit.bench.judges.inception import Inception
from facedit.bench.judges.judge_files import FILES, JudgeFiles
from facedit.bench.judges.s3fd import S3fd
from facedit.bench.nets.feature_distance import FeatureDistance
from facedit.bench.scene import Index, Scene, View
from facedit.evaluation.measure import Measure, mean_of, mean_sums
from facedit.evaluation.rows import has_face
from facedit.face.regions import LEFT_EYE, MOUTH_CORNERS, NOSE_TIP, RIGHT_EYE
from facedit.speech.sound_ops import mono, resampled
from facedit.tensors import Network, filled, open_onnx, read_official, read_torch
from facedit.types import Float32, Float64
from facedit.units import MOTION_FPS, SPEECH_RATE
from facedit.weights.fetch import asset_path
from facedit.weights.user_files import as_first_used

_FACES, _PICTURES = 8, 8
"""At most so many pictures of a side are looked at by ArcFace, and by the Inception network."""


@dataclass(frozen=True, slots=True)
class Judges:
    """The networks that were given; None or nothing for those that were not.

    Attributes:
        sync: Detector of faces and SyncNet.
        arcface: Embeds faces.
        lpips: Perceptual distances by trunk, ``alex`` and ``vgg``.
        i3d: Describes clips.
        inception: Describes pictures.
        device: Where they compute.
    """

    sync: tuple[S3fd, syncnet.SyncNet] | None
    arcface: arcface.Embed | None
    lpips: dict[str, FeatureDistance]
    i3d: torch.nn.Module | None
    inception: Inception | None
    device: torch.device | str = "cpu"


def load_judges(files: JudgeFiles, device: torch.device | str = "cpu") -> Judges:
    """Load the networks of a user's files; nothing in them is executed, but for TorchScript's.

    ``BadWeights`` is raised for a file that is another's, or not as it was at its first use;
    ``AssetMissing`` if the heads of LPIPS are not installed.
    """
    paths = {
        name: as_first_used(path, FILES[name].published_hash(path))
        for name, path in files.paths.items()
    }

    def net(name: str, kind: Callable[[], Network], begin: str = "") -> Network | None:
        return None if name not in paths else _loaded(kind(), paths[name], begin).to(device)

    detector, sync = net("s3fd", S3fd), net("syncnet", syncnet.SyncNet)
    # Of a classifier's file the convolutions are enough.
    trunks: dict[str, torch.nn.Module | None] = {
        "alex": net("alexnet", lpips.AlexTrunk, "features."),
        "vgg": net("vgg16", lpips.VggTrunk, "features."),
    }
    return Judges(
        sync=None if detector is None or sync is None else (detector, sync),
        arcface=_arcface(paths["arcface"], device) if "arcface" in paths else None,
        lpips={
            name: FeatureDistance(trunk, _heads(name)).to(device)
            for name, trunk in trunks.items()
            if trunk is not None
        },
        i3d=_i3d(paths["i3d"], device) if "i3d" in paths else None,
        inception=net("inception", Inception),
        device=device,
    )


def _state(path: Path) -> dict[str, torch.Tensor]:
    return {name.removeprefix("module."): value for name, value in read_official(path).items()}


def _loaded(net: Network, path: Path, begin: str = "") -> Network:
    """Fill a network with the tensors whose names begin so; older files do not count batches."""
    state = {name: value for name, value in _state(path).items() if name.startswith(begin)}
    for name, value in net.state_dict().items():
        if name.endswith("num_batches_tracked"):
            state.setdefault(name, torch.zeros_like(value))
    return filled(net, state, path).float()


def _heads(name: str) -> list[torch.Tensor]:
    state = read_torch(asset_path(f"lpips_{name}.pth"))
    return [state[f"lin{depth}.model.1.weight"] for depth in range(5)]


def _i3d(path: Path, device: torch.device | str) -> torch.nn.Module:
    if path.name == "rgb_imagenet.pt":
        return _loaded(i3d.InceptionI3d(), path).to(device)
    return i3d.load_torchscript(path, device)


def _arcface(path: Path, device: torch.device | str) -> arcface.Embed:
    if path.suffix != ".onnx":
        deep = any(name.startswith("layer3.14.") for name in _state(path))
        net = arcface.IResNet(arcface.DEPTHS["r100" if deep else "r50"])
        return arcface.embed_by(_loaded(net, path).to(device))
    network = open_onnx(path)  # some such files take one face at a time
    return lambda faces: np.concatenate([network(face[None])[0] for face in faces])


def judged_sums(scene: Scene, judges: Judges) -> dict[str, list[float]]:
    """Measure a scene: sums by key; none of what a judge cannot see."""
    found: dict[str, list[float]] = {}
    if judges.sync is not None:
        found |= _lse(scene, *judges.sync)
    if judges.arcface is not None:
        found["idsim"] = mean_sums(_cosines(scene, judges.arcface))
    return found


def _lse(scene: Scene, detector: S3fd, net: syncnet.SyncNet) -> dict[str, list[float]]:
    """LSE over the windows in which a picture is made anew.

    The figures of a span: the official ones average over a whole clip, most of which is kept here.
    """
    none: dict[str, list[float]] = {"lse_c": [0.0, 0.0], "lse_d": [0.0, 0.0]}
    if scene.sound is None or not len(scene.output.frames):
        return none
    rows, start_s = rows_at_25(scene.output)
    frames = [scene.output.frames[row] for row in rows]
    if len(frames) <= syncnet.PICTURES or (crops := face_crops(detector, frames)) is None:
        return none
    heard = mono(scene.sound)[round(start_s * scene.sound.rate) :]
    samples = resampled(heard, scene.sound.rate, SPEECH_RATE)
    distances = syncnet.distances_by_shift(*syncnet.embeddings(net, crops, samples))
    made = scene.filled[rows]
    touched = [bool(made[k : k + syncnet.PICTURES].any()) for k in range(len(distances))]
    if not any(touched):
        return none
    said = syncnet.lse_of(distances[torch.tensor(touched)])
    return {"lse_c": mean_sums([said.confidence]), "lse_d": mean_sums([said.distance])}


def rows_at_25(view: View) -> tuple[Index, float]:
    """Choose for every 25th of a second the picture shown then; return the first time too."""
    start_s = float(view.times_s[0])
    count = int((float(view.times_s[-1]) - start_s) * MOTION_FPS + 1e-6) + 1
    at = start_s + np.arange(count) / MOTION_FPS + 1e-6
    return np.searchsorted(view.times_s, at, side="right") - 1, start_s


def five_points(landmarks: Float32) -> Float64:
    """Return what ArcFace's faces are aligned by, from our mesh (478, 3): shape (5, 2)."""
    at = landmarks[:, :2].astype(np.float64)
    eyes = [at[list(eye)].mean(0) for eye in (RIGHT_EYE, LEFT_EYE)]
    return np.stack([*eyes, at[NOSE_TIP], *at[list(MOUTH_CORNERS)]])


def _cosines(scene: Scene, embed: arcface.Embed) -> Float64:
    """Compare made faces with the true ones of their times, or with the clip's mean face."""
    made = np.flatnonzero(scene.filled & has_face(scene.output.landmarks))
    own = scene.source if scene.truth is None else scene.truth
    if scene.truth is not None:
        made = made[has_face(own.landmarks)[made]]
    made = made[spread(len(made), _FACES)]
    rows = made
    if scene.truth is None:
        rows = np.flatnonzero(has_face(own.landmarks))
        rows = rows[spread(len(rows), _FACES)]
    if not len(made) or not len(rows):
        return np.zeros(0)
    new, old = _embedded(scene.output, made, embed), _embedded(own, rows, embed)
    if scene.truth is None:
        old = old.mean(0, keepdims=True)
        old /= np.linalg.norm(old)
    return np.asarray((new * old).sum(1), np.float64)


def _embedded(view: View, rows: Index, embed: arcface.Embed) -> Float64:
    faces = [arcface.aligned(view.frames[k], five_points(view.landmarks[k])) for k in rows]
    found = embed(arcface.scaled(faces)).astype(np.float64)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float64)


def features(scene: Scene, judges: Judges) -> dict[str, Float64]:
    """Describe made-anew and own pictures and clips, for FID and FVD over many items.

    Returns ``fid_made`` and ``fid_own``, (n, 2048), ``fvd_made`` and ``fvd_own``, (m, 400).
    """
    found: dict[str, Float64] = {}
    own = scene.source if scene.truth is None else scene.truth
    made = np.flatnonzero(scene.filled)
    if judges.inception is not None:
        some = made[spread(len(made), _PICTURES)]
        rows = some if scene.truth is not None else spread(len(own.frames), len(some))
        found["fid_made"] = judges.inception.describe([scene.output.frames[k] for k in some])
        found["fid_own"] = judges.inception.describe([own.frames[k] for k in rows])
    if judges.i3d is not None:
        starts = own_starts = clip_starts(made, len(scene.output.frames))
        if scene.truth is None:
            own_starts = list(range(0, len(own.frames) - i3d.FRAMES + 1, i3d.FRAMES))
        found["fvd_made"] = _described(judges.i3d, scene.output, starts, judges.device)
        found["fvd_own"] = _described(judges.i3d, own, own_starts, judges.device)
    return found


def _described(
    net: torch.nn.Module, view: View, starts: Sequence[int], device: torch.device | str
) -> Float64:
    clips = (view.frames[k : k + i3d.FRAMES] for k in starts)
    described = [i3d.features_of(net, clip, device) for clip in clips]
    return np.array(described).reshape(-1, 400)


def clip_starts(made: Index, count: int) -> list[int]:
    """Cut made-anew pictures into clips of 16; a shorter span lies in the middle of its clip."""
    if not len(made) or count < i3d.FRAMES:
        return []
    first, last = int(made[0]), int(made[-1])
    if last - first + 1 < i3d.FRAMES:
        middle = (first + last + 1 - i3d.FRAMES) // 2
        return [min(max(middle, 0), count - i3d.FRAMES)]
    return list(range(first, last + 2 - i3d.FRAMES, i3d.FRAMES))


def judged_measures(files: JudgeFiles) -> list[Measure]:
    """List the measures of the judges that are there; their real names are theirs alone."""
    found = []
    if "syncnet" in files.paths:
        found += [
            Measure("lse_c", "LSE-C", "", "higher", "lse_c", mean_of, 0.0, math.inf, 2, "sync"),
            Measure("lse_d", "LSE-D", "", "lower", "lse_d", mean_of, 0.0, math.inf, 2, "sync"),
        ]
    if "arcface" in files.paths:
        idsim = Measure("idsim", "IDSIM", "", "higher", "idsim", mean_of, -1.0, 1.0, 3, "identity")
        found.append(idsim)
    for trunk, file, title in (("alex", "alexnet", "AlexNet"), ("vgg", "vgg16", "VGG16")):
        if file in files.paths:
            for region in ("mouth", "face", "frame"):
                name, title_of = f"lpips_{trunk}_{region}", f"LPIPS ({title}), {region}"
                found.append(
                    Measure(name, title_of, "", "lower", name, mean_of, 0.0, math.inf, 3, "picture")
                )
    return found
