"""An assistant in a pipe: what is typed goes in, a talking face comes out.

    python examples/assistant.py face.jpg | ffplay -

Put your own answers in the place of ``answer``: they are spoken sentence by sentence, the first
while the next ones are still being made. Everything runs on this machine.
"""

import sys
from contextlib import closing
from pathlib import Path

from facedit.live.live_options import LiveOptions
from facedit.live.open_live import open_live
from facedit.live.run_live import run_live
from facedit.live.sinks import Mp4
from facedit.live.sound_sources import Sayings, played, read_lines
from facedit.options import Run


def answer(question: str) -> str:
    return f"You said: {question.strip()}. Tell me more."


def main(face: str) -> None:
    live = open_live(Path(face), LiveOptions(text=True), Run(), sys.stderr.write)
    sayings = Sayings(live.speak, sys.stderr.write)
    read_lines(map(answer, sys.stdin), sayings)
    with closing(Mp4(sys.stdout.buffer, "synthetic, by examples/assistant.py")) as player:
        run_live(live.face(), played(sayings.take), player.show)


if __name__ == "__main__":
    main(sys.argv[1])
