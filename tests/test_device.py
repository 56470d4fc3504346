"""Every network computes on the device that was chosen, and the result is the CPU's."""

import pickle
import re
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import facedit
from bench.bench_networks import face_embedding, picture_features, stlpips
from facedit.bfloat16 import PackedConv1d, PackedConvolution, PackedLinear, in_bfloat16
from facedit.cli.doctor import doctor
from facedit.device import choose_device, cpu_threads, device_of, half_is_quick, inference
from facedit.errors import UsageError
from facedit.lip_sync.sync_weights import load_sync
from facedit.model.checkpoint import load_model, save_model
from facedit.model.infill import infill
from facedit.model.sampler_settings import SamplerSettings
from facedit.render.bank import ReferenceBank
from facedit.render.network import MouthNetwork, MouthNetworkConfig, load_network, save_network
from facedit.render.network_drawing import DrawingNetwork
from facedit.render.renderer_interface import FrameTask
from facedit.render.still_renderer import Still, StillRenderer
from facedit.render.warp import Rect
from facedit.speech.encoders.whisper_base import WhisperBase
from faces import canonical_landmarks
from model.motion_models import CHANNELS, DIMS, tiny_model
from standin import DEVICE, plugged_in

skimage = pytest.importorskip("skimage.data")
pytestmark = pytest.mark.usefixtures("one_thread")


def test_auto_is_the_accelerator_where_there_is_one() -> None:
    assert choose_device("auto").type == choose_device("cpu").type == "cpu"
    with plugged_in() as name:
        assert choose_device("auto").type == choose_device(f"{name}:0").type == name
        assert torch.zeros(2, device=name).device == DEVICE


@pytest.mark.parametrize("name", ["abacus", "cuda:7", "meta", "standin", "cpu:1", ""])
def test_a_device_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"--device .*: is not there; choose auto or cpu\."):
        choose_device(name)


def test_the_stand_in_refuses_what_a_gpu_refuses() -> None:
    there, here = torch.ones(3, device=DEVICE), torch.ones(3)
    for mixed in (
        lambda: there + here,
        lambda: torch.cat([there, here]),
        lambda: there.gather(0, torch.tensor([1])),
        lambda: there.index_put_((torch.tensor([1]),), here[:1]),
        lambda: torch.nn.Linear(3, 3).to(DEVICE)(here),
        lambda: there.double(),
        lambda: there.numpy(),
        lambda: torch.randn(3, generator=torch.Generator(), device=DEVICE),
    ):
        with pytest.raises((RuntimeError, TypeError)):
            mixed()
    assert (there + torch.tensor(1.0))[torch.tensor([1])].cpu().tolist() == [2.0]


@pytest.mark.parametrize("frames", [30, 150])
def test_motion_is_the_same_on_every_device(frames: int, tmp_path) -> None:
    save_model(tiny_model(), tmp_path / "m.safetensors", torch.float32)
    rng = np.random.default_rng(0)
    motion = rng.standard_normal((frames, DIMS)).astype(np.float32)
    speech = rng.standard_normal((frames, CHANNELS)).astype(np.float32)
    mask = np.zeros((frames, DIMS), bool)
    mask[10 : frames - 10] = True
    settings = SamplerSettings(steps=3, speech_guidance=1.5, context_guidance=1.2)
    drawn = [
        infill(
            load_model(tmp_path / "m.safetensors", device), motion, mask, speech,
            seed=3, takes=2, settings=settings,
        )
        for device in ("cpu", DEVICE)
    ]  # fmt: skip
    np.testing.assert_allclose(drawn[1], drawn[0], atol=1e-5)


def test_mouths_are_the_same_on_every_device(tmp_path) -> None:
    torch.manual_seed(0)
    network = MouthNetwork(MouthNetworkConfig(channels=(8, 8, 8), detail=8))
    torch.nn.init.normal_(network.head.weight, std=0.1)
    save_network(network.to(DEVICE), tmp_path / "mouth.safetensors")
    picture = np.asarray(skimage.astronaut()[:256, 94:350], np.uint8)
    face = canonical_landmarks() * np.float32(8.0) + np.array([128, 110, 0], np.float32)
    opened = face.copy()
    opened[canonical_landmarks()[:, 1] > 4.4, 1] += 6
    donor = ReferenceBank()
    donor.add(picture, face, 0.0)
    shown = []
    for device in ("cpu", DEVICE):
        drawn = load_network(tmp_path / "mouth.safetensors", device)
        renderer = StillRenderer(Still(picture, face), drawn, donor)
        (choice,) = renderer.plan(opened[None], face[None]).choices
        patch = renderer.render(FrameTask(picture, face, opened, choice))
        height, width = patch.rgb.shape[:2]
        out = picture.astype(int)
        out[patch.y : patch.y + height, patch.x : patch.x + width] = patch.rgb
        shown.append(out)
        assert device_of(drawn) == torch.device(device)
    assert np.abs(shown[0] - picture).max() > 20
    assert np.abs(shown[1] - shown[0]).max() <= 1


