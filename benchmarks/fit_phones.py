"""Train the phone network of the forced alignment.

python benchmarks/fit_phones.py GRID -o src/facedit/weights/phones.safetensors

GRID is a folder with clips of the GRID corpus (CC BY 4.0) and their ``.align`` files. The default
voice reads out random words and sentences of Python's manual; PocketSphinx (``pip install
pocketsphinx==5.1.1``) says where the phones are, GRID's own files where its words are; the network
learns from both, most of it in other voices and rooms. About 6 minutes on one core.
"""

from __future__ import annotations

import argparse
import re
import time
from dataclasses import dataclass, replace
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np
import torch
from pocketsphinx import Decoder
from safetensors.torch import save_file
from torch.nn import functional

from facedit.editing.words import tokenise
from facedit.media.sound import read_speech_file
from facedit.speech.encoders.augment import augmented_power, draw_augmentation
from facedit.speech.recognition.acoustic import (
    PHONES,
    SILENCE,
    TICKS_PER_SECOND,
    PhoneNet,
    inputs_of,
)
from facedit.speech.sound_ops import speech_samples
from facedit.speech.text.pronounce import hibari, pronunciations
from facedit.speech.text.transcript_io import load_transcript
from facedit.speech.voices.hibari_voice import HibariVoice
from facedit.units import SPEECH_RATE

