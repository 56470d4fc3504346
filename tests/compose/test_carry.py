"""What lies beside picture and sound is in the output too, at its new times, or in a note."""

from __future__ import annotations

import zlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from compose.compose_cases import WORDS, plan, transcript
from facedit.compose.frames.carry import carry, unchanged_plan
from facedit.compose.frames.output_sound import compose_sound
from facedit.editing.diff import WordEdit
from facedit.editing.plan import EditPlan
from facedit.editing.timeline import output_frames
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.media.sound import read_sound
from facedit.media.write import write_video
from facedit.media.write_options import WriteOptions
from facedit.types import Float32

RATE = 48_000
# "to" (1.3-1.8 s) becomes longer, "moon" (2.5-3.0 s) is cut.
EDITS = (WordEdit(2, 3, ("towards",)), WordEdit(4, 5))
TAGS = {
    "title": "Launch",
    "creation_time": "2024-05-06T07:08:09.000000Z",
    "location": "+48.8000-002.3000/",
    "com.apple.quicktime.make": "Apple",
    "com.apple.quicktime.creationdate": "2024-05-06T09:08:09+0200",
    "keywords": "moon",
    "scene": "12",
}


def tone(hertz: float, seconds: float = 4.0) -> Float32:
    wave: Float32 = (
        0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)
    ).astype(np.float32)
    return wave


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
        )

    head = b"\0\0\0\2\0\0\0\2\x08\2\0\0\0"
    body = zlib.compress(b"\0" + b"\xff\0\0" * 2 + b"\0" + b"\0\xff\0" * 2)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def make_rich(path: Path, *, first_cue: str = "We fly to", tags: dict[str, str] = TAGS) -> Path:
    """A clip of four seconds with all that a container may hold."""
    matroska = path.suffix in (".mkv", ".webm")
    options = {} if matroska else {"movflags": "+use_metadata_tags"}
    with av.open(str(path), "w", container_options=options) as file:
        file.metadata.update(tags)
        video = file.add_stream("libvpx-vp9" if path.suffix == ".webm" else "libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.metadata.update({"language": "eng", "timecode": "01:02:03:04"})
        heard = []
        for number in range(2):
            stream = file.add_stream("libopus" if path.suffix == ".webm" else "aac", rate=RATE)
            stream.layout = "mono"
            stream.metadata.update(
                {"language": ("eng", "fra")[number], "title": ("Original", "Musique")[number]}
            )
            heard.append((stream, tone((300, 800)[number])))
        codec = {".mkv": "subrip", ".webm": "webvtt"}.get(path.suffix, "mov_text")
        captions = file.add_mux_stream(codec)
        captions.time_base = Fraction(1, 1000)
        captions.metadata["language"] = "eng"
        file.set_chapters(
            [
                {
                    "id": start,
                    "start": start,
                    "end": end,
                    "time_base": Fraction(1, 1000),
                    "metadata": {"title": title},
                }
                for start, end, title in ((0, 1000, "one"), (1000, 4000, "two"))
            ]
        )
        if path.suffix == ".mkv":
            file.add_attachment("font.ttf", "application/x-truetype-font", b"a font")
            file.add_attachment("cover.png", "image/png", png())
        for k in range(100):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 2 * k, np.uint8))
            frame.pts, frame.time_base = k, Fraction(1, 25)
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
        for stream, samples in heard:
            block = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
            block.sample_rate, block.pts = RATE, 0
            if path.suffix == ".webm":
                stream.codec_context.format = "flt"
                block = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
                block.sample_rate, block.pts = RATE, 0
            file.mux(stream.encode(block))
            file.mux(stream.encode(None))
        for start, end, text in (
            (0, 1900, first_cue),
            (1900, 2400, "the"),
            (2500, 3000, "moon"),
            (3000, 4000, "today!"),
        ):
            data = text.encode()
            if codec == "mov_text":
                data = len(data).to_bytes(2, "big") + data
            packet = av.Packet(data)
            packet.stream, packet.time_base = captions, Fraction(1, 1000)
            packet.pts = packet.dts = start
            packet.duration = end - start
            file.mux(packet)
    return path


def rewritten(source: Path, output: Path, made: EditPlan | None = None) -> tuple[str, ...]:
    """Write a clip by a plan as an edit does, but for the new pictures and sound."""
    info = probe(source)
    made = made or plan(*EDITS, duration_s=info.duration_s)
    extras, notes = carry(info, made, transcript(info.duration_s), output)
    frames = list(read_frames(source, info=info))
    shown = (
        frames[max(frame.source_index, 0)].at(frame.output_time_s)
        for frame in output_frames(made, [frame.time_s for frame in frames])
    )
    sound = compose_sound(source, info, made, (None,) * len(made.fills), whole=True)
    write_video(
        output,
        info,
        shown,
        sound.blocks(),
        WriteOptions(metadata={"comment": "m"}, extras=extras),
        sound_start_s=sound.first / sound.rate,
    )
    return notes


