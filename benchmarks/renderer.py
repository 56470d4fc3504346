"""Self-reenactment: lost frames drawn again from the rest of their clip.

python benchmarks/renderer.py DATA TRACKS [--weights FILE] [--sheets FOLDER] [--out JSON] ...

The landmarks are the lost frames' own, so this measures the renderer and not the motion model. The
mouth that is drawn is pasted on the true frame (soft mask, colour offset of the seam) and compared
in two boxes: the mouth's own (the replaced region and 4 px), and the square of the canonical
96 x 96 crop, nose to chin, most of whose pixels are true ones. PSNR, SSIM, ST-LPIPS (AlexNet, boxes
brought to 128 x 96 and 128 x 128; not LPIPS v0.1) and dt, the mean absolute error of the change
from frame to frame. Intervals: 95 %, bootstrap over clips. "adapted" is the default with the mouth
network fine-tuned on the frames outside the lost span and its margin, where the rule allows it.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from renderer_cases import (
    DEFAULT_SETS,
    FIGURES,
    SETS,
    Clip,
    Distance,
    clips_of,
    measure,
    strip,
    summary,
)

from facedit.bench.nets.stlpips import load_stlpips
from facedit.errors import FaceditError
from facedit.face.distances import lip_gap
from facedit.render.bank import ReferenceBank
from facedit.render.network import MouthNetwork, load_network
from facedit.render.renderer import FaceRenderer
from facedit.render.renderer_interface import FrameTask
from facedit.render.settings import RenderSettings
from facedit.training.adapt.mouth_tune import AdaptSettings, adapt_mouth

Drawn = list[np.ndarray]


def variants(
    clip: Clip, network: MouthNetwork, adapt: AdaptSettings, notes: list[str]
) -> dict[str, Callable[[], Drawn]]:
    """Every way of drawing the lost frames, by name."""
    bank = ReferenceBank()
    low, high = clip.lost.start - clip.away, clip.lost.stop + clip.away
    allowed = [k for k in range(len(clip.frames)) if k < low or k >= high]
    for k in allowed:
        bank.add(clip.frames[k], clip.landmarks[k], float(clip.times_s[k]))
    last = max(k for k in allowed if k < clip.lost.start)
    closed = min(allowed, key=lambda k: lip_gap(clip.landmarks[k]))
    alone = replace(RenderSettings(), near=-2.0, far=-1.0)

    def draw(base: int, make: Callable[[], FaceRenderer]) -> Drawn:
        renderer = make()
        targets = clip.landmarks[clip.lost.start : clip.lost.stop]
        bases = np.repeat(clip.landmarks[base][None], len(targets), axis=0)
        out = []
        for target, choice in zip(targets, renderer.plan(targets, bases).choices, strict=True):
            task = FrameTask(clip.frames[base], clip.landmarks[base], target, choice, region="head")
            patch = renderer.render(task)
            picture = clip.frames[base].copy()
            height, width = patch.rgb.shape[:2]
            picture[patch.y : patch.y + height, patch.x : patch.x + width] = patch.rgb
            out.append(picture)
        return out

    def adapted() -> FaceRenderer:
        found = adapt_mouth(network, [bank], adapt)
        notes.append(f"{clip.name}: {found.outcome}")
        return FaceRenderer(bank, found.network)

    nothing = ReferenceBank()
    ways: dict[str, tuple[int, Callable[[], FaceRenderer]]] = {
        "warp": (last, lambda: FaceRenderer(nothing)),
        "retrieval": (last, lambda: FaceRenderer(bank)),
        "network": (last, lambda: FaceRenderer(bank, network, settings=alone)),
        "hybrid": (last, lambda: FaceRenderer(bank, network)),
        "adapted": (last, adapted),
        "still: warp": (closed, lambda: FaceRenderer(nothing)),
        "still: network": (closed, lambda: FaceRenderer(nothing, network)),
        "still: mouths": (closed, lambda: FaceRenderer(bank, network)),
    }
    return {name: partial(draw, base, make) for name, (base, make) in ways.items()}


def distance_or_nothing() -> Distance:
    """The perceptual metric, if its weights are installed."""
    try:
        metric = load_stlpips()
    except FaceditError as error:
        print(f"ST-LPIPS is left out: {error}")
        return lambda have, want: float("nan")
    return lambda have, want: float(metric.distances([have], [want])[0])


def main() -> None:
    """Measure and print a table per corpus."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("tracks", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--sheets", type=Path)
    parser.add_argument("--out", type=Path, help="JSON file with everything")
    parser.add_argument("--corpora", nargs="*", default=list(DEFAULT_SETS), choices=list(SETS))
    parser.add_argument("--split", default="dev", choices=("dev", "train"))
    parser.add_argument("--speakers", nargs="*", default=[], help="corpus/speaker; all if none")
    parser.add_argument("--clips", type=int, help="this many clips a corpus")
    parser.add_argument("--variants", nargs="*", help="all if none")
    parser.add_argument("--look-every", type=int, default=1, help="ST-LPIPS of one frame in N")
    parser.add_argument("--adapt", type=json.loads, default={}, help="JSON of adaptation settings")
    arguments = parser.parse_args()
    network = load_network(arguments.weights)
    distance = distance_or_nothing()
    adapt = AdaptSettings(**arguments.adapt)
    document: dict[str, object] = {"figures": FIGURES, "adapt": asdict(adapt), "corpora": {}}
    for corpus in arguments.corpora:
        totals: dict[str, dict[str, np.ndarray]] = {}
        notes: list[str] = []
        for clip in clips_of(
            arguments.data, arguments.tracks, corpus,
            arguments.split, arguments.speakers, arguments.clips,
        ):  # fmt: skip
            sheet = []
            for name, draw in variants(clip, network, adapt, notes).items():
                if arguments.variants and name not in arguments.variants:
                    continue
                began = time.perf_counter()
                drawn = draw()
                spent = 1000 * (time.perf_counter() - began) / len(drawn)
                looked = measure(clip, drawn, distance, arguments.look_every)
                rows = [[*row, spent] for row in looked]
                totals.setdefault(name, {})[clip.name] = np.array(rows)
                sheet.append(strip(clip, drawn))
            sheet.append(strip(clip, [clip.frames[k] for k in clip.lost]))
            if arguments.sheets:
                arguments.sheets.mkdir(parents=True, exist_ok=True)
                path = arguments.sheets / f"{clip.name.replace('/', '_')}.png"
                cv2.imwrite(str(path), np.vstack(sheet)[..., ::-1])
        document["corpora"][corpus] = table(corpus, totals, notes)  # type: ignore[index]
        if arguments.out:
            arguments.out.write_text(json.dumps(document, indent=1) + "\n")


