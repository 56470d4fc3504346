"""Objects of a store that a list names (``s3://``, ``gs://``, ``https://``, ...), by fsspec.

In an item such an address stands as a path that no system has; whoever works on the item fetches
it, once for all items of a clip, whole or not at all.
"""

from __future__ import annotations

import hashlib
import re
import typing
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from facedit.cache import cache_dir
from facedit.errors import AssetMissing, BadMedia, DiskFull, UsageError, one_line
from facedit.media.output import unwritable
from facedit.scratch import scratch_folder

_ADDRESS = re.compile(r"[a-z][\w+.-]+(::[a-z][\w+.-]+)*://.+", re.DOTALL)
_MARK = "object:"


def marked(value: object, hint: Any) -> object:
    """Return a value of a list as it is, but for addresses where files are meant."""
    if isinstance(value, list):
        return [marked(one, hint) for one in value]
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value) or not _takes_files(hint):
        return value
    return f"{_MARK}{quote(value, safe='')}"


def _takes_files(hint: Any) -> bool:
    return hint is Path or any(map(_takes_files, typing.get_args(hint)))


def address_of(path: Path) -> str | None:
    """Return the address that a path of an item stands for; None if it is a file."""
    mark, _, address = str(path).partition(_MARK)
    return unquote(address) if address and not mark else None


def fingerprint(address: str) -> str:
    """Hash what a store says of an object: its size and tag or time; BadMedia if it has none."""
    with _told(address):
        store, name = _store(address)
        facts = store.info(name)
        return hashlib.sha256(repr((address, sorted(facts.items()))).encode()).hexdigest()


class Objects:
    """The objects that one clip's items need, in a folder of the cache until it is left."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._found: dict[str, Path] = {}
        self._folder: Path | None = None

    def __enter__(self) -> Objects:
        """Fetch nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what was fetched."""
        self._stack.close()

    def __call__(self, path: Path) -> Path:
        """Return a path as it is, or the file of the object that it stands for.

        BadMedia is raised if it cannot be had, DiskFull if there is no room for it.
        """
        address = address_of(path)
        if address is None:
            return path
        if address not in self._found:
            self._found[address] = self._fetched(address)
        return self._found[address]

    def _fetched(self, address: str) -> Path:
        with _told(address):
            if self._folder is None:
                cache_dir().mkdir(parents=True, exist_ok=True)
                self._folder = self._stack.enter_context(scratch_folder(cache_dir()))
            store, name = _store(address)
            size = store.info(name)["size"]
            own = re.sub(r"[^\w.-]+", "-", name.rpartition("/")[2])[-100:].strip(".-")
            target = self._folder / str(len(self._found)) / (own or "object")
            target.parent.mkdir(exist_ok=True)
            store.get_file(name, str(target))
            if size is not None and target.stat().st_size != size:
                raise BadMedia(f"{address}: broke off, or changed while it was fetched.")
            return target


def _store(address: str) -> tuple[Any, str]:
    """Return the store of an object, and its name there."""
    try:
        import fsspec
    except ImportError as error:
        raise AssetMissing(
            f"{address}: objects of a store need fsspec: pip install 'facedit[store]'."
        ) from error
    try:
        return fsspec.core.url_to_fs(address)  # type: ignore[no-any-return]
    except ImportError as error:  # which says what to install
        raise AssetMissing(f"{address}: {error}.") from error
    except ValueError as error:
        raise UsageError(f"{address}: {error}.") from error


@contextmanager
def _told(address: str) -> Iterator[None]:
    """Say in one line why an object cannot be had."""
    try:
        yield
    except (AssetMissing, BadMedia, UsageError):
        raise
    except FileNotFoundError as error:
        raise BadMedia(f"{address}: no such object.") from error
    except OSError as error:
        if isinstance(full := unwritable(address, error), DiskFull):
            raise full from error
        raise BadMedia(f"{address}: cannot be fetched ({one_line(str(error))}).") from error
