"""Ask faces for expressions, and see what the made pictures show: figures, and strips to look at.

    python benchmarks/expressions_shown.py OUT --clip in.mp4 --picture face.jpg [--expression ...]

Words in the middle of a clip keep their sound and show the expression (``--express``); a picture
speaks a sentence with it (``--expression``). The landmarker reads the made pictures anew: by how
much the expression's blendshapes rise over the same moments without it, how far the face embedding
moves (beside how far the clip's own pictures differ), the worst seam over the clip's largest own
step, the sharpness of the upper and the lower face over that without it, and how the opening of the
lips follows the speech without it (r). OUT gets ``figures.csv`` and a strip per face: a row per
expression, the first without.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from facedit.bench.crops import spread
from facedit.bench.measures.face_identity import distances, means_of_others
from facedit.bench.nets.face_embedding import load_face_embedding
from facedit.compose.session.session import Session
from facedit.compose.takes.wishes import parse_wish
from facedit.errors import FaceditError
from facedit.face.choice import FaceChoice
from facedit.face.distances import lip_opening
from facedit.face.landmarker import Landmarker
from facedit.face.regions import FACE_OVAL
from facedit.face.track import track_face
from facedit.media.read import read_frames
from facedit.options import EditRequest, Run

EXPRESSIONS = (
    "smile:0.4", "frown:0.2", "brows-up:0.4", "brows-down:0.3", "squint:0.3", "neutral:0.7",
    "gaze-left:0.4", "blink",
)  # fmt: skip
SAID = "Happy to be here, mother and Bob."
SHOWN, SIDE = 6, 200
JUMPS = ("motion", "velocity", "picture")
CLOSED = ("with lips closed as shown", "m, b, p spoken")
COLUMNS = (
    "face", "expression", "asked", "reached", "told", "identity", "natural", "seam", "sharp_upper",
    "sharp_lower", "lips_r", "closures", "note",
)  # fmt: skip


@dataclass(frozen=True)
class Made:
    """A video: its pictures at the expression, their landmarks and blendshapes."""

    pictures: list[np.ndarray]
    landmarks: np.ndarray
    shapes: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--clip", type=Path, action="append", default=[])
    parser.add_argument("--picture", type=Path, action="append", default=[])
    parser.add_argument("--expression", action="append")
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    asked = args.expression or EXPRESSIONS
    with (args.output / "figures.csv").open("a", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        if not file.tell():
            table.writeheader()
        for path in (*args.clip, *args.picture):
            for row in shown_by(path, path in args.clip, asked, args.output):
                print(" ".join(f"{name}={value}" for name, value in row.items()), flush=True)
                table.writerow(row)
                file.flush()


def shown_by(path: Path, is_clip: bool, asked: list[str], output: Path):
    """Make a face's expressions; yields a row each, and writes its strip."""
    landmarker, net = Landmarker(), load_face_embedding()
    name = f"{path.parent.name}-{path.stem}"
    rows = []
    with tempfile.TemporaryDirectory() as folder, Session(path, Run(provenance=False)) as session:
        make, plain = (of_clip if is_clip else of_picture)(session, Path(folder), landmarker)
        rows.append(strip(plain, "as it was" if is_clip else "without"))
        own = net.embed(plain.pictures, plain.landmarks)
        natural = float(distances(own, means_of_others(own)).mean())
        for text in asked:
            wish = parse_wish(text if ":" in text else f"{text}@1")
            row = {"face": name, "expression": wish.expression.name, "asked": wish.amount}
            try:
                made, report = make(text)
            except FaceditError as error:
                yield row | {"note": str(error)}
                continue
            rows.append(strip(made, text))
            columns = wish.expression.columns
            rise = (made.shapes - plain.shapes)[:, columns]
            figures = report["figures"]
            told = [value for key, value in figures.items() if key.startswith("expression")]
            jumps = [seam[kind] for seam in report["seams"] for kind in JUMPS if seam.get(kind)]
            worst = [one["value"] / one["high"] for one in jumps if one["high"]]
            new = net.embed(made.pictures, made.landmarks)
            sharp = np.divide(sharpness(made), sharpness(plain))
            opening = [lip_opening(one.landmarks) for one in (made, plain)]
            yield row | {
                "reached": round(float(rise.max() if wish.expression.name == "blink" else
                                       rise.mean()), 3) if columns else "",
                "told": "; ".join(map(str, told)),
                "identity": round(float(distances(new, own.mean(axis=0)).mean()), 3),
                "natural": round(natural, 3),
                "seam": round(float(np.nanmax(worst)), 2) if worst else "",
                "sharp_upper": round(float(sharp[0]), 3),
                "sharp_lower": round(float(sharp[1]), 3),
                "lips_r": round(float(np.corrcoef(*opening)[0, 1]), 3),
                "closures": "/".join(str(figures.get(key, 0)) for key in CLOSED),
                "note": " ".join(one for one in report["warnings"] if "expression" in one),
            }  # fmt: skip
    cv2.imwrite(str(output / f"{name}.png"), np.concatenate(rows)[..., ::-1])


