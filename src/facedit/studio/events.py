"""What happens, told to every open page: server-sent events that a page can catch up on."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import deque
from collections.abc import AsyncGenerator
from threading import Lock
from typing import Any

_KEPT = 500
_ALIVE_S = 15.0


class Events:
    """Events of this run, the newest held for pages that were cut off for a while."""

    def __init__(self) -> None:
        # Numbers of an earlier run mean nothing to this one.
        self._run = secrets.token_hex(4)
        self._lock = Lock()
        self._kept: deque[tuple[int, str]] = deque(maxlen=_KEPT)
        self._count = 0
        self._listening: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._closed = False

    def publish(self, data: dict[str, Any]) -> None:
        """Tell every page, from whatever thread."""
        with self._lock:
            self._count += 1
            text = json.dumps(data, ensure_ascii=False)
            self._kept.append((self._count, f"id: {self._run}-{self._count}\ndata: {text}\n\n"))
            self._wake()

    def close(self) -> None:
        """End every stream."""
        with self._lock:
            self._closed = True
            self._wake()

    async def stream(self, last_id: str | None) -> AsyncGenerator[str]:
        """Yield events as they come, after the one that a page had last, or from now on."""
        heard = asyncio.Event()
        listener = (asyncio.get_running_loop(), heard)
        with self._lock:
            self._listening.add(listener)
            run, _, number = (last_id or "").partition("-")
            known = run == self._run and number.isdecimal()
            last = int(number[:18]) if known else self._count
        try:
            yield ": open\n\n"
            while True:
                with self._lock:
                    heard.clear()
                    closed = self._closed
                    new = [text for at, text in self._kept if at > last]
                    last = max(last, self._count) if new else last
                for text in new:
                    yield text
                if closed:
                    return
                try:
                    await asyncio.wait_for(heard.wait(), _ALIVE_S)
                except TimeoutError:
                    yield ": still here\n\n"
        finally:
            with self._lock:
                self._listening.discard(listener)

    def _wake(self) -> None:
        for loop, heard in self._listening:
            if not loop.is_closed():
                loop.call_soon_threadsafe(heard.set)
