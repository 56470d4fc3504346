"""The judges' networks give the numbers of the official code, on weights that a rule makes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from facedit.bench.judges import arcface, i3d, syncnet
from facedit.bench.judges.face_crops import crops_along, through_jpeg
from facedit.bench.judges.judge_files import FILES, JudgeFiles
from facedit.bench.judges.judges import Judges, load_judges
from facedit.bench.judges.mfcc import mfcc
from facedit.cache import cache_dir
from facedit.errors import BadWeights, UsageError
from facedit.weights.fetch import is_installed
from facedit.weights.user_files import as_first_used
from golden.seeded import picture, places
from judges_golden import GOLDEN, noise, save
from onnx_files import node, write_onnx

INSTALLED = cache_dir() / "assets"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is remembered of files that are made for a test; no published hash fits them."""
    monkeypatch.setenv("FACEDIT_CACHE", str(tmp_path / "cache"))
    for name, file in FILES.items():
        monkeypatch.setitem(FILES, name, replace(file, sha256=""))
    return tmp_path / "cache"


def loaded(tmp_path: Path, **networks: str) -> Judges:
    """Save networks as they are published and load them by the option."""
    given = [
        f"{judge}={save(spec, tmp_path / FILES[judge].names[0])}"
        for judge, spec in networks.items()
    ]
    return load_judges(JudgeFiles.parse(",".join(given)))


def test_coefficients_are_those_of_python_speech_features() -> None:
    golden = np.load(GOLDEN / "syncnet.npz")
    assert np.abs(mfcc(golden["pcm"].astype(float)) - golden["mfcc"]).max() < 1e-5


def test_syncnet_sees_blue_green_red() -> None:
    red = np.zeros((120, 160, 3), np.uint8)
    red[...] = (200, 40, 10)
    box = np.tile([50.0, 30.0, 100.0, 80.0], (15, 1))
    seen = through_jpeg(crops_along([red] * 15, box))
    assert np.abs(seen[:, 112, 112] - np.array([10.0, 40.0, 200.0])).max() < 6


def test_faces_are_aligned_as_arcface_wants_them() -> None:
    golden = np.load(GOLDEN / "arcface.npz")
    assert np.abs(arcface.TEMPLATE - golden["template"]).max() < 1e-4
    for points, wanted in zip(golden["points"], golden["align"], strict=True):
        assert np.abs(arcface.alignment(points) - wanted).max() < 2e-5
    mirrored = np.array([(-x, y) for x, y in arcface.TEMPLATE])
    turned = arcface.alignment(mirrored)[:, :2]
    assert np.linalg.det(turned) > 0  # a similarity never mirrors


@pytest.mark.parametrize(
    ("trunk", "file"), [("alex", "alexnet"), pytest.param("vgg", "vgg16", marks=pytest.mark.full)]
)
def test_lpips_is_that_of_its_package(trunk: str, file: str, tmp_path: Path, cache: Path) -> None:
    assets = cache / "assets"
    assets.parent.mkdir(exist_ok=True)
    assets.symlink_to(INSTALLED)
    if not is_installed(f"lpips_{trunk}.pth"):
        pytest.skip("the heads of LPIPS are not installed: facedit doctor --fetch bench")
    golden = np.load(GOLDEN / "lpips.npz")
    net = loaded(tmp_path, **{file: f"lpips_{trunk}_trunk"}).lpips[trunk]
    pictures = [picture(96, 128, 0), picture(96, 128, 3), noise(96, 128, 1)]
    ones, others = ([pictures[k] for k in side] for side in golden["pairs"].T)
    assert np.abs(net.distances(ones, others) - golden[trunk]).max() < 1e-6


