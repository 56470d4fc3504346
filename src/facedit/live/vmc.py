"""A live face for avatars: VRM's presets and the head as VMC messages, which are OSC over UDP."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable

import numpy as np

from facedit.errors import OutputNotWritable, UsageError
from facedit.face.pose import quaternions, rotation_matrices
from facedit.live.live_face import LiveFrame
from facedit.live.live_options import udp_address
from facedit.motion.mesh_space import MeshSpace
from facedit.motion.space import MotionSpace
from facedit.motion.visemes import VISEMES, presets
from facedit.units import frame_time

VRM_0 = {"aa": "A", "ih": "I", "ou": "U", "ee": "E", "oh": "O", "blink": "Blink"}
"""Names of VRM 1.0's presets in VRM 0: both are sent, and an avatar takes those that it has."""

LATE_S = 0.2
"""Frames that come later than this are not hurried after one another."""

_IMMEDIATELY = 1


def message(address: str, *values: str | int | float) -> bytes:
    """Write an OSC 1.0 message: whole numbers as i, others as f, texts as s."""
    tags, data = ",", b""
    for value in values:
        if isinstance(value, str):
            tags, data = tags + "s", data + _padded(value)
        elif isinstance(value, int):
            tags, data = tags + "i", data + struct.pack(">i", value)
        else:
            tags, data = tags + "f", data + struct.pack(">f", value)
    return _padded(address) + _padded(tags) + data


def bundle(*messages: bytes) -> bytes:
    """Write an OSC 1.0 bundle, to be done at once."""
    sized = (struct.pack(">i", len(one)) + one for one in messages)
    return _padded("#bundle") + struct.pack(">Q", _IMMEDIATELY) + b"".join(sized)


class Vmc:
    """Sends how the face moves, frame by frame when it is due: pictures and sound are left out.

    Args:
        where: ``HOST:PORT`` of the avatar's program.
        space: The motion space.
        clock: Tells the time in seconds.
        sleep: Waits for so many seconds.

    Raises:
        OutputNotWritable: If there is no such host.
        UsageError: If curves are not known of the motion space.
    """

    def __init__(
        self,
        where: str,
        space: MotionSpace,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        mesh = MeshSpace.load()
        if space.name != mesh.name:
            raise UsageError(f"--to vmc: weights of the motion space {space.name} give no presets.")
        self._space, self._clock, self._sleep = mesh, clock, sleep
        try:
            found = socket.getaddrinfo(*udp_address(where), type=socket.SOCK_DGRAM)
        except OSError as error:
            raise OutputNotWritable(f"--vmc {where}: {error.strerror}.") from error
        family, kind, protocol, _, to = found[0]
        self._to: tuple[object, ...] = to
        self._socket = socket.socket(family, kind, protocol)
        self._start_s = -np.inf

    def show(self, frame: LiveFrame) -> None:
        """Send a frame when it is due; OutputNotWritable is raised if the network takes none."""
        now_s, at_s = self._clock(), frame_time(frame.index)
        if now_s - self._start_s - at_s > LATE_S:
            self._start_s = now_s - at_s
        elif (wait_s := self._start_s + at_s - now_s) > 0:
            self._sleep(wait_s)
        try:
            self._socket.sendto(self.packed(frame), self._to)
        except OSError as error:
            raise OutputNotWritable(f"--to vmc: cannot be sent ({error.strerror}).") from error

    def packed(self, frame: LiveFrame) -> bytes:
        """Return a frame as it is sent: the head's turn, the presets, and that they apply.

        Unity's axes are the picture's, all three turned round: a rotation is the same in both.
        """
        groups, moved = self._space.groups, frame.moved
        if moved is None:
            raise AssertionError("a frame without its motion")
        shares = presets(self._space, moved[None, groups["lips"]])[0].tolist()
        shown = dict(zip(VISEMES, shares, strict=True)) | {"blink": frame.blink}
        head = slice(groups["head"].start, groups["head"].start + 3)
        turn = moved[head] * self._space.std[head]
        w, x, y, z = quaternions(rotation_matrices(turn[None]))[0].tolist()
        return bundle(
            message("/VMC/Ext/OK", 1),
            message("/VMC/Ext/T", frame_time(frame.index)),
            message("/VMC/Ext/Bone/Pos", "Head", 0.0, 0.0, 0.0, x, y, z, w),
            *(
                message("/VMC/Ext/Blend/Val", name, share)
                for preset, share in shown.items()
                for name in (preset, VRM_0[preset])
            ),
            message("/VMC/Ext/Blend/Apply"),
        )

    def close(self) -> None:
        """End."""
        self._socket.close()


def _padded(text: str) -> bytes:
    """End a text by one to four zeros, so that what follows begins at a multiple of four."""
    data = text.encode()
    return data + b"\0" * (4 - len(data) % 4)