def test_speech_and_measures_are_the_same_on_every_device() -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, 640 * 30).astype(np.float32)
    here, there = (WhisperBase(2, device).encode(samples) for device in ("cpu", DEVICE))
    np.testing.assert_allclose(there, here, atol=1e-4)
    for values, embed in ((24, "embed_motion"), (1026, "embed_speech")):
        sequence = np.random.default_rng(1).normal(size=(20, values)).astype(np.float32)
        here, there = (getattr(load_sync(device=d), embed)(sequence) for d in ("cpu", DEVICE))
        np.testing.assert_allclose(there, here, atol=1e-5)


def test_the_number_of_threads_changes_no_bit() -> None:
    """And is as it was afterwards: another thread of the process may have chosen it."""
    network, generator = load_network(), torch.Generator().manual_seed(0)
    size = network.config.size
    pictures, raster, gaps = (
        torch.rand(shape, generator=generator)
        for shape in ((1, size, size, 4, 3), (1, size, size, 3), (1, 4))
    )
    drawing, part, drawn = DrawingNetwork(network), Rect(20, 30, 50, 50), []
    for threads in (1, 2):
        with cpu_threads(threads):
            with inference():
                drawn.append(drawing(pictures, raster, gaps, part)[0])
            assert torch.get_num_threads() == threads
    assert torch.equal(drawn[0], drawn[1])


def test_networks_compute_nowhere_but_on_one_thread() -> None:
    """Whoever switches gradients off to use a network goes through ``device.inference``."""
    folder = Path(facedit.__file__).parent
    asking = [
        str(file.relative_to(folder))
        for file in folder.rglob("*.py")
        if re.search(r"inference_mode|set_num_threads", file.read_text(encoding="utf-8"))
    ]
    assert asking == ["device.py"]


def test_networks_that_measure_pictures_are_the_same_on_every_device() -> None:
    picture = np.asarray(skimage.astronaut()[:256, 94:350], np.uint8)
    face = canonical_landmarks() * np.float32(8.0) + np.array([128, 110, 0], np.float32)
    for load, look in (
        (face_embedding, lambda net: net.embed([picture], face[None])),
        (stlpips, lambda net: net.distances([picture[:64, :64]], [picture[64:128, :64]])),
        (picture_features, lambda net: net.describe([picture[:96, :96]])),
    ):
        net = load()
        here = look(net)
        if isinstance(net, torch.nn.Module):
            moved = deepcopy(net).to(DEVICE)
        else:
            moved = replace(net, net=deepcopy(net.net).to(DEVICE))
        there = look(moved)
        np.testing.assert_allclose(there, here, rtol=1e-4, atol=1e-4)


def test_doctor_says_where_networks_compute() -> None:
    assert "\nnetworks compute on: cpu\n" in str(doctor())
    with plugged_in() as name:
        assert torch.ones(1, device=name).device == DEVICE
        assert doctor().to_dict()["device"] == name


def test_a_packed_network_gives_what_its_own_layers_give_in_bfloat16() -> None:
    over_time = nn.Conv1d(17, 17, 3, stride=2, padding=1)
    net = nn.Sequential(nn.Linear(40, 24), nn.Sequential(nn.Linear(24, 6)), over_time)
    packed = pickle.loads(pickle.dumps(in_bfloat16(net)))
    plain = deepcopy(net).bfloat16()
    kinds = [type(layer) for layer in (packed[0], packed[1][0], packed[2])]
    assert kinds == [PackedLinear, PackedLinear, PackedConv1d]
    with inference():
        for shape in ((1, 17, 40), (3, 17, 40)):
            x = torch.randn(shape, generator=torch.Generator().manual_seed(0)).bfloat16()
            assert torch.equal(packed(x), plain(x))
    assert packed[0].weight.dtype == torch.bfloat16
    assert net[0].weight.dtype == torch.float32


@pytest.mark.skipif(not half_is_quick(), reason="its CPU does not multiply bfloat16")
def test_a_packed_convolution_gives_what_conv2d_gives_of_every_size() -> None:
    noise = torch.Generator().manual_seed(0)
    weight = torch.randn(12, 5, 3, 3, generator=noise).bfloat16()
    bias = torch.randn(12, generator=noise).bfloat16()
    for b, stride, padding in (
        (bias, (1, 1), (1, 1)),
        (None, (2, 2), (1, 1)),
        (bias, (1, 1), (0, 0)),
    ):
        layer = pickle.loads(pickle.dumps(PackedConvolution(weight, b, stride, padding)))
        with inference():
            for size in ((24, 24), (7, 31)):
                x = torch.randn(1, 5, *size, generator=noise).bfloat16()
                x = x.contiguous(memory_format=torch.channels_last)
                plain = nn.functional.conv2d(x, weight, b, stride, padding)
                assert torch.equal(layer(x), plain)
