"""A smart edit in the file: what is kept decodes to the very pictures and samples of the source."""

from fractions import Fraction
from random import Random

import av
import numpy as np
import pytest

from compose.compose_cases import plan
from compose.joined_edits import compare, make_edit, plane_hash
from facedit.editing.diff import WordEdit
from facedit.media.probe import probe
from facedit.media.rendering import choose_rendering
from facedit.media.smart.kept import KeptPictures
from facedit.types import Sound
from media.clips import make_clip
from talking_clips import gradient, write_clip

GROUPS = {"crf": "20", "g": "20", "bf": "2", "preset": "fast"}
TOPLEFT = {**GROUPS, "x264-params": "chromaloc=2"}
EDITS = (WordEdit(2, 3, ("x",)), WordEdit(5, 5, ("y", "z")))
AV1 = {"codec": "libsvtav1", "options": {"crf": "20", "preset": "10", "g": "20"}}
NO_NOISE = {"aac_pns": "0"}
UNEVEN = [k / 25 + (k % 3) / 100 for k in range(100)]


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("a.mp4", {}),
        ("a.mov", {"rotation": 90, "channels": 2, "sound_rate": 44_100}),
        ("a.mkv", {"rate": Fraction(30_000, 1001), "aspect": Fraction(12, 11)}),
        ("b.mp4", {"options": {**GROUPS, "profile": "baseline", "bf": "0"}, "sound_rate": 0}),
        ("c.mp4", {"pix_fmt": "yuv420p10le", "colour": (1, 9, 9, 16), "options": TOPLEFT}),
        ("d.mp4", {"times_s": UNEVEN, "sound_start_s": 0.1}),
        ("e.mkv", {"options": {**GROUPS, "flags": "+ildct+ilme", "x264-params": "bff=1"}}),
        ("f.webm", {**AV1, "sound_codec": "libopus"}),
        ("g.mp4", {"container_options": {"movflags": "frag_keyframe+empty_moov"}}),
        ("h.flv", {}),
        ("i.ts", {"channels": 2, "sound_rate": 44_100}),
    ],
)
def test_what_is_kept_is_copied(name, how, tmp_path):
    suffix = {".flv": ".mp4", ".ts": ".mp4"}.get((source := tmp_path / name).suffix, source.suffix)
    target = tmp_path / f"out{suffix}"
    how = {"options": GROUPS, "size": (128, 96), "seconds": 4.0, **how}
    # No noise that a decoder draws at random: from a joint on it would draw other numbers.
    make_clip(source, **how, sound_options={} if "sound_codec" in how else NO_NOISE)
    made = plan(*EDITS, speech_s=0.5, rate=Fraction(how.get("rate", 25)))
    rendering, sound = make_edit(source, target, made)
    assert rendering.notes == ()
    seen = compare(source, target, made, rendering, sound)
    assert seen.grey
    assert seen.worst_s < 0.0006  # a millisecond's rounding, in Matroska
    # 40 pictures are changed, in groups of 20; of each group only what comes before them is copied.
    assert seen.equal >= seen.expected > 0.6 * seen.kept
    # Two packets on either side of a fill are encoded, more where windows are short.
    if "sound_codec" not in how:
        # The gap behind a fragment's first packet, and milliseconds, are not in what is decoded.
        equal = max(seen.samples_equal, seen.samples_entered)
        assert equal >= seen.samples_kept - 4 * 4 * 1024
    assert seen.offset_s <= 512 / 44_100 + 1e-9  # half a packet
    before, after = probe(source), probe(target)
    same = (
        "colour",
        "signals",
        "orientation",
        "sample_aspect_ratio",
        "pix_fmt",
        "codec",
        "is_variable",
    )
    for field in same:
        assert getattr(after, field) == getattr(before, field), field
    assert_seeks_right(target)


