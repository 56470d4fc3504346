"""A timeline that another program reads back, cut together by FFmpeg, is our own render."""

from __future__ import annotations

import os
import wave
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote_to_bytes

import av
import cv2
import numpy as np
import opentimelineio as otio
import pytest

from compose.compose_cases import plan
from facedit.editing.diff import WordEdit
from facedit.editing.timecode import Timecode
from facedit.interchange.edl import edl_text
from facedit.interchange.export_options import ExportOptions
from facedit.interchange.otio_timeline import (
    Piece,
    Timeline,
    Track,
    fcp_xml_text,
    otio_text,
    source_medium,
)
from facedit.media.info import new_video_info
from facedit.media.probe import probe
from facedit.media.read import read_frames
from interchange.export_cases import (
    MARK,
    Exported,
    conformed,
    conformed_sound,
    export_without_model,
    read_otio,
    wav_samples,
)
from media.clips import make_clip

SEVERAL = (WordEdit(0, 0, ("first",)), WordEdit(2, 3, ("x",)), WordEdit(4, 5, ()))
NTSC = Fraction(30_000, 1001)
SHORT = {"seconds": 4.0, "size": (128, 96)}
LOSSLESS = {"options": {"qp": "0", "preset": "ultrafast"}, "sound_codec": "pcm_s16le"}

CASES = {
    "mov, 25": ({}, "prores", SEVERAL),
    "drop-frame": ({"rate": NTSC, "timecode": "01:00:00;00"}, "h264", SEVERAL),
    "non-drop": ({"rate": NTSC, "timecode": "09:59:59:20"}, "png", SEVERAL),
    "24 from one hour": (
        {"rate": Fraction(24_000, 1001), "timecode": "01:00:00:00"}, "prores4444", SEVERAL,
    ),
    "phone": ({"rotation": 90, "rate": 30}, "prores", SEVERAL),
    "phone, pictures": ({"rotation": 270, "rate": 30}, "png", SEVERAL),
    "to the end": ({}, "h264", (WordEdit(4, 5, ("last", "words")),)),
    "cut from the start": ({}, "h264", (WordEdit(0, 1, ()),)),
    "late sound": ({"sound_start_s": 0.3}, "h264", SEVERAL),
    "dnxhr": ({"size": (256, 128), "colour": (1, 1, 1, 1)}, "dnxhr", SEVERAL),
}  # fmt: skip


FULL = ("non-drop", "phone, pictures", "cut from the start", "dnxhr")
"""Cases each of whose parts another case holds."""


@pytest.mark.parametrize(
    "name",
    [pytest.param(one, marks=[pytest.mark.full] if one in FULL else []) for one in CASES],
)
def test_the_conformed_timeline_is_our_render(name: str, tmp_path: Path) -> None:
    how, codec, edits = CASES[name]
    made, exported = exported_case(tmp_path, how, codec, edits)
    pictures = conformed(exported.folder / "a b-edited.otio", "V1")
    assert len(pictures) == exported.layout.frames == made
    changed = {n for one in exported.layout.pictures for n in range(one.start, one.end)}
    source = [frame.rgb() for frame in read_frames(exported.layout.info.path)]
    for number, picture in enumerate(pictures):
        if number not in changed:
            # The untouched original, the very frame that our render shows.
            wanted = exported.drawn.get(number)
            assert wanted is None or np.array_equal(picture, wanted), number
            assert any(np.array_equal(picture, one) for one in source)
            continue
        near = {n: off(picture, exported.drawn[n]) for n in range(number - 2, number + 3)
                if n in exported.drawn}  # fmt: skip
        assert min(near, key=near.get) == number, (number, near)
        assert near[number] < 2.0
    heard, ours = conformed_sound(exported, "a b-edited.otio"), whole_sound(exported)
    length = min(len(heard), len(ours))
    assert length > 0.98 * len(ours)
    assert apart(heard[:length], ours[:length]) <= 2 / 32_768


def exported_case(
    tmp_path: Path, how: dict, codec: str, edits: tuple[WordEdit, ...], **options
) -> tuple[int, Exported]:
    source = tmp_path / "a b.mov"
    make_clip(source, **{**SHORT, **LOSSLESS, **how})
    info = probe(source)
    cut = plan(*edits, speech_s=0.4, rate=info.frame_rate, duration_s=info.duration_s)
    wanted = ExportOptions(spans=codec, **{"handles": 5, "video": False, **options})
    exported = export_without_model(source, tmp_path / "out", cut, wanted)
    return info.frame_count + cut.shift_frames, exported


def off(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(first.astype(float) - second).mean())


def whole_sound(exported: Exported) -> np.ndarray:
    return np.concatenate(list(exported.sound.blocks(0)))


def apart(first: np.ndarray, second: np.ndarray) -> float:
    """Largest difference; a frame of 1001 ths is no whole number of samples, so one may slip."""
    slips = [np.roll(second, by, axis=0) for by in (-1, 0, 1)]
    differences = np.min([np.abs(first - one).max(axis=1) for one in slips], axis=0)
    return float(differences[1:-1].max())


