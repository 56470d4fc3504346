"""How long new words take to be spoken in a warm session: seconds and CPU seconds a phrase.

    python benchmarks/voice_speed.py CLIP.mp4 [--voices auto own] [--steps]

The clip is heard and analysed and every network loaded before the clock starts; the middle word is
then exchanged for phrases that were never spoken before. Keep the machine quiet for the seconds,
CPU seconds are the same on a busy one. ``--steps`` tells where the last phrase's time went.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time
from pathlib import Path
from statistics import median

from facedit.compose.session.session import Session
from facedit.options import EditRequest
from facedit.types import Transcript

PHRASES = ("wonderful", "Thursday morning", "a yellow house", "seventy", "our neighbours")


def speak(session: Session, words: Transcript, voice: str, phrase: str) -> tuple[str, float, float]:
    """Exchange the middle word for a phrase: who spoke, seconds, CPU seconds."""
    texts = [word.text for word in words.words]
    place = len(texts) // 2
    said = " ".join([*texts[:place], phrase, *texts[place + 1 :]])
    clocks = time.perf_counter(), time.process_time()
    planned = session.plan(EditRequest(say=said, voice=voice), words)
    took = time.perf_counter() - clocks[0], time.process_time() - clocks[1]
    snippet = planned.snippets[0]
    return str(snippet.choice) if snippet else "", *took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("--voices", nargs="+", default=["default", "auto", "own"])
    parser.add_argument("--steps", action="store_true")
    options = parser.parse_args()
    with Session(options.clip) as session:
        words = session.transcript()
        for voice in options.voices:
            _, first_s, first_cpu = speak(session, words, voice, "something warm")
            print(f"{voice}: first phrase {first_s:.1f} s, {first_cpu:.1f} CPU s")
            took = []
            for phrase in PHRASES:
                who, seconds, cpu = speak(session, words, voice, phrase)
                print(f"  {phrase:18} {seconds:5.2f} s {cpu:5.2f} CPU s  {who}")
                took.append((seconds, cpu))
            middle = [median(column) for column in zip(*took, strict=True)]
            print(f"  in the median      {middle[0]:5.2f} s {middle[1]:5.2f} CPU s")
        if options.steps:
            with cProfile.Profile() as profile:
                speak(session, words, options.voices[-1], "another phrase")
            pstats.Stats(profile).sort_stats("cumulative").print_stats(
                r"facedit|run|generate|encode"
            )


if __name__ == "__main__":
    main()
