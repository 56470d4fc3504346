"""Judge new speech in real clips: how like the speaker, how well understood, how it joins.

python benchmarks/voices.py DATA ROWS.jsonl CLIP[+FOOTAGE]... [--sounds FOLDER]

Each CLIP (a path in the folder DATA; FOOTAGE: another of the same person) gets four edits by every
system: two whole sentences, the exchange of the middle word, and a word that the speaker says
elsewhere put in another's place. CAM++ and Resemblyzer judge likeness to the speaker, Whisper base
what is heard in the output, DNSMOS quality; level, pitch and floor are set against how neighbouring
words of the clip differ. Needs ``facedit doctor --fetch kokoro`` and ``likeness``; no faces. Every
row is kept when it is there, and those that are there are not made again; voice_table.py reports
them. ``--sounds`` keeps exchanges for blind_spectrograms.py.
"""

from __future__ import annotations

import argparse
import functools
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import numpy as np

from facedit.bench.nets import campplus, dnsmos
from facedit.compose.session.session import Session
from facedit.compose.words.plans import PlannedEdit
from facedit.editing.words import key
from facedit.errors import FaceditError
from facedit.media.sound import read_speech_file
from facedit.media.wav import write_wav
from facedit.options import EditRequest
from facedit.speech.fit.clip_reference import Footage, Reference, voice_sounds
from facedit.speech.fit.snippet import Snippet, speech_for_edit
from facedit.speech.fit.voice_choice import choose_voice
from facedit.speech.own_voice.hearing import missed
from facedit.speech.recognition.sound_cache import cached_transcript
from facedit.speech.recognition.whisper_words import heard_words, recognise
from facedit.speech.signal.levels import frame_levels_db
from facedit.speech.signal.low_energy import level_db
from facedit.speech.signal.world import find_pitch
from facedit.speech.sound_ops import cut, from_mono, mono, resampled, speech_samples
from facedit.speech.voices import speaker
from facedit.speech.voices.voice_pace import at_pace
from facedit.types import Sound, Transcript, Word
from facedit.units import SPEECH_RATE, sample_at

SENTENCES = (
    "The committee will publish the remaining figures early on Thursday morning.",
    "I never said that we should buy another yellow house near the river.",
)
EXCHANGE = "Thursday morning"
SAY = "facedit.speech.own_voice.say."
SYSTEMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "hibari": ("default", ()),
    "auto": ("auto", ()),
    "own": ("own", ()),
    "recolouring": ("own", ("said_elsewhere", "in_pieces")),
    "units": ("own", ("imitate",)),
}
"""By name the voice, and which ways of ``own`` are taken away."""

BESIDE_S = 1.2
"""What is kept on either side of an exchange."""
HEARD_S = 4.0
"""What is heard on either side of an exchange by the recogniser."""
LEAST_JUDGED_S = 1.5
"""Shorter sounds are repeated up to that before their speaker is judged."""
LEAST_FLOOR_S = 0.06  # of shorter words nothing is left between the ends
FLOORS_HZ = (250, 500, 1000, 2000, 4000)
USUAL = 95
"""Percentile of the clip's own steps from word to word within which a joint is usual."""


class Nowhere(Exception):
    """The speaker does not say the new words elsewhere."""


@dataclass(frozen=True)
class Person:
    """A clip, what is heard in it, and who is heard by both judges."""

    name: str
    path: Path
    footage: Path | None
    sound: Sound
    words: Transcript
    usual: np.ndarray

    def edits(self) -> Iterator[tuple[str, str, int]]:
        """Name the edits, with the new words and which word they replace (-1: a sentence)."""
        for number, text in enumerate(SENTENCES, 1):
            yield f"sentence {number}", text, -1
        yield "exchange", EXCHANGE, len(self.words.words) // 2
        if (found := self._said_word()) is not None:
            yield "own word", *found

    def _said_word(self) -> tuple[str, int] | None:
        """Choose a word of four letters or more, and another in whose place it fits best."""
        words = self.words.words
        long = [k for k, word in enumerate(words) if len(key(word.text)) >= 4]
        pairs = [
            (abs(np.log(_length(words[i]) / _length(words[j]))), i, j)
            for i in long
            for j in range(1, len(words) - 1)
            if abs(i - j) > 1 and key(words[i].text) != key(words[j].text)
        ]
        if not pairs:
            return None
        _, said, place = min(pairs)
        return words[said].text.strip(".,?!"), place


def _length(word: Word) -> float:
    return max(word.end_s - word.start_s, 0.01)


