"""Signed files are valid; whatever is changed in them afterwards is named."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from signed_files import CHANGES, make_video, remuxed, signed, writing

from doc_commands import run
from facedit.cache import CONFIG
from facedit.errors import CannotSign
from facedit.provenance import closing
from facedit.provenance.library import context
from facedit.provenance.manifest import Change, Origin, Statement
from facedit.provenance.signing_identity import make_identity
from facedit.provenance.verify import judged, verify


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video with its index behind and one with it in front, in two containers, signed."""
    folder = tmp_path_factory.mktemp("signed")
    make_video(folder / "late.mp4")
    make_video(folder / "fast.mp4", movflags="+faststart")
    make_video(folder / "clip.mov")
    make_video(folder / "clip.mkv")
    for name in ("late.mp4", "fast.mp4", "clip.mov", "clip.mkv"):
        signed(folder / name, folder / f"signed-{name}")
    return folder


def damaged(path: Path, target: Path, place: int) -> Path:
    data = bytearray(path.read_bytes())
    data[place] ^= 0x10
    target.write_bytes(data)
    return target


def decoded(path: Path) -> tuple[list[bytes], bytes]:
    """Every picture and every sample of a file."""
    with av.open(str(path)) as file:
        pictures = [frame.to_ndarray().tobytes() for frame in file.decode(video=0)]
    with av.open(str(path)) as file:
        sound = b"".join(frame.to_ndarray().tobytes() for frame in file.decode(audio=0))
    return pictures, sound


def boxes(path: Path) -> list[str]:
    """The top-level boxes of an mp4, in order."""
    data, place, found = path.read_bytes(), 0, []
    while place < len(data):
        found.append(data[place + 4 : place + 8].decode("latin-1"))
        place += int.from_bytes(data[place : place + 4], "big") or len(data)
    return found


@pytest.mark.parametrize("name", ["late.mp4", "fast.mp4", "clip.mov", "clip.mkv"])
def test_a_signed_file_is_valid_and_says_what_was_changed(folder: Path, name: str) -> None:
    found = verify(folder / f"signed-{name}")
    assert (found.state, found.trusted, found.exit_status) == ("valid", True, 0)
    assert found.signer == "the tests, facedit"
    assert found.changes == CHANGES
    assert [source["name"] for source in found.sources] == [name]
    assert (found.voice, found.consent) == ("hibari", "she agreed")
    assert "\n  voice: hibari\n" in str(found)
    assert '0.40-0.80 s: "moon" became "station"' in str(found)
    assert '1.20-1.50 s: "back" was cut' in str(found)
    assert (found.beside is not None) == name.endswith("mkv")


@pytest.mark.parametrize("name", ["late.mp4", "fast.mp4", "clip.mov", "clip.mkv"])
def test_signing_changes_no_picture_no_sample_and_no_place_to_seek_to(
    folder: Path, name: str
) -> None:
    before, after = folder / name, folder / f"signed-{name}"
    assert decoded(before) == decoded(after)
    with av.open(str(before)) as old, av.open(str(after)) as new:
        for tenth in range(20):
            pictures = []
            for file in (old, new):
                file.seek(tenth * 100_000)
                frame = next(file.decode(video=0))
                pictures.append((frame.pts, frame.to_ndarray().tobytes()))
            assert pictures[0] == pictures[1]
    if name.endswith(("mp4", "mov")):
        first, *rest = boxes(before)
        assert boxes(after) == [first, "uuid", *rest, "free"]


@pytest.mark.parametrize("name", ["late.mp4", "clip.mov", "clip.mkv"])
def test_a_changed_byte_is_named(folder: Path, tmp_path: Path, name: str) -> None:
    """In what is seen and heard, in the index, in the manifest."""
    path = folder / f"signed-{name}"
    target = tmp_path / name
    shutil.copy(folder / "signed-clip.c2pa", tmp_path / "clip.c2pa")
    size = path.stat().st_size
    data = path.read_bytes()
    middle = data.find(b"mdat") + 5000 if b"mdat" in data else size // 2
    places = {"pictures": middle, "end": size - 300}
    if b"moon" in data:
        places |= {"words": data.index(b"moon"), "consent": data.index(b"she agreed")}
    for place in places.values():
        found = verify(damaged(path, target, place))
        assert (found.state, found.exit_status) == ("changed", 11)
        assert "changed since it was signed: " in found.summary
    seen = verify(damaged(path, target, middle)).reasons[0]
    assert seen in ("the pictures, the sound or how the file holds them", "the file's content")


