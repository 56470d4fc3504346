"""Small videos to be signed, and what is stated of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np

from facedit.media.output import whole_or_nothing
from facedit.provenance.manifest import Change, Origin, Statement
from facedit.provenance.signing import Seal
from facedit.provenance.signing_identity import find_identity
from facedit.types import Sound
from facedit.weights.fetch import sha256_of
from talking_clips import gradient, write_clip

CHANGES = (
    Change(0.4, 0.8, "substitute", "moon", "station"),
    Change(1.2, 1.5, "delete", "back", None),
)


def make_video(path: Path, **options: str) -> Path:
    """Write two seconds of stripes and noise, with key pictures to seek to."""
    noise = np.random.default_rng(0).normal(0, 0.1, (32000, 1)).astype(np.float32)
    pictures = [gradient(k) for k in range(50)]
    write_clip(path, pictures, Sound(noise, 16000), options, {"g": "10"})
    return path


def remuxed(source: Path, target: Path) -> Path:
    """Copy the packets into another file, as ``ffmpeg -c copy`` does."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        streams = {one.index: new.add_stream_from_template(one) for one in old.streams}
        new.metadata.update(old.metadata)
        for packet in old.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                new.mux(packet)
    return target


def signed(source: Path, output: Path, made_of: Path | None = None) -> Path:
    """Sign a copy of a file, as the writer of outputs does."""
    with writing(output, made_of or source) as part:
        part.write_bytes(source.read_bytes())
    return output


@contextmanager
def writing(output: Path, made_of: Path) -> Iterator[Path]:
    """Write a file that is signed as an edit of another."""
    identity = find_identity()
    assert identity is not None
    origin = Origin(made_of, sha256_of(made_of))
    stated = Statement("edit", CHANGES, (origin,), "hibari", {"weights": "default"}, "she agreed")
    with whole_or_nothing(output, True, Seal(identity.pair, stated, output, True)) as part:
        yield part