def person(data: Path, clip: str) -> Person:
    name, _, footage = clip.partition("+")
    sound = read_speech_file(data / name)
    with Session(data / name) as session:
        words = session.transcript()
    return Person(clip, data / name, data / footage if footage else None, sound, words,
                  steps_of(sound, words.words))  # fmt: skip


def judged(
    who: Person, done: set[tuple], options: argparse.Namespace
) -> Iterator[dict[str, object]]:
    """Make the edits of one clip by the systems and judge them; the speaker's own sounds too."""
    for edit, _, place in who.edits():
        if (who.name, "as shot", edit) not in done:
            yield {"clip": who.name, "system": "as shot", "edit": edit} | as_shot(who, place)
    for system in options.systems:
        voice, without = SYSTEMS[system]
        wanted = [
            one
            for one in who.edits()
            if (who.name, system, one[0]) not in done
            and not (system == "units" and one[2] < 0)  # nobody says a whole sentence twice
        ]
        if not wanted:
            continue
        with Session(who.path) as session, ExitStack() as stack:
            # What the nearest voice says is the same for all that start from it.
            stack.enter_context(patch("facedit.speech.fit.snippet.at_pace", spoken))
            for way in without:
                stop = {"return_value": None} if way != "imitate" else {"side_effect": Nowhere}
                stack.enter_context(patch(SAY + way, **stop))
            for edit, new, place in wanted:
                row: dict[str, object] = {"clip": who.name, "system": system, "edit": edit}
                try:
                    if place < 0:
                        judge = _sentence(who, voice, new)
                    else:
                        judge = _exchange(who, session, (voice, system), new, place, options.sounds)
                except Nowhere:
                    yield row | {"made": False}
                    continue
                except FaceditError as error:
                    yield row | {"made": False, "why": str(error)}
                    continue
                yield row | {"made": True, "new": new} | judge()


spoken = functools.lru_cache(maxsize=16)(at_pace)


Judge = Callable[[], dict[str, object]]


def _sentence(who: Person, voice: str, text: str) -> Judge:
    """Say a whole sentence, and return what judges it."""
    reference = Reference(who.sound, who.words.words)
    if who.footage is not None:
        heard = read_speech_file(who.footage)
        fitted = Footage(heard, cached_transcript(heard).words, who.footage.name).as_in(reference)
        fitted = replace(fitted, sounds=voice_sounds(Reference(fitted.sound, fitted.words)))
        reference = replace(reference, footage=fitted)
    choice = choose_voice(voice, reference.heard()[0])
    if choice.own:
        reference = replace(reference, sounds=voice_sounds(reference))
    snippet = speech_for_edit((), text.split(), (), choice, reference)

    def judge() -> dict[str, object]:
        made, tokens = snippet.sound, text.split()
        late = np.pad(mono(made), (sample_at(0.31, made.rate), 0))
        heard = heard_twice(resampled(late, made.rate, SPEECH_RATE))
        lost = min(len(missed(tokens, slice(0, len(tokens)), found)) for found in heard)
        return told(snippet) | likeness(made, who.sound) | {"lost": lost / len(tokens)}

    return judge


def _exchange(
    who: Person,
    session: Session,
    voice: tuple[str, str],
    new: str,
    place: int,
    sounds: Path | None,
) -> Judge:
    """Exchange a word, and return what judges it."""
    texts = [word.text for word in who.words.words]
    said = " ".join([*texts[:place], new, *texts[place + 1 :]])
    request = EditRequest(say=said, voice=voice[0], footage=who.footage)
    planned = session.plan(request, who.words)
    snippet = planned.snippets[0]
    assert snippet is not None

    def judge() -> dict[str, object]:
        (fill,) = planned.plan.fills
        output = session.sound(planned)
        length_s = output.length / output.rate
        start_s, end_s = (max(fill.output_start_s - HEARD_S, 0.0),
                          min(fill.output_end_s + HEARD_S, length_s))  # fmt: skip
        heard, tokens = output.window(start_s, end_s), new.split()
        lost = min(
            sum(key(token) not in map(key, found) for token in tokens) / len(tokens)
            for found in heard_twice(speech_samples(heard))
        )
        if sounds is not None:
            edit = "own" if place != len(texts) // 2 else "new"
            keep(planned, output, sounds / f"{who.path.stem}-{voice[1]}-{edit}", who.sound)
        rest = _without(who.sound, who.words.words[place])
        return (
            told(snippet)
            | likeness(snippet.sound, rest)
            | {"lost": lost}
            | joints(planned, who.sound, who.words, who.usual)
            | floors(
                output.window(fill.output_start_s, fill.output_end_s),
                len(snippet.transcript.words),
                who.sound,
                who.words.words,
            )
            | {"usual line": unlined(who.sound, output, (fill.output_start_s, fill.output_end_s))}
        )

    return judge


