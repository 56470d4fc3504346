"""Items over the actors of a Ray cluster, one of its own or one that runs already.

Every node needs the same version of facedit and the same files under the same paths.
"""

from __future__ import annotations

import importlib
import math
import os
import pickle
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from facedit.errors import AssetMissing, FaceditError, UsageError, one_line
from facedit.scale.environment import environment, threads_of
from facedit.scale.outcome import (
    DIED,
    Failure,
    Item,
    Maker,
    Result,
    attempt,
    failure_of,
    raise_again,
    sendable,
)
from facedit.scale.workers import Workers

_QUIET = {"RAY_USAGE_STATS_ENABLED": "0"}
_STORE_BYTES = 256 * 2**20
_PATIENCE_S = 10.0


def run_on_ray(
    items: Sequence[Item],
    make_worker: Maker[Item, Result],
    workers: Workers,
    done: Callable[[int, Result | Failure], None],
) -> None:
    """Work on items in actors of Ray, each with one core; as ``processes.run_in_processes`` does.

    Where the cluster has GPUs, every actor gets one, or a share of one.

    AssetMissing is raised if Ray is not installed, UsageError if no cluster answers.
    """
    todo = iter(range(len(items)))
    left = len(items)
    maker = pickle.dumps(make_worker)
    with _cluster(workers) as (ray, count):
        gpus = int(ray.cluster_resources().get("GPU", 0))
        share = 1 / math.ceil(count / gpus) if gpus else 0
        how = {"num_cpus": 1, "num_gpus": share, "runtime_env": {"env_vars": threads_of(1)}}
        remote = ray.remote(**how)(_Actor)
        # For each call under way its actor and item (None while it loads).
        calls: dict[Any, tuple[Any, int | None]] = {}

        def hire() -> None:
            actor = remote.remote(maker, os.getcwd())
            calls[actor.load.remote()] = (actor, None)

        try:
            for _ in range(min(count, len(items))):
                hire()
            while left:
                (call, *_), _ = ray.wait(list(calls), num_returns=1)
                actor, index = calls.pop(call)
                alive, outcome = _outcome(ray, call)
                if index is None and outcome is not None:
                    if isinstance(outcome, Failure):
                        raise FaceditError(f"{outcome.message} before it was ready.")
                    raise_again(outcome)
                if alive and (next_one := next(todo, None)) is not None:
                    calls[actor.handle.remote(items[next_one])] = (actor, next_one)
                elif not alive and left > 1 + len(calls):
                    hire()
                if index is not None:
                    left -= 1
                    done(index, outcome)
        finally:
            for actor, _ in calls.values():
                ray.kill(actor)


class _Actor:
    """What runs on the cluster: loads once, then handles items."""

    def __init__(self, maker: bytes, folder: str) -> None:
        self._maker = maker  # pickled, so that a module that is not there fails in load
        self._folder = folder
        self._handle: Callable[[Any], Any] | None = None

    def load(self) -> Exception | None:
        """Load; what goes wrong is returned, because Ray would wrap what is raised."""
        try:
            os.chdir(self._folder)  # relative paths mean the caller's
            self._handle = pickle.loads(self._maker)()
        except Exception as error:
            return sendable(error)
        return None

    def handle(self, item: Any) -> Any:
        """Return the outcome of an item."""
        assert self._handle is not None
        return attempt(self._handle, item)


def _outcome(ray: Any, call: Any) -> tuple[bool, Any]:
    """Tell whether an actor lives, and what it gave back."""
    try:
        return True, ray.get(call)
    except ray.exceptions.RayActorError as error:
        return False, Failure(DIED, f"A Ray actor ended ({_first_line(error)})")
    except ray.exceptions.RayError as error:  # a result that cannot be pickled
        return True, failure_of(getattr(error, "cause", None) or error)


@contextmanager
def _cluster(workers: Workers) -> Iterator[tuple[Any, int]]:
    """Start a cluster and end it, or join one and leave it; yield Ray and the number of actors."""
    ray = _import_ray()
    if ray.is_initialized():
        raise UsageError(
            "This process is connected to a Ray cluster already: ray.shutdown() first."
        )
    _check_address(workers)
    options: dict[str, object] = {"address": workers.address or "local"}
    if not workers.address:
        options |= {
            "num_cpus": workers.count,
            "include_dashboard": False,
            "object_store_memory": _STORE_BYTES,
        }
    # Ray is told before it starts not to report its use to its makers.
    # Its own cluster can import what this process can.
    paths = {} if workers.address else {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with environment(_QUIET | paths):
        try:
            with _handlers_kept():
                ray.init(**options, logging_level="ERROR", log_to_driver=False)
        except (ConnectionError, ValueError, RuntimeError, ImportError) as error:
            hint = "; one that asks for a token needs RAY_AUTH_MODE=token here"
            raise UsageError(
                f"--workers {workers}: no Ray cluster ({_first_line(error)})"
                f"{hint if workers.address else ''}."
            ) from error
        try:
            cores = int(ray.cluster_resources().get("CPU", 0))
            yield ray, workers.count or max(cores, 1)
        finally:
            ray.shutdown()


def _check_address(workers: Workers) -> None:
    """Refuse an address at once where nobody listens: Ray itself tries for two minutes."""
    host, _, port = workers.address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE_S).close()
    except (OSError, OverflowError) as error:
        raise UsageError(f"--workers {workers}: nobody answers there ({error}).") from error


def _import_ray() -> Any:
    try:
        with environment(_QUIET):
            return importlib.import_module("ray")
    except ImportError as error:
        raise AssetMissing(
            "Ray is not installed: pip install 'facedit[cluster]', or give --workers a number."
        ) from error


@contextmanager
def _handlers_kept() -> Iterator[None]:
    """Keep our handlers of signals, which ``ray.init`` replaces."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _first_line(error: BaseException) -> str:
    """Return the first line of a message: Ray's run over pages."""
    return one_line((str(error).strip() or type(error).__name__).splitlines()[0])
