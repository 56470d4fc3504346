"""The studio under ill treatment: killed at random moments, and edited fifty times.

    python benchmarks/studio_trials.py kill CLIP.mp4 [TIMES]
    python benchmarks/studio_trials.py crash CLIP.mp4 [TIMES]
    python benchmarks/studio_trials.py memory CLIP.mp4 [EDITS]
    python benchmarks/studio_trials.py open CLIP.mp4
    python benchmarks/studio_trials.py speed CLIP.mp4

``kill`` edits, speaks and takes while the server is ended by SIGKILL at random moments, starts it
again and compares what it knows with what it had acknowledged; ``crash`` ends the process that does
the jobs instead, and the server goes on. ``memory`` makes a take of every edit of many and prints
what the server and its processes hold. ``open`` tells when the first words are shown, and when they
can be edited; ``speed`` what further takes and other words last in a warm clip. The cache is a new
folder; weights are linked.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from facedit.cache import cache_dir


class Server:
    """A studio in a process of its own, and a page that talks to it."""

    def __init__(self, clip: Path, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "facedit", "studio", str(clip), "--no-open"],
            stdout=subprocess.PIPE, text=True, env=os.environ | {"FACEDIT_CACHE": str(folder)},
        )  # fmt: skip
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().split(": ", 1)[1].strip()
        self._open = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar())
        ).open
        self._open(self.address.partition("#")[0]).read()
        self.base = self.address.partition("/?")[0] + "/api"
        self.clip = "/clips/" + self.ask("POST", "/clips", {"offered": clip.name})["id"]

    def ask(self, method: str, path: str, body: object = None, known: str = "") -> Any:
        """Send a request and read the answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"if-match": known}, method=method)
        with self._open(request, timeout=120) as answer:
            return json.loads(answer.read() or "null")

    def state(self) -> Any:
        """Return what the server knows of the clip."""
        return self.ask("GET", self.clip)

    def save(self, edits: list[dict[str, Any]]) -> Any:
        """Save edits over what is there."""
        known = self.state()["revision"]
        options = {"voice": "default", "region": "lips"}
        body = {"edits": edits, "options": options, "face": None}
        return self.ask("PUT", f"{self.clip}/edits", body, known)

    def done(self, job: dict[str, Any]) -> dict[str, Any]:
        """Wait for a job."""
        while job["state"] in ("queued", "running"):
            time.sleep(0.1)
            job = self.ask("GET", f"/jobs/{job['id']}")
        if job["state"] == "failed":
            raise SystemExit(f"{job['kind']}: {job['error']}")
        return job

    def kill(self) -> None:
        """End it at once."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def crash(self) -> None:
        """End the process that does its jobs, the largest of its children."""
        os.kill(max(children(self.process.pid), key=held_mb), signal.SIGKILL)

    def held_mb(self) -> float:
        """Return the memory that it and its processes hold."""
        pids = [self.process.pid, *children(self.process.pid)]
        return sum(held_mb(pid) for pid in pids)

    def events(self) -> Iterator[Any]:
        """Listen to what happens."""
        with self._open(self.base + "/events", timeout=600) as stream:
            for line in stream:
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])


def children(pid: int) -> list[int]:
    """List the processes that a process has begun."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def held_mb(pid: int) -> float:
    """Return the memory of a process, its part of what is shared; 0 of one that has ended."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(line.split()[1]) for line in rollup.splitlines() if line[:4] == "Pss:") / 1000


def kill(clip: Path, folder: Path, times: int, *, server_too: bool = True) -> None:
    """Kill it and look what is left."""
    server = Server(clip, folder)
    server.done(server.ask("POST", f"{server.clip}/transcript", {}))
    acknowledged: Any = None
    takes: set[str] = set()
    lost = 0
    draw = random.Random(1)
    for number in range(times):
        count = len(server.state()["script"]["transcript"]["words"])
        end = time.time() + draw.uniform(0.3, 25.0)
        busy = "saving"
        with suppress(OSError, HTTPException):
            while time.time() < end:
                at = draw.randrange(count)
                wish = {"words": [at, at + 1], "new": draw.choice(("ready", "", "yellow", "maybe"))}
                saved = server.save([wish])
                acknowledged = saved["edits"][0]["words"], saved["edits"][0]["new"]
                server.ask("POST", f"{server.clip}/sounds", {})
                wanted = {"edit": saved["edits"][0]["key"], "seeds": [0, 1]}
                job = server.ask("POST", f"{server.clip}/takes", wanted)
                while job["state"] in ("queued", "running") and time.time() < end:
                    time.sleep(0.05)
                    job = server.ask("GET", f"/jobs/{job['id']}")
                    busy = f"{job['kind']}: {job['stage'] or job['state']}"
                for edit in server.state()["edits"]:
                    takes |= {take["preview"] for take in edit["takes"]}
        if server_too:
            server.kill()
            server = Server(clip, folder)
        else:
            server.crash()
        state = server.state()
        found = state["edits"][0]["words"], state["edits"][0]["new"]
        home = folder / "studio" / server.clip.rpartition("/")[2]
        missing = [name for name in takes if not (home / "takes" / name).is_file()]
        for file in home.rglob("*.json"):
            json.loads(file.read_text())
        lost += found != acknowledged or bool(missing)
        print(f"{number + 1}: killed while {busy}; kept {found}, {len(takes)} takes", flush=True)
    server.kill()
    print(f"{lost} of {times} times something acknowledged was lost")


def memory(clip: Path, folder: Path, edits: int) -> None:
    """Edit many times and look what it holds."""
    server = Server(clip, folder)
    server.done(server.ask("POST", f"{server.clip}/transcript", {}))
    count = len(server.state()["script"]["transcript"]["words"])
    for number in range(edits):
        at = number % count
        wish = {"words": [at, at + 1], "new": ("ready", "yellow", "maybe")[number // count % 3]}
        (edit,) = server.save([wish])["edits"]
        wanted = {"edit": edit["key"], "seeds": [0]}
        start = time.time()
        server.done(server.ask("POST", f"{server.clip}/takes", wanted))
        took = time.time() - start
        print(f"{number + 1}: {server.held_mb():.0f} MB, {took:.1f} s", flush=True)
    server.kill()


def crash(clip: Path, folder: Path, times: int) -> None:
    """Kill the process that does the jobs."""
    kill(clip, folder, times, server_too=False)


def first_words(clip: Path, folder: Path, _: int) -> None:
    """Open a clip and look when its words come."""
    began = time.time()
    server = Server(clip, folder)
    events = server.events()
    print(f"{time.time() - began:.1f} s: the page can be opened", flush=True)
    job = server.ask("POST", f"{server.clip}/transcript", {})
    began, seen, edited = time.time(), 0, False
    for event in events:
        heard = event.get("heard", {"words": [], "final": False})
        count = heard.get("from", 0) + len(heard["words"])
        if heard["words"] and (not seen or heard["final"]):
            kind = "can be edited" if heard["final"] else "are shown"
            spent = cpu_s(max(children(server.process.pid), key=held_mb))
            print(
                f"{time.time() - began:.1f} s ({spent:.1f} of a core): {count} words {kind}, "
                f"{server.held_mb():.0f} MB",
                flush=True,
            )
        seen = max(seen, count)
        if heard["final"] and seen and not edited:
            edited = True
            saved = server.save([{"words": [1, 2], "new": "yellow"}])
            server.ask("POST", f"{server.clip}/sounds", {})
            print(f"{time.time() - began:.1f} s: saved, {saved['edits'][0]['new']!r}", flush=True)
        if event.get("job", {}).get("kind") == "sounds" and event["job"]["state"] == "done":
            print(f"{time.time() - began:.1f} s: spoken", flush=True)
        if len(sys.argv) > 3 and heard["final"] and heard["until_s"] > float(sys.argv[3]):
            break
        if event.get("job", {}).get("id") == job["id"] and event["job"]["state"] == "done":
            break
    print(f"{time.time() - began:.1f} s: all {seen} words heard so far")
    server.kill()


def speed(clip: Path, folder: Path, _: int) -> None:
    """Make takes of a warm clip, and other words."""
    server = Server(clip, folder)

    def timed(what: str, path: str, body: object) -> None:
        pid = max(children(server.process.pid), key=held_mb)
        before_s, began = cpu_s(pid), time.time()
        server.done(server.ask("POST", f"{server.clip}/{path}", body))
        print(f"{what}: {time.time() - began:.1f} s, {cpu_s(pid) - before_s:.1f} s of a core")

    timed("the words", "transcript", {})
    for words in ("ready", "a yellow house"):
        (edit,) = server.save([{"words": [2, 3], "new": words}])["edits"]
        timed(f"speaking {words!r}", "sounds", {})
        timed("its first take", "takes", {"edit": edit["key"], "seeds": [0]})
        timed("a further take", "takes", {"edit": edit["key"], "seeds": [1]})
        timed("four further takes", "takes", {"edit": edit["key"], "seeds": [2, 3, 4, 5]})
    server.kill()


def cpu_s(pid: int) -> float:
    """Return how long a process has computed."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(what: str, clip: str, times: str = "") -> None:
    """Run a trial in a cache of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for entry in cache_dir().iterdir():
            if entry.name not in ("studio", "results"):
                (folder / entry.name).symlink_to(entry)
        trials = {
            "kill": kill,
            "crash": crash,
            "memory": memory,
            "open": first_words,
            "speed": speed,
        }
        trials[what](Path(clip).absolute(), folder, int(times or (50 if what == "memory" else 10)))
        shutil.rmtree(folder / "studio", ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
