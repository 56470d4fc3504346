"""Fit the map from a character's curves to mesh motion, and say how well it and the visemes do.

    python benchmarks/fit_curves.py PREPARED CLIPS [-o src/facedit/motion/curves.safetensors]

PREPARED is a folder made by ``facedit prepare``, with its tracks; CLIPS holds those clips of its
table that are looked at. The motion of people of the training split is put on the mean face, whose
weights the landmarker's network reads: motion is regressed on them. The map is tried on people of
the other split, and so are VRM's presets in the middle of vowels, where a clip's words lie beside
it (``.align``): of the people, and of the mean face that says live what they say.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from facedit.compose.session.performance import mean_face, nobody
from facedit.compose.source.models import Models, load_models
from facedit.compose.source.source_still import closed_mouth
from facedit.dataset.prepared import ClipRow, read_rows
from facedit.face.landmarker import Landmarker
from facedit.face.store import load_track
from facedit.live.live_face import LiveFace
from facedit.media.sound import read_spoken
from facedit.motion.curve_map import FILE, KIND, CurveMap
from facedit.motion.export import blendshape_weights
from facedit.motion.live_link import WEIGHTS, curves_of
from facedit.motion.mesh_space import MeshSpace
from facedit.motion.visemes import VISEMES, presets
from facedit.options import Run
from facedit.speech.recognition.forced import AlignedPhone
from facedit.speech.recognition.sound_cache import phones_of_sound
from facedit.speech.sound_ops import speech_samples
from facedit.speech.text.transcript_io import load_transcript
from facedit.types import FaceTrack, Float32, Float64
from facedit.units import MOTION_FPS

VOWELS = {
    "ou": ("UW", "UH"), "oh": ("OW", "AO"), "aa": ("AA", "AE", "AY", "AW"), "ee": ("EH", "EY"),
    "ih": ("IH", "IY"),
}  # fmt: skip
CLOSED = ("M", "B", "P")
RIDGE = 3.0
"""Weight of the slope's square against that of a frame's error: some weights are hardly seen."""


@dataclass(frozen=True)
class Seen:
    """What is seen of a clip: motion, weights of the mean face that moves so, and its sounds."""

    values: Float32
    weights: Float64
    middles: dict[str, list[int]]


@dataclass(frozen=True)
class Mouths:
    """Lips beyond closed ones, and the frames in the middle of each sound."""

    lips: Float32
    middles: dict[str, list[int]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("clips", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=FILE)
    args = parser.parse_args()
    space, landmarker = MeshSpace.load(), Landmarker()
    found: dict[str, list[Seen]] = {"train": [], "dev": []}
    rows = [row for row in read_rows(args.data) if (args.clips / row.file).is_file()]
    for row in rows:
        found[row.split].append(look(row, args.data, args.clips, space, landmarker))
    made = fitted(space, found["train"])
    tell_motion(space, made, found["dev"], landmarker)
    lips, rest = space.groups["lips"], rest_of(space)
    seen = [Mouths(one.values[:, lips] - rest, one.middles) for one in found["dev"]]
    tell_visemes("tracked, held-out people", space, seen)
    header = {"kind": KIND, "space": space.name, "licence": str(space.metadata["licence"])}
    save_file({"slope": made.slope, "offset": made.offset}, args.output, metadata=header)
    models = load_models(Run())
    dev = [row for row in rows if row.split == "dev"]
    drawn = [
        spoken_live(args.clips / row.file, one.middles, models)
        for row, one in zip(dev, found["dev"], strict=True)
        if one.middles
    ]
    tell_visemes("drawn live, to their speech", space, drawn)


def look(row: ClipRow, data: Path, clips: Path, space: MeshSpace, landmarker: Landmarker) -> Seen:
    """Encode a clip, put it on the mean face, and find its vowels and closures."""
    track = load_track(data / "tracks" / f"{row.sha256}.npz")
    shown = np.isfinite(track.landmarks[:, 0, 0])
    identity = space.identity(track.landmarks, track.confidence)
    values = space.encode(track.landmarks[shown], identity)
    face = shown_by(space, values, track.times_s[shown])
    curves = curves_of(
        blendshape_weights(face, landmarker).astype(np.float64), np.zeros((len(values), 3))
    )
    clip, middles = clips / row.file, defaultdict(list)
    for phone in phones_of(clip):
        frame = int(np.abs(face.times_s - (phone.start_s + phone.end_s) / 2).argmin())
        middles[phone.name].append(frame)
    return Seen(values, curves[:, : len(WEIGHTS)], middles)


def phones_of(clip: Path) -> tuple[AlignedPhone, ...]:
    """Find the sounds of a clip whose words are known."""
    words = clip.with_suffix(".align")
    if not words.is_file():
        return ()
    sound = read_spoken(clip)
    said = load_transcript(words, sound.duration_s).words
    return phones_of_sound(sound, [word.text for word in said]) or ()


def shown_by(space: MeshSpace, values: Float32, times_s: Float64 | None = None) -> FaceTrack:
    """Put motion on the mean face."""
    times = np.arange(len(values)) / MOTION_FPS if times_s is None else times_s
    ones = np.ones(len(values), np.float32)
    return FaceTrack(times, space.decode(values, mean_face(space)), ones, 512, 512)


def rest_of(space: MeshSpace) -> Float32:
    """Return the motion of the mean face's closed lips."""
    lips = closed_mouth(space, np.zeros(space.dims, np.float32), mean_face(space))
    return lips[space.groups["lips"]]


