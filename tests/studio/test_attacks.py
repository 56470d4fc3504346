"""What other pages, other users and hostile files try at the studio's server."""

from __future__ import annotations

import json
import struct
import zlib
from http.client import HTTPConnection
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from facedit.editing.script import EditScript, ScriptSource
from facedit.errors import BadMedia
from facedit.scale.task_process import Worker
from facedit.studio.answers import Studio
from facedit.studio.app import make_app
from facedit.studio.clip_facts import facts_of
from facedit.studio.clip_store import safe_name
from facedit.studio.job_queue import Job
from facedit.studio.studio_options import MOST_JOBS, MOST_JSON, StudioOptions
from facedit.types import Transcript, Word
from scale.test_task_process import Tasks
from studio.conftest import ADDRESS, PORT
from studio.serving import TOKEN, Workers, ended, serving
from talking_clips import TalkingClips

OFFERED = {"offered": "one.mp4"}


def opened(page: TestClient) -> str:
    answer = page.post("/api/clips", json=OFFERED)
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


def test_the_key_is_left_in_a_cookie_that_no_script_and_no_other_site_gets(
    stranger: TestClient,
) -> None:
    answer = stranger.get(f"/?token={TOKEN}")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in answer.headers["location"]
    assert stranger.get("/").status_code == 200


@pytest.mark.parametrize("path", ["/", "/main.js", "/api/clips", "/api/events", "/api/jobs/x"])
def test_without_the_key_there_is_nothing(stranger: TestClient, path: str) -> None:
    for attempt in ({}, {"token": "guessed"}, {"token": ""}):
        assert stranger.get(path, params=attempt).status_code == 401
    stranger.cookies.set(f"facedit-studio-{PORT}", "guessed")
    assert stranger.get(path).status_code == 401


def test_without_the_key_people_are_told_what_to_open(stranger: TestClient) -> None:
    answer = stranger.get("/")
    assert answer.headers["content-type"].startswith("text/html")
    assert "printed" in answer.text


@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", f"127.0.0.1:{PORT + 1}", ""]
)
def test_another_name_for_this_machine_is_refused(page: TestClient, host: str) -> None:
    assert page.get("/api/clips", headers={"host": host}).status_code == 421
    assert page.get(f"/?token={TOKEN}", headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": f"http://127.0.0.1:{PORT + 1}"},
        {"origin": f"https://127.0.0.1:{PORT}"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_what_other_pages_send_is_refused(page: TestClient, headers: dict[str, str]) -> None:
    for answer in (
        page.get("/api/clips", headers=headers),
        page.post("/api/clips", json=OFFERED, headers=headers),
        page.get(f"/?token={TOKEN}", headers=headers),
    ):
        assert answer.status_code == 403
    own = {"origin": ADDRESS, "sec-fetch-site": "same-origin"}
    assert page.get("/api/clips", headers=own).status_code == 200


@pytest.mark.parametrize("path", ["/", "/style.css", "/api/clips", "/api/clips/none", "/nothing"])
def test_every_answer_forbids_what_is_foreign(page: TestClient, path: str) -> None:
    headers = page.get(path).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../one.mp4", "none.mp4", "one.mp4/../two.mp4", "", "\0"]
)
def test_no_file_is_opened_that_was_not_offered(page: TestClient, name: str) -> None:
    assert page.post("/api/clips", json={"offered": name}).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/..%2f..%2fpyproject.toml",
        "/%2e%2e/app.py",
        "/api/clips/{id}/takes/..%2fclip.json",
        "/api/clips/{id}/takes/clip.json",
        "/api/clips/{id}/exports/..%2f..%2fclip.json",
        "/api/clips/{id}/../{id}/clip.json",
        "/api/clips/..%2f{id}",
        "/api/clips/{id}/source/one.mp4",
        "/api/clips/{id}/takes/..%2f..%2fx/report",
    ],
)
def test_no_path_leads_out_of_the_folders(page: TestClient, path: str) -> None:
    clip = opened(page)
    assert page.get(path.format(id=clip)).status_code in (404, 405)


def test_too_much_is_refused_and_leaves_nothing(page: TestClient, studio: Studio) -> None:
    large = b"\0" * 1_000_001
    assert page.post("/api/clips?name=x.mp4", content=large).status_code == 413
    in_pieces = (large[:1000] for _ in range(1001))
    assert page.post("/api/clips?name=x.mp4", content=in_pieces).status_code == 413
    assert page.post("/api/clips", content=b" " * (MOST_JSON + 1)).status_code == 413
    assert page.post(f"/api/clips?name={'x' * 201}", content=b"x").status_code == 422
    assert page.get("/api/clips").json()["clips"] == []
    assert list(studio.store._root.iterdir()) == []


