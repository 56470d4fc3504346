"""Judge new speech in real clips: how like the speaker, how well understood, how it joins.

python benchmarks/voices.py DATA OUT.json CLIP... [--sounds FOLDER]

Each CLIP (a path in the folder DATA) gets four edits by every voice: two whole sentences, whose
likeness to the speaker CAM++ and Resemblyzer judge, and two exchanges of the middle word, whose
level and pitch are set against how much neighbouring words of the clip differ. Needs
``facedit doctor --fetch kokoro`` and ``likeness``. Prints means with 95 % intervals over people.
``--sounds`` keeps the exchanges as they are heard in their sentences, for blind_spectrograms.py.
Without clips what OUT.json and files like it (OUT.json is a folder) hold is reported again.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from facedit.bench.nets import campplus
from facedit.compose.plans import PlannedEdit
from facedit.compose.session import Session
from facedit.errors import FaceditError
from facedit.evaluation.stats import draw_clips, interval
from facedit.media.sound import read_speech_file
from facedit.media.wav import write_wav
from facedit.options import EditRequest
from facedit.speech import speaker
from facedit.speech.clip_reference import Reference, voice_sounds
from facedit.speech.levels import frame_levels_db
from facedit.speech.low_energy import level_db
from facedit.speech.own_voice.imitate import unheard
from facedit.speech.own_voice.world import find_pitch
from facedit.speech.snippet import Snippet, speech_for_edit
from facedit.speech.sound_ops import cut, mono, speech_samples
from facedit.speech.voice_choice import choose_voice
from facedit.types import Sound, Transcript, Word
from facedit.units import SPEECH_RATE

SENTENCES = (
    "The committee will publish the remaining figures early on Thursday morning.",
    "I never said that we should buy another yellow house near the river.",
)
EXCHANGES = ("yellow", "Thursday morning")
VOICES = ("auto", "own")
BESIDE_S = 1.2
"""What is kept on either side of an exchange."""

USUAL = 95
"""Percentile of the clip's own steps from word to word within which a joint is usual."""


def judged(path: Path, sounds: Path | None) -> Iterator[dict[str, object]]:
    """Make the edits of one clip by every voice and judge them."""
    sound = read_speech_file(path)
    half = len(sound.samples) // 2
    halves = (Sound(part, sound.rate) for part in (sound.samples[:half], sound.samples[half:]))
    ceiling = campplus.likeness(*halves)
    theirs = campplus.embed(sound), speaker.embed(sound)
    with Session(path) as session:
        words = session.transcript()
        usual = steps_of(sound, words.words)
        texts = [word.text for word in words.words]
        middle = len(texts) // 2
        for voice in VOICES:
            choice = choose_voice(voice, sound)
            for text in SENTENCES:
                started = time.perf_counter()
                reference = Reference(sound, words.words)
                if choice.own:
                    reference = replace(reference, sounds=voice_sounds(reference))
                snippet = speech_for_edit((), text.split(), (), choice, reference)
                yield told(path, voice, text, snippet, started) | likeness(snippet, theirs, text)
            for new in EXCHANGES:
                said = " ".join([*texts[:middle], new, *texts[middle + 1 :]])
                started = time.perf_counter()
                planned = session.plan(EditRequest(say=said, voice=voice), words)
                snippet = planned.snippets[0]
                assert snippet is not None
                row = told(path, voice, new, snippet, started) | {"ceiling": ceiling}
                if sounds is not None:
                    keep(session, planned, sounds / f"{path.stem}-{voice}-{new.split()[0]}", sound)
                yield row | joints(planned, sound, words, usual)


def keep(session: Session, planned: PlannedEdit, name: Path, sound: Sound) -> None:
    """Write what is heard about an exchange, and the same stretch as it was."""
    (fill,) = planned.plan.fills
    heard = session.sound(planned)
    start_s, end_s = max(fill.output_start_s - BESIDE_S, 0.0), fill.output_end_s + BESIDE_S
    end_s = min(end_s, heard.length / heard.rate)
    write_wav(name.with_suffix(".edited.wav"), heard.window(start_s, end_s), force=True)
    old_end_s = min(fill.source_end_s + BESIDE_S, sound.duration_s)
    write_wav(name.with_suffix(".as-shot.wav"), cut(sound, start_s, old_end_s), force=True)


def told(path: Path, voice: str, new: str, snippet: Snippet, started: float) -> dict[str, object]:
    """Tell what was made, and how long it took."""
    seconds = time.perf_counter() - started
    row = {"clip": path.name, "voice": voice, "new": new, "seconds": seconds}
    return row | {"spoken by": str(snippet.choice)} | dict(snippet.fit)


