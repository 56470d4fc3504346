"""Where the sound of a live face comes from: blocks of 16 kHz amplitudes, as time goes by."""

from __future__ import annotations

import queue
import re
import time
from collections.abc import Callable, Iterable, Iterator
from threading import Lock, Thread
from typing import BinaryIO

import numpy as np

from facedit.errors import FaceditError
from facedit.speech.sound_ops import speech_samples
from facedit.types import Float32, Sound
from facedit.units import SPEECH_RATE, SPEECH_SAMPLES_PER_FRAME

BLOCK_S = SPEECH_SAMPLES_PER_FRAME / SPEECH_RATE
"""Seconds of sound that are handed on at once."""

MOST_SENTENCES = 100
"""Sentences that wait to be spoken."""

_FULL_SCALE = 32768.0


def pcm_samples(data: bytes) -> Float32:
    """Return the amplitudes of raw PCM (signed 16 bit, little endian, mono), shape (N,)."""
    return np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.float32) / _FULL_SCALE


def pcm_blocks(stream: BinaryIO) -> Iterator[Float32]:
    """Read raw PCM (16 kHz, signed 16 bit, little endian, mono) until it ends."""
    while data := stream.read(2 * SPEECH_SAMPLES_PER_FRAME):
        yield pcm_samples(data)


def played(
    take: Callable[[int], Float32 | None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> Iterator[Float32]:
    """Hand sound on as it would be played.

    Args:
        take: Returns the next so many samples; None when there are no more.
        clock: Tells the time in seconds.
        sleep: Waits for so many seconds.

    Yields:
        A block when its end has been played.
    """
    due_s = clock()
    while (block := take(SPEECH_SAMPLES_PER_FRAME)) is not None:
        due_s += BLOCK_S
        if (wait_s := due_s - clock()) > 0:
            sleep(wait_s)
        yield block


def from_sound(sound: Sound) -> Callable[[int], Float32 | None]:
    """Return what takes samples from a recording for ``played``."""
    samples, at = speech_samples(sound), 0

    def take(count: int) -> Float32 | None:
        nonlocal at
        at += count
        return samples[at - count : at] if at - count < len(samples) else None

    return take


def sentences(text: str) -> list[str]:
    """Take a text apart into sentences, so that the first is heard before the last is made."""
    return [one for one in re.split(r"(?<=[.!?…])\s+", text.strip()) if one]


class Sayings:
    """Sentences to be spoken, each made while the one before it is heard.

    Args:
        speak: Returns the sound of a sentence.
        told: Told of a sentence that cannot be spoken, in one line.
    """

    def __init__(self, speak: Callable[[str], Sound], told: Callable[[str], object]) -> None:
        self._speak, self._told = speak, told
        self._texts: queue.Queue[str | None] = queue.Queue(MOST_SENTENCES)
        self._lock, self._ready, self._ended = Lock(), np.zeros(0, np.float32), False
        Thread(target=self._work, daemon=True).start()

    def say(self, text: str) -> None:
        """Speak a text behind those that wait; what is too much is not spoken, and told."""
        for sentence in sentences(text):
            try:
                self._texts.put_nowait(sentence)
            except queue.Full:
                self._told(f"{MOST_SENTENCES} sentences wait: “{sentence[:40]}” is left out.")

    def end(self) -> None:
        """Say that nothing follows."""
        self._texts.put(None)

    def take(self, count: int) -> Float32 | None:
        """Return the next samples, silence where nobody speaks; None when all is said."""
        with self._lock:
            found, self._ready = self._ready[:count], self._ready[count:]
        if not len(found) and self._ended:
            return None
        return np.pad(found, (0, count - len(found)))

    def _work(self) -> None:
        while (text := self._texts.get()) is not None:
            try:
                samples = speech_samples(self._speak(text))
            except FaceditError as error:
                self._told(str(error))
                continue
            with self._lock:
                self._ready = np.concatenate([self._ready, samples])
        self._ended = True


def read_lines(lines: Iterable[str], sayings: Sayings) -> None:
    """Hand lines that are typed on to be spoken, until they end (in a thread of its own)."""

    def read() -> None:
        for line in lines:
            sayings.say(line)
        sayings.end()

    Thread(target=read, daemon=True).start()