def of_clip(session: Session, folder: Path, landmarker: Landmarker):
    """Let words in the middle of a clip show expressions; returns what does, and the clip."""
    words = session.transcript().words
    middle = [one for one in words if 0.3 <= one.start_s / words[-1].end_s <= 0.75][:3]
    phrase = f"{' '.join(one.text for one in middle)}@{middle[0].start_s:.2f}s"
    times = middle[0].start_s, middle[-1].end_s
    plain = made(session.source, times, landmarker)

    def make(text: str):
        request = EditRequest(express=((phrase, text),))
        result = session.render(
            session.plan(request), folder / f"{len(list(folder.iterdir()))}.mp4"
        )
        return made(result.outputs[0], times, landmarker), result.details["reports"][0]

    return make, plain


def of_picture(session: Session, folder: Path, landmarker: Landmarker):
    """Let a picture speak with expressions; returns what does, and it speaking without."""
    speech = session.speak(SAID)
    times = 0.5, speech.sound.duration_s - 0.3

    def make(text: str):
        when = "@1.5" if text == "blink" else ""
        run = Run(expression=(text + when,) if text else (), provenance=False)
        output = folder / f"{len(list(folder.iterdir()))}.mp4"
        result = session.generate(speech, output, run=run)
        return made(result.outputs[0], times, landmarker), result.details["reports"][0]

    return make, make("")[0]


def made(video: Path, times: tuple[float, float], landmarker: Landmarker) -> Made:
    """Read the pictures of a video between two times, and find the face in them."""
    shown = read_frames(video)
    frames = [(one.time_s, one.rgb()) for one in shown if times[0] <= one.time_s <= times[1]]
    track = track_face(iter(frames), FaceChoice(), landmarker=landmarker)
    inside = np.flatnonzero(np.isfinite(track.landmarks).all(axis=(1, 2)))
    landmarks = track.landmarks[inside]
    shapes = np.array([landmarker.blendshapes(one) for one in landmarks])
    return Made([frames[k][1] for k in inside], landmarks, shapes)


def sharpness(one: Made) -> tuple[float, float]:
    """Return the deviation of the Laplacian in the upper and lower half of the face."""
    upper, lower = [], []
    for number in spread(len(one.pictures), 12):
        points = one.landmarks[number][list(FACE_OVAL), :2]
        (x0, y0), (x1, y1) = points.min(axis=0).astype(int), points.max(axis=0).astype(int)
        face = one.pictures[number][max(y0, 0) : y1, max(x0, 0) : x1]
        grey = cv2.cvtColor(np.ascontiguousarray(face), cv2.COLOR_RGB2GRAY)
        edges = cv2.Laplacian(cv2.resize(grey, (256, 256)), cv2.CV_32F)
        upper.append(edges[:128, 32:224].std())
        lower.append(edges[128:, 32:224].std())
    return float(np.mean(upper)), float(np.mean(lower))


def strip(one: Made, title: str) -> np.ndarray:
    """Lay faces side by side."""
    shots = []
    for number in spread(len(one.pictures), SHOWN):
        points = one.landmarks[number][list(FACE_OVAL), :2]
        low, high = points.min(axis=0), points.max(axis=0)
        margin = 0.18 * (high - low)
        x0, y0 = np.maximum(low - margin, 0).astype(int)
        x1, y1 = (high + margin * 0.5).astype(int)
        crop = np.ascontiguousarray(one.pictures[number][y0:y1, x0:x1])
        shots.append(cv2.resize(crop, (SIDE, SIDE * 5 // 4), interpolation=cv2.INTER_AREA))
    row = np.concatenate(shots, axis=1)
    cv2.putText(row, title, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (255, 255, 0), 1, cv2.LINE_AA)
    return row


if __name__ == "__main__":
    main()
