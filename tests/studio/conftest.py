"""A studio on a small talking clip, and a client that holds the key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("starlette")
pytest.importorskip("skimage")

from starlette.testclient import TestClient

from facedit.studio.answers import Studio
from facedit.studio.app import make_app
from facedit.studio.studio_options import StudioOptions
from studio.serving import TOKEN, Workers, working
from talking_clips import TalkingClips, make_talking_clips

PORT = 8123
ADDRESS = f"http://127.0.0.1:{PORT}"


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> TalkingClips:
    return make_talking_clips(tmp_path_factory.mktemp("clips"), "we fly to the moon")


@pytest.fixture(scope="session")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    """Processes that begin when they are first needed, one of each for all tests."""
    with working(tmp_path_factory.mktemp("kept")) as workers:
        yield workers


@pytest.fixture
def studio(clips: TalkingClips, workers: Workers, tmp_path: Path) -> Iterator[Studio]:
    made = workers.studio(tmp_path / "studio", [Path(clips["one.mp4"]), Path(clips["two.mp4"])])
    yield made
    made.close()


@pytest.fixture
def stranger(studio: Studio) -> TestClient:
    """Somebody on this machine who does not hold the key."""
    app = make_app(studio, StudioOptions(limit_mb=1), TOKEN, PORT)
    return TestClient(app, base_url=ADDRESS, follow_redirects=False)


@pytest.fixture
def page(stranger: TestClient) -> TestClient:
    """The page that was opened by the printed address."""
    answer = stranger.get(f"/?token={TOKEN}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    return stranger