INTRA = {
    "hq.mov": {"codec": "prores_ks", "pix_fmt": "yuv422p10le", "options": {"profile": "hq"}},
    "proxy.mov": {"codec": "prores_ks", "pix_fmt": "yuv422p10le", "options": {"profile": "proxy"}},
    "4444.mov": {"codec": "prores_ks", "pix_fmt": "yuva444p10le", "options": {"profile": "4444"}},
    "dnxhr.mov": {"codec": "dnxhd", "pix_fmt": "yuv422p", "options": {"profile": "dnxhr_hq"}},
    "mjpeg.mov": {"codec": "mjpeg", "pix_fmt": "yuvj422p", "options": {"q:v": "3"}},
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(one, marks=[pytest.mark.full] if one == "proxy.mov" else []) for one in INTRA],
)
def test_of_masters_every_kept_picture_is_copied(name, tmp_path):
    source, target = tmp_path / name, tmp_path / f"out-{name}"
    make_clip(source, seconds=4.0, size=(256, 128), sound_codec="pcm_s24le", **INTRA[name])
    made = plan(*EDITS, speech_s=0.5)
    rendering, sound = make_edit(source, target, made)
    assert rendering.notes == ()
    seen = compare(source, target, made, rendering, sound)
    assert seen.grey
    assert seen.equal == seen.kept == seen.expected
    assert seen.samples_equal == seen.samples_kept > 100_000
    assert seen.offset_s == 0
    assert described(target) == described(source)


def described(path):
    with av.open(str(path)) as file:
        picture, sound = file.streams.video[0], file.streams.audio[0]
        about = picture.codec_context
        return about.name, about.profile, about.codec_tag, about.pix_fmt, sound.codec_context.name


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("a.mov", "pcm_s16be", 48_000),
        ("a.mkv", "flac", 44_100),
        ("a.mp4", "alac", 48_000),
        pytest.param("b.mp4", "pcm_s24le", 48_000, marks=pytest.mark.full),  # as in the masters
    ],
)
def test_sound_without_loss_stays_what_it_is(name, codec, rate, tmp_path):
    source, target = tmp_path / name, tmp_path / f"out-{name}"
    make_clip(source, seconds=4.0, options=GROUPS, sound_codec=codec, sound_rate=rate)
    made = plan(*EDITS, speech_s=0.5)
    rendering, sound = make_edit(source, target, made)
    assert rendering.notes == ()
    seen = compare(source, target, made, rendering, sound)
    assert seen.samples_equal == seen.samples_kept > 100_000
    assert probe(target).sound_codec == codec


def test_sound_that_loses_says_so(tmp_path):
    """Also where the pictures have a reason of their own."""
    for suffix, codec, why in (("mov", "libx264", "sound was"), ("avi", "mpeg4", "the sound, ")):
        made = make_clip(tmp_path / f"a.{suffix}", codec=codec, sound_codec="pcm_s16le")
        kept = [KeptPictures(0.0, 1.0, 0.0)]
        notes = choose_rendering(tmp_path / "b.mp4", probe(made.path), kept).notes
        assert any(why in note and "pcm_s16le" in note and "aac" in note for note in notes), notes


X265 = "keyint=20:min-keyint=20:scenecut=0:log-level=none"


@pytest.mark.parametrize(
    ("name", "params", "how"),
    [
        ("a.mp4", "open-gop=0", {}),
        ("b.mov", "open-gop=1:repeat-headers=1", {"rotation": 90}),
        ("c.mkv", "open-gop=1", {"pix_fmt": "yuv420p10le", "colour": (1, 9, 9, 16)}),
        ("d.ts", "open-gop=0", {}),
    ],
)
def test_hevc_stays_hevc_and_is_joined(name, params, how, tmp_path):
    source, target = tmp_path / name, tmp_path / f"out-{name.replace('.ts', '.mov')}"
    options = {"x265-params": f"{X265}:{params}"}
    make_clip(source, seconds=4.0, size=(128, 96), codec="libx265", options=options, **how)
    made = plan(*EDITS, speech_s=0.5)
    rendering, sound = make_edit(source, target, made)
    assert rendering.notes == ()
    seen = compare(source, target, made, rendering, sound)
    assert seen.grey
    assert seen.worst_s < 0.0006
    assert seen.equal >= seen.expected > 60
    assert probe(target).colour == probe(source).colour
    assert probe(target).orientation == probe(source).orientation
    assert described(target)[2] == ("\0\0\0\0" if name == "c.mkv" else "hvc1")
    assert_seeks_right(target)


