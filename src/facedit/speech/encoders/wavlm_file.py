"""Reads WavLM's official files: unilm's ``.pt`` and the model hub's, whatever they are called."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from facedit.errors import BadWeights
from facedit.speech.encoders.wavlm import BUCKETS, KERNELS, WavLM, WavLMSize
from facedit.tensors import read_official

_NAMES = (
    # the hub's name, unilm's, ours
    (r"feature_extractor\.conv_layers\.(\d+)\.(?:conv|0)", r"convs.\1"),
    (r"feature_extractor\.conv_layers\.(\d+)\.(?:layer_norm|2\.1|2)", r"conv_norms.\1"),
    (r"feature_projection\.layer_norm|layer_norm", "conv_norm"),
    (r"feature_projection\.projection|post_extract_proj", "projection"),
    (r"encoder\.(?:pos_conv_embed\.conv|pos_conv\.0)", "position"),
    (r"encoder\.layer_norm", "norm"),
    (
        r"encoder\.layers\.0\.(?:attention\.rel_attn_embed|self_attn\.relative_attention_bias)",
        "position_bias",
    ),
    (r"encoder\.layers\.(\d+)\.(?:attention|self_attn)\.q_proj", r"layers.\1.query"),
    (r"encoder\.layers\.(\d+)\.(?:attention|self_attn)\.k_proj", r"layers.\1.key"),
    (r"encoder\.layers\.(\d+)\.(?:attention|self_attn)\.v_proj", r"layers.\1.value"),
    (r"encoder\.layers\.(\d+)\.(?:attention|self_attn)\.out_proj", r"layers.\1.out"),
    (
        r"encoder\.layers\.(\d+)\.(?:attention\.gru_rel_pos_linear|self_attn\.grep_linear)",
        r"layers.\1.gate",
    ),
    (r"encoder\.layers\.(\d+)\.(?:layer_norm|self_attn_layer_norm)", r"layers.\1.attention_norm"),
    (r"encoder\.layers\.(\d+)\.final_layer_norm", r"layers.\1.norm"),
    (r"encoder\.layers\.(\d+)\.(?:feed_forward\.intermediate_dense|fc1)", r"layers.\1.widen"),
    (r"encoder\.layers\.(\d+)\.(?:feed_forward\.output_dense|fc2)", r"layers.\1.narrow"),
)
_LEAF = r"\.(weight|bias|weight_[gv]|parametrizations\.weight\.original[01])"
_GATE_SCALE = re.compile(
    r"encoder\.layers\.(\d+)\.(?:attention\.gru_rel_pos_const|self_attn\.grep_a)"
)
_MOST_LAYERS = 64


def load_wavlm(path: Path) -> WavLM:
    """Load a network from a file of official weights, on the CPU, for inference.

    That is ``WavLM-Large.pt`` and its like, or ``model.safetensors`` or ``pytorch_model.bin`` of
    the hub. Nothing in it is executed; heads that are there besides are left out. BadWeights is
    raised if the file is damaged or holds another network.
    """
    document: Any = read_official(path)
    state = document.get("model", document)
    ours = renamed(state if isinstance(state, dict) else {})
    try:
        size = size_of(ours)
        with torch.device("meta"):
            network = WavLM(size)
        wanted = network.state_dict()
        if missing := [name for name in wanted if name not in ours]:
            raise BadWeights(f"it lacks {len(missing)} tensors, such as {missing[0]}.")
        network.load_state_dict({name: ours[name].float() for name in wanted}, assign=True)
    except KeyError as error:
        raise BadWeights(f"{path} holds no whole WavLM: it lacks {error.args[0]}.") from error
    except (BadWeights, ValueError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise BadWeights(f"{path} holds no whole WavLM: {reason}") from error
    return network.eval().requires_grad_(requires_grad=False)


def renamed(state: dict[str, Any]) -> dict[str, Tensor]:
    """Give the encoder's tensors our names instead of either official ones.

    The weight norm becomes a weight.
    """
    ours: dict[str, Tensor] = {}
    for name, tensor in state.items():
        if isinstance(tensor, Tensor) and (found := _our_name(name.removeprefix("wavlm."))):
            ours[found] = tensor
    gain = ours.pop("position.weight_g", None)
    direction = ours.pop("position.weight_v", None)
    if gain is not None and direction is not None:
        norm = torch.linalg.vector_norm(direction.float(), dim=(0, 1), keepdim=True)
        ours["position.weight"] = gain.float() * direction.float() / norm
    return ours


def size_of(ours: dict[str, Tensor]) -> WavLMSize:
    """Tell a network's size from its tensors by our names; KeyError if some are missing.

    BadWeights is raised if its convolutions or its position bias are another network's.
    """
    kernels = tuple(ours[f"convs.{i}.weight"].shape[-1] for i in range(len(KERNELS)))
    buckets, heads = ours["position_bias.weight"].shape
    layers = sum(re.fullmatch(r"layers\.\d+\.query\.weight", name) is not None for name in ours)
    if kernels != KERNELS or buckets != BUCKETS or not 1 <= layers <= _MOST_LAYERS:
        raise BadWeights(f"it has kernels {kernels}, {buckets} buckets, {layers} layers.")
    width, conv_channels = ours["projection.weight"].shape
    return WavLMSize(
        layers=layers,
        width=width,
        heads=heads,
        feed_forward=len(ours["layers.0.widen.weight"]),
        conv_channels=conv_channels,
        pre_norm="conv_norms.1.weight" in ours,
    )


def _our_name(name: str) -> str | None:
    """Return our name of an official tensor; None for what the encoder does without."""
    if found := _GATE_SCALE.fullmatch(name):
        return f"layers.{found[1]}.gate_scale"
    for official, ours in _NAMES:
        if found := re.fullmatch(f"(?:{official}){_LEAF}", name):
            leaf = found[found.lastindex or 0]
            leaf = leaf.replace("parametrizations.weight.original0", "weight_g")
            leaf = leaf.replace("parametrizations.weight.original1", "weight_v")
            return f"{found.expand(ours)}.{leaf}"
    return None
