"""A last box that holds a hash of the bytes of an mp4 or mov that C2PA does not cover.

C2PA leaves out the box with the file's type and its own manifest, in which room is reserved that
nothing signs. A byte that flips there harms nothing, yet the file is not as it was signed: a
``free`` box at its end, which players skip and C2PA leaves out too, holds the hash of both.
"""

from __future__ import annotations

import hashlib
import os
from typing import BinaryIO, Protocol

from facedit.errors import CannotSign

KINDS = ("video/mp4", "video/quicktime")
"""MIME types of files that are closed."""

LARGE = 32_000_000
"""Bytes from which a file is hashed by pieces."""

_TAG = b"facedit: SHA-256 of the type and the manifest "
_SIZE = 8 + len(_TAG) + 8 + hashlib.sha256().digest_size
_C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_LARGEST = 100_000_000


class Readable(Protocol):
    """What is read of a file."""

    def read(self, size: int = -1) -> bytes:
        """Read bytes."""
        ...

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move."""
        ...


def close(file: BinaryIO) -> None:
    """Append the box.

    ``file``: a signed file, open for reading and writing.
    """
    length = _head_length(file)
    file.seek(0)
    digest = hashlib.sha256(file.read(length)).digest()
    file.seek(0, os.SEEK_END)
    payload = _TAG + length.to_bytes(8, "big") + digest
    file.write((8 + len(payload)).to_bytes(4, "big") + b"free" + payload)


def is_closed(file: BinaryIO) -> bool:
    """Tell whether a file ends in such a box, true or not.

    ``file``: the file, open for reading. Returns whether it does.
    """
    return _last(file)[8:].startswith(_TAG)


def holds(file: BinaryIO) -> bool:
    """Tell whether a file begins as its last box says.

    ``file``: the file, open for reading. Returns whether there is such a box and its hash fits.
    """
    box = _last(file)
    if box[8 : 8 + len(_TAG)] != _TAG:
        return False
    length = int.from_bytes(box[8 + len(_TAG) :][:8], "big")
    if not 0 < length <= _LARGEST:
        return False
    file.seek(0)
    return hashlib.sha256(file.read(length)).digest() == box[-hashlib.sha256().digest_size :]


def is_large(file: Readable) -> bool:
    """Tell whether a file is best hashed by pieces: it is large, and all its media lie in one box.

    (Of several boxes, as fragments have, C2PA's library does not find the pieces again.)

    ``file``: an mp4 or mov, open for reading. Returns whether it is.
    """
    size, place, found = file.seek(0, os.SEEK_END), 0, 0
    while place + 8 <= size:
        file.seek(place)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        length = int.from_bytes(head[8:], "big") if length == 1 else length or size - place
        if length < 8:
            return False
        found += head[4:8] == b"mdat"
        place += length
    file.seek(0)
    return size > LARGE and found == 1


def _last(file: BinaryIO) -> bytes:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _SIZE, 0))
    return file.read(_SIZE)


def _head_length(file: BinaryIO) -> int:
    """Return where the manifest's box ends: it is among the first."""
    place = 0
    while True:
        file.seek(place)
        head = file.read(24)
        size = int.from_bytes(head[:4], "big")
        if len(head) < 24 or size < 8 or place + size > _LARGEST:
            raise CannotSign("the manifest is not where C2PA's library puts it.")
        place += size
        if head[4:8] == b"uuid" and head[8:] == _C2PA:
            return place
