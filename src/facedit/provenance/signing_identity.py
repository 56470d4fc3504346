"""Who signs on this machine: a certificate with its key in a folder of the user's own."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from facedit.cache import CONFIG, config_dir
from facedit.errors import CannotSign, OutputExists, OutputNotWritable
from facedit.inputs import check_input
from facedit.provenance.certificates import Pair, certificates_in, checked_pair, new_pair
from facedit.scratch import scratch_file

CHAIN, KEY, TRUSTED, NEW = "signer.pem", "signer.key", "trusted.pem", "new"
_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signs.

    Attributes:
        pair: Certificates and key.
        folder: Where they lie.
        is_new: Whether they were made because something was to be signed, and nobody was told yet.
    """

    pair: Pair
    folder: Path
    is_new: bool = False

    def introduced(self) -> None:
        """Remember that the user was told of it."""
        with suppress(OSError):
            (self.folder / NEW).unlink()


def find_identity() -> Identity | None:
    """Find who signs.

    Returns the identity; None if there is none yet. ``CannotSign`` if certificate and key cannot be
    read, do not fit, or are not valid now.
    """
    folder = config_dir()
    if not os.path.lexists(folder / CHAIN) and not os.path.lexists(folder / KEY):
        return None
    try:
        pair = checked_pair((folder / CHAIN).read_bytes(), (folder / KEY).read_bytes())
    except OSError as error:
        raise CannotSign(
            f"{error.filename}: the certificate or key for signing cannot be read "
            f"({error.strerror}): mend it, or run 'facedit provenance init --force'."
        ) from error
    except CannotSign as error:
        raise CannotSign(f"{folder}: {error}") from error
    now = datetime.now(UTC)
    if not pair.valid_from <= now <= pair.valid_until:
        when = "from" if now < pair.valid_from else "until"
        date = pair.valid_from if now < pair.valid_from else pair.valid_until
        raise CannotSign(
            f"{folder / CHAIN}: the certificate for signing is valid {when} {date:%Y-%m-%d}: "
            "run 'facedit provenance init --force' for a new one."
        )
    return Identity(pair, folder, (folder / NEW).exists())


def make_identity(name: str | None = None, *, force: bool = False, new: bool = False) -> Identity:
    """Make an authority and a certificate of this machine's own, and keep them.

    ``name``: who signs, in every signed file; a neutral name if None; ``force``: replace who signed
    so far (whose signatures stay trusted here); ``new``: whether the user is still to be told of
    it. Returns the identity. (``OutputExists`` if there is one, ``OutputNotWritable`` if it cannot
    be kept.)
    """
    return _kept(new_pair(name), force=force, new=new)


def take_identity(
    certificates: Path, key: Path, prove: Callable[[Pair], None], *, force: bool = False
) -> Identity:
    """Keep somebody's own certificate and key.

    ``certificates``: PEM: the signer's first, then those that vouch for it; ``key``: its private
    key as PEM, without a password; ``prove``: refuses what cannot sign; ``force``: replace who
    signed so far. Returns the identity. (``BadMedia`` if a file is none, ``OutputExists`` as of
    ``make_identity``.) ``CannotSign`` if they cannot sign.
    """
    check_input(certificates, "certificate")
    check_input(key, "private key")
    try:
        pair = checked_pair(_read(certificates), _read(key))
    except OSError as error:
        raise CannotSign(f"{error.filename}: cannot be read ({error.strerror}).") from error
    prove(pair)
    return _kept(pair, force=force)


def trusted_here() -> str:
    """Return the certificates of all that ever signed here, as PEM; empty if nobody did."""
    try:
        found = (config_dir() / TRUSTED).read_text("ascii")
        return found if certificates_in(found.encode()) else ""
    except (OSError, UnicodeError, CannotSign):
        return ""


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_MOST_BYTES)


def _kept(pair: Pair, *, force: bool, new: bool = False) -> Identity:
    """Write an identity for its owner's eyes alone; the key last but one, so that it is whole."""
    folder = config_dir()
    if os.path.lexists(folder / CHAIN) and not force:
        raise OutputExists(f"{folder / CHAIN}: there is a signer already; --force replaces it.")
    trusted = trusted_here()
    if pair.chain not in trusted:
        trusted += pair.chain
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(folder / TRUSTED, trusted)
        _write(folder / KEY, pair.key)
        if new:
            _write(folder / NEW, "")
        _write(folder / CHAIN, pair.chain)
    except OSError as error:
        raise OutputNotWritable(
            f"{folder}: a certificate for signing cannot be kept there ({error.strerror}): name "
            f"another folder by {CONFIG}, or give --no-provenance."
        ) from error
    return Identity(pair, folder, new)


def _write(path: Path, text: str) -> None:
    with scratch_file(path.parent) as part:
        part.chmod(0o600)
        part.write_text(text, "ascii")
        part.replace(path)