def cues(path: Path) -> list[tuple[float, float, str]]:
    with av.open(str(path)) as file:
        stream = file.streams.subtitles[0]
        found = []
        for packet in file.demux(stream):
            data = bytes(packet)
            if stream.codec_context.name == "mov_text":
                data = data[2 : 2 + int.from_bytes(data[:2], "big")]
            if data:
                start_s = float(packet.pts * packet.time_base)
                end_s = start_s + float(packet.duration * packet.time_base)
                found.append((round(start_s, 2), round(end_s, 2), data.decode()))
        return found


@pytest.mark.parametrize(
    "names",
    ["a.mkv b.mkv", "a.mov b.mov", "a.mp4 b.mp4", "a.mkv b.mp4", "a.mov b.mkv", "a.mp4 b.webm"],
)
def test_all_is_kept_at_its_new_time(names: str, tmp_path: Path) -> None:
    source, output = names.split()
    make_rich(tmp_path / source)
    target = tmp_path / output
    notes = rewritten(tmp_path / source, target)
    made = plan(*EDITS, duration_s=probe(tmp_path / source).duration_s)
    longer_s = made.output_time(2.2) - 2.2
    assert longer_s > 0.1
    with av.open(str(target)) as file:
        tags = {key.lower(): value for key, value in file.metadata.items()}
        assert {key: tags.get(key) for key in TAGS} == TAGS
        (one, two) = file.chapters()
        starts = [float(chapter["start"] * chapter["time_base"]) for chapter in (one, two)]
        assert starts == pytest.approx([0.0, 1.0], abs=2e-3)
        assert float(two["end"] * two["time_base"]) == pytest.approx(
            made.output_duration_s, abs=2e-3
        )
        assert [chapter["metadata"]["title"] for chapter in (one, two)] == ["one", "two"]
        languages = [stream.metadata.get("language") for stream in file.streams.audio]
        assert languages == ["eng", "fra"]
        titles = [s.metadata.get("title", s.metadata.get("name")) for s in file.streams.audio]
        assert titles == ["Original", "Musique"]
        assert file.streams.subtitles[0].metadata.get("language") == "eng"
        timecodes = [
            stream.metadata.get("timecode", stream.metadata.get("TIMECODE"))
            for stream in file.streams
        ]
        assert "01:02:03:04" in timecodes
        attached = {s.metadata.get("filename") for s in file.streams}
        covers = [
            s for s in file.streams.video if s.disposition & av.stream.Disposition.attached_pic
        ]
    assert [text for _, _, text in cues(target)] == ["We fly towards", "the", "today!"]
    times = cues(target)
    assert times[1][0] == pytest.approx(1.9 + longer_s, abs=0.011)
    assert times[2][1] == pytest.approx(made.output_duration_s, abs=0.05)
    if source == "a.mkv":
        # Tags without a place of their own in mp4 take that of its cover.
        assert bool(covers) == (output == "b.mkv")
        assert any("cover" in note for note in notes) == (output != "b.mkv")
        assert ("font.ttf" in attached) == (output == "b.mkv")
        assert any("font.ttf" in note for note in notes) == (output != "b.mkv")
    else:
        assert notes == ()


