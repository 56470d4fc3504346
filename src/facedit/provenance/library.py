"""C2PA's own library, which comes with the extra ``provenance``: imported when it is needed."""

from __future__ import annotations

import errno
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from facedit.errors import AssetMissing
from facedit.provenance.signing_identity import trusted_here

INSTALL = "pip install 'facedit[provenance]'"

SIDECAR = ".c2pa"
"""Suffix of a manifest that lies beside its file."""

KINDS = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".wav": "audio/wav",
}
"""MIME types by suffix."""

_BESIDE = ("video/x-matroska", "video/webm", "application/octet-stream")


def is_installed() -> bool:
    """Tell whether files can be signed and verified."""
    return all(importlib.util.find_spec(name) is not None for name in ("c2pa", "cryptography"))


def require_library() -> None:
    """Refuse what needs the library.

    ``AssetMissing`` if it is not installed.
    """
    if not is_installed():
        raise AssetMissing(f"c2pa-python, which signs and verifies, is not installed: {INSTALL}.")


def kind_of(path: Path) -> str:
    """Return the MIME type of a file.

    ``path``: the file. Returns by its suffix; unknown bytes where that says nothing.
    """
    return KINDS.get(path.suffix.lower(), "application/octet-stream")


def sidecar_of(path: Path) -> Path | None:
    """Return where the manifest of a file lies.

    ``path``: the file. Returns the file beside it; None where the manifest lies in the file itself.
    """
    return path.with_suffix(SIDECAR) if kind_of(path) in _BESIDE else None


_MOST_MB, _PIECE_KB = 16, 1024


def context(more_trusted: str = "", signer: object = None, *, by_pieces: bool = False) -> object:
    """Return the library's settings: no network, no thumbnails, our own signers trusted.

    ``more_trusted``: further certificates whose signatures are trusted, as PEM; ``signer``: the
    library's signer, if something is to be signed; ``by_pieces``: whether to hash pictures and
    sound by pieces, not by two of 256 MB at once, for which the file grows by .02 %. Returns the
    library's context.
    """
    import c2pa

    trusted = trusted_here() + more_trusted
    settings = {
        "version": 1,
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
        "core": {
            "allowed_network_hosts": [],
            "backing_store_memory_threshold_in_mb": _MOST_MB,  # what is more lies on the disk
            **({"merkle_tree_chunk_size_in_kb": _PIECE_KB} if by_pieces else {}),
        },
        "builder": {"thumbnail": {"enabled": False}},
        "trust": {"user_anchors": trusted} if trusted else {},
    }
    return c2pa.Context(c2pa.Settings.from_dict(settings), signer)


class Watched:
    """A file as the library reads and writes it; remembers what the system refused.

    The library turns every error of a file into one of its own, without the reason.

    Args:
        file: The file.

    Attributes:
        error: The first error; None if all went well.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None
        self._stopped = False

    def stop(self) -> None:
        """Refuse whatever the library asks from now on, so that it ends."""
        self.error = self.error or OSError(errno.ECANCELED, "stopped")
        self._stopped = True

    def read(self, size: int = -1) -> bytes:
        """Read bytes, as files do."""
        with self._watch():
            return self._file.read(size)

    def write(self, data: bytes) -> int:
        """Write bytes, as files do."""
        with self._watch():
            return self._file.write(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move, as files do."""
        with self._watch():
            return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place, as files do."""
        return self._file.tell()

    def flush(self) -> None:
        """Write what is held, as files do."""
        with self._watch():
            self._file.flush()

    @contextmanager
    def _watch(self) -> Iterator[None]:
        try:
            if self._stopped:
                raise OSError(errno.ECANCELED, "stopped")
            yield
        except OSError as error:
            self.error = self.error or error
            raise
