"""The live page's server: one page at a time, of this machine, sound in and frames out."""

import asyncio
import json
import socket
from collections.abc import Iterator
from queue import SimpleQueue

import numpy as np
import pytest

pytest.importorskip("starlette")
pytest.importorskip("websockets")

from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from facedit.compose.frames.person import Person
from facedit.compose.source.models import Models
from facedit.errors import UsageError
from facedit.live import run_live
from facedit.live.live_options import LiveOptions
from facedit.live.open_live import Live
from facedit.live.serve_live import TAKEN, live_app, packed
from facedit.live.sound_sources import pcm_samples
from facedit.options import Run
from facedit.studio.serve import HOST, listen
from facedit.types import Sound

PORT, TOKEN = 8124, "the-key-of-this-run"
SOUND = (3000 * np.random.default_rng(0).standard_normal(9 * 640)).astype("<i2").tobytes()


spoken: SimpleQueue[str] = SimpleQueue()


def speak(text: str) -> Sound:
    spoken.put(text)
    if text == "?":
        raise UsageError("nothing to say.")
    return Sound(np.full((640, 1), 0.5, np.float32), 16_000)


@pytest.fixture
def live(person: Person, models: Models) -> Live:
    return Live(person, models, Run(steps=1), LiveOptions(chunk=3, ahead=2, steps=1), speak)


@pytest.fixture
def client(live: Live) -> Iterator[TestClient]:
    told: list[str] = []
    made = TestClient(
        live_app(live, TOKEN, PORT, told.append),
        base_url=f"http://127.0.0.1:{PORT}",
        follow_redirects=False,
    )
    with made:
        made.told = told  # type: ignore[attr-defined]
        yield made


def opened(client: TestClient) -> TestClient:
    assert client.get(f"/?token={TOKEN}").status_code == 303
    return client


def test_frames_answer_sound_and_are_those_of_the_same_face_offline(
    client: TestClient, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_live, "SPARING", ())  # however slow the machine is
    samples = pcm_samples(SOUND)
    expected = [packed(frame) for frame in live.face().push(samples)]
    assert len(expected) == 6
    with opened(client).websocket_connect(f"ws://127.0.0.1:{PORT}/api/live") as socket:
        for start in range(0, len(SOUND), 1000):
            socket.send_bytes(SOUND[start : start + 1000])
        got = [socket.receive_bytes() for _ in expected]
    assert got == expected
    heard = np.frombuffer(got[4][5 : 5 + 1280], "<i2")
    assert np.abs(heard - np.frombuffer(SOUND, "<i2")[4 * 640 : 5 * 640]).max() <= 1
    assert got[4][5 + 1280 :].startswith(b"\xff\xd8")  # JPEG


def test_a_second_page_is_refused_and_the_first_may_come_again(client: TestClient) -> None:
    opened(client)
    for _ in range(2):  # the page leaves and comes again
        with client.websocket_connect(f"ws://127.0.0.1:{PORT}/api/live") as first:
            with client.websocket_connect(f"ws://127.0.0.1:{PORT}/api/live") as second:
                with pytest.raises(WebSocketDisconnect) as refused:
                    second.receive_bytes()
                assert refused.value.code == TAKEN
                assert "another page" in refused.value.reason
            first.send_bytes(SOUND)
            assert first.receive_bytes()[:4] == b"\0\0\0\0"


def test_text_is_spoken_and_what_cannot_be_is_told(client: TestClient) -> None:
    with opened(client).websocket_connect(f"ws://127.0.0.1:{PORT}/api/live") as socket:
        for message in ("no JSON", "[]", json.dumps({"say": 3}), json.dumps({"say": "?"})):
            socket.send_text(message)
        assert "nothing to say" in json.loads(socket.receive_text())["told"]
        socket.send_text(json.dumps({"say": "ten"}))
        assert [spoken.get(timeout=60) for _ in range(2)] == ["?", "ten"]
        for _ in range(20):  # of which the last ones wait for what is ahead
            socket.send_bytes(bytes(1280))
        frames = [socket.receive_bytes() for _ in range(18)]
    heard = np.concatenate([np.frombuffer(frame[5 : 5 + 1280], "<i2") for frame in frames])
    assert np.count_nonzero(heard) == 640


@pytest.mark.parametrize(
    "headers",
    [{}, {"origin": "http://evil.example"}, {"host": "evil.example"}],
    ids=["no key", "foreign page", "foreign name"],
)
def test_strangers_are_turned_down(client: TestClient, headers: dict[str, str]) -> None:
    if headers:
        opened(client)
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(f"ws://127.0.0.1:{PORT}/api/live", headers=headers) as socket,
    ):
        socket.receive_bytes()
    if not headers:
        assert client.get("/").status_code == 401
        assert "facedit live" in client.get("/").text


def test_the_page_asks_for_nothing_elsewhere(client: TestClient) -> None:
    opened(client)
    page = client.get("/")
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    for name in ("kit.css", "icon.svg", "live.css", "live.js", "capture.js"):
        answer = client.get(f"/{name}")
        assert answer.status_code == 200
        assert "https://" not in answer.text


def test_what_is_sent_leaves_at_once() -> None:
    async def switched_off() -> int:
        answered = asyncio.get_running_loop().create_future()

        def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            ours = writer.get_extra_info("socket")
            answered.set_result(ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with listen(0) as listening:
            port = listening.getsockname()[1]
            async with await asyncio.start_server(connected, sock=listening):
                _, writer = await asyncio.open_connection(HOST, port)
                writer.close()
                return int(await answered)

    assert asyncio.run(switched_off())
