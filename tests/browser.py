"""Drives Debian's Chromium over the DevTools protocol, by its pipe: no driver to install."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
LONGEST_S = 120.0

_KEYS = {
    "Enter": 13, "Delete": 46, "Insert": 45, "ArrowRight": 39, "ArrowLeft": 37, "Escape": 27,
    "Tab": 9, "ArrowDown": 40, "ArrowUp": 38, "Home": 36, "End": 35, "]": 221, "[": 219,
}  # fmt: skip


class Page:
    """One page. What it asked for, and what it complained of, is kept.

    Attributes:
        asked: Addresses that the page asked for.
        complaints: Messages of the console that are errors, and exceptions.
    """

    def __init__(self, read: Any, write: Any) -> None:
        self._read, self._write, self._count, self._session = read, write, 0, ""
        self._buffer = b""
        self.asked: list[str] = []
        self.complaints: list[str] = []

    def attach(self, width: int, height: int) -> None:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        found = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = found["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.size(width, height)

    def size(self, width: int, height: int, scale: float = 1.0) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=scale, mobile=False,
        )  # fmt: skip

    def dark(self, on: bool) -> None:
        value = {"name": "prefers-color-scheme", "value": "dark" if on else "light"}
        self.call("Emulation.setEmulatedMedia", features=[value])

    def call(self, method: str, **params: Any) -> Any:
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._write.write(json.dumps(message).encode() + b"\0")
        self._write.flush()
        while True:
            answer = self._next()
            if answer.get("id") == message["id"]:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self._note(answer)

    def js(self, expression: str) -> Any:
        """Evaluate an expression; promises are waited for."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, expression: str, longest_s: float = LONGEST_S) -> None:
        """Wait until an expression, or what it promises, is true."""
        end = time.monotonic() + longest_s
        while not self.js(f"Promise.resolve({expression}).then((found) => !!found)"):
            if time.monotonic() > end:
                status = self.js("document.getElementById('status')?.textContent")
                raise AssertionError(
                    f"never true: {expression}; status: {status!r}; {self.complaints}"
                )
            self.js("new Promise(done => setTimeout(done, 40))")

    def go(self, address: str) -> None:
        self.call("Page.navigate", url=address)

    def key(self, key: str, *, ctrl: bool = False, shift: bool = False, alt: bool = False) -> None:
        """Press and let go of a key."""
        letter = len(key) == 1
        code = _KEYS.get(key) or ord(key.upper())
        named = f"Key{key.upper()}" if letter and key.isalpha() else key
        down = {
            "key": key, "code": named, "windowsVirtualKeyCode": code,
            "modifiers": alt * 1 + ctrl * 2 + shift * 8,
        }  # fmt: skip
        text = (
            {"text": "\r" if key == "Enter" else key}
            if (letter or key == "Enter") and not (ctrl or alt)
            else {}
        )
        self.call("Input.dispatchKeyEvent", type="keyDown", **down, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **down)

    def type(self, text: str) -> None:
        for letter in text:
            self.key(letter)

    def picture(self, file: Path) -> None:
        """Save what is seen; as the name ends."""
        kind = {".webp": {"format": "webp", "quality": 70}}.get(file.suffix, {})
        data = self.call("Page.captureScreenshot", **kind)["data"]
        file.write_bytes(base64.b64decode(data))

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            piece = os.read(self._read, 1 << 16)
            assert piece, "the browser went away"
            self._buffer += piece
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def _note(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        match event.get("method"):
            case "Network.requestWillBeSent":
                self.asked.append(params["request"]["url"])
            case "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                self.complaints.append(
                    details.get("exception", {}).get("description", str(details))
                )
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                self.complaints.append(f"{params['entry']['text']} {params['entry'].get('url')}")
            case "Runtime.consoleAPICalled" if params["type"] == "error":
                self.complaints.append(str(params["args"]))


@contextmanager
def browser(
    profile: Path, width: int = 1280, height: int = 720, microphone: Path | None = None
) -> Iterator[Page]:
    """Run a headless Chromium with a page in it; a wav may be what its microphone hears."""
    assert CHROMIUM is not None
    to_child, to_us = os.pipe(), os.pipe()

    def pipes() -> None:
        # The protocol's pipe is numbers 3 and 4, which may be in use by the very ends.
        ends = os.dup(to_child[0]), os.dup(to_us[1])
        high = [os.dup2(end, 200 + k) for k, end in enumerate(ends)]
        os.dup2(high[0], 3)
        os.dup2(high[1], 4)

    command = [
        CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
        "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required", "--mute-audio",
        f"--user-data-dir={profile}",
    ]  # fmt: skip
    if microphone is not None:
        command += ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        command += [f"--use-file-for-fake-audio-capture={microphone}"]
    command.append("about:blank")
    process = subprocess.Popen(
        command, preexec_fn=pipes, close_fds=False, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(to_child[0])
    os.close(to_us[1])
    try:
        with os.fdopen(to_child[1], "wb") as write:
            page = Page(to_us[0], write)
            page.attach(width, height)
            yield page
    finally:
        process.terminate()
        process.wait(20)
        os.close(to_us[0])
