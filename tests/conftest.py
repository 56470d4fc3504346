"""Fixtures and settings that every stage's tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

import facedit  # noqa: F401  before anything can import what it silences

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadFileScheduling

# The same examples in every ``make test`` (which asks for "ci") and in CI, a quarter as many:
# a new counter-example is for the desk, not for a landing.
# No example is held to a time: how fast the machine is says nothing about the code.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=25)
settings.load_profile("ci" if os.environ.get("CI") else "desk")

LONGEST_FIRST = (
    "test_readme", "test_pipeline", "test_page", "test_studio_takes", "test_attacks",
    "test_bench_run", "test_batch", "test_smart_edits", "test_bad_input", "test_session",
    "test_liveportrait_road", "test_liveportrait", "test_motion_training", "test_extend",
    "test_media_cases", "test_conform", "test_selfcheck_run", "test_speech_voice", "test_live_face",
    "test_export_edit", "test_carry", "test_sync_training", "test_selfcheck_broken",
    "test_own_voice", "test_build_bench", "test_media_memory", "test_motion_prepare",
    "test_speech_transcribe",
)  # fmt: skip
"""Files of 5 to 40 seconds: begun first, so that both workers end together."""


TOGETHER = ("tests/studio/",)
"""Folders whose files share what is dear to begin: one worker runs them all."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """Hand tests out by file, as ``--dist loadfile`` does, but those of some folders as one."""
    from xdist.scheduler import LoadFileScheduling

    class ByFolder(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next(filter(nodeid.startswith, TOGETHER), super()._split_scope(nodeid))

    return ByFolder(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """In a fresh checkout let one worker compile the tests, and the others read what it left."""
    here = Path(__file__)
    if "PYTEST_XDIST_WORKER" not in os.environ or any(here.parent.glob("__pycache__/test_*.pyc")):
        return (yield)
    from facedit.lock import lock

    with here.open() as file:
        lock(here, file.fileno(), wait=True)
        return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first. (Of overlapping ``testpaths``, pytest 9 keeps the widest.)"""
    # PyTorch asks which devices there are at its first backward pass. Not at the top of this file:
    # the process that hands out the tests, which collects none, has no use for PyTorch.
    import standin  # noqa: F401

    rank = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(rank)))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real clips beside the checkout; tests that need it skip without it."""
    for base in Path(__file__).resolve().parents:
        folder = base.parent / "shared" / "data"
        if (folder / "manifest.csv").is_file():
            return folder
    pytest.skip("the real clips (../shared/data) are not beside this checkout")


@pytest.fixture(scope="session", autouse=True)
def signer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a signer of the tests' own; the developer's is left alone."""
    from facedit.cache import CONFIG
    from facedit.provenance.signing_identity import make_identity

    folder = tmp_path_factory.mktemp("signer")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CONFIG, str(folder))
        make_identity("the tests")
        yield folder


@pytest.fixture(scope="session", autouse=True)
def faces_asked_once() -> Iterator[None]:
    """Of the CPU's time a sixth went into asking the same networks about the same pictures."""
    from asked_once import asked_once

    with asked_once():
        yield


@pytest.fixture(params=[pytest.param("cpu", marks=pytest.mark.full), "standin"])
def device(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run a test on a device that refuses what CUDA and MPS refuse; in full, on the CPU too."""
    if request.param == "cpu":
        yield "cpu"
        return
    from standin import plugged_in

    with plugged_in() as name:
        yield name


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Let torch use one thread: on a busy machine those that wait for each other make it crawl."""
    from facedit.device import cpu_threads

    with cpu_threads(1):
        yield
