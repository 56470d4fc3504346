import json
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from facedit.editing.diff import diff
from facedit.editing.words import tokenise
from facedit.errors import BadTranscript, OutputNotWritable
from facedit.speech.text.subtitle_writer import format_srt
from facedit.speech.text.subtitles import parse_srt
from facedit.speech.text.transcript_io import (
    FORMATS,
    PLAIN,
    load_transcript,
    needs_alignment,
    save_transcript,
)
from facedit.types import Transcript, Word

SRT = """1
00:00:00,500 --> 00:00:02,000
<i>Hello</i> there,
world &amp; all!

2
00:00:03,000 --> 00:00:04,000
- Bye
"""
LONG = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2.3
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 2.3
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 2.3
            text = "AA"
    item [2]:
        class = "IntervalTier"
        name = "Words"
        xmin = 0
        xmax = 2.3
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = ""
        intervals [2]:
            xmin = 0.5
            xmax = 1
            text = "so-called ""five"" "
        intervals [3]:
            xmin = 1
            xmax = 2.3
            text = "42"
"""
SHORT = """"ooTextFile" "TextGrid" 0 2.3 <exists>
1 "IntervalTier" "w" 0 2.3 2 0 1.2 "hi" 1.2 2.3 "sp"
"""

times = st.lists(st.integers(0, 9_999_999), min_size=2, max_size=20, unique=True).map(sorted)


def _load(folder, name, text, duration=10.0, encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return load_transcript(path, duration)


def _times(transcript):
    return [(word.text, round(word.start_s, 3), round(word.end_s, 3)) for word in transcript.words]


@given(times, st.data())
def test_what_is_saved_comes_back(tmp_path_factory, edges, data):
    letters = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
    text = st.text(letters, max_size=9).filter(lambda text: tokenise(text) == (text,))
    words = tuple(
        Word(data.draw(text), start / 1e6, end / 1e6, data.draw(st.floats(0, 1)))
        for start, end in zip(edges[::2], edges[1::2], strict=False)
        if end - start > 10_000
    )
    assume(words)
    path = tmp_path_factory.mktemp("t") / "words.json"
    save_transcript(Transcript(words, 10.0, "de", "test"), path)
    loaded = load_transcript(path, 10.0)
    assert loaded.words == words
    assert loaded.language == "de"
    assert [file.name for file in path.parent.iterdir()] == ["words.json"]


@st.composite
def written(draw):
    """A text as people write it: words, marks and signs that stand alone, emoji, breaks."""
    word = st.text("aé3'’-", min_size=1, max_size=4)
    sign = st.sampled_from(["&", "%", "+", "—", "…", "-", "😀", "♪", "!", "$", "1️⃣", "►"])
    gap = st.sampled_from([" ", " ", "  ", "—", "...", "…"])
    parts = draw(st.lists(st.tuples(word | sign, gap), min_size=1, max_size=8))
    text = "".join(part + between for part, between in parts).strip()
    assume(tokenise(text))
    return text


def _as_written(text):
    """One text in every format that is read, word for word and as a whole."""
    pieces = text.split()
    spans = [(0.5 * k, 0.5 * k + 0.5) for k in range(len(pieces))]
    cue = f"00:00:00,000 --> 00:00:09,000\n{text}\n"
    yield "cue.srt", f"1\n{cue}"
    yield "cue.vtt", f"WEBVTT\n\n{cue.replace(',', '.')}"
    whisperx = [
        {"word": piece, "start": a, "end": b} for piece, (a, b) in zip(pieces, spans, strict=True)
    ]
    yield "words.json", json.dumps({"segments": [{"start": 0, "end": 9, "words": whisperx}]})
    yield "text.json", json.dumps({"segments": [{"start": 0, "end": 9, "text": text}]})
    lines = zip(pieces, spans, strict=True)
    yield "a.align", "\n".join(f"{a * 25e3:.0f} {b * 25e3:.0f} {word}" for word, (a, b) in lines)
    for name, labels in (
        ("words", list(zip(pieces, spans, strict=True))),
        ("whole", [(text, (0, 9))]),
    ):
        rows = " ".join(f'{a} {b} "{label}"' for label, (a, b) in labels)
        yield (
            f"{name}.TextGrid",
            f'"ooTextFile" "TextGrid" 0 9 <exists> 1 "IntervalTier" "w" 0 9 {len(labels)} {rows}',
        )


@given(written())
def test_the_text_of_a_transcript_said_again_is_no_edit(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("t")
    for name, document in _as_written(text):
        words = _load(folder, name, document).words
        assert diff(words, text) == (), name
        assert diff(words, " ".join(word.text for word in words)) == (), name
        saved = folder / f"{name}.json"
        save_transcript(Transcript(words, 10.0), saved)
        assert load_transcript(saved, 10.0).words == words, name


@given(times)
def test_grid_times_are_in_units_of_40_microseconds(tmp_path_factory, edges):
    edges = sorted({edge // 40 for edge in edges})
    assume(len(edges) > 1)
    lines = [f"{a} {b} w{a}" for a, b in zip(edges[::2], edges[1::2], strict=False)]
    path = tmp_path_factory.mktemp("t") / "x.align"
    path.write_text("\n".join(["0 0 sil", *lines, "250000 250001 sp"]))
    for word, line in zip(load_transcript(path, 10.1).words, lines, strict=True):
        start, end, text = line.split()
        assert (word.text, word.start_s, word.end_s) == (text, int(start) / 25e3, int(end) / 25e3)


def _said(text, gaps=None):
    """Words of a quarter of a second each, with a pause in front of some."""
    words, at = [], 0.0
    for index, token in enumerate(text.split()):
        at += (gaps or {}).get(index, 0.02)
        words.append(Word(token, at, at + 0.25))
        at += 0.25
    return Transcript(tuple(words), at)


def _texts(document):
    return [block.split("\n", 2)[2] for block in document.strip().split("\n\n")]


def test_cues_end_where_the_speaker_pauses():
    text = (
        "we took the early train to the coast and then we walked along the cliffs until it rained"
    )
    (joined,) = _texts(format_srt(_said(" ".join(text.split()[:9]))))
    assert joined == "we took the early train to the coast and"
    # Too long for one cue: it is parted at the pause, not where 84 letters are full.
    first, second = _texts(format_srt(_said(text, {8: 0.4})))
    assert first == "we took the early train to the coast"
    assert second == "and then we walked along\nthe cliffs until it rained"
    # A long pause and the end of a sentence part short cues too.
    assert _texts(format_srt(_said("Yes. No wait", {2: 0.8}))) == ["Yes.", "No", "wait"]


@given(st.lists(st.tuples(st.text("abc", min_size=1, max_size=12), st.floats(0, 0.9)), min_size=1))
def test_no_cue_is_longer_than_two_lines_and_seven_seconds(said):
    found = _said(" ".join(text for text, _ in said), dict(enumerate(gap for _, gap in said)))
    document = format_srt(found)
    assert " ".join(_texts(document)).split() == found.text.split()
    for block in document.strip().split("\n\n"):
        lines = block.split("\n")[2:]
        assert len(lines) <= 2
        assert all(len(line) <= 42 for line in lines)
    for cue in parse_srt(document, "x.srt")[0]:
        assert cue.end_s - cue.start_s <= 7.0


def test_srt_words_share_their_cue(tmp_path):
    transcript = _load(tmp_path, "a.srt", SRT)
    assert _times(transcript)[0] == ("Hello", 0.5, 0.891)
    assert [word.text for word in transcript.words] == [
        "Hello",
        "there,",
        "world",
        "&",
        "all!",
        "Bye",
    ]
    assert transcript.words[4].end_s == 2.0
    assert needs_alignment(transcript)


def test_vtt_with_a_voice_a_note_and_settings(tmp_path):
    text = (
        "\ufeffWEBVTT\n\nNOTE not\nsaid\n\n01:00.000 --> 01:02.000 align:start\n<v Bob>Hi you</v>\n"
    )
    assert _times(_load(tmp_path, "a.vtt", text, 90.0)) == [
        ("Hi", 60.0, 60.857),
        ("you", 60.857, 62.0),
    ]


def test_long_textgrid(tmp_path):
    # An interval of two words is shared out, and so is to be aligned.
    expected = [("so-called", 0.5, 0.821), ('"five"', 0.821, 1.0), ("42", 1.0, 2.3)]
    assert _times(_load(tmp_path, "a.TextGrid", LONG)) == expected
    assert _times(_load(tmp_path, "b.TextGrid", LONG, encoding="utf-16")) == expected
    assert needs_alignment(_load(tmp_path, "a.TextGrid", LONG))
    assert not needs_alignment(_load(tmp_path, "a.TextGrid", LONG.replace('""five"" ', "")))


def test_short_textgrid(tmp_path):
    assert _times(_load(tmp_path, "a.TextGrid", SHORT)) == [("hi", 0.0, 1.2)]


def test_whisperx_with_a_number_that_has_no_times(tmp_path):
    words = [
        {"word": "In", "start": 0.5, "end": 0.7, "score": 0.9},
        {"word": "1945"},
        {"word": "we", "start": 1.5, "end": 2.0},
    ]
    text = json.dumps({"segments": [{"start": 0.5, "end": 2, "words": words}], "language": "en"})
    transcript = _load(tmp_path, "a.json", text)
    assert _times(transcript) == [("In", 0.5, 0.7), ("1945", 0.7, 1.5), ("we", 1.5, 2.0)]
    assert [word.score for word in transcript.words] == [0.9, 0.0, 1.0]
    assert needs_alignment(transcript)


def test_segments_without_words(tmp_path):
    transcript = _load(tmp_path, "a.json", '[{"start": 1, "end": 2, "text": " Hi you"}]')
    assert _times(transcript) == [("Hi", 1.0, 1.429), ("you", 1.429, 2.0)]


def test_overlaps_are_removed_and_the_end_is_clipped(tmp_path):
    words = [{"word": "a", "start": 1, "end": 2.1}, {"word": "b", "start": 2, "end": 3.4}]
    transcript = _load(tmp_path, "a.json", json.dumps({"words": words}), 3.0)
    assert _times(transcript) == [("a", 1, 2), ("b", 2, 3)]


EAF = """<ANNOTATION_DOCUMENT><HEADER TIME_UNITS="milliseconds"/><TIME_ORDER>
<TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="500"/><TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="900"/>
</TIME_ORDER><TIER TIER_ID="words"><ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="ts1"
TIME_SLOT_REF2="ts2"><ANNOTATION_VALUE>bin</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
</TIER></ANNOTATION_DOCUMENT>"""
BAD = [
    ("a.json", '{"words": [\n{"word": "x", "start": 0,, "end": 1}]}', "line 2"),
    ("a.json", '{"words": []}', "no words"),
    ("a.json", '{"text": "x"}', "neither"),
    ("a.json", "3", "neither"),
    ("a.json", '{"words": [{"word": "x", "start": "soon", "end": 1}]}', r"words\[0\]"),
    ("a.json", '{"words": [{"word": "x"}]}', "no times"),
    ("a.json", '{"words": [{"word": "x", "start": 1, "end": Infinity}]}', "Infinity is no number"),
    ("a.json", '{"words": [{"word": "x", "start": 2, "end": 1}]}', "before its start"),
    ("a.json", '{"segments": [{"start": 0, "text": "x y"}]}', "no times"),
    ("a.json", '{"segments": [{"start": 0, "end": 1, "words": [3]}]}', r"words\[0\]"),
    ("a.json", '{"format": "other", "words": []}', "format 'other'"),
    ("a.json", "[" * 100_000, "nested"),
    ("a.json", '{"words": [{"word": "x", "start": 12, "end": 13}]}', "10.00 s long"),
    ("a.json", '{"words": [{"word": "x", "start": 9, "end": 13}]}', "10.00 s long"),
    ("a.srt", "1\n00:00:0x,5 --> 00:00:02,0\nHi\n", "line 2"),
    ("a.srt", "1\n00:00:03,5 --> 00:00:02,0\nHi\n", "line 2"),
    ("a.srt", "Hello\n", "no line of times"),
    ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n...\n", "no words"),
    ("a.align", "0 100 a\nx y z\n", "line 2"),
    ("a.align", "0 100 a\n300 200 b\n", "line 2"),
    ("a.TextGrid", "hello", "line 1"),
    ("a.TextGrid", LONG.replace("xmax = 1\n", ""), "line 31"),
    ("a.TextGrid", LONG[:330], "ends where"),
    ("a.TextGrid", LONG.replace("xmax = 2.3", '"x\ny"', 1), "line 5"),
    ("a.TextGrid", LONG.replace('"Words"', '"x"'), "no tier"),
    ("a.TextGrid", LONG.replace("size = 3", "size = 99999999"), "number of items"),
    ("a.docx", "hello", "json"),
    ("a.ttml", "<tt><body><p begin='1s'>Hi</p></body>", "line 1, column 38: no valid XML"),
    ("a.ttml", "<tt>\n<body><p begin='soon'>Hi</p></body></tt>", "“soon” is no time"),
    ("a.ttml", "<tt><body/></tt>", "no paragraph"),
    ("a.dfxp", "<html/>", "no captions in TTML"),
    ("a.ttml", '<!DOCTYPE tt [<!ENTITY a "x">]><tt>&a;</tt>', "document type"),
    ("a.ttml", '<!DOCTYPE tt SYSTEM "a.dtd"><tt/>', "document type"),
    ("a.ttml", "<tt>" + "<p>" * 100 + "</p>" * 100 + "</tt>", "nested"),
    ("a.eaf", "<tt/>", "no annotations of ELAN's"),
    ("a.eaf", EAF.replace('ID="ts2"', 'ID="ts3"'), "'ts2'"),
    ("a.eaf", EAF.replace("900", "soon"), "'soon' is no number"),
    ("a.eaf", EAF.replace("900", "100"), "before its start"),
    ("a.eaf", EAF.replace(' TIME_VALUE="900"', ""), "no times"),
    ("a.ctm", "a 1 0.5 soon bin\n", "line 1: expected recording"),
    ("a.ctm", "a 1 0.5 -1 bin\n", "line 1: lasts -1"),
    ("a.ctm", "a 1 0.5 1 bin\nb 1 0.5 1 blue\n", "2 recordings"),
    ("a.lrc", "[ar:nobody]\nla la", "no line that begins"),
    ("a.tsv", "start\tend\ttext\n0\tx\thi", "line 2"),
    ("a.json", '{"format": "facedit-transcript", "version": 1, "words": []}', "missing duration_s"),
]


@pytest.mark.parametrize(("name", "text", "message"), BAD)
def test_malformed_files_are_refused_with_the_place(tmp_path, name, text, message):
    with pytest.raises(BadTranscript, match=message) as error:
        _load(tmp_path, name, text)
    assert "\n" not in str(error.value)
    assert "a." in str(error.value)


def test_unreadable_files_are_refused(tmp_path):
    with pytest.raises(BadTranscript, match="no such file"):
        load_transcript(tmp_path / "none.json", 1.0)
    (tmp_path / "a.json").write_bytes(b"\xff\x00\xff")
    with pytest.raises(BadTranscript, match="no UTF-8 text"):
        load_transcript(tmp_path / "a.json", 1.0)


def test_a_folder_that_is_not_there_leaves_nothing(tmp_path):
    with pytest.raises(OutputNotWritable):
        save_transcript(Transcript((), 1.0), tmp_path / "none" / "x.json")


@given(st.text(max_size=300), st.sampled_from([form.suffix for form in (*FORMATS, PLAIN)]))
def test_any_text_is_read_or_refused(tmp_path_factory, text, suffix):
    path = tmp_path_factory.mktemp("t") / f"x{suffix}"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    try:
        transcript = load_transcript(path, 10.0)
    except BadTranscript:
        return
    assert transcript.words


WHOLE = {
    ".json": '{"words": [{"text": "bin", "start_s": 0.5, "end_s": 1.0, "score": 0.5}]}',
    ".JSON": '{"segments": [{"start": 0.5, "end": 2, "text": "a b", "words": [{"word": "a", '
    '"start": 0.5, "end": 1}, {"word": "2"}]}], "language": "en"}',
    ".srt": "1\n00:00:01,000 --> 00:00:02,500\nbin <i>blue</i>\n\n2\n00:00:03,000 --> "
    "00:00:03,500\n- at\n",
    ".vtt": "WEBVTT\n\n00:01.000 --> 00:02.500 align:start\nbin &amp; <00:01.500>blue\n",
    ".align": "0 23750 sil\n23750 29500 bin\n29500 34000 blue\n",
    ".TextGrid": LONG,
    ".lrc": "[ar:x]\n[00:01.00]<00:01.00> bin <00:01.50> blue\n[00:02.00][00:03.00]at\n",
    ".ttml": "<tt><body><p begin='1s' end='2s'>bin <span begin='0.5s'>blue</span></p></body></tt>",
    ".eaf": EAF,
    ".ctm": ";; x\na 1 0.5 0.4 bin 0.9\na 1 0.9 0.3 blue\n",
    ".tsv": "start\tend\ttext\n500\t900\tbin\n900\t1500\tblue now\n",
}
SCRAPS = (
    "", '"', "{", "[" * 60, "]", ",", "-", "-->", "\n", "\0", "\\ud800", "NaN", "Infinity", "1e999",
    "9" * 30, "9" * 400, "9" * 5000, "0", "-1", "<", "&#x110000;", '{"words": []}', "null", "true",
    "a" * 400, "\u2028", " " * 300,
)  # fmt: skip


@settings(max_examples=4 * settings.default.max_examples, derandomize=True, deadline=None)
@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(SCRAPS)), max_size=3),
)
def test_damaged_files_give_sound_words_or_are_refused(tmp_path_factory, suffix, damage):
    text = WHOLE[suffix]
    for place, length, scrap in damage:
        at = round(place * len(text))
        text = text[:at] + scrap + text[at + length :]
    path = tmp_path_factory.getbasetemp() / f"damaged{suffix}"
    path.write_text(text, encoding="utf-8")
    try:
        words = load_transcript(path, 10.0).words
    except BadTranscript:
        return
    assert words
    assert all(word.text.strip() and "\0" not in word.text for word in words)
    assert all(0 <= word.start_s <= word.end_s <= 10 and 0 <= word.score <= 1 for word in words)
    assert all(one.end_s <= two.start_s for one, two in pairwise(words))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.align", f"0 1{'0' * 400} bin", "0.0 to inf s"),
        ("a.json", '{"segments": [{"start": 0, "end": 1, "words": [{"word": " "}]}]}', "no text"),
        ("a.json", '{"words":' * 20 + "1" + "}" * 20, "words"),
        ("a.TextGrid", "1" * 100_000 + "x", "no TextGrid"),
        ("a.srt", "00:00:01,000 --> 00:00:02,000\n" + "<u>" * 90_000, "no words"),
        ("a.lrc", "[00:01.00]" * 90_000, "no words"),
        ("a.bin", " " * 300_000 + "!", "transcripts are"),
        (
            "a.json",
            f'[{{"tokens": [{"{}"}]}}]'.replace("{}", '{"text": "a"},' * 9_000 + "{}"),
            "times",
        ),
        ("a.srt", "00:00:01,000 --> 00:00:02,000\n" + "a" * 1000, "a word of 1000 letters"),
        ("a.srt", "00:00:01,000 --> 00:00:02,000\n" + "a " * 1000, "1000 words in 10.00 s"),
    ],
)
def test_what_would_take_for_ever_is_refused(tmp_path, name, text, said):
    with pytest.raises(BadTranscript, match=said):
        _load(tmp_path, name, text)