def test_further_sound_is_cut_to_the_plan(tmp_path: Path) -> None:
    make_rich(tmp_path / "a.mkv")
    rewritten(tmp_path / "a.mkv", tmp_path / "b.mkv")
    made = plan(*EDITS, duration_s=probe(tmp_path / "a.mkv").duration_s)
    with av.open(str(tmp_path / "b.mkv")) as file:
        frames = list(file.decode(audio=1))
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    assert len(samples) / RATE == pytest.approx(made.output_duration_s, abs=0.06)
    inner = samples[RATE // 10 : -RATE // 5]
    levels = np.sqrt((inner[: len(inner) // 480 * 480].reshape(-1, 480) ** 2).mean(axis=1))
    assert np.abs(20 * np.log10(levels / (0.3 / np.sqrt(2)))).max() < 3.5
    crossings = np.count_nonzero(np.diff(np.signbit(inner))) / 2 / (len(inner) / RATE)
    assert crossings == pytest.approx(800, rel=0.01)


def test_texts_that_do_not_show_the_words_are_named(tmp_path: Path) -> None:
    make_rich(tmp_path / "a.mkv", first_cue="On vole vers")
    notes = rewritten(tmp_path / "a.mkv", tmp_path / "b.mkv")
    assert [note for note in notes if "keeps its text at 0.00 s" in note]


def test_new_sound_all_over_moves_nothing(tmp_path: Path) -> None:
    make_rich(tmp_path / "a.mkv")
    info = probe(tmp_path / "a.mkv")
    same = unchanged_plan(plan(*EDITS, duration_s=info.duration_s))
    extras, notes = carry(info, same, None, tmp_path / "b.mkv")
    assert [chapter.end_s for chapter in extras.chapters] == pytest.approx([1.0, 4.0], abs=0.03)
    assert [note for note in notes if "old words" in note]


def test_sound_longer_than_its_picture_plays_to_its_end(tmp_path: Path) -> None:
    from media.clips import make_clip

    make_clip(tmp_path / "a.mp4", seconds=4.0, sound_seconds=6.5)
    rewritten(tmp_path / "a.mp4", tmp_path / "b.mp4")
    made = plan(*EDITS, duration_s=4.0)
    after = probe(tmp_path / "b.mp4").sound
    assert after is not None
    assert after.end_s == pytest.approx(6.5 + made.output_duration_s - 4.0, abs=0.03)


def test_a_cover_goes_from_matroska_to_mp4(tmp_path: Path) -> None:
    path = make_rich(tmp_path / "a.mkv", tags={"title": "Launch"})
    rewritten(path, tmp_path / "b.mp4")
    rewritten(tmp_path / "b.mp4", tmp_path / "c.mkv")
    for name in ("b.mp4", "c.mkv"):
        with av.open(str(tmp_path / name)) as file:
            (cover,) = [
                bytes(packet)
                for stream in file.streams.video
                if stream.disposition & av.stream.Disposition.attached_pic
                for packet in file.demux(stream)
                if packet.size
            ]
            assert cover == png()


@pytest.mark.parametrize("output", ["b.mp4", "b.mkv"])
def test_data_that_a_container_does_not_hold_is_named(output: str, tmp_path: Path) -> None:
    """Positions of a drone in a transport stream."""
    with av.open(str(tmp_path / "a.ts"), "w") as file:
        video = file.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        places = file.add_data_stream("klv")
        places.time_base = Fraction(1, 90_000)
        for k in range(100):
            frame = av.VideoFrame(64, 48, "yuv420p")
            frame.pts, frame.time_base = k, Fraction(1, 25)
            file.mux(video.encode(frame))
            if k % 25 == 0:
                packet = av.Packet(b"\x06\x0e\x2b\x34place")
                packet.stream, packet.time_base = places, Fraction(1, 90_000)
                packet.pts = packet.dts = 3600 * k
                file.mux(packet)
        file.mux(video.encode(None))
    info = probe(tmp_path / "a.ts")
    made = unchanged_plan(plan(*EDITS, duration_s=info.duration_s))
    extras, notes = carry(info, made, None, tmp_path / output)
    frames = read_frames(info.path, info=info)
    assert write_video(tmp_path / output, info, frames, (), WriteOptions(extras=extras)) == 100
    assert [note for note in notes if "klv" in note and "left out" in note]
    assert not extras.tracks


@pytest.mark.parametrize("output", ["b.mp4", "b.mov"])
def test_data_of_a_camera_moves_with_the_plan(output: str, tmp_path: Path) -> None:
    """Positions as an action camera writes them: subtitles made into its kind of data."""
    path = make_rich(tmp_path / "a.mp4")
    path.write_bytes(path.read_bytes().replace(b"sbtl", b"meta").replace(b"tx3g", b"gpmd"))
    assert rewritten(path, tmp_path / output) == ()
    longer_s = plan(*EDITS, duration_s=probe(path).duration_s).output_time(1.9) - 1.9
    with av.open(str(tmp_path / output)) as file:
        data = next(stream for stream in file.streams.data if stream.name == "bin_data")
        packets = [packet for packet in file.demux(data) if packet.size]
        found = {bytes(packet)[2:]: packet.pts * packet.time_base for packet in packets}
    assert float(found[b"We fly to"]) == 0.0
    assert float(found[b"the"]) == pytest.approx(1.9 + longer_s, abs=0.01)


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
def test_sound_that_starts_before_its_picture_starts_there(suffix: str, tmp_path: Path) -> None:
    """As where a film was cut without an encoder in front of a key picture."""
    from media.clips import make_clip, offsets_ms

    shown = [0.6 + k / 25 for k in range(100)]
    clip = make_clip(tmp_path / f"a.{suffix}", times_s=shown, sound_seconds=4.6, flash_every_s=0.7)
    before = probe(clip.path)
    assert before.sound is not None
    assert before.sound.start_s == pytest.approx(-0.6, abs=0.03)
    first = WordEdit(0, 1, ("you", "all"))
    made = plan(first, duration_s=before.duration_s)
    rewritten(clip.path, tmp_path / f"b.{suffix}", made)
    after = probe(tmp_path / f"b.{suffix}")
    assert after.sound is not None
    assert after.sound.start_s == pytest.approx(before.sound.start_s, abs=0.03)
    assert after.duration_s == pytest.approx(made.output_duration_s, abs=0.03)
    # Behind the edit every click is still at its flash.
    offsets = offsets_ms(tmp_path / f"b.{suffix}")
    assert len(offsets) >= 4
    assert np.abs(offsets).max() < 25
    old, new = (read_sound(info.path, -0.6, -0.1, info=info) for info in (before, after))
    assert np.corrcoef(old.samples[:, 0], new.samples[:, 0])[0, 1] > 0.5


def test_the_words_are_those_of_the_cases() -> None:
    assert WORDS[2] == "to"
    assert WORDS[4] == "moon"