def likeness(snippet: Snippet, theirs: tuple, text: str) -> dict[str, float]:
    """Compare a spoken sentence with the speaker, and count the words that are not heard."""
    made = snippet.sound
    tokens = text.split()
    lost = unheard(mono(made), made.rate, tokens, slice(0, len(tokens)))
    return {
        "campplus": float(campplus.embed(made) @ theirs[0]),
        "resemblyzer": float(speaker.embed(made) @ theirs[1]),
        "lost": len(lost) / len(tokens),
    }


def measured(sound: Sound, word: Word) -> tuple[float, float]:
    """Level in dB and median pitch in semitones of a word; NaN where it has none."""
    piece = cut(sound, word.start_s, word.end_s)
    pitch = find_pitch(speech_samples(piece), SPEECH_RATE)
    voiced = pitch[pitch > 0]
    semitones = 12 * np.log2(np.median(voiced)) if len(voiced) > 5 else np.nan
    return level_db(piece.samples), float(semitones)


def steps_of(sound: Sound, words: tuple[Word, ...]) -> np.ndarray:
    """Return how much neighbouring words differ in level and pitch, shape (2,): usual limits."""
    found = np.array([measured(sound, word) for word in words])
    return np.nanpercentile(np.abs(np.diff(found, axis=0)), USUAL, axis=0)


def joints(
    planned: PlannedEdit, sound: Sound, words: Transcript, usual: np.ndarray
) -> dict[str, float]:
    """Set the steps at both ends of exchanged words against the clip's, and compare the floors."""
    snippet, (edit,) = planned.snippets[0], planned.edits
    new = [measured(Sound(mono(snippet.sound)[:, None], snippet.sound.rate), word)
           for word in snippet.transcript.words]  # fmt: skip
    old = [measured(sound, words.words[k]) for k in (edit.old_start - 1, edit.old_end)]
    steps = np.abs(np.array([np.subtract(new[0], old[0]), np.subtract(new[-1], old[1])]))
    count = len(snippet.transcript.words)
    floors = [
        floor_of(cut(sound, words.words[k].start_s, words.words[k + count - 1].end_s))
        for k in range(len(words.words) - count + 1)
    ]
    within = np.where(np.isnan(steps), np.nan, steps <= usual)
    return {
        "level step dB": float(steps[:, 0].mean()),
        "pitch step semitones": float(np.nanmean(steps[:, 1])),
        "usual level": float(np.nanmean(within[:, 0])),
        "usual pitch": float(np.nanmean(within[:, 1])),
        "floor step dB": abs(floor_of(snippet.sound) - float(np.median(floors))),
    }


def floor_of(sound: Sound) -> float:
    """Level in dB of the quietest moments of some words, which as many others are compared with."""
    return float(np.percentile(frame_levels_db(mono(sound), sound.rate, 0.01), 5))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("clips", nargs="*")
    parser.add_argument("--sounds", type=Path)
    options = parser.parse_args()
    if options.sounds is not None:
        options.sounds.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, object]] = []
    if not options.clips:
        for file in sorted(options.out.glob("*.json")):
            rows += json.loads(file.read_text(encoding="utf-8"))
    for clip in options.clips:
        try:
            for row in judged(options.data / clip, options.sounds):
                rows.append(row)
                options.out.write_text(json.dumps(rows, indent=1), encoding="utf-8")
                print(row, flush=True)
        except FaceditError as error:
            print(clip, "is left out:", error, flush=True)
            rows = [row for row in rows if row["clip"] != Path(clip).name]
    report(rows)


def report(rows: list[dict[str, object]]) -> None:
    """Print per voice and measure the mean over people, and the paired difference."""
    people = sorted({str(row["clip"]) for row in rows})
    names = ("campplus", "resemblyzer", "lost", "level step dB", "pitch step semitones",
             "usual level", "usual pitch", "floor step dB", "seconds")  # fmt: skip
    draws = draw_clips(len(people), 2000, 0)
    for name in names:
        table = np.array([
            [np.nanmean([row[name] for row in rows
                         if row["clip"] == clip and row["voice"] == voice and name in row])
             for voice in VOICES]
            for clip in people
        ])  # fmt: skip
        columns = [*table.T, table[:, -1] - table[:, 0]]
        for title, column in zip((*VOICES, "difference"), columns, strict=True):
            low, high = interval(draws @ column / draws.sum(axis=1))
            print(f"{name:22} {title:10} {column.mean():7.3f}  {low:.3f} to {high:.3f}")


if __name__ == "__main__":
    main()