@pytest.mark.full
def test_syncnet_and_its_detector(tmp_path: Path) -> None:
    judges = loaded(tmp_path, s3fd="s3fd", syncnet="syncnet")
    assert judges.sync is not None
    detector, net = judges.sync
    golden, wide = np.load(GOLDEN / "syncnet.npz"), picture(224, 284, 0)
    crops = np.stack([wide[:, 2 * k : 2 * k + 224, ::-1] for k in range(26)])
    seen, heard = syncnet.embeddings(net, crops, golden["pcm"].astype(np.float32) / 32768)
    assert np.abs(seen[:, ::8].numpy() - golden["video"]).max() < 1e-5
    assert np.abs(heard[:, ::8].numpy() - golden["audio"]).max() < 1e-5
    distances = syncnet.distances_by_shift(seen, heard)
    assert np.abs(distances.mean(0).numpy() - golden["mean_distance"]).max() < 1e-5
    said = syncnet.lse_of(distances)
    assert np.allclose((said.distance, said.confidence, said.offset), golden["lse"], atol=1e-5)

    golden = np.load(GOLDEN / "s3fd.npz")
    found = detector.detect(picture(160, 192, 0))
    assert len(found) == golden["kept"]
    assert np.abs(found[:40] - golden["boxes"]).max() < 1e-4
    mean = torch.tensor((123.0, 117.0, 104.0))
    with torch.inference_mode():
        given = (torch.from_numpy(picture(160, 192, 0)).float() - mean).movedim(-1, 0)[None]
        outputs = dict(zip(("loc", "conf", "priors"), detector(given), strict=True))
    for name, tensor in outputs.items():
        values = tensor.numpy().ravel()
        assert tensor.shape == tuple(golden[f"{name}@shape"])
        at = places(f"s3fd/{name}", len(values), 2048)
        assert np.abs(values[at] - golden[f"{name}@values"]).max() < 1e-4


@pytest.mark.full
@pytest.mark.parametrize("depth", ["r50", "r100"])
def test_arcface(depth: str, tmp_path: Path) -> None:
    golden = np.load(GOLDEN / "arcface.npz")
    file = save(f"arcface_{depth}", tmp_path / "backbone.pth")
    embed = load_judges(JudgeFiles.parse(f"arcface={file}")).arcface
    assert embed is not None
    faces = [picture(112, 112, 0), noise(112, 112, 1), picture(112, 112, 2)]
    assert np.abs(embed(arcface.scaled(faces)) - golden[depth]).max() < 1e-4


def test_arcface_s_other_form_is_run_as_published(tmp_path: Path) -> None:
    """The mean colour of a face, 512 numbers wide, by a network that takes one face."""
    wide = np.arange(3 * 512).reshape(3, 512) / 512
    file = write_onnx(
        tmp_path / "w600k_r50.onnx",
        [
            node("GlobalAveragePool", ["input.1"], "pooled"),
            node("Flatten", ["pooled"], "colour"),
            node("MatMul", ["colour", "wide"], "683"),
        ],
        {"wide": wide},
        {"input.1": (1, 3, 112, 112)},
        {"683": (1, 512)},
    )
    embed = load_judges(JudgeFiles.parse(f"arcface={file}")).arcface
    assert embed is not None
    faces = [np.full((112, 112, 3), colour, np.uint8) for colour in ((255, 0, 0), (0, 255, 51))]
    colours = np.array([(1, -1, -1), (-1, 1, -0.6)])
    np.testing.assert_allclose(embed(arcface.scaled(faces)), colours @ wide, atol=1e-3)
    file.write_bytes(file.read_bytes()[:300])
    (cache_dir() / "first-used" / file.name).unlink()
    with pytest.raises(BadWeights, match=r"w600k_r50\.onnx is no network"):
        load_judges(JudgeFiles.parse(f"arcface={file}"))


@pytest.mark.full
def test_inception(tmp_path: Path) -> None:
    golden = np.load(GOLDEN / "fid_inception.npz")
    net = loaded(tmp_path, inception="fid_inception").inception
    assert net is not None
    pictures = [picture(96, 128, 0), noise(96, 128, 1)]
    assert np.abs(net.describe(pictures) - golden["f2048"]).max() < 2e-5
    with torch.inference_mode():
        taps = net(torch.from_numpy(np.stack(pictures)).movedim(-1, 1))
    for width in (64, 192, 768):
        assert np.abs(taps[width].numpy() - golden[f"f{width}"]).max() < 2e-5


