"""A file that is worked on, and what was found of it: each thing once, however often asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from facedit.face.landmarker import Landmarker
from facedit.media.frame import Frame
from facedit.media.held_sound import HeldSound
from facedit.media.info import VideoInfo
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.progress import StageClock
from facedit.weights.fetch import sha256_of

Found = TypeVar("Found")

MOST_BYTES = 600_000_000
"""Bytes of findings that are held: the mouths of two to four stretches of a large video."""

SMALL = 200_000
"""Bytes that a finding counts for at least, so that not endlessly many are held either."""


class Clip:
    """A video, picture or recording, and what was found of it.

    Args:
        path: The file; it must not change meanwhile.
        clock: Times the stages of what is done with it.
        allow_truncated: Take what is there of a damaged video.
        info: What ``probe`` said of it, if it was asked already.
        keep: Keep what is dear on disk too, for the next run.

    Attributes:
        path: The file.
        clock: Times the stages.
        keep: Whether what is dear is kept on disk.
    """

    def __init__(
        self,
        path: Path,
        clock: StageClock,
        *,
        allow_truncated: bool = False,
        info: VideoInfo | None = None,
        keep: bool = False,
    ) -> None:
        self.path, self.clock, self.keep = path, clock, keep
        self._allow_truncated = allow_truncated
        self._lock = Lock()  # work that was left behind may still find something
        self._held: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        if info is not None:
            self.info = info

    @cached_property
    def info(self) -> VideoInfo:
        """What is known of the video; ``BadMedia`` if it is none."""
        return probe(self.path, allow_truncated=self._allow_truncated)

    @cached_property
    def landmarker(self) -> Landmarker:
        """The networks that track its faces."""
        return Landmarker()

    @cached_property
    def sha256(self) -> str:
        """The hash of the file, by which findings are kept on disk."""
        return self.clock.apart(lambda: sha256_of(self.path))

    def frames(self, start_s: float | None = None, end_s: float | None = None) -> Iterator[Frame]:
        """Stream its pictures, as ``read_frames``; a cancelled run ends at the next one.

        Args:
            start_s: First time wanted.
            end_s: End of what is wanted.

        Returns:
            The frames.
        """
        return read_frames(self.path, start_s, end_s, info=self.info, check=self.clock.check)

    @property
    def heard(self) -> HeldSound:
        """Its sound, whose beginning is decoded once."""
        return self.once("heard", lambda: HeldSound(self.path, self.info), lambda held: held.nbytes)

    def once(
        self,
        key: Hashable,
        find: Callable[[], Found],
        size: Callable[[Found], int] = lambda _: 0,
    ) -> Found:
        """Return a finding, found at most once while it is held.

        Args:
            key: All that it depends on beside the file.
            find: Finds it.
            size: Measures its bytes, if they are many. Those unused for longest go once all are
                more than ``MOST_BYTES``.

        Returns:
            The finding; nobody may change it.
        """
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                found: Found = self._held[key][0]
                return found
        made = find()
        with self._lock:
            self._held[key] = (made, max(size(made), SMALL))
            while len(self._held) > 1 and sum(size for _, size in self._held.values()) > MOST_BYTES:
                self._held.popitem(last=False)
        return made

    def forget(self) -> None:
        """Let go of all findings."""
        with self._lock:
            self._held.clear()