def heard_twice(samples: np.ndarray) -> Iterator[list[str]]:
    """Recognise words in a short window, where some are missed, and in the usual one."""
    yield heard_words(samples, "en")
    yield [word.text for word in recognise(samples, "en").words]


def keep(planned: PlannedEdit, heard, name: Path, sound: Sound) -> None:
    """Write what is heard about an exchange, and the same stretch as it was."""
    (fill,) = planned.plan.fills
    start_s, end_s = max(fill.output_start_s - BESIDE_S, 0.0), fill.output_end_s + BESIDE_S
    end_s = min(end_s, heard.length / heard.rate)
    write_wav(Path(f"{name}.edited.wav"), heard.window(start_s, end_s), force=True)
    old_end_s = min(fill.source_end_s + BESIDE_S, sound.duration_s)
    write_wav(Path(f"{name}.as-shot.wav"), cut(sound, start_s, old_end_s), force=True)


def told(snippet: Snippet) -> dict[str, object]:
    """Tell what was made: a voice spoke where ``own`` fell back to it."""
    choice = snippet.choice
    own = choice is not None and choice.own
    row: dict[str, object] = {"spoken by": str(choice), "own": own, "speed": snippet.speed}
    return row | {"length s": snippet.sound.duration_s} | dict(snippet.fit)


def likeness(made: Sound, theirs: Sound) -> dict[str, object]:
    """Compare new speech with the speaker, and rate its quality."""
    long = from_mono(_repeated(mono(made), made.rate), made.rate)
    who = heard_as(
        np.ascontiguousarray(theirs.samples).tobytes(), theirs.samples.shape[1], theirs.rate
    )
    return {
        "campplus": float(campplus.embed(long) @ who[0]),
        "resemblyzer": float(speaker.embed(long) @ who[1]),
        "quality": dnsmos.quality(long)[2],
    }


@functools.lru_cache(maxsize=8)
def heard_as(data: bytes, channels: int, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Describe who speaks in a sound by both judges, once."""
    sound = Sound(np.frombuffer(data, np.float32).reshape(-1, channels), rate)
    return campplus.embed(sound), speaker.embed(sound)


def _repeated(samples: np.ndarray, rate: int) -> np.ndarray:
    return np.tile(samples, max(1, -(-sample_at(LEAST_JUDGED_S, rate) // max(1, len(samples)))))


def as_shot(who: Person, place: int) -> dict[str, object]:
    """Judge the speaker's own: half of the clip against the other, or the word that is replaced."""
    sound = who.sound
    if place < 0:
        half = len(sound.samples) // 2
        first, second = (Sound(x, sound.rate) for x in (sound.samples[:half], sound.samples[half:]))
        return {"made": True} | likeness(first, second)
    word = who.words.words[place]
    return {"made": True} | likeness(cut(sound, word.start_s, word.end_s), _without(sound, word))


def _without(sound: Sound, word: Word) -> Sound:
    first, last = (sample_at(at_s, sound.rate) for at_s in (word.start_s, word.end_s))
    return Sound(np.concatenate([sound.samples[:first], sound.samples[last:]]), sound.rate)


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
) -> dict[str, object]:
    """Set the steps at both ends of exchanged words against the clip's, and compare the floors."""
    snippet, (edit,) = planned.snippets[0], planned.edits
    assert snippet is not None
    new = [measured(Sound(mono(snippet.sound)[:, None], snippet.sound.rate), word)
           for word in snippet.transcript.words]  # fmt: skip
    old = [measured(sound, words.words[k]) for k in (edit.old_start - 1, edit.old_end)]
    steps = np.abs(np.array([np.subtract(new[0], old[0]), np.subtract(new[-1], old[1])]))
    within = np.where(np.isnan(steps), np.nan, steps <= usual)
    return {
        "level step dB": float(steps[:, 0].mean()),
        "pitch step semitones": _mean(steps[:, 1]),
        "usual level": _mean(within[:, 0]),
        "usual pitch": _mean(within[:, 1]),
    }