def table(
    corpus: str, totals: dict[str, dict[str, np.ndarray]], notes: list[str]
) -> dict[str, object]:
    """Print one corpus's table; return it with what it was made from."""
    print(f"\n{corpus}: PSNR / SSIM / ST-LPIPS / dt in the mouth's box | in the crop's box | ms")
    found: dict[str, object] = {}
    for name, by_clip in totals.items():
        value, low, high = summary(list(by_clip.values()))
        print(
            f"{name:15s} {value[0]:5.2f} {value[1]:.3f} {value[2]:.3f} {value[3]:.2f} | "
            f"{value[4]:5.2f} {value[5]:.3f} {value[6]:.3f} {value[7]:.2f} | {value[8]:4.0f}"
        )
        if len(by_clip) > 1:
            ends = [f"{a:.3f}..{b:.3f}" for a, b in zip(low[:8], high[:8], strict=True)]
            print(f"{'':15s} {'  '.join(ends)}")
        found[name] = {
            "value": value.tolist(),
            "low": low.tolist(),
            "high": high.tolist(),
            "clips": {
                clip: np.nanmean(frames, axis=0).tolist() for clip, frames in by_clip.items()
            },
        }
    for one, other in (("hybrid", "retrieval"), ("adapted", "hybrid")):
        if one in totals and other in totals:
            pairs = [totals[one][clip] - totals[other][clip] for clip in totals[one]]
            value, low, high = summary(pairs)
            text = [
                f"{name} {v:+.3f} ({a:+.3f}..{b:+.3f})"
                for name, v, a, b in zip(FIGURES, value, low, high, strict=True)
            ]
            print(f"{one} - {other}: {'; '.join(text[:8])}")
            found[f"{one} - {other}"] = {
                "value": value.tolist(), "low": low.tolist(), "high": high.tolist(),
            }  # fmt: skip
    print("\n".join(notes))
    return {"variants": found, "adaptation": notes}


if __name__ == "__main__":
    main()