def test_patches_over_the_original_are_our_render_to_the_last_level(tmp_path: Path) -> None:
    _, exported = exported_case(tmp_path, {}, "none", SEVERAL, patch="png")
    timeline = exported.folder / "a b-edited-patch.otio"
    under, above = conformed(timeline, "V1"), conformed(timeline, "V2")
    assert len(under) == len(above) == exported.layout.frames
    patched = 0
    for number, (plate, patch) in enumerate(zip(under, above, strict=True)):
        if number not in exported.drawn:
            assert patch is None
            continue
        if patch is not None:
            patched += 1
            assert 0 < (patch[..., 3] == 255).mean() < 0.5
            assert ((patch[..., 3] > 0) & (patch[..., 3] < 255)).any()
            alpha = patch[..., 3:] / 255
            plate = np.rint(alpha * patch[..., :3] + (1 - alpha) * plate).astype(np.uint8)
        np.testing.assert_array_equal(plate, exported.drawn[number])
    assert patched == sum(one.end - one.start for one in exported.layout.pictures)
    # Where the original runs on there is no cut.
    whole = read_otio(timeline)
    (row,) = [one for one in whole.tracks if one.name == "V1"]
    shown = [clip.source_range for clip in row]
    assert not any(one.end_time_exclusive() == two.start_time for one, two in pairwise(shown))


def test_patches_in_prores_4444_are_our_render_within_the_codecs_error(tmp_path: Path) -> None:
    how = {"size": (256, 192), "timecode": "01:00:00:00"}
    _, exported = exported_case(tmp_path, how, "none", SEVERAL[1:2], patch="prores4444")
    (stretch,) = exported.layout.pictures
    frames = decoded(exported.folder / "patches" / f"{stretch.name}.mov", "rgba")
    assert len(frames) == stretch.frames
    for number, patch in enumerate(frames, stretch.first):
        alpha = patch[..., 3:] / 255
        shown = alpha * patch[..., :3] + (1 - alpha) * exported.under[number]
        assert off(shown, exported.drawn[number]) < 0.6
        if not stretch.start <= number < stretch.end:
            assert patch[..., 3].max() == 0  # nothing changed in the handles


def test_a_patch_of_ten_bits_keeps_them(tmp_path: Path) -> None:
    how = {"pix_fmt": "yuv420p10le", "options": {"crf": "10"}}
    _, exported = exported_case(tmp_path, how, "png", SEVERAL[1:2], patch="png", handles=0)
    (stretch,) = exported.layout.pictures
    for folder, channels in (("spans", 3), ("patches", 4)):
        file = sorted((exported.folder / folder / stretch.name).iterdir())[3]
        pixels = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
        assert (pixels.dtype, pixels.shape[2]) == (np.uint16, channels)
        assert len(np.unique(pixels[..., 1] >> 4)) > 256


DEEP = {"pix_fmt": "yuv422p10le", "codec": "prores_ks", "options": {"profile": "hq"}}
ALPHA = {"pix_fmt": "yuva444p10le", "codec": "prores_ks", "options": {"profile": "4444"}}


@pytest.mark.parametrize(
    ("how", "codec", "pix_fmt"),
    [
        (DEEP, "prores", "yuv422p10le"),
        (DEEP, "dnxhr", "yuv422p10le"),
        (DEEP, "h264", "yuv422p10le"),
        (ALPHA, "prores4444", "yuva444p10le"),
        (ALPHA, "dnxhr", "yuv444p10le"),
    ],
)
def test_spans_keep_the_bits_and_alpha_that_their_codec_has(
    how: dict, codec: str, pix_fmt: str, tmp_path: Path
) -> None:
    how = {"size": (256, 128), "seconds": 2.0, **how}
    _, exported = exported_case(tmp_path, how, codec, (WordEdit(1, 2, ("x",)),), handles=0)
    (stretch,) = exported.layout.pictures
    found = probe(exported.folder / "spans" / f"{stretch.name}.mov")
    assert (found.pix_fmt, found.frame_count) == (pix_fmt, stretch.frames)


