"""Put faults into the networks of the paper's road, one at a time, and name what finds each.

    python benchmarks/paper_mutants.py [words of a fault ...]

Each is a change of one line on a copy of the package, whose tests are then run in a process of
their own. A fault that no test finds ends the run with status 1.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
EXTRACTOR, KEYPOINTS = "motion/liveportrait/motion_extractor.py", "motion/liveportrait/keypoints.py"
WARPING, SPACE = "render/liveportrait/warping.py", "motion/liveportrait/liveportrait_space.py"
WAVLM, JUDGES = "speech/encoders/wavlm.py", "bench/judges/"
DRAWN, SPACED = "tests/render/test_liveportrait.py", "tests/motion/test_liveportrait_space.py"
HEARD, JUDGED = "tests/speech/test_wavlm.py", "tests/bench/test_judge_networks.py"
INSIGHT, BOXED = "motion/liveportrait/insightface.py", "tests/motion/test_insightface.py"
MIXED = "tests/model/test_layer_mix.py"
DIT, FLOW = "tests/model/test_dit.py", "tests/model/test_flow.py"


class Fault(NamedTuple):
    """A fault: what it is, where, the words that it changes, and the tests to be asked."""

    name: str
    file: str
    right: str
    wrong: str
    tests: str


FAULTS = (
    Fault("GELU by tanh", EXTRACTOR, "gelu(self.pwconv1(y))",
          'gelu(self.pwconv1(y), approximate="tanh")', DRAWN),
    Fault("no response norm", EXTRACTOR, "self.grn(functional", "(functional", DRAWN),
    Fault("response over channels", EXTRACTOR, "dim=(1, 2), keepdim", "dim=-1, keepdim", DRAWN),
    Fault("corners aligned, picture", WARPING, "(volume, deformation, align_corners=False)",
          "(volume, deformation, align_corners=True)", DRAWN),
    Fault("corners aligned, motion", WARPING, "flows.flatten(0, 1), align_corners=False",
          "flows.flatten(0, 1), align_corners=True", DRAWN),
    Fault("keypoints swapped", WARPING, "_moves(grid, x_s, x_d)", "_moves(grid, x_d, x_s)", DRAWN),
    Fault("heat swapped", WARPING, "_heat(grid, x_d) - _heat(grid, x_s)",
          "_heat(grid, x_s) - _heat(grid, x_d)", DRAWN),
    Fault("rotation not transposed", KEYPOINTS, "(z @ y @ x).mT", "z @ y @ x", DRAWN),
    Fault("rotation in another order", KEYPOINTS, "(z @ y @ x).mT", "(x @ y @ z).mT", DRAWN),
    Fault("head bins off by half", KEYPOINTS, "-97.5", "-99.0", DRAWN),
    Fault("no floor of z-scores", SPACE, 'np.maximum(found["std"], _FLOOR)',
          'np.array(found["std"])', SPACED),
    Fault("buckets turned round", WAVLM, "half * (offset > 0)", "half * (offset < 0)", HEARD),
    Fault("fewer exact buckets", WAVLM, "exact = half // 2", "exact = half // 4", HEARD),
    Fault("GELU by tanh, WavLM", WAVLM, "gelu(self.widen(x))",
          'gelu(self.widen(x), approximate="tanh")', HEARD),
    Fault("layers in a fixed mix", "model/dit.py", "self.mix.softmax(0)",
          "torch.full_like(self.mix, 1 / len(self.mix))", MIXED),
    Fault("layers in another order", "model/normalise.py", "layer in states]",
          "layer in states[::-1]]", MIXED),
    Fault("BGR for RGB, InsightFace", INSIGHT, ".transpose(2, 0, 1)[None]\n        outputs",
          "[..., ::-1].transpose(2, 0, 1)[None]\n        outputs", BOXED),
    Fault("boxes in strides", INSIGHT, "distances.astype(np.float64) * stride",
          "distances.astype(np.float64)", BOXED),
    Fault("points over the whole side", INSIGHT, "+ 1) * (_POINTS_SIDE // 2)",
          "+ 1) * _POINTS_SIDE", BOXED),
    Fault("RGB for BGR, SyncNet", JUDGES + "face_crops.py", "np.pad(rgb[..., ::-1],",
          "np.pad(rgb,", JUDGED),
    Fault("BGR for RGB, ArcFace", JUDGES + "arcface.py", "np.stack(faces).transpose",
          "np.stack(faces)[..., ::-1].transpose", JUDGED),
    Fault("path from motion to noise", "model/flow.py", "(1 - weight) * x_0 + weight * x_1",
          "(1 - weight) * x_1 + weight * x_0", FLOW),
    Fault("guidance the other way", "model/flow.py", "by_speech = full - no_speech",
          "by_speech = no_speech - full", FLOW),
    Fault("rotary mirrored", "model/layers.py", "first * cos - second * sin",
          "first * cos + second * sin", DIT),
    Fault("scale without its 1", "model/layers.py", "x, 1 + scale[:, None]", "x, scale[:, None]",
          DIT),
    Fault("band short by one", "model/band.py", "(ahead <= 2 * window)", "(ahead < 2 * window)",
          DIT),
    Fault("padding heard", "model/band.py", "(there[:, :, None] | (ahead == window))",
          "(there[:, :, None] | (ahead >= 0))", DIT),
)  # fmt: skip


def main() -> None:
    wanted = " ".join(sys.argv[1:])
    chosen = [fault for fault in FAULTS if wanted in fault.name]
    missed = 0
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        weights = ROOT / "src/facedit/weights"
        shutil.copytree(ROOT / "tests", copy / "tests")
        skipped = shutil.ignore_patterns("*.safetensors", "__pycache__")
        shutil.copytree(ROOT / "src", copy / "src", ignore=skipped)
        for file in weights.rglob("*.safetensors"):
            (copy / file.relative_to(ROOT)).symlink_to(file)
        shutil.copy(ROOT / "pyproject.toml", copy)
        for fault in chosen:
            path = copy / "src/facedit" / fault.file
            source = path.read_text()
            assert source.count(fault.right) == 1, f"{fault.name}: {source.count(fault.right)}"
            path.write_text(source.replace(fault.right, fault.wrong))
            found = first_failure(copy, fault.tests)
            path.write_text(source)
            missed += found is None
            print(f"| {fault.name} | `{fault.file}` | {found or 'NOT FOUND'} |", flush=True)
    sys.exit(bool(missed))


def first_failure(copy: Path, tests: str) -> str | None:
    """Return the first test that fails on a copy; of those for big networks only if none else."""
    for marks in ("not full", "full"):
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-m", marks, tests]
        ran = subprocess.run(
            [*command, "-p", "no:cacheprovider"], cwd=copy, capture_output=True, text=True,
            check=False, env={**os.environ, "PYTHONPATH": str(copy / "src")},
        )  # fmt: skip
        if found := re.search(r"^(?:FAILED|ERROR) \S+?::(\S+)", ran.stdout, re.MULTILINE):
            return f"`{found[1]}`" + (" (full)" if marks == "full" else "")
        assert ran.returncode in (0, 5), ran.stdout + ran.stderr
    return None


if __name__ == "__main__":
    main()
