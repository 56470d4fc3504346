"""Memory does not grow with the length of a clip."""

import subprocess
import sys
from pathlib import Path

from media.clips import make_clip

ROAD = """
import resource, sys
from pathlib import Path
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.media.sound import iter_sound
from facedit.media.write import write_video
source, out = map(Path, sys.argv[1:])
info = probe(source)
write_video(out, info, read_frames(source, info=info), iter_sound(source, info=info))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_mib(source: Path, out: Path) -> float:
    done = subprocess.run(
        [sys.executable, "-c", ROAD, str(source), str(out)],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout.split()[-1]) / 1024


def test_memory_does_not_grow(tmp_path: Path) -> None:
    how = {"size": (320, 240), "options": {"preset": "ultrafast", "crf": "30"}}
    short = make_clip(tmp_path / "short.mp4", seconds=3, **how)
    long = make_clip(tmp_path / "long.mp4", seconds=16, **how)
    grown = peak_mib(long.path, tmp_path / "l.mp4") - peak_mib(short.path, tmp_path / "s.mp4")
    # The long clip's pictures alone are 44 MiB, its sound 2.9.
    assert grown < 12