@pytest.mark.full
def test_i3d(tmp_path: Path) -> None:
    golden, wide = np.load(GOLDEN / "i3d_rgb.npz"), picture(224, 264, 0)
    save("i3d_rgb", tmp_path / "rgb_imagenet.pt")
    net = load_judges(JudgeFiles.parse(str(tmp_path))).i3d
    frames = [wide[:, 2 * k : 2 * k + 224] for k in range(i3d.FRAMES)]
    clip = torch.from_numpy(np.stack(frames)).permute(3, 0, 1, 2)[None].float() / 127.5 - 1
    with torch.inference_mode():
        assert np.abs(net.pooled(clip).numpy() - golden["pooled"]).max() < 2e-5
        assert np.abs(net(clip).numpy() - golden["logits"]).max() < 2e-5
    assert np.abs(i3d.features_of(net, frames, "cpu") - golden["logits"][0, :, 0]).max() < 2e-5


def test_a_torchscript_is_called_as_published(tmp_path: Path) -> None:
    class Called(torch.nn.Module):
        """Tells what it was given."""

        def forward(
            self, x: torch.Tensor, rescale: bool, resize: bool, return_features: bool
        ) -> torch.Tensor:
            flags = torch.tensor([float(rescale), float(resize), float(return_features)])
            return torch.cat([flags, x.amax((0, 1, 3, 4))])[None]

    torch.jit.script(Called()).save(str(tmp_path / "i3d_torchscript.pt"))
    net = load_judges(JudgeFiles.parse(str(tmp_path))).i3d
    frames = [np.full((8, 8, 3), k, np.uint8) for k in range(i3d.FRAMES)]
    assert i3d.features_of(net, frames, "cpu").tolist() == [1, 1, 1, *range(i3d.FRAMES)]


def test_files_that_are_no_such_network_are_one_line(tmp_path: Path) -> None:
    torch.save({"conv.weight": torch.zeros(3)}, tmp_path / "backbone.pth")
    for judge, content, says in (
        ("arcface", None, "is no IResNet"),
        ("syncnet", b"not a file of torch", "damaged"),
        ("i3d", b"no program", "no TorchScript"),
    ):
        file = tmp_path / ("backbone.pth" if content is None else FILES[judge].names[0])
        if content is not None:
            file.write_bytes(content)
        given = f"{judge}={file}" + (f",s3fd={file}" if judge == "syncnet" else "")
        with pytest.raises(BadWeights, match=says) as caught:
            load_judges(JudgeFiles.parse(given))
        assert "\n" not in str(caught.value)


def test_the_option_names_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "sfd_face.pth").touch()
    for text, says in (
        (str(tmp_path / "none"), "no folder"),
        (str(tmp_path / "below" / "..") + "x", "no folder"),
        (f"taste={tmp_path}", "is none of syncnet"),
        (f"i3d={tmp_path}", "is no file"),
        ("i3d=", "is no file"),
        (f"lpips={tmp_path}", "holds neither"),
        (str(tmp_path), "s3fd is of no use without syncnet"),
    ):
        with pytest.raises(UsageError, match=says):
            JudgeFiles.parse(text)
    (tmp_path / "syncnet_v2.model").touch()
    found = JudgeFiles.parse(str(tmp_path))
    assert set(found.paths) == {"syncnet", "s3fd"}
    assert JudgeFiles.parse(str(found)) == found


def test_a_published_hash_is_asked_of_the_file_that_it_is_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FILES, "inception", replace(FILES["inception"], sha256="6726825d"))
    monkeypatch.setitem(FILES, "arcface", replace(FILES["arcface"], sha256="4c06341c"))
    for judge, name, asked in (
        ("arcface", "w600k_r50.onnx", True),
        ("arcface", "glintr100.onnx", False),
        ("inception", "pt_inception-2015-12-05-6726825d.pth", True),
    ):
        (tmp_path / name).write_bytes(b"another")
        says = "not as published" if asked else "is no network"
        with pytest.raises(BadWeights, match=says):
            load_judges(JudgeFiles.parse(f"{judge}={tmp_path / name}"))


def test_a_file_of_unknown_hash_may_not_change_later(tmp_path: Path) -> None:
    file = tmp_path / "syncnet_v2.model"
    file.write_bytes(b"one")
    assert as_first_used(file) == as_first_used(file) == file
    file.write_bytes(b"two")
    with pytest.raises(BadWeights, match="has changed since its first use"):
        as_first_used(file)
    with pytest.raises(BadWeights, match="not as published"):
        as_first_used(file, "0123abcd")
