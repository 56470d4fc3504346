"""Subtitles that a clip has already move with the edit; what else is in them stays."""

from pathlib import Path

import pytest

from compose.compose_cases import plan, transcript
from facedit.compose.words.plans import PlannedEdit
from facedit.editing.diff import WordEdit
from facedit.errors import BadTranscript, UsageError
from facedit.interchange.own_subtitles import moved_subtitles, read_subtitles
from facedit.options import EditRequest

# We (0.1 s) fly (0.7) to (1.3) the (1.9) moon (2.5) today (3.1).
EDITS = (WordEdit(1, 2, ("walk",)), WordEdit(4, 5, ()))
SRT = """1
00:00:00,100 --> 00:00:01,200
<i>We fly</i>

2
00:00:01,300 --> 00:00:02,400
to
the

3
00:00:02,500 --> 00:00:03,000
moon

7
00:00:03,100 --> 00:00:03,600
today!
"""
VTT = """WEBVTT - a title

STYLE
::cue { color: lime }

first
00:00.100 --> 00:01.200 align:start position:10%
We fly

00:00:03.100 --> 00:00:03.600
today
"""


def planned() -> PlannedEdit:
    return PlannedEdit(
        transcript(), EDITS, (None, None), plan(*EDITS, speech_s=0.9), EditRequest(say="x")
    )


def test_cues_of_subrip_move_and_show_the_new_words() -> None:
    made, notes = moved_subtitles(SRT.replace("\n", "\r\n"), ".srt", planned())
    cues = made.strip().split("\n\n")
    assert [cue.split("\n")[0] for cue in cues] == ["1", "2", "3"]
    assert [cue.split("\n")[2:] for cue in cues] == [["<i>We walk</i>"], ["to", "the"], ["today!"]]
    fills = planned().plan.fills
    moved_s = 1.3 + fills[0].shift_frames / 25
    assert cues[1].split("\n")[1].startswith(f"00:00:0{moved_s:.3f}".replace(".", ","))
    assert notes == ()


def test_what_else_is_in_webvtt_stays() -> None:
    made, _ = moved_subtitles(VTT, ".vtt", planned())
    assert made.startswith(
        "WEBVTT - a title\n\nSTYLE\n::cue { color: lime }\n\nfirst\n00:00:00.100"
    )
    assert " align:start position:10%\nWe walk\n" in made


def test_words_that_a_cue_has_not_are_told() -> None:
    text = SRT.replace("<i>We fly</i>", "Nous volons")
    made, notes = moved_subtitles(text, ".srt", planned())
    assert "Nous volons" in made
    assert notes == ("subtitles keep their text at 0.10 s: the changed words are not in it.",)


@pytest.mark.parametrize(
    ("name", "text", "error", "says"),
    [
        ("a.ass", "", UsageError, "--subtitles takes .srt or .vtt"),
        ("a.srt", "hello", BadTranscript, "no line of times"),
        ("a.srt", "1\n00:00:01,000 --> soon\nx", BadTranscript, "a.srt, line 2"),
    ],
)
def test_bad_subtitles_are_refused_in_a_line(
    name: str, text: str, error: type[Exception], says: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(error, match=says):
        read_subtitles(tmp_path / name)
