"""Files that people bring, by the command line: what else is in them, and where their sound is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from skimage import data

from facedit.cli.main import main
from facedit.media.probe import probe
from facedit.media.sound import read_sound
from facedit.types import Float32
from talking_clips import RATE, TalkingClips, make_talking_clips


@dataclass(frozen=True)
class Edited:
    """An edit that was made by the command line.

    Attributes:
        source: The input.
        output: The output.
        notes: Every note of the report; they are printed too.
        new_s: Start and end of the new word in the output.
    """

    source: Path
    output: Path
    notes: str
    new_s: tuple[float, float]


def edited(
    source: Path, output: Path, transcript: Path, *change: str, capture: pytest.CaptureFixture[str]
) -> Edited:
    """Edit one word and read the report."""
    given = ["edit", str(source), "-o", str(output), "--transcript", str(transcript), "--json"]
    status = main([*given, *change])
    answer = capture.readouterr()
    assert status == 0, answer.err
    report = json.loads(Path(f"{output}.report/report.json").read_text())
    found = json.loads(answer.out)
    assert found["reports"][0]["warnings"] == report["warnings"]
    fill = next(one for one in report["plan"]["segments"] if not one["keep"])
    start_s, end_s = fill["output"]
    return Edited(source, output, "\n".join(report["warnings"]), (start_s, end_s))


def level_db(samples: Float32) -> float:
    return float(10 * np.log10(np.square(samples, dtype=np.float64).mean() + 1e-20))


def tone_db(samples: Float32, rate: int, hertz: float) -> float:
    """Level of the amplitude of a tone, whose phase may jump."""
    size = round(0.06 * rate)
    window = np.hanning(size)
    turning = np.exp(-2j * np.pi * hertz * np.arange(size) / rate)
    pieces = np.lib.stride_tricks.sliding_window_view(samples, size)[:: size // 4]
    amplitudes = 2 * np.abs((pieces * window * turning).sum(axis=1)) / window.sum()
    return float(10 * np.log10(np.square(amplitudes).mean() + 1e-18))


def streams(path: Path) -> tuple[dict[str, str], list[dict[str, str]], list[dict[str, object]]]:
    """Tags of the file and of its streams, and its chapters."""
    with av.open(str(path)) as file:
        return dict(file.metadata), [dict(s.metadata) for s in file.streams], file.chapters()


def texts(path: Path) -> list[str]:
    with av.open(str(path)) as file:
        packets = [bytes(packet) for packet in file.demux(file.streams.subtitles[0])]
    return [found for packet in packets if (found := packet[2:].decode().strip())]


def write_rich(path: Path, made: TalkingClips) -> None:
    """A face that speaks on the left over a held chord, with all that a phone and an editor add."""
    sound = made.sound
    picture = data.astronaut()[:224, 112:336]
    time_s = np.arange(len(sound.samples) + sound.rate) / sound.rate
    chord = 0.1 * (np.sin(2 * np.pi * 220 * time_s) + np.sin(2 * np.pi * 330 * time_s))
    stereo = np.zeros((2, len(time_s)), np.float32)
    stereo[0, : len(sound.samples)] = sound.samples[:, 0]
    stereo[0] += chord
    music = np.stack([chord, chord]).astype(np.float32)
    moon = next(word for word in made.words.words if word.text == "moon")
    with av.open(str(path), "w", container_options={"movflags": "+use_metadata_tags"}) as file:
        file.metadata.update({"com.apple.quicktime.make": "Apple", "keywords": "k", "title": "T"})
        params = {"crf": "16", "preset": "ultrafast", "x264-params": "chromaloc=2:keyint=10"}
        video = file.add_stream("libx264", rate=RATE, options=params)
        video.width, video.height, video.pix_fmt = 224, 224, "yuv420p"
        video.metadata["timecode"] = "01:02:03:04"
        tracks = []
        for language, samples in (("eng", stereo), ("fra", music)):
            track = file.add_stream("aac", rate=sound.rate, layout="stereo")
            track.metadata["language"] = language
            tracks.append((track, samples))
        captions = file.add_mux_stream("mov_text")
        captions.time_base = Fraction(1, 1000)
        second = {"title": "two"}
        base = Fraction(1, 1000)
        ends = (0, round(1000 * moon.end_s) + 200, round(1000 * sound.duration_s))
        file.set_chapters(
            [
                {"id": n, "start": ends[n], "end": ends[n + 1], "time_base": base, "metadata": tags}
                for n, tags in enumerate(({"title": "one"}, second))
            ]
        )
        for k in range(int(sound.duration_s * RATE) + 1):
            frame = av.VideoFrame.from_ndarray(picture)
            frame.pts, frame.time_base = k, Fraction(1, RATE)
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
        for track, samples in tracks:
            block = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
            block.sample_rate, block.pts = sound.rate, 0
            file.mux(track.encode(block))
            file.mux(track.encode(None))
        text = b"We fly to the Moon!"
        packet = av.Packet(len(text).to_bytes(2, "big") + text)
        packet.stream, packet.time_base, packet.pts, packet.dts = captions, base, 0, 0
        packet.duration = ends[1]
        file.mux(packet)


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rich")
    write_rich(folder / "rich.mov", make_talking_clips(folder))
    return folder


@pytest.mark.parametrize("render", ["smart", pytest.param("full", marks=pytest.mark.full)])
def test_all_of_a_rich_file(
    render: str, rich: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = rich / "rich.mov"
    found = edited(
        source, tmp_path / "out.mov", rich / "words.json",
        "--replace", "moon", "star", "--voice", "default", "--render", render, capture=capsys,
    )  # fmt: skip
    tags, tracks, chapters = streams(found.output)
    assert tags["com.apple.quicktime.make"] == "Apple"
    assert tags["keywords"] == "k"
    assert tags["title"] == "T"
    assert [track.get("language") for track in tracks[1:3]] == ["eng", "fra"]
    assert any(track.get("timecode") == "01:02:03:04" for track in tracks)
    assert texts(found.output) == ["We fly to the Star!"]
    before, after = probe(source), probe(found.output)
    longer_s = after.duration_s - before.duration_s
    (_, second) = chapters
    moved_s = float(second["start"] * second["time_base"])
    (_, _, (_, old)) = streams(source)
    assert moved_s == pytest.approx(float(old["start"] * old["time_base"]) + longer_s, abs=0.03)
    assert after.signals.chroma_location == 2
    # The word is on the left alone, the chord goes on under it, and the answer says so.
    heard = read_sound(found.output)
    start_s, end_s = found.new_s
    new = heard.samples[round((start_s + 0.02) * heard.rate) : round((end_s - 0.02) * heard.rate)]
    assert level_db(new[:, 1]) < -70
    assert level_db(new[:, 0]) > -30
    for hertz in (220, 330):
        assert tone_db(new[:, 0], heard.rate, hertz) == pytest.approx(-20, abs=6)
    assert "music or noise under" in found.notes
    # Sound goes on after the last picture by what it did before.
    assert after.sound is not None
    assert before.sound is not None
    beyond_s = before.sound.end_s - before.duration_s
    assert beyond_s > 0.9
    assert after.sound.end_s - after.duration_s == pytest.approx(beyond_s, abs=0.06)


# What people brought ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def shared_cases() -> Path:
    """The folder of small inputs beside the checkout; tests that need it skip without it."""
    for base in Path(__file__).resolve().parents:
        folder = base.parent / "shared" / "cases"
        if (folder / "base.mp4").is_file():
            return folder
    pytest.skip("the small inputs (../shared/cases) are not beside this checkout")


def in_sync(found: Edited) -> None:
    """Kept sound lies behind the new word as far from the pictures as before."""
    before, after = probe(found.source), probe(found.output)
    shift_s = after.duration_s - before.duration_s
    assert abs(shift_s) < 0.2
    old = read_sound(found.source, 1.9, 2.9).samples[:, 0]
    rate = before.sound_rate
    new = read_sound(found.output, 1.8 + shift_s, 3.0 + shift_s).samples[:, 0]
    lags = np.correlate(new, old, "valid")
    # Copied packets of sound lie up to 12 ms off, pictures of a variable rate half a tick.
    assert abs(np.argmax(lags) / rate - 0.1) < 0.015


def frames_76(found: Edited) -> None:
    with av.open(str(found.output)) as file:
        assert sum(1 for _ in file.decode(video=0)) == 76
    in_sync(found)


def left_only(found: Edited) -> None:
    heard = read_sound(found.output)
    new = heard.samples[round(1.25 * heard.rate) : round(1.41 * heard.rate)]
    around = [(1.0, 1.2), (1.46, 1.9)]
    beside = np.concatenate(
        [heard.samples[round(a * heard.rate) : round(b * heard.rate)] for a, b in around]
    )
    assert level_db(new[:, 1]) < -80
    assert level_db(new[:, 0]) == pytest.approx(level_db(beside[:, 0]), abs=3)


def music_under(found: Edited) -> None:
    whole, rate = read_sound(found.output).samples[:, 0], read_sound(found.output).rate
    source = read_sound(found.source).samples[:, 0]
    for hertz in (220, 330):
        wanted = tone_db(source[round(2.4 * rate) : round(2.9 * rate)], rate, hertz)
        under = tone_db(whole[round(1.24 * rate) : round(1.40 * rate)], rate, hertz)
        assert under == pytest.approx(wanted, abs=6)
    assert "music" in found.notes


def sound_longer(found: Edited) -> None:
    sound = probe(found.output).sound
    assert sound is not None
    assert sound.end_s == pytest.approx(5.04, abs=0.04)


def hdr10(found: Edited) -> None:
    before, after = probe(found.source), probe(found.output)
    assert before.signals.mastering
    assert after.signals == before.signals
    assert after.codec == "hevc"
    assert after.colour == before.colour


def timecode(found: Edited) -> None:
    assert any(track.get("timecode") == "01:02:03:04" for track in streams(found.output)[1])


def subtitles_and_chapters(found: Edited) -> None:
    _, tracks, chapters = streams(found.output)
    starts = [float(chapter["start"] * chapter["time_base"]) for chapter in chapters]
    assert starts == pytest.approx([0.0, 1.54], abs=0.03)
    assert any(track.get("language") == "eng" for track in tracks)
    with av.open(str(found.output)) as file:
        shown = b"".join(bytes(packet) for packet in file.demux(file.streams.subtitles[0]))
    assert shown == b"Bin green at S three again"


def two_tracks(found: Edited) -> None:
    assert [track["language"] for track in streams(found.output)[1][1:]] == ["eng", "fra"]


def apple_metadata(found: Edited) -> None:
    before, after = streams(found.source)[0], streams(found.output)[0]
    for key in ("com.apple.quicktime.creationdate", "com.apple.quicktime.make", "keywords",
                "synopsis", "location", "title", "creation_time"):  # fmt: skip
        assert after[key].removesuffix(".000000Z") == before[key].removesuffix("Z") or (
            after[key] == before[key]
        )
    assert after["comment"].endswith("| mine")


def interlaced(found: Edited) -> None:
    assert probe(found.output).signals.fields == "tff"
    assert "interlaced" in found.notes


def chroma_location(found: Edited) -> None:
    assert probe(found.output).signals.chroma_location == 2


BLUE_GREEN = ("--replace", "blue", "green", "--voice", "default")


def in_full(
    name: str, check: Callable[[Edited], None], change: tuple[str, ...] = BLUE_GREEN
) -> object:
    """A case whose claim the rich file, or another case, holds already."""
    return pytest.param(name, check, change, marks=pytest.mark.full)


@pytest.mark.parametrize(
    ("name", "check", "change"),
    [
        ("ts-wrap-start/wrap.ts mp4", frames_76, BLUE_GREEN),
        in_full("mkv-start-offset/hour.mkv mkv", frames_76),
        ("vfr-long-gap/gap-1s.mp4 mp4", in_sync, BLUE_GREEN),
        in_full("vfr-long-gap/gap-1s.mp4 mp4", in_sync, ("--delete", "blue")),
        in_full("left-only/leftonly.mp4 mp4", left_only),
        in_full("music-under/music.mp4 mp4", music_under),
        in_full("sound-longer/along.mp4 mp4", sound_longer),
        ("hdr10-static/hdr10.mp4 mp4", hdr10, BLUE_GREEN),
        in_full("tmcd/tmcd.mov mov", timecode),
        in_full("subs-chapters-mkv/subs.mkv mkv", subtitles_and_chapters),
        in_full("two-tracks/two.mp4 mp4", two_tracks),
        in_full("apple-metadata/meta.mov mov", apple_metadata),
        ("interlaced-flag/inter_small.mp4 mp4", interlaced, BLUE_GREEN),
        in_full("chroma-location/chromaloc.mp4 mp4", chroma_location),
    ],
)
def test_what_people_brought(
    name: str,
    check: Callable[[Edited], None],
    change: tuple[str, ...],
    shared_cases: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source, suffix = name.split()
    path = shared_cases / source
    words = path.with_name("t.align")
    check(edited(path, tmp_path / f"out.{suffix}", words, *change, capture=capsys))


@pytest.mark.parametrize(
    "words",
    [
        "generate one.png", "generate wide.png", "sync rate2g.wav",
    ],
)  # fmt: skip
def test_hostile_media_end_in_one_line(
    words: str, shared_cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verb, name = words.split()
    hostile = str(shared_cases / "hostile" / name)
    sound = str(shared_cases / "jpeg-still" / "sp.wav")
    inputs = [hostile, sound] if verb == "generate" else [str(shared_cases / "base.mp4"), hostile]
    assert main([verb, *inputs, "-o", str(tmp_path / "out.mp4")]) == 3
    told = capsys.readouterr().err
    assert name in told.strip().splitlines()[-1]
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == []
