"""Measure the forced alignment: word times, and which texts are refused (docs/journal/speech.md).

python benchmarks/alignment.py DATA

DATA is a folder with clips and a ``manifest.csv`` (columns file, split, corpus). Times are set
against the ``.align`` files beside clips of the dev split; texts are those and the hand-written
English ones of ``benchmarks/dev/transcripts.csv``.
"""

from __future__ import annotations

import argparse
import csv
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedit.errors import BadTranscript
from facedit.media.sound import read_speech_file
from facedit.speech.recognition.align import align
from facedit.speech.text.transcript_io import load_transcript
from facedit.types import Sound, Word

TRANSCRIPTS = Path(__file__).parent / "dev" / "transcripts.csv"


@dataclass(frozen=True, slots=True)
class Clip:
    """A sound and what is said in it; times where they are known."""

    sound: Sound
    tokens: list[str]
    words: tuple[Word, ...] = ()


def read_clips(data: Path) -> dict[str, list[Clip]]:
    """Read the dev clips whose words are known: those with times, and the others."""
    with TRANSCRIPTS.open(encoding="utf-8") as file:
        texts = {
            row["file"]: row["text"] for row in csv.DictReader(file) if row["language"] == "en"
        }
    found: dict[str, list[Clip]] = {"GRID": [], "others": []}
    with (data / "manifest.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "dev"]
    for row in rows:
        path = data / row["file"]
        times = path.with_suffix(".align")
        if times.is_file():
            sound = read_speech_file(path)
            words = load_transcript(times, sound.duration_s).words
            found["GRID"].append(Clip(sound, [word.text for word in words], words))
        elif row["file"] in texts and not row["corpus"].startswith("grid"):
            found["others"].append(Clip(read_speech_file(path), texts[row["file"]].split()))
    return found


def refused(sound: Sound, tokens: list[str]) -> bool:
    """Tell whether a text is refused."""
    try:
        align(sound, " ".join(tokens))
    except BadTranscript:
        return True
    return False


def half_right(right: list[str], wrong: list[str]) -> list[str]:
    """Return a text whose second half is of another."""
    half = len(right) // 2
    return right[:half] + wrong[-(len(right) - half) :]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    clips = read_clips(parser.parse_args().data)
    begin = time.process_time()
    errors = [
        (found.start_s - true.start_s, found.end_s - true.end_s)
        for clip in clips["GRID"]
        for found, true in zip(
            align(clip.sound, " ".join(clip.tokens), check=False).words, clip.words, strict=True
        )
    ]
    spent = time.process_time() - begin
    for side, error in zip(("start", "end"), 1000 * np.abs(np.array(errors)).T, strict=True):
        print(f"{side}: median {np.median(error):.0f} ms, 90 % {np.percentile(error, 90):.0f} ms")
    print(
        f"{spent / sum(clip.sound.duration_s for clip in clips['GRID']):.3f} s per second of sound"
    )
    for name, some in clips.items():
        others = some[len(some) // 3 :] + some[: len(some) // 3]
        pairs = list(zip(some, others, strict=True))
        right = sum(refused(clip.sound, clip.tokens) for clip in some)
        wrong = sum(refused(clip.sound, other.tokens) for clip, other in pairs)
        half = sum(refused(c.sound, half_right(c.tokens, o.tokens)) for c, o in pairs)
        print(f"{name}: of {len(some)} right texts {right} refused, wrong {wrong}, half {half}")


if __name__ == "__main__":
    main()