def test_what_is_no_video_is_refused_by_its_name_and_leaves_nothing(
    page: TestClient, studio: Studio
) -> None:
    for content in (b"", b"not a video", b"#EXTM3U\nhttp://evil.example/x.ts\n"):
        answer = page.post("/api/clips?name=../mine.mp4", content=content)
        assert answer.status_code == 415
        assert "mine.mp4" in answer.json()["error"]
        assert str(studio.store._root) not in answer.text
    assert list(studio.store._root.iterdir()) == []


def test_a_picture_of_more_pixels_than_memory_is_refused(page: TestClient, studio: Studio) -> None:
    """Few bytes that say they are 3.6 thousand million pixels: nothing of that size is made."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99))
    answer = page.post("/api/clips?name=portrait.png", content=bomb + chunk(b"IEND", b""))
    assert answer.status_code == 415, answer.text
    assert "megapixels" in answer.json()["error"]
    assert list(studio.store._root.iterdir()) == []


def test_a_slow_upload_holds_nobody_up_and_is_given_up(
    clips: TalkingClips, workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facedit.studio.uploads.STALLED_S", 0.5)
    with serving(tmp_path / "studio", [Path(clips["one.mp4"])], workers) as served:
        host, _, port = served.address.split("/")[2].partition(":")
        cookie = {"cookie": f"facedit-studio-{port}={TOKEN}"}
        slow = HTTPConnection(host, int(port), timeout=20)
        slow.putrequest("POST", "/api/clips?name=slow.mp4")
        for name, value in (cookie | {"content-length": "1000000"}).items():
            slow.putheader(name, value)
        slow.endheaders(b"\0" * 100)
        other = HTTPConnection(host, int(port), timeout=20)
        other.request("GET", "/api/clips", headers=cookie)
        assert json.loads(other.getresponse().read())["offered"] == ["one.mp4"]
        answer = slow.getresponse()
        assert (answer.status, "send it again" in answer.read().decode()) == (408, True)
        assert list(served.root.iterdir()) == []


@pytest.mark.parametrize("body", [b"[]", b"{", b"[" * 100_000, b"\xff", b"{}", b'{"offered": 1}'])
def test_bad_json_is_refused(page: TestClient, body: bytes) -> None:
    assert page.post("/api/clips", content=body).status_code in (400, 422)


def test_names_of_dropped_files_are_names() -> None:
    for name in ("../../x.mp4", "a/b\\c.mov", "\0.mkv", "..", "", "-", "x" * 200, "<b>.html"):
        safe = safe_name(name)
        assert Path(safe).name == safe
        assert safe not in (".", "..")
        assert not set(safe) & set("/\\\0<>")
    assert safe_name("my clip (2).MOV") == "my clip (2).MOV"


def test_a_dropped_video_is_kept_and_removed_on_request(
    page: TestClient, studio: Studio, clips: TalkingClips
) -> None:
    content = Path(clips["one.mp4"]).read_bytes()
    made = page.post("/api/clips?name=one.mp4", content=content)
    assert made.status_code == 201, made.text
    clip = made.json()["id"]
    assert page.get(f"/api/clips/{clip}/source").content == content
    part = page.get(f"/api/clips/{clip}/source", headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, content[10:20])
    assert page.delete(f"/api/clips/{clip}").status_code == 204
    assert page.get(f"/api/clips/{clip}").status_code == 404
    assert list(studio.store._root.iterdir()) == []


def test_an_offered_video_stays_and_is_gone_on_with(page: TestClient, clips: TalkingClips) -> None:
    clip = opened(page)
    assert opened(page) == clip
    assert page.delete(f"/api/clips/{clip}").status_code == 204
    assert Path(clips["one.mp4"]).is_file()


def with_words(studio: Studio, clip: str) -> None:
    words = tuple(Word(text, k * 0.4, k * 0.4 + 0.4) for k, text in enumerate(("we", "fly", "on")))
    stored = studio.store.get(clip)
    info = stored.notes()["info"]
    source = ScriptSource("one.mp4", info["duration_s"], 25)
    stored.save_script(
        EditScript(source, Transcript(words, info["duration_s"]), (), {"voice": "default"})
    )


def test_edits_are_judged_and_two_pages_cannot_overwrite_each_other(
    page: TestClient, studio: Studio
) -> None:
    clip = opened(page)
    where = f"/api/clips/{clip}/edits"
    assert page.put(where, json={"edits": [], "options": {}}).status_code == 409
    with_words(studio, clip)
    known = page.get(f"/api/clips/{clip}").json()["revision"]
    wish = {"edits": [{"words": [1, 2], "new": "walk"}], "options": {"voice": "default"}}
    first = page.put(where, json=wish, headers={"if-match": known})
    assert first.status_code == 200, first.text
    (fill,) = [one for one in first.json()["plan"]["segments"] if not one["keep"]]
    assert fill["text"] == "walk"
    late = page.put(where, json={"edits": [], "options": {}}, headers={"if-match": known})
    assert late.status_code == 409
    (kept,) = page.get(f"/api/clips/{clip}").json()["script"]["edits"]
    assert (kept["words"], kept["old"], kept["new"]) == ([1, 2], "fly", "walk")
    now = {"if-match": first.json()["revision"]}
    for bad in (
        {"edits": [{"words": [1, 9], "new": "x"}], "options": {}},
        {"edits": [{"words": [1, 1], "new": " "}], "options": {}},
        {"edits": "all", "options": {}},
        {"edits": [], "options": {}, "face": "the nicer one"},
        {"edits": [], "options": {}, "face": 1},
        wish | {"edits": [{"words": [1, 2], "new": "x", "expression": ["smile:9"]}]},
        wish | {"edits": [{"words": [1, 2], "new": "x", "expression": ["brows-up:0.3"]}]},
        {},
    ):
        answer = page.put(where, json=bad, headers=now)
        assert answer.status_code == 422, answer.text
        assert answer.json()["error"]
    assert page.get(f"/api/clips/{clip}").json()["revision"] == now["if-match"]
    other = page.put(where, json=wish | {"face": "2"}, headers=now).json()
    (mine,), (theirs,) = first.json()["edits"], other["edits"]
    assert mine["key"] != theirs["key"]  # takes of one face are not those of another
    assert page.get(f"/api/clips/{clip}").json()["face"] == "2"


def test_nothing_is_exported_without_consent(page: TestClient) -> None:
    clip = opened(page)
    for consent in (None, "", "  ", 1, "x" * 1001):
        body = {"seed": 0, "consent": consent}
        answer = page.post(f"/api/clips/{clip}/exports", json=body)
        assert answer.status_code == 422
        assert "agreed" in answer.json()["error"]


def test_only_what_is_known_is_exported(page: TestClient) -> None:
    agreed = {"consent": "She agreed."}
    where = f"/api/clips/{opened(page)}/exports"
    for body in (
        {"what": "all"}, {"what": 1}, {"what": "package", "spans": "../x"},
        {"what": "package", "patch": "h264"},
    ):  # fmt: skip
        assert page.post(where, json=agreed | body).status_code == 422
    for name in ("subtitles.srt", "../clip.json", "clip.json", 3):
        body = agreed | {"what": "package", "subtitles": name}
        assert page.post(where, json=body).status_code == 404


def test_subtitles_are_subtitles_of_bounded_size(page: TestClient, studio: Studio) -> None:
    clip = opened(page)
    where = f"/api/clips/{clip}/subtitles"
    good = b"1\n00:00:00,000 --> 00:00:01,000\nwe fly\n"
    before = sorted(studio.store.get(clip).folder.iterdir())
    for name, content, status in (
        ("x.exe", good, 422), ("../../x.srt", b"no times", 422), ("x.srt", b"\0\xff-->", 422),
        ("x.srt", b"-" * (MOST_JSON + 1), 413), ("", good, 422), ("x.\0rt", good, 422),
    ):  # fmt: skip
        answer = page.post(where, params={"name": name}, content=content)
        assert answer.status_code == status, (name, answer.text)
        assert str(studio.store._root) not in answer.text
    assert sorted(studio.store.get(clip).folder.iterdir()) == before
    answer = page.post(where, params={"name": "../own.SRT"}, content=good)
    assert (answer.status_code, answer.json()) == (201, {"subtitles": "subtitles.srt"})


def test_words_are_a_transcript_of_bounded_size_and_not_under_edits(
    page: TestClient, studio: Studio
) -> None:
    clip = opened(page)
    where = f"/api/clips/{clip}/transcript"
    good = b"WEBVTT\n\n00:00.000 --> 00:01.000\nwe fly\n"
    before = sorted(studio.store.get(clip).folder.iterdir())
    for name, content, status in (
        ("x.exe", b"we fly", 422), ("x.vtt", b"\0\xff", 422), ("x.vt\0t", good, 422),
        ("", good, 422),
        ("x.vtt", b"-" * (MOST_JSON + 1), 413), ("x.vtt", good.replace(b"00:01", b"99:00"), 422),
    ):  # fmt: skip
        answer = page.post(where, params={"name": name}, content=content)
        assert answer.status_code == status, (name, answer.text)
        assert str(studio.store._root) not in answer.text
    assert sorted(studio.store.get(clip).folder.iterdir()) == before
    edited(page, studio, clip)
    for asked in ({"params": {"name": "x.vtt"}, "content": good}, {"json": {"language": "de"}}):
        answer = page.post(where, **asked)  # type: ignore[arg-type]
        assert (answer.status_code, "edits" in answer.text) == (409, True)


def test_a_clip_that_lasts_too_long_is_refused(
    clips: TalkingClips, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facedit.studio.clip_facts.LONGEST_S", 0.5)
    with pytest.raises(BadMedia, match="the studio takes"):
        facts_of(Path(clips["one.mp4"]))


@pytest.mark.parametrize("seeds", [None, [], [-1], ["0"], [True], [2**70], list(range(10)), 3])
def test_takes_are_bounded(page: TestClient, seeds: object) -> None:
    answer = page.post(f"/api/clips/{opened(page)}/takes", json={"edit": "x", "seeds": seeds})
    assert answer.status_code == 422


def test_the_queue_is_bounded_and_what_waits_can_be_cancelled(
    page: TestClient, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = opened(page)
    key = edited(page, studio, clip)
    held: list[Job] = []
    monkeypatch.setattr(studio.jobs, "_waiting", lambda: held)  # the worker finds none of them
    wish = {"edit": key, "seeds": [0]}
    jobs = [page.post(f"/api/clips/{clip}/takes", json=wish).json() for _ in range(MOST_JOBS)]
    for more in ("takes", "sounds", "proxy", "exports", "sync"):
        body = wish | {"consent": "She agreed.", "text": "hello"}
        full = page.post(f"/api/clips/{clip}/{more}", json=body)
        assert full.status_code == 429, more
    for job in jobs:
        assert page.delete(f"/api/jobs/{job['id']}").json()["state"] == "cancelled"
    assert page.post(f"/api/clips/{clip}/takes", json=wish).status_code == 202
    assert page.get("/api/jobs/none").status_code == 404


def test_only_what_is_there_is_taken_and_chosen(page: TestClient, studio: Studio) -> None:
    clip = opened(page)
    key = edited(page, studio, clip)
    for edit in (None, "x", key[:-1], [key], 0):
        body = {"edit": edit, "seeds": [0], "take": "x"}
        assert page.post(f"/api/clips/{clip}/takes", json=body).status_code == 409
        assert page.post(f"/api/clips/{clip}/chosen", json=body).status_code == 409
    for take in (None, "../clip", f"{key}-0", [1]):
        body = {"edit": key, "take": take}
        assert page.post(f"/api/clips/{clip}/chosen", json=body).status_code == 404


@pytest.mark.parametrize(
    "words",
    [
        None, [], {}, [1], [{}], [{"index": "0"}], [{"index": True}], [{"index": 0, "text": 1}],
        [{"index": 0, "start_s": "1"}], [{"index": 0, "end_s": True}], [{"index": 0, "path": "x"}],
    ],
)  # fmt: skip
def test_bad_corrections_are_refused(page: TestClient, studio: Studio, words: object) -> None:
    clip = opened(page)
    edited(page, studio, clip)
    known = {"if-match": page.get(f"/api/clips/{clip}").json()["revision"]}
    where = f"/api/clips/{clip}/transcript"
    assert page.patch(where, json={"words": words}, headers=known).status_code == 422
    late = {"if-match": "0" * 16}
    assert page.patch(where, json={"words": words}, headers=late).status_code == 409


def test_a_recording_is_a_sound_of_bounded_size_and_leaves_nothing_else(
    page: TestClient, studio: Studio
) -> None:
    clip = opened(page)
    where = f"/api/clips/{clip}/recordings"
    before = sorted(studio.store.get(clip).folder.iterdir())
    for name, content, status in (
        ("x.exe", b"x", 415), ("", b"x", 415), ("../../x.wav", b"no sound", 415),
        ("x.wav", b"", 415), ("x.wav", b"\0" * 1_000_001, 413),
        ("x.m3u8.wav", b"#EXTM3U\nhttp://evil.example/x.ts\n", 415),
    ):  # fmt: skip
        answer = page.post(where, params={"name": name}, content=content)
        assert answer.status_code == status, (name, answer.text)
        assert str(studio.store._root) not in answer.text
    assert sorted(studio.store.get(clip).folder.iterdir()) == before


@pytest.mark.parametrize("verb", ["sync", "generate"])
def test_speech_for_a_whole_clip_is_text_or_a_recording_that_was_sent(
    page: TestClient, verb: str
) -> None:
    where = f"/api/clips/{opened(page)}/{verb}"
    agreed = {"consent": "She agreed."}
    for body in ({}, {"text": "a", "speech": "b"}, {"text": 1}, {"text": "a", "voice": 1}):
        assert page.post(where, json=agreed | body).status_code == 422
    for name in ("clip.json", "../x.wav", "/etc/passwd", "recording-0123456789abcdef.wav"):
        assert page.post(where, json=agreed | {"speech": name}).status_code == 404
    assert page.post(where, json={"text": "hello"}).status_code == 422
    assert page.post(where, json=agreed | {"text": "x" * 2_000_000}).status_code == 413


@pytest.mark.parametrize("verb", ["sync", "generate"])
def test_an_outline_is_asked_for_in_known_terms(page: TestClient, verb: str) -> None:
    where = f"/api/clips/{opened(page)}"
    for body in (
        {"text": 1}, {"text": "a", "expression": "smile:0.3"}, {"expression": [1]},
        {"expression": ["smile:9"]}, {"expression": ["../x"]},
        {"speech_s": "1"}, {"speech_s": -1}, {"speech_s": 1e9},
    ):  # fmt: skip
        answer = page.post(f"{where}/{verb}/outline", json=body)
        assert answer.status_code == 422, answer.text
        assert answer.json()["error"]
    for body in ({}, {"text": " … ", "expression": ["smile:0.3@so"]}, {"speech_s": 2}):
        assert page.post(f"{where}/{verb}/outline", json=body).status_code == 200
    found = page.post(f"{where}/{verb}/outline", json={"text": "a", "expression": ["smile:0.3"]})
    assert (found.status_code, len(found.json()["wishes"])) == (200, 1)
    assert page.post(f"{where}/edit/outline", json={"text": "a"}).status_code == 404


def test_clips_are_bounded(page: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("facedit.studio.clip_store.MOST_CLIPS", 1)
    opened(page)
    answer = page.post("/api/clips?name=x.mp4", content=b"x")
    assert (answer.status_code, "open already" in answer.text) == (429, True)


def test_a_report_can_run_and_load_nothing(page: TestClient, studio: Studio) -> None:
    """It names what the user's files say."""
    clip = opened(page)
    exports = studio.store.get(clip).exports_folder
    (exports / "x.mp4").write_bytes(b"")
    (exports / "x.mp4.report").mkdir()
    (exports / "x.mp4.report" / "report.html").write_text("<script>alert(1)</script>")
    answer = page.get(f"/api/clips/{clip}/exports/x.mp4/report")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("sandbox")
    assert "script-src" not in policy