def test_every_byte_of_the_file_counts(folder: Path, tmp_path: Path) -> None:
    """Also those that C2PA leaves out: the file's type, and the room that a signature reserves."""
    path = folder / "signed-late.mp4"
    size = path.stat().st_size
    start = path.read_bytes().index(b"uuid") - 4
    length = int.from_bytes(path.read_bytes()[start : start + 4], "big")
    chosen = random.Random(0)
    places = [*range(0, start + 80, 7), *range(start + 80, start + length, 97)]
    places += [*chosen.sample(range(size), 40), *range(size - 60, size, 6)]
    target = tmp_path / "x.mp4"
    for place in places:
        found = verify(damaged(path, target, place))
        assert found.state == "changed", place


def test_packets_in_a_new_file_have_no_manifest_and_the_mark_tells_of_it(
    folder: Path, tmp_path: Path
) -> None:
    mark = "facedit 0.1.0 edit: synthetic face and speech at 0.40-0.80 s; signed (C2PA)"
    with av.open(str(folder / "late.mp4")) as old, av.open(str(tmp_path / "m.mp4"), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        new.metadata["comment"] = mark
        for packet in old.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    made = signed(tmp_path / "m.mp4", tmp_path / "s.mp4")
    assert verify(made).state == "valid"
    found = verify(remuxed(made, tmp_path / "again.mp4"))
    assert (found.state, found.exit_status, found.mark) == ("none", 12, mark)
    assert mark in found.summary
    assert verify(folder / "late.mp4").mark is None


def test_a_manifest_beside_goes_with_its_video_and_with_no_other(
    folder: Path, tmp_path: Path
) -> None:
    shutil.copy(folder / "signed-clip.mkv", tmp_path / "a.mkv")
    assert verify(tmp_path / "a.mkv").state == "none"
    shutil.copy(folder / "signed-clip.c2pa", tmp_path / "a.c2pa")
    assert verify(tmp_path / "a.mkv").state == "valid"
    remuxed(folder / "signed-clip.mkv", tmp_path / "other.mkv")
    shutil.copy(tmp_path / "other.mkv", tmp_path / "a.mkv")
    assert verify(tmp_path / "a.mkv").state == "changed"


@pytest.mark.parametrize("kind", ["mp4", "mkv"])
def test_the_manifest_of_a_source_is_kept(folder: Path, tmp_path: Path, kind: str) -> None:
    first = folder / f"signed-{'late.mp4' if kind == 'mp4' else 'clip.mkv'}"
    made = signed(first, tmp_path / f"again.{kind}")
    assert verify(made).sources[0]["manifest"] == "valid"
    plain = folder / ("late.mp4" if kind == "mp4" else "clip.mkv")
    assert "manifest" not in verify(signed(plain, tmp_path / f"plain.{kind}")).sources[0]
    if kind == "mp4":
        bad = damaged(first, tmp_path / "bad.mp4", first.read_bytes().find(b"mdat") + 5000)
        made = signed(plain, tmp_path / "third.mp4", made_of=bad)
        found = verify(made)
        assert (found.state, found.sources[0]["manifest"]) == ("valid", "changed")


def test_somebody_else_s_signature_is_valid_and_not_trusted_unless_asked_for(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CONFIG, str(tmp_path / "else"))
    found = verify(folder / "signed-late.mp4")
    assert (found.state, found.trusted, found.exit_status) == ("valid", False, 13)
    make_identity("Somebody else")
    assert not verify(folder / "signed-late.mp4").trusted
    made = signed(folder / "late.mp4", tmp_path / "x.mp4")
    monkeypatch.undo()
    assert verify(made).signer == "Somebody else, facedit"
    assert not verify(made).trusted
    assert verify(made, [tmp_path / "else" / "trusted.pem"]).trusted
    with pytest.raises(CannotSign, match=r"late\.mp4: holds no certificate"):
        verify(made, [folder / "late.mp4"])


def test_an_expired_certificate_is_told_and_not_trusted(folder: Path) -> None:
    """The library's answer of the day after, from its own words for it."""
    import c2pa

    with c2pa.Reader(str(folder / "signed-late.mp4"), context=context()) as reader:
        store = json.loads(reader.json())
    failed = [{"code": "signingCredential.expired", "url": "x/c2pa.signature", "explanation": ""}]
    store["validation_results"]["activeManifest"]["failure"] = failed
    store["validation_state"] = "Invalid"
    found = judged(folder / "signed-late.mp4", store)
    assert (found.state, found.trusted, found.exit_status) == ("valid", False, 13)
    assert "expired" in str(found)


def test_c2pa_s_own_words_are_in_the_manifest(folder: Path) -> None:
    """For those who read it with other programs: actions, source type, regions in time."""
    import c2pa

    with c2pa.Reader(str(folder / "signed-late.mp4"), context=context()) as reader:
        active = reader.get_active_manifest()
    (actions,) = [one for one in active["assertions"] if one["label"] == "c2pa.actions.v2"]
    opened, edited = actions["data"]["actions"]
    assert (opened["action"], edited["action"]) == ("c2pa.opened", "c2pa.edited")
    assert edited["digitalSourceType"].endswith("/compositeWithTrainedAlgorithmicMedia")
    times = [change["region"][0]["time"] for change in edited["changes"]]
    assert [(time["start"], time["end"]) for time in times] == [
        ("0.400", "0.800"),
        ("1.200", "1.500"),
    ]
    (source,) = active["ingredients"]
    assert source["relationship"] == "parentOf"
    assert source["description"].startswith("SHA-256 ")
    made = Statement("generate", (Change(0, 2, "generate"),), (Origin(folder / "x", "0"),), "v")
    (created,) = made.definition("x", "video/mp4")["assertions"][0]["data"]["actions"]
    assert created["action"] == "c2pa.created"
    assert created["digitalSourceType"].endswith("/trainedAlgorithmicMedia")


def mutations(data: bytes, count: int) -> Iterator[bytes]:
    """Manifests as an attacker or a broken disk leaves them, the same every time."""
    chosen = random.Random(7)
    start = data.index(b"uuid") - 4
    length = int.from_bytes(data[start : start + 4], "big")
    for number in range(count):
        bad = bytearray(data)
        for _ in range(chosen.choice((1, 1, 3, 20))):
            place = start + chosen.randrange(length)
            kind = number % 4
            if kind == 0:
                bad[place] = chosen.randrange(256)
            elif kind == 1:
                bad[place : place + 4] = b"\xff\xff\xff\xff"
            elif kind == 2:
                del bad[place : place + chosen.randrange(1, 200)]
            else:
                bad[place:place] = bytes(chosen.randrange(256) for _ in range(chosen.randrange(64)))
        if bad != data:  # a byte may become what it was
            yield bytes(bad)


def test_200_mutated_manifests_give_a_line_each(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.mp4"
    seen = set()
    for bad in mutations((folder / "signed-late.mp4").read_bytes(), 200):
        path.write_bytes(bad)
        found = verify(path)
        assert "\n" not in found.summary
        assert found.state in ("changed", "none")
        seen.add(found.state)
    assert "changed" in seen
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("size", [0, 1, 100])
def test_what_is_no_media_file_has_no_manifest(tmp_path: Path, size: int) -> None:
    for name in ("x.mp4", "x.mkv", "x.jpg", "x.wav", "x.txt"):
        (tmp_path / name).write_bytes(np.arange(size, dtype=np.uint8).tobytes())
        answer = run(["facedit", "verify", str(tmp_path / name)])
        lines = [*answer.out.splitlines(), *answer.err.splitlines()]
        assert len(lines) == 1
        assert answer.status in ((3,) if size == 0 else (11, 12))


def test_the_command_answers_by_its_status_and_as_json(folder: Path, tmp_path: Path) -> None:
    answer = run(["facedit", "verify", str(folder / "signed-late.mp4"), "--json"])
    told = json.loads(answer.out)
    assert (answer.status, told["state"], told["trusted"]) == (0, "valid", True)
    assert told["changes"][0]["before"] == "moon"
    path = damaged(folder / "signed-late.mp4", tmp_path / "x.mp4", -300)
    answer = run(["facedit", "verify", str(path)])
    assert (answer.status, answer.err) == (11, "")
    assert answer.out.count("\n") == 1
    assert run(["facedit", "verify", str(folder / "late.mp4")]).status == 12
    assert run(["facedit", "verify", str(folder / "nowhere.mp4")]).status == 3


def test_a_disk_that_fills_while_signing_leaves_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from facedit.errors import OutputNotWritable
    from facedit.provenance.library import Watched

    def full(self: Watched, data: bytes) -> int:
        with self._watch():
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(Watched, "write", full)
    with pytest.raises(OutputNotWritable, match="No space left"):
        signed(folder / "late.mp4", tmp_path / "x.mp4")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("moment", [0, 1, 3])
def test_ctrl_c_while_the_library_writes_stops_it_and_the_old_file_stays(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    """What is raised amid the library's calls does not come through: a file with holes would."""
    from facedit.provenance.library import Watched

    signed(folder / "late.mp4", tmp_path / "x.mp4")
    before = (tmp_path / "x.mp4").read_bytes()
    calls = 0
    write = Watched.write

    def pressed(self: Watched, data: bytes) -> int:
        nonlocal calls
        calls += 1
        if calls == moment + 1:
            signal.raise_signal(signal.SIGINT)
        return write(self, data)

    monkeypatch.setattr(Watched, "write", pressed)
    with pytest.raises(KeyboardInterrupt):
        signed(folder / "late.mp4", tmp_path / "x.mp4")
    assert calls > moment
    assert (tmp_path / "x.mp4").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["x.mp4"]


def test_nothing_has_the_name_before_it_is_signed(folder: Path, tmp_path: Path) -> None:
    def interrupted() -> None:
        with writing(tmp_path / "x.mp4", folder / "late.mp4") as part:
            part.write_bytes((folder / "late.mp4").read_bytes())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []
    with writing(tmp_path / "x.mkv", folder / "clip.mkv") as part:
        part.write_bytes((folder / "clip.mkv").read_bytes())
        assert not (tmp_path / "x.mkv").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"x.mkv", "x.c2pa"}


ROAD = """
import resource, sys
from pathlib import Path
from facedit.provenance.certificates import new_pair
from facedit.provenance.manifest import Statement
from facedit.provenance.signing import Seal
from facedit.provenance.verify import verify
source, target = map(Path, sys.argv[1:])
Seal(new_pair("A"), Statement("generate", (), (), ""), target, True).seal(source, target)
print(verify(target).state, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_signing_and_verifying_hold_no_file_in_memory(tmp_path: Path) -> None:
    small, large = make_video(tmp_path / "small.mp4"), tmp_path / "large.mp4"
    data, more = small.read_bytes(), 120_000_000
    place = data.index(b"mdat") - 4  # the last box
    size = len(data) - place + more
    with large.open("wb") as file:
        file.write(data[:place] + size.to_bytes(4, "big") + data[place + 4 :])
        file.truncate(place + size)
    peaks = []
    for path in (small, large):
        command = [sys.executable, "-c", ROAD, str(path), str(tmp_path / f"signed-{path.name}")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        state, peak = done.stdout.split()
        assert state == "valid"
        peaks.append(int(peak))
    assert peaks[1] - peaks[0] < 40
    signed_large = tmp_path / "signed-large.mp4"
    seen = verify(damaged(signed_large, large, signed_large.stat().st_size - more // 2))
    assert seen.reasons == ("the pictures, the sound or how the file holds them",)


def test_a_large_file_in_fragments_is_valid_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "LARGE", 1000)
    for flags in ("frag_keyframe+empty_moov", "+faststart"):
        make_video(tmp_path / "a.mp4", movflags=flags)
        assert verify(signed(tmp_path / "a.mp4", tmp_path / "b.mp4")).state == "valid"