def test_every_program_finds_files_by_name_place_and_timecode(tmp_path: Path) -> None:
    how = {"rate": NTSC, "timecode": "01:00:00;00"}
    _, exported = exported_case(tmp_path, how, "prores", SEVERAL[1:2])
    (stretch,) = exported.layout.pictures
    hour = 107_892  # frames of an hour of drop-frame timecode
    timeline = read_otio(exported.folder / "a b-edited.otio")
    assert timeline.global_start_time.value == hour
    before, new, after = timeline.video_tracks()[0]
    assert (before.name, before.media_reference.target_url) == ("a b.mov", "../a%20b.mov")
    assert before.media_reference.available_range.start_time.value == hour
    assert new.media_reference.target_url == f"spans/{new.name}"
    assert new.media_reference.available_range.start_time.value == hour + stretch.first
    assert after.source_range.start_time.value - hour == stretch.end - sum(
        fill.shift_frames for fill in exported.layout.plan.fills
    )
    with av.open(str(exported.folder / "spans" / new.name)) as file:
        written = [stream.metadata.get("timecode") for stream in file.streams]
        assert str(Timecode(hour + stretch.first, NTSC, drop=True)) in written
        assert MARK in file.metadata["comment"]
    # As read by OpenTimelineIO's own readers of the two other formats.
    xml = (exported.folder / "a b-edited.xml").read_text()
    assert "<width>128</width>" in xml
    assert xml.count("<displayformat>DF") >= 4
    assert cuts_of(otio.adapters.read_from_string(xml, "fcp_xml")) == cuts_of(timeline)
    edl = (exported.folder / "a b-edited.edl").read_text()
    assert "FCM: DROP FRAME" in edl
    assert " 01:00:00;00 " in edl.splitlines()[3]
    read = otio.adapters.read_from_string(edl, "cmx_3600", rate=float(NTSC))
    assert cuts_of(read) == cuts_of(timeline)


def cuts_of(timeline: otio.schema.Timeline) -> list[tuple[str, str, int, int]]:
    """Kind of track, file, first frame of the file and length, of every clip of a timeline."""
    if isinstance(timeline, otio.schema.SerializableCollection):
        (timeline,) = timeline
    return [
        (track.kind, clip.name, round(clip.source_range.start_time.value),
         round(clip.source_range.duration.value))
        for track in timeline.tracks for clip in track
    ]  # fmt: skip


def test_a_variable_rate_becomes_a_constant_one(tmp_path: Path) -> None:
    uneven = [k / 25 + (k % 3) / 100 for k in range(100)]
    made, exported = exported_case(tmp_path, {"times_s": uneven}, "h264", SEVERAL)
    for stretch in exported.layout.pictures:
        found = probe(exported.folder / "spans" / f"{stretch.name}.mov")
        assert (found.frame_count, found.is_variable) == (stretch.frames, False)
    assert len(conformed(exported.folder / "a b-edited.otio", "V1")) == made


def test_the_whole_video_comes_with_the_spans(tmp_path: Path) -> None:
    made, exported = exported_case(tmp_path, {}, "h264", SEVERAL, video=True)
    video = [frame.rgb() for frame in read_frames(exported.folder / "a b-edited.mov")]
    pictures = conformed(exported.folder / "a b-edited.otio", "V1")
    assert len(video) == len(pictures) == made
    assert max(off(a, b) for a, b in zip(video, pictures, strict=True)) < 2.0


@pytest.mark.parametrize(("codec", "bits"), [("pcm_s16le", 16), ("pcm_s24le", 24), ("aac", 24)])
def test_sounds_have_the_sources_bits_and_handles(codec: str, bits: int, tmp_path: Path) -> None:
    how = {"sound_codec": codec, "channels": 2}
    _, exported = exported_case(tmp_path, how, "none", SEVERAL, handles=7)
    for stretch in exported.layout.sounds:
        with wave.open(str(exported.folder / "sounds" / f"{stretch.name}.wav")) as file:
            assert (file.getsampwidth() * 8, file.getnchannels()) == (bits, 2)
            assert file.getnframes() == stretch.frames * 48_000 // 25
        assert stretch.first == max(stretch.start - 7, 0)
    new = exported.folder / "words" / "new.wav"
    np.testing.assert_allclose(wav_samples(new), 0.25, atol=2 ** -(bits - 1))
    assert MARK.encode() in new.read_bytes()


def test_a_file_of_any_name_keeps_timelines_readable(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"a#1\nEND <b>&\xff%.mov")
    start = Timecode(0, Fraction(25))
    medium = source_medium(path, tmp_path / "out", start, 10)
    track = Track("V1", "Video", (Piece(0, 10, medium),))
    timeline = Timeline("a", start, (track,), new_video_info(64, 48))
    for text, adapter in (
        (otio_text(timeline), "otio_json"),
        (fcp_xml_text(timeline), "fcp_xml"),
        (edl_text(timeline), "cmx_3600"),
    ):
        how = {"rate": 25} if adapter == "cmx_3600" else {}
        read = otio.adapters.read_from_string(text, adapter, **how)
        (found,) = cuts_of(read)
        assert found[1:] == ("a#1 END <b>&\ufffd%.mov", 0, 10)
    url = read_url(otio_text(timeline))
    assert os.fsencode(tmp_path / "out" / os.fsdecode(unquote_to_bytes(url))).endswith(
        b"../a#1\nEND <b>&\xff%.mov"
    )


def read_url(text: str) -> str:
    timeline = otio.adapters.read_from_string(text, "otio_json")
    (clip,) = timeline.find_clips()
    return clip.media_reference.target_url


def decoded(path: Path, pix_fmt: str) -> list[np.ndarray]:
    with av.open(str(path)) as file:
        return [frame.to_ndarray(format=pix_fmt) for frame in file.decode(video=0)]