def edited(page: TestClient, studio: Studio, clip: str) -> str:
    """Edit a word; returns the key of the edit."""
    with_words(studio, clip)
    known = page.get(f"/api/clips/{clip}").json()["revision"]
    wish = {"edits": [{"words": [1, 2], "new": "walk"}], "options": {}}
    saved = page.put(f"/api/clips/{clip}/edits", json=wish, headers={"if-match": known})
    (edit,) = saved.json()["edits"]
    found: str = edit["key"]
    return found


def test_what_is_known_of_a_clip_holds_no_path_of_this_machine(
    page: TestClient, studio: Studio, clips: TalkingClips
) -> None:
    clip = opened(page)
    with_words(studio, clip)
    said = json.dumps(page.get(f"/api/clips/{clip}").json())
    assert str(clips.folder) not in said
    assert str(studio.store._root) not in said


def test_a_crash_under_a_job_is_told_and_loses_nothing(
    workers: Workers, clips: TalkingClips, tmp_path: Path
) -> None:
    worker = Worker(Tasks)
    studio = Workers(worker, workers.reader).studio(tmp_path / "kept", [Path(clips["one.mp4"])])
    page = TestClient(make_app(studio, StudioOptions(), TOKEN, PORT), base_url=ADDRESS)
    page.get(f"/?token={TOKEN}")
    clip = opened(page)
    key = edited(page, studio, clip)
    before = page.get(f"/api/clips/{clip}").json()
    wish = {"edit": key, "seeds": [0]}
    for _ in range(2):  # the second finds a new process
        job = ended(studio, page.post(f"/api/clips/{clip}/takes", json=wish))
        assert (job.state, (job.error or "").partition(" (")[0]) == ("failed", "worker ended")
    assert page.get(f"/api/clips/{clip}").json() == before
    studio.close()
    worker.close()