def test_vp9_is_joined_at_its_key_pictures(tmp_path):
    source, target = tmp_path / "a.webm", tmp_path / "b.webm"
    make_clip(source, seconds=4.0, codec="libvpx-vp9", options={"g": "20", "deadline": "realtime"})
    made = plan(*EDITS, speech_s=0.5)
    rendering, sound = make_edit(source, target, made)
    assert rendering.notes == ()
    seen = compare(source, target, made, rendering, sound)
    assert seen.equal >= seen.expected > 60
    assert_seeks_right(target)


def assert_seeks_right(path, tries=25):
    """Decoding from anywhere gives the pictures that decoding from the start gives."""
    with av.open(str(path)) as file:
        shown = {frame.pts: plane_hash(frame) for frame in file.decode(file.streams.video[0])}
    with av.open(str(path)) as file:
        video = file.streams.video[0]
        for time in Random(1).sample(sorted(shown), tries):
            file.seek(time, stream=video, backward=True)
            for frame in file.decode(video):
                assert plane_hash(frame) == shown[frame.pts]
                if frame.pts >= time:
                    break
            assert frame.pts == time


def test_noisy_sound_is_copied_too(tmp_path):
    """Its noise is drawn by the decoder: equal where both are decoded from the same packet on."""
    source, target = tmp_path / "a.mp4", tmp_path / "b.mp4"
    make_clip(source, seconds=4.0, options=GROUPS, channels=2, sound_rate=44_100)
    made = plan(*EDITS, speech_s=0.5)
    seen = compare(source, target, made, *make_edit(source, target, made))
    assert seen.samples_equal < seen.samples_entered  # or there is no noise in it
    assert seen.samples_entered >= seen.samples_kept - 4 * 4 * 1024


@pytest.mark.parametrize(
    ("name", "codec", "most"),
    [
        ("a.mp4", "aac", 0.06),
        ("a.mp4", "libmp3lame", 0.05),
        ("a.mkv", "ac3", 0.05),  # all along: the decoder fills what is not coded with noise
        pytest.param("a.mp4", "eac3", 0.05, marks=pytest.mark.full),  # as AC-3
        ("a.mkv", "libopus", 0.06),
    ],
)
def test_windows_of_old_and_new_sound_add_up(name, codec, most, tmp_path):
    """Bursts, around which the encoder's windows are short: a joint there would clatter."""
    times = np.arange(4 * 48_000) / 48_000
    voice = np.convolve(np.random.default_rng(1).normal(size=len(times)), np.ones(12), "same")
    bursts = 0.05 + (np.sin(2 * np.pi * 2.3 * times) > 0.2)
    sound = Sound((0.05 * voice * bursts)[:, None].astype(np.float32), 48_000)
    pictures = [gradient(k) for k in range(100)]
    source, target = tmp_path / name, tmp_path / f"out-{name}"
    quiet = NO_NOISE if codec == "aac" else {"b": "192000"}
    options = {"g": "20"}
    write_clip(
        source, pictures, sound, video_options=options, sound_options=quiet, sound_codec=codec
    )
    further = ((WordEdit(1, 2, ("x",)), WordEdit(3, 4, ())), (WordEdit(4, 5, ("x",)),))
    for edits in (EDITS, *(further if codec == "aac" else ())):
        made = plan(*edits, speech_s=0.5)
        rendering, sound_out = make_edit(source, target, made)
        assert rendering.notes == ()
        seen = compare(source, target, made, rendering, sound_out)
        assert seen.roughest < most
        assert seen.samples_entered > 0.8 * seen.samples_kept
        if codec == "libmp3lame":  # of what is copied only the first packet behind a joint differs
            assert seen.samples_equal > seen.samples_entered - 3 * 1152
        assert described(target)[-1] == described(source)[-1]


