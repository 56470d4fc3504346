"""What an avatar's program gets by UDP, read as OSC 1.0 says."""

import io
import socket
import struct
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from facedit.compose.frames.person import Person
from facedit.compose.source.models import Models
from facedit.errors import OutputNotWritable, UsageError
from facedit.face.pose import rotation_matrices
from facedit.live.live_face import LiveFrame
from facedit.live.live_options import LiveOptions
from facedit.live.open_live import Live, play
from facedit.live.vmc import Vmc, message
from facedit.media.frame import Frame
from facedit.motion.curve_map import curve_map
from facedit.motion.live_link import WEIGHTS
from facedit.motion.mesh_space import MeshSpace
from facedit.options import Run
from facedit.types import Sound


def text_at(data: bytes, at: int) -> tuple[str, int]:
    end = data.index(b"\0", at)
    return data[at:end].decode(), end + 4 - end % 4


def messages_of(packet: bytes) -> list[tuple[str, tuple[Any, ...]]]:
    """Read a bundle of messages."""
    assert packet[:16] == b"#bundle\0" + struct.pack(">Q", 1)
    at, found = 16, []
    while at < len(packet):
        (size,) = struct.unpack_from(">i", packet, at)
        one = packet[at + 4 : at + 4 + size]
        assert size % 4 == 0
        assert len(one) == size
        at += 4 + size
        address, place = text_at(one, 0)
        tags, place = text_at(one, place)
        values: list[Any] = []
        for tag in tags[1:]:
            if tag == "s":
                value, place = text_at(one, place)
            else:
                (value,) = struct.unpack_from(f">{tag}", one, place)
                place += 4
            values.append(value)
        assert place == size
        found.append((address, tuple(values)))
    return found


def presets_of(packet: bytes) -> dict[str, float]:
    return {
        values[0]: values[1]
        for address, values in messages_of(packet)
        if address == "/VMC/Ext/Blend/Val"
    }


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        found.settimeout(5)
        yield found


def where(receiver: socket.socket) -> str:
    return f"127.0.0.1:{receiver.getsockname()[1]}"


def test_messages_are_those_of_the_standard_s_examples() -> None:
    assert message("/oscillator/4/frequency", 440.0) == (
        b"/oscillator/4/frequency\0,f\0\0" + bytes.fromhex("43dc0000")
    )
    assert message("/foo", 1000, -1, "hello", 1.234, 5.678) == (
        b"/foo\0\0\0\0,iisff\0\0" + bytes.fromhex("000003e8ffffffff")
        + b"hello\0\0\0" + bytes.fromhex("3f9df3b640b5b22d")
    )  # fmt: skip


def test_what_the_face_does_arrives(receiver: socket.socket) -> None:
    space = MeshSpace.load()
    moved = np.zeros(space.dims, np.float32)
    lips = space.groups["lips"]
    for name, weight in (("MouthPucker", 0.9), ("JawOpen", 0.3)):
        moved[lips] += weight * curve_map().slope[WEIGHTS.index(name), lips]
    head = slice(space.groups["head"].start, space.groups["head"].start + 3)
    turn = np.array([0.1, -0.3, 0.05])
    moved[head] = turn / space.std[head]
    vmc = Vmc(where(receiver), space)
    no_picture: Frame = None  # type: ignore[assignment]
    vmc.show(LiveFrame(50, no_picture, np.zeros(640, np.float32), moved=moved, blink=0.25))
    packet = receiver.recv(4096)
    vmc.close()
    found = dict(messages_of(packet))
    assert found["/VMC/Ext/OK"] == (1,)
    assert found["/VMC/Ext/T"] == (2.0,)
    assert messages_of(packet)[-1] == ("/VMC/Ext/Blend/Apply", ())
    presets = presets_of(packet)
    assert presets["ou"] == presets["U"] > 0.8
    assert presets["blink"] == presets["Blink"] == 0.25
    assert presets["aa"] == presets["ee"] == 0
    assert len(presets) == 12
    bone, *place, x, y, z, w = found["/VMC/Ext/Bone/Pos"]
    assert (bone, place) == ("Head", [0, 0, 0])
    # A unit quaternion's matrix, by its formula.
    true = rotation_matrices(turn[None])[0]
    assert [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)] == pytest.approx(
        true[0], abs=1e-6
    )


def test_frames_are_sent_when_they_are_due_and_late_ones_at_once(receiver: socket.socket) -> None:
    now, waits = [100.0], []

    def sleep(wait_s: float) -> None:
        waits.append(wait_s)
        now[0] += wait_s

    space = MeshSpace.load()
    vmc = Vmc(where(receiver), space, lambda: now[0], sleep)
    no_picture: Frame = None  # type: ignore[assignment]
    still = np.zeros(space.dims, np.float32)
    for index in range(6):
        if index == 4:
            now[0] += 1.0  # nothing came for a while
        vmc.show(LiveFrame(index, no_picture, np.zeros(640, np.float32), moved=still))
    vmc.close()
    assert waits == pytest.approx([0.04, 0.04, 0.04, 0.04])


@pytest.mark.full
def test_live_speaks_to_an_avatar_and_draws_no_picture(
    person: Person, models: Models, receiver: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("One."))
    monkeypatch.setattr("facedit.live.live_face.render_span", lambda *_: iter(()))
    options = LiveOptions(text=True, to="vmc", vmc=where(receiver), chunk=3, ahead=1, steps=1)
    sound = Sound(np.full((1920, 1), 0.3, np.float32), 16_000)
    tally = play(Live(person, models, Run(steps=1), options, lambda _: sound), print)
    assert (tally.frames, tally.repeated) == (3, 0)
    packets = [receiver.recv(4096) for _ in range(3)]
    assert [dict(messages_of(one))["/VMC/Ext/T"][0] for one in packets] == pytest.approx(
        [0, 0.04, 0.08]
    )
    heads = [dict(messages_of(one))["/VMC/Ext/Bone/Pos"] for one in packets]
    assert heads[0] != heads[2]


def test_addresses_are_refused_in_one_line(models: Models) -> None:
    for text in ("localhost", ":39539", "host:0", "host:port", "host:70000"):
        with pytest.raises(UsageError, match="HOST:PORT"):
            LiveOptions(speech=None, vmc=text)
    with pytest.raises(OutputNotWritable, match="--vmc no such host"):
        Vmc("no such host:1", models.space)
