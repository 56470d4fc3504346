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
from facedit.studio.clip_store import Store
from facedit.studio.studio_options import StudioOptions
from talking_clips import TalkingClips, make_talking_clips

PORT = 8123
TOKEN = "the-key-of-this-run"
ADDRESS = f"http://127.0.0.1:{PORT}"


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> TalkingClips:
    return make_talking_clips(tmp_path_factory.mktemp("clips"), "we fly to the moon")


@pytest.fixture
def studio(clips: TalkingClips, tmp_path: Path) -> Iterator[Studio]:
    made = Studio(Store(tmp_path / "studio", [Path(clips["one.mp4"])]), "cpu")
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