ENDS = [WordEdit(0, 1, ("x",)), WordEdit(5, 6, ()), WordEdit(6, 6, ("z",))]


@pytest.mark.parametrize("edit", ENDS)
def test_edits_at_the_ends(edit, tmp_path):
    source, target = tmp_path / "a.mp4", tmp_path / "b.mp4"
    make_clip(source, seconds=4.0, options=GROUPS)
    made = plan(edit, speech_s=0.5)
    seen = compare(source, target, made, *make_edit(source, target, made))
    assert seen.grey
    assert seen.equal >= seen.expected > 50
    assert seen.samples_equal >= seen.samples_kept - 8 * 1024


def test_open_groups_are_entered_where_they_are_closed(tmp_path):
    source, target = tmp_path / "a.mp4", tmp_path / "b.mp4"
    make_clip(source, seconds=4.0, options={**GROUPS, "x264-params": "open-gop=1"})
    made = plan(EDITS[0], speech_s=0.5)
    rendering, sound = make_edit(source, target, made)
    assert [run.first for run in rendering.joining.copied] == [0]  # only the head: one IDR picture
    seen = compare(source, target, made, rendering, sound)
    assert seen.equal >= seen.expected > 20
    assert_seeks_right(target)


@pytest.mark.parametrize(
    ("name", "target", "how", "reason"),
    [
        ("a.mp4", "b.mp4", {"codec": "mpeg4", "options": {}}, "mpeg4 becomes h264"),
        ("a.mp4", "b.webm", {}, "h264 becomes vp9"),
        ("a.ts", "b.mp4", {"codec": "mpeg2video", "options": {}}, "mpeg2video becomes h264"),
        ("a.mp4", "b.mp4", {"options": {**GROUPS, "g": "999", "sc_threshold": "0"}}, "untouched"),
    ],
)  # fmt: skip
def test_what_cannot_be_joined_is_encoded_and_said(name, target, how, reason, tmp_path):
    how = {"options": GROUPS, **how}
    make_clip(tmp_path / name, seconds=4.0, **how)
    made = plan(WordEdit(0, 1, ("x",)), speech_s=0.5)
    rendering, sound = make_edit(tmp_path / name, tmp_path / target, made)
    (note,) = rendering.notes
    assert note.startswith("The whole file was encoded anew: ")
    assert reason in note
    assert compare(tmp_path / name, tmp_path / target, made, rendering, sound).worst_s < 0.001


def test_a_stream_whose_parameter_sets_change_is_encoded(tmp_path):
    """Transport streams can be joined end to end, whatever made them."""
    for name, how in (("a.ts", {}), ("b.ts", {"x264-params": "ref=2:cabac=0"})):
        make_clip(tmp_path / name, seconds=2.0, options={**GROUPS, **how})
    whole = tmp_path / "c.ts"
    whole.write_bytes(b"".join((tmp_path / name).read_bytes() for name in ("a.ts", "b.ts")))
    kept = [KeptPictures(0.0, 0.9, 0.0)]
    (note,) = choose_rendering(tmp_path / "d.mp4", probe(whole), kept).notes
    assert "its parameter sets change within the stream" in note


def test_full_is_what_was_asked_for(tmp_path):
    make_clip(tmp_path / "a.mp4", seconds=4.0, options=GROUPS)
    made = plan(EDITS[0], speech_s=0.5)
    rendering, _ = make_edit(tmp_path / "a.mp4", tmp_path / "b.mp4", made, "full")
    assert (rendering.joining, rendering.notes) == (None, ())


def test_the_same_bytes_each_time(tmp_path):
    make_clip(tmp_path / "a.mp4", seconds=4.0, options=GROUPS)
    made = plan(*EDITS, speech_s=0.5)
    for name in ("b.mp4", "c.mp4"):
        make_edit(tmp_path / "a.mp4", tmp_path / name, made)
    assert (tmp_path / "b.mp4").read_bytes() == (tmp_path / "c.mp4").read_bytes()