def floors(new: Sound, count: int, sound: Sound, words: tuple[Word, ...]) -> dict[str, object]:
    """Set the quietest moments of ``count`` new words against those of as many of the clip.

    All frequencies together, and in the mean over bands; beside it how far the clip's own words lie
    from their middle, which is what can be wanted.
    """
    runs = [
        cut(sound, words[k].start_s, words[k + count - 1].end_s)
        for k in range(len(words) - count + 1)
        if words[k + count - 1].end_s - words[k].start_s >= LEAST_FLOOR_S
    ]
    row: dict[str, object] = {}
    for name, floor in (("floor", floor_of), ("spectral floor", band_floors)):
        theirs = np.array([floor(run) for run in runs])
        middle = np.median(theirs, axis=0)
        away = np.abs(theirs - middle).reshape(len(runs), -1).mean(axis=1)
        step = float(np.abs(floor(new) - middle).mean())
        row |= {f"{name} step dB": step, f"{name} of the clip dB": float(away.mean()),
                f"usual {name}": float(step <= np.percentile(away, USUAL))}  # fmt: skip
    return row


def unlined(sound: Sound, output, joints_s: tuple[float, float]) -> float:
    """Share of joints at which no brighter or darker upright line is seen than is usual."""
    usual = [np.percentile(_most(line), USUAL) for line in lines(sound)]
    about = (output.window(at_s - 0.1, at_s + 0.1) for at_s in joints_s)
    within = [
        all(line[70:130].max() <= most for line, most in zip(lines(part), usual, strict=True))
        for part in about
    ]
    return float(np.mean(within))


def lines(sound: Sound) -> tuple[np.ndarray, np.ndarray]:
    """How many dB every ms is louder than 5 to 10 ms before and after, and softer, over bands."""
    wave, rate = mono(sound).astype(np.float64), sound.rate
    size, hop = sample_at(0.006, rate), sample_at(0.001, rate)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(wave, (size // 2, size)), size)
    power = np.abs(np.fft.rfft(frames[: len(wave) + 1 : hop] * np.hanning(size), axis=1)) ** 2
    bins, edges = np.fft.rfftfreq(size, 1 / rate), np.geomspace(300, min(10_000, 0.45 * rate), 19)
    bands = [
        power[:, (bins >= low) & (bins < max(high, low + rate / size))].mean(axis=1)
        for low, high in pairwise(edges)
    ]
    level = 10 * np.log10(np.stack(bands, axis=1) + 1e-12)
    level = np.maximum(level, np.percentile(level, 2, axis=0) - 10)
    reach, here = 10, level[10:-10]
    sides = [
        np.mean([np.roll(level, way * k, axis=0)[reach:-reach] for k in range(5, 11)], axis=0)
        for way in (1, -1)
    ]
    brighter, darker = here - np.maximum(*sides), np.minimum(*sides) - here
    return tuple(np.pad(x.mean(axis=1), reach, constant_values=-99.0) for x in (brighter, darker))


def _most(line: np.ndarray) -> np.ndarray:
    """The greatest values of stretches of 60 ms."""
    return np.lib.stride_tricks.sliding_window_view(line, 60)[::10].max(axis=1)


def _mean(values: np.ndarray) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def floor_of(sound: Sound) -> float:
    """Level in dB of the quietest moments of some words, which as many others are compared with."""
    return float(np.percentile(frame_levels_db(mono(sound), sound.rate, 0.01), 5))


def band_floors(sound: Sound) -> np.ndarray:
    """The same in octaves from 250 Hz to 8 kHz."""
    size = sample_at(0.02, sound.rate)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(mono(sound), size), size)[:: size // 2]
    power = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) ** 2
    bins = np.fft.rfftfreq(size, 1 / sound.rate)
    bands = [power[:, (bins >= low) & (bins < 2 * low)].mean(axis=1) for low in FLOORS_HZ]
    return np.percentile(10 * np.log10(np.stack(bands, axis=1)[2:-2] + 1e-12), 5, axis=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("rows", type=Path)
    parser.add_argument("clips", nargs="+")
    parser.add_argument("--sounds", type=Path)
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    options = parser.parse_args()
    if options.sounds is not None:
        options.sounds.mkdir(parents=True, exist_ok=True)
    options.rows.parent.mkdir(parents=True, exist_ok=True)
    for clip in options.clips:
        done = {(row["clip"], row["system"], row["edit"]) for row in rows_of(options.rows)}
        with options.rows.open("a", encoding="utf-8") as file:
            for row in judged(person(options.data, clip), done, options):
                file.write(json.dumps(row) + "\n")
                file.flush()
                print(row, flush=True)


def rows_of(file: Path) -> list[dict[str, object]]:
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return [json.loads(line) for line in lines]


if __name__ == "__main__":
    main()