def fitted(space: MeshSpace, seen: list[Seen]) -> CurveMap:
    """Regress motion on weights."""
    head = space.groups["head"].start
    values = np.concatenate([one.values[:, :head] for one in seen]).astype(np.float64)
    weights = np.concatenate([one.weights for one in seen])
    mean, usual = weights.mean(axis=0), values.mean(axis=0)
    centred = weights - mean
    inverse = np.linalg.inv(centred.T @ centred + RIDGE * np.eye(len(mean)))
    slope = inverse @ centred.T @ (values - usual)
    return CurveMap(
        slope.astype(np.float32),
        (usual - mean @ slope).astype(np.float32),
    )


def tell_motion(space: MeshSpace, made: CurveMap, seen: list[Seen], landmarker: Landmarker) -> None:
    """Say how much of the motion the map explains, and what the network reads off it again."""
    head = space.groups["head"].start
    values = np.concatenate([one.values for one in seen])
    weights = np.concatenate([one.weights for one in seen])
    again = made.motion(space, np.column_stack([weights, np.zeros((len(weights), 9))]))
    for name in ("lips", "face"):
        part = space.groups[name]
        left = (((again - values)[:, part] * space.std[part]) ** 2).sum()
        whole = ((values[:, part] * space.std[part]) ** 2).sum()
        print(f"{name}: {1 - left / whole:.3f} of the motion explained, held-out people")
    again[:, head:] = values[:, head:]
    read = blendshape_weights(shown_by(space, again), landmarker).astype(np.float64)
    back = curves_of(read, np.zeros((len(read), 3)))[:, : len(WEIGHTS)]
    for name in ("JawOpen", "MouthPucker", "MouthFunnel", "MouthSmileLeft", "MouthClose",
                 "MouthPressLeft", "MouthUpperUpLeft", "BrowDownLeft", "EyeBlinkLeft"):  # fmt: skip
        column = WEIGHTS.index(name)
        off = np.sqrt(np.mean((back - weights)[:, column] ** 2))
        r = np.corrcoef(back[:, column], weights[:, column])[0, 1]
        print(f"{name}: off by {off:.3f}, deviation {weights[:, column].std():.3f}, r {r:.3f}")


def tell_visemes(name: str, space: MeshSpace, lips: list[Mouths]) -> None:
    """Print the mean presets in the middle of each vowel, and of closed lips."""
    print(f"{name}\n| spoken | times | {' | '.join(VISEMES)} | largest |")
    for vowel, phones in (*VOWELS.items(), ("m, b, p", CLOSED)):
        rows = [one.lips[k] for one in lips for phone in phones for k in one.middles[phone]]
        if rows:
            found = presets(space, np.array(rows))
            means = " | ".join(f"{share:.2f}" for share in found.mean(axis=0))
            first = np.bincount(found.argmax(axis=1), minlength=len(VISEMES)).tolist()
            print(f"| {vowel} | {len(rows)} | {means} | {first} |")


def spoken_live(clip: Path, middles: dict[str, list[int]], models: Models) -> Mouths:
    """Let the mean face say live what is said in a clip."""
    face = LiveFace(nobody(models.space), models, Run(), drawn=False)
    frames = [*face.push(speech_samples(read_spoken(clip))), *face.finish()]
    lips = np.array([one.moved for one in frames])[:, models.space.groups["lips"]]
    inside = {name: [k for k in at if k < len(lips)] for name, at in middles.items()}
    return Mouths(lips, defaultdict(list, inside))


if __name__ == "__main__":
    main()