TICK = SPEECH_RATE // TICKS_PER_SECOND
UTTERANCES = 360
"""Of the voice."""
CLIPS = 300
"""Of GRID, spread over the folder."""
CPU_S = 110.0
"""Processor time of training."""
LEAST_SCORE = -27.0
"""PocketSphinx's mean score per 10 ms below which it has lost the words."""
CROP = 300
BATCH = 24
FUNCTION_WORDS = (
    "the a an and of to in on at for with from by that this is was are were be been he she it they "
    "we you I his her their our your my but or as if so not no all can will would could should has "
    "have had do did what when where who how there then than them him us me up out over about into "
    "after one two more very just"
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """An utterance.

    Attributes:
        samples: 16 kHz mono, 16 bits.
        tokens: What is said.
        words: Begin and end of each word in seconds, where they are known.
        phones: Per word its phones as ``(name, begin, end)``; empty where they are not known.
    """

    samples: np.ndarray
    tokens: tuple[str, ...]
    words: tuple[tuple[float, float], ...] = ()
    phones: tuple[tuple[tuple[str, float, float], ...], ...] = ()


def speak(rng: np.random.Generator) -> list[Spoken]:
    """Let the voice read."""
    manual = re.sub(r"\s+", " ", " ".join(topics.values()))
    sentences = [
        sentence
        for sentence in re.split(r"(?<=[.!?])\s+", manual)
        if re.fullmatch(r"[A-Z][a-z' ,]+( [A-Za-z' ,]+)?[.]", sentence)
        and 4 <= len(sentence.split()) <= 13
    ]
    function_words = FUNCTION_WORDS.split()
    known = sorted(w for w in hibari().g2p.lexicon.golds.d if re.fullmatch(r"[a-z]{2,10}", w))

    def text() -> str:
        if rng.random() < 0.45:
            return str(rng.choice(sentences))
        words = [
            str(rng.choice(function_words if rng.random() < 0.5 else known))
            + ("," if rng.random() < 0.08 else "")
            for _ in range(rng.integers(4, 13))
        ]
        return " ".join(words) + str(rng.choice([".", ".", "?", "!"]))

    found = []
    for said in (text() for _ in range(UTTERANCES)):
        samples = speech_samples(HibariVoice().speak(said, float(rng.uniform(0.8, 1.35))))
        found.append(Spoken(_short(samples), tuple(tokenise(said))))
    return found


def read_grid(folder: Path) -> list[Spoken]:
    """Read clips whose words are known."""
    found = []
    files = sorted(folder.glob("*.align"))
    for file in files[:: max(1, len(files) // CLIPS)]:
        samples = speech_samples(read_speech_file(next(folder.glob(f"{file.stem}.m*"))))
        words = load_transcript(file, len(samples) / SPEECH_RATE).words
        times = tuple((word.start_s, word.end_s) for word in words)
        found.append(Spoken(_short(samples), tuple(word.text for word in words), times))
    return found


def teach(spoken: Spoken) -> Spoken:
    """Ask PocketSphinx for the phones, and keep words to the times that are known."""
    decoder = Decoder(samprate=float(SPEECH_RATE), bestpath=False, lm=None, loglevel="FATAL")
    for index, token in enumerate(spoken.tokens):
        for variant, phones in enumerate(pronunciations(token)):
            name = f"word{index}" + (f"({variant + 1})" if variant else "")
            decoder.add_word(name, " ".join(phones), True)
    decoder.set_align_text(" ".join(f"word{index}" for index in range(len(spoken.tokens))))
    try:
        _decode(decoder, spoken)
        if decoder.hyp() is None:
            return spoken
        decoder.set_alignment()  # the second pass finds the phones of the first one's words
        _decode(decoder, spoken)
        found = [  # a word is only there while it is looked at
            (
                word.score,
                word.duration,
                tuple((p.name, p.start, p.start + p.duration) for p in word),
            )
            for word in decoder.get_alignment()
            if word.name[0] not in "<[("
        ]
    except RuntimeError:
        return spoken
    fit = sum(score for score, _, _ in found) / max(1, sum(ticks for _, ticks, _ in found))
    if len(found) != len(spoken.tokens) or fit < LEAST_SCORE:
        return spoken
    phones = tuple(
        tuple((n, start / 100, end / 100) for n, start, end in word) for _, _, word in found
    )
    return replace(spoken, phones=_kept_to(phones, spoken.words))


def _decode(decoder: Decoder, spoken: Spoken) -> None:
    """Let the decoder hear the whole utterance."""
    decoder.start_utt()
    decoder.process_raw(spoken.samples.tobytes(), full_utt=True)
    decoder.end_utt()


def _kept_to(phones, words):
    """Stretch each word's phones to the times that are known of it."""
    fitted = []
    for word, (start, end) in zip(phones, words, strict=True) if words else ():
        first, last = word[0][1], word[-1][2]
        rate = (end - start) / (last - first)
        fitted.append(
            tuple((n, start + (a - first) * rate, start + (b - first) * rate) for n, a, b in word)
        )
    return tuple(fitted) or phones


def labels_of(spoken: Spoken) -> np.ndarray:
    """Return the column of the phone at each tick."""
    times = np.arange(len(spoken.samples) // TICK) / TICKS_PER_SECOND + 1e-6
    labels = np.full(len(times), SILENCE, np.int64)
    for name, start, end in (phone for word in spoken.phones for phone in word):
        labels[(times >= start) & (times < end)] = PHONES.index(name)
    return labels


def heard(samples: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Compute what the network hears, two times out of three in another voice and room."""
    if rng.random() < 0.35:
        return inputs_of(samples)
    disguise, seed = draw_augmentation(rng), int(rng.integers(1 << 31))
    return inputs_of(samples, lambda x: augmented_power(x, disguise, np.random.default_rng(seed)))


def encode(spoken: list[Spoken], rng: np.random.Generator) -> list[tuple[torch.Tensor, ...]]:
    """Join utterances to sounds of up to half a minute, and compute what the network hears."""
    order = [spoken[k] for k in rng.permutation(len(spoken))]
    found = []
    while order:
        count = int(rng.choice([1, 1, 2, 3, 5, 6]))
        parts: list[np.ndarray] = []
        labels: list[np.ndarray] = []
        for one in [order.pop() for _ in range(min(count, len(order)))]:
            gap = int(rng.integers(0, 60))
            known = labels_of(one)
            samples = one.samples[: len(known) * TICK] / np.float32(32768)
            level = 10 ** (rng.uniform(-26, -16) / 20) / np.sqrt((samples**2).mean() + 1e-9)
            parts += [np.zeros(gap * TICK, np.float32), samples * np.float32(level)]
            labels += [np.full(gap, SILENCE), known]
        whole = np.concatenate(parts)
        mel, states = heard(whole, rng)
        known = np.concatenate(labels)
        known = np.concatenate([known, np.full(len(mel) - len(known), SILENCE)])
        arrays = (mel.astype(np.float16), states.astype(np.float16), known)
        found.append(tuple(torch.from_numpy(x) for x in arrays))
    return found


def fit(sounds: list[tuple[torch.Tensor, ...]], rng: np.random.Generator) -> PhoneNet:
    """Train a network for ``CPU_S``."""
    torch.manual_seed(0)
    net = PhoneNet()
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.01)
    index = [(i, a) for i, s in enumerate(sounds) for a in range(0, len(s[0]) - CROP // 2, CROP)]
    begin, done, step = time.process_time(), 0.0, 0
    while done < 1:
        for batch in np.array_split(rng.permutation(len(index)), len(index) // BATCH + 1):
            done = (time.process_time() - begin) / CPU_S
            rate = 2e-3 * min(1.0, step / 100) * max(0.5 + 0.5 * np.cos(np.pi * min(done, 1)), 0.01)
            for group in optimiser.param_groups:
                group["lr"] = rate
            mel, states, known = _crops(sounds, [index[k] for k in batch], rng)
            if rng.random() < 0.5:
                band = int(rng.integers(0, 70))
                mel[:, :, band : band + int(rng.integers(3, 10))] = -1.5
            found = net(mel, functional.dropout(states, 0.1)).flatten(0, 1)
            loss = functional.nll_loss(found, known.flatten(), ignore_index=-1)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            step += 1
            if step % 200 == 0:
                print(f"step {step}, {done:.0%}: {loss.item():.3f}", flush=True)
            if done >= 1:
                break
    return net.eval()


def _crops(sounds, places, rng):
    """Cut pieces of 3 s out of sounds, at another place each time."""
    mel = torch.full((len(places), CROP, 80), -2.0)
    states = torch.zeros(len(places), CROP // 2, 512)
    known = torch.full((len(places), CROP), -1)
    for row, (number, start) in enumerate(places):
        one = sounds[number]
        first = int(np.clip(start + 2 * rng.integers(-50, 50), 0, max(len(one[0]) - CROP, 0)))
        length = min(CROP, len(one[0]) - first)
        mel[row, :length] = one[0][first : first + length]
        states[row, : length // 2] = one[1][first // 2 : (first + length) // 2]
        known[row, :length] = one[2][first : first + length]
    return mel, states, known


def _short(samples: np.ndarray) -> np.ndarray:
    """Round to 16 bits."""
    return (np.clip(samples, -1, 1) * 32767).astype(np.int16)


def main() -> None:
    """Make the material, train and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("grid", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    taught = [teach(one) for one in speak(rng) + read_grid(arguments.grid)]
    known = [one for one in taught if one.phones]
    print(f"{len(known)} of {len(taught)} utterances have phones", flush=True)
    net = fit(encode(known, rng), rng)
    state = {key: value.half().contiguous() for key, value in net.state_dict().items()}
    save_file(state, arguments.output, {"format": "facedit-phones-1", "licence": "CC BY 4.0"})


if __name__ == "__main__":
    main()
