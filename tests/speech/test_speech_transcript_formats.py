"""What recognisers, editors and video sites write: every kind gives the words that are spoken."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedit.editing.diff import diff
from facedit.editing.words import tokenise
from facedit.errors import BadTranscript, UsageError
from facedit.speech.text.transcript_io import (
    FORMATS,
    load_transcript,
    needs_alignment,
    save_transcript,
    written_kind,
)
from facedit.types import Transcript, Word

GRID = [("bin", 0.98, 1.2), ("blue", 1.2, 1.42), ("at", 1.42, 1.47), ("s", 1.47, 1.64),
        ("three", 1.64, 1.9), ("again", 1.9, 2.26)]  # fmt: skip
SAID = [text for text, _, _ in GRID]


def _load(folder, name, text, duration_s=2.98):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_transcript(path, duration_s)


def _rounded(transcript):
    return [(word.text, round(word.start_s, 3), round(word.end_s, 3)) for word in transcript.words]


def _stamp(seconds, mark=","):
    return f"00:00:0{seconds:.3f}".replace(".", mark)


def _cue(start, end, text, mark=","):
    return f"{_stamp(start, mark)} --> {_stamp(end, mark)}\n{text}\n"


def _ms(seconds):
    return round(1000 * seconds)


def _aws():
    items = [
        {
            "start_time": f"{start}", "end_time": f"{end}", "type": "pronunciation",
            "alternatives": [{"confidence": "0.9", "content": text}],
        }
        for text, start, end in GRID
    ]  # fmt: skip
    stop = {"alternatives": [{"confidence": "0.0", "content": "."}], "type": "punctuation"}
    results = {"transcripts": [{"transcript": "bin blue"}], "items": [*items, stop]}
    return {"jobName": "x", "results": results | {"language_code": "en-GB"}, "status": "COMPLETED"}


def _whisper_cpp():
    """Tokens are parts of words; a space begins one."""
    parts = [("[_BEG_]", 0, 0), (" b", 0.98, 1.1), ("in", 1.1, 1.2)]
    parts += [(f" {text}", start, end) for text, start, end in GRID[1:]]
    parts += [(".", 2.26, 2.9), ("[_TT_150]", 3, 3)]
    tokens = [
        {"text": text, "offsets": {"from": _ms(start), "to": _ms(end)}, "p": 0.9, "id": 50}
        for text, start, end in parts
    ]
    one = {"offsets": {"from": 980, "to": 2260}, "text": " bin blue at s three again."}
    return {"result": {"language": "en"}, "transcription": [one | {"tokens": tokens}]}


def _words(text="word", start="start", end="end", unit=float, **more):
    return [{text: word, start: unit(a), end: unit(b), **more} for word, a, b in GRID]


def _duration(seconds):
    return f"{seconds:.3f}s"


def _azure_words(text, offset, duration, unit=10_000_000):
    return [
        {text: word, offset: round(a * unit), duration: round(b * unit) - round(a * unit)}
        for word, a, b in GRID
    ]


WORD_LEVEL = {
    "ours": {"duration_s": 2.98, "format": "facedit-transcript", "words": _words("text", "start_s",
             "end_s")},
    "whisperX": {"segments": [{"start": 0.98, "end": 2.26, "text": "bin", "words": _words()}]},
    "faster-whisper": [{"start": 0.98, "end": 2.26, "text": " bin", "words": [
        {**word, "word": f" {word['word']}", "probability": 0.9} for word in _words()]}],
    "openai's API": {"language": "english", "duration": 2.98, "text": "bin", "words": _words(),
                     "segments": [{"start": 0, "end": 2.98, "text": "bin", "tokens": [1, 2]}]},
    "whisper.cpp": _whisper_cpp(),
    "AssemblyAI": {"audio_duration": 3, "language_code": "en_us",
                   "words": _words("text", unit=_ms, confidence=0.9, speaker="A")},
    "Deepgram": {"metadata": {"channels": 1}, "results": {"channels": [{"alternatives": [
        {"transcript": "bin", "confidence": 0.9, "words": _words(punctuated_word="")}]}]}},
    "Google": {"results": [
        {"alternatives": [{"transcript": "bin blue", "words": part}], "languageCode": "en-us"}
        for part in (_words("word", "startTime", "endTime", _duration)[:2],
                     _words("word", "startOffset", "endOffset", _duration)[2:])]},
    "Google's old client": {"results": [{"alternatives": [{"words": _words("word", "startTime",
        "endTime", lambda t: {"seconds": str(int(t)), "nanos": round(t % 1 * 1e9)})}]}]},
    "AWS": _aws(),
    "Speechmatics": {"results": [
        {"type": "word", "start_time": a, "end_time": b, "alternatives": [{"content": word}]}
        for word, a, b in GRID]},
    "ElevenLabs": {"language_code": "en", "words": [
        part for word in _words("text", type="word")
        for part in (word, {"text": " ", "start": word["end"], "end": word["end"],
                            "type": "spacing"})]},
    "Vosk": {"result": _words(conf=0.9), "text": "bin blue"},
    "Rev": {"monologues": [{"speaker": 0, "elements": [
        part for word in _words("value", "ts", "end_ts", type="text", confidence=0.9)
        for part in (word, {"type": "punct", "value": " "})]}]},
    "Premiere": {"language": "en-us", "segments": [{"start": 0.98, "duration": 1.28, "words": [
        {"text": text, "start": start, "duration": end - start, "type": "word", "eos": False}
        for text, start, end in GRID]}], "speakers": [{"id": "u1", "name": "Speaker 1"}]},
    "Azure's batch": {"recognizedPhrases": [{"recognitionStatus": "Success", "channel": 0,
        "offset": "PT0.98S", "offsetInTicks": 9800000.0, "nBest": [
            {"display": "Bin.", "words": _azure_words("word", "offsetInTicks", "durationInTicks")},
            {"display": "Been.", "words": []}]}, {"recognitionStatus": "NoMatch"}]},
    "Azure, fast": {"phrases": [{"offsetMilliseconds": 980, "durationMilliseconds": 1280, "text":
        "Bin.", "locale": "en-GB", "words": _azure_words("text", "offsetMilliseconds",
                                                         "durationMilliseconds", 1000)}]},
    "Azure's SDK": {"RecognitionStatus": "Success", "Offset": 9800000, "Duration": 12800000,
        "NBest": [{"Display": "Bin.", "Words": _azure_words("Word", "Offset", "Duration")},
        {"Display": "Been.", "Words": [{"Word": "been", "Offset": 9800000, "Duration": 1}]}]},
    "YouTube": {"wireMagic": "pb3", "events": [
        {"tStartMs": 0, "dDurationMs": 3000, "id": 1, "wpWinPosId": 1},
        {"tStartMs": 980, "dDurationMs": 1280, "segs": [
            {"utf8": f" {text}", "tOffsetMs": _ms(start) - 980} for text, start, _ in GRID]},
        {"tStartMs": 2260, "aAppend": 1, "segs": [{"utf8": "\n"}]}]},
}  # fmt: skip
for _word in WORD_LEVEL["Deepgram"]["results"]["channels"][0]["alternatives"][0]["words"]:
    _word["punctuated_word"] = _word["word"]


@pytest.mark.parametrize("tool", WORD_LEVEL)
def test_json_of_every_recogniser_gives_the_words_and_their_times(tmp_path, tool):
    found = _load(tmp_path, "a.json", json.dumps(WORD_LEVEL[tool]))
    plain = [(text.rstrip("."), start, end) for text, start, end in _rounded(found)]
    assert plain == GRID
    assert found.language == "en"
    assert not needs_alignment(found)


def test_punctuation_on_its_own_goes_with_the_word_before(tmp_path):
    for tool in ("AWS", "whisper.cpp"):
        last = _load(tmp_path, "a.json", json.dumps(WORD_LEVEL[tool])).words[-1]
        assert (last.text, last.end_s, last.score) == ("again.", 2.26, 0.9)


def test_a_score_is_the_recognisers(tmp_path):
    for tool in ("AssemblyAI", "Vosk", "faster-whisper"):
        assert _load(tmp_path, "a.json", json.dumps(WORD_LEVEL[tool])).words[1].score == 0.9


def test_whole_seconds_are_not_taken_for_milliseconds(tmp_path):
    words = [{"word": "a", "start": 1, "end": 2}, {"word": "b", "start": 2, "end": 21}]
    assert _load(tmp_path, "a.json", json.dumps(words), 30.0).words[1].end_s == 21
    segment = [{"start": 0, "end": 19, "text": "hi"}]
    assert _load(tmp_path, "a.json", json.dumps(segment), 30.0).words[0].end_s == 19


def test_a_number_at_the_end_takes_the_segments_end(tmp_path):
    words = [*_words()[:5], {"word": "2"}]
    segment = {"start": 0.98, "end": 2.26, "text": "bin", "words": words}
    document = {"segments": [segment], "word_segments": words}
    assert _rounded(_load(tmp_path, "a.json", json.dumps(document)))[5] == ("2", 1.9, 2.26)


def _ttml(body, attributes="", namespace="http://www.w3.org/ns/ttml"):
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<tt xmlns="{namespace}" xml:lang="en-GB" '
        'xmlns:tts="http://www.w3.org/ns/ttml#styling" '
        f'xmlns:ttp="http://www.w3.org/ns/ttml#parameter" {attributes}>\n <head>'
        "<styling><style xml:id='s'/></styling></head>\n <body>\n"
        f"  <div begin='0.5s'>{body}</div>\n </body>\n</tt>\n"
    )


def _eaf(*tiers):
    """Write tiers of ELAN's: the times of inner words are not said."""
    slots, rows = [], []
    for title, entries in tiers:
        rows.append(f'<TIER TIER_ID="{title}" LINGUISTIC_TYPE_REF="x">')
        for text, *times in entries:
            names = [f"ts{len(slots) + end}" for end in (1, 2)]
            slots += [
                f'<TIME_SLOT TIME_SLOT_ID="{name}"'
                + ("/>" if time is None else f' TIME_VALUE="{_ms(time)}"/>')
                for name, time in zip(names, times, strict=True)
            ]
            rows.append(
                f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="{names[0]}a" TIME_SLOT_REF1='
                f'"{names[0]}" TIME_SLOT_REF2="{names[1]}"><ANNOTATION_VALUE>{text}'
                "</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>"
            )
        rows.append("</TIER>")
    return (
        '<?xml version="1.0"?>\n<ANNOTATION_DOCUMENT><HEADER TIME_UNITS="milliseconds"/>'
        f"<TIME_ORDER>{''.join(slots)}</TIME_ORDER>{''.join(rows)}</ANNOTATION_DOCUMENT>"
    )


YOUTUBE = """WEBVTT
Kind: captions
Language: en

00:00:00.980 --> 00:00:01.640 align:start position:0%
~
bin<00:00:01.200><c> blue</c><00:00:01.420><c> at</c><00:00:01.470><c> s</c>

00:00:01.640 --> 00:00:01.650 align:start position:0%
bin blue at s
~

00:00:01.650 --> 00:00:02.260 align:start position:0%
bin blue at s
three<00:00:01.900><c> again</c>
""".replace("~", " ")
LINE = "bin blue at s three again"
KARAOKE = [
    _cue(start, end, LINE.replace(text, f'<font color="#00ff00">{text}</font>', 1))
    for text, start, end in GRID
]
TIMED = {
    "youtube.vtt": YOUTUBE,
    "karaoke.srt": "".join(f"{k}\n{cue}\n" for k, cue in enumerate(KARAOKE, 1)),
    "underlined.vtt": "WEBVTT\n\n" + "\n".join(
        _cue(start, end, " ".join(f"<u>{word}</u>" if word == text else word for word in SAID), ".")
        for text, start, end in GRID),
    "enhanced.lrc": "[ar:GRID]\n[00:00.98]" + " ".join(
        f"<00:0{start:.2f}> {text}" for text, start, _ in GRID) + " <00:02.26>\n[00:02.50]\n",
    "whisper.tsv": "start\tend\ttext\n" + "".join(
        f"{_ms(start)}\t{_ms(end)}\t{text}\n" for text, start, end in GRID),
    "words.ttml": _ttml("<p begin='.48s' end='00:00:01.76'>".replace("'.", "'0.") + "".join(
        f"<span begin='{start - 0.98:.2f}s'>{text}</span> " for text, start, _ in GRID) + "</p>"),
    "lyrics.ttml": _ttml("<p begin='0.48' end='1.76'>" + " ".join(
        f"<span begin='{start}' end='{end}'>{text}</span>" for text, start, end in GRID) + "</p>")
        .replace(" begin='0.5s'", "").replace("'0.48' end='1.76'", "'0.98' end='2.26'"),
    "words.eaf": _eaf(("Words", GRID), ("glosses", [("x", 0, 1)])),
    "kaldi.ctm": ";; made by hand\nutt 1 0.00 0.98 <eps>\n" + "".join(
        f"utt 1 {start} {end - start:.2f} {text} 0.97\n" for text, start, end in GRID),
    "ctm.txt": "".join(f"utt A {a} {b - a:.3f} {text}\n" for text, a, b in GRID),
    "audacity.txt": "".join(f"{start:f}\t{end:f}\t{text}\n" for text, start, end in GRID),
    "audacity_spectral.txt": "".join(
        f"{start:f}\t{end:f}\t{text}\n\\\t100.0\t2000.0\n" for text, start, end in GRID),
    "grid.align": "0 24500 sil\n" + "".join(
        f"{start * 25e3:.0f} {end * 25e3:.0f} {text}\n" for text, start, end in GRID),
    "noises.TextGrid": '"ooTextFile" "TextGrid" 0 3 <exists> 1 "IntervalTier" "words" 0 3 10\n'
        '0 0.98 "SIL"' + "".join(f' {a} {b} "{text}"' for text, a, b in GRID)
        + ' 2.26 2.5 "<unk>" 2.5 2.6 "[noise]" 2.6 3 "{SL}"',
}  # fmt: skip


@pytest.mark.parametrize("name", TIMED)
def test_times_inside_captions_are_the_words_times(tmp_path, name):
    found = _load(tmp_path, name, TIMED[name])
    assert _rounded(found) == GRID
    assert not needs_alignment(found)


PHRASES = {
    "overlapping.srt": _cue(0.98, 1.7, "Bin blue at") + "\n" + _cue(1.47, 2.26, "S three again."),
    "unsorted.srt": _cue(1.5, 2.26, "S three again.") + "\n" + _cue(0.98, 1.5, "Bin blue at"),
    "twice.srt": 2 * (_cue(0.98, 1.5, "Bin blue at") + "\n") + _cue(1.5, 2.26, "S three again."),
    "no_blanks.srt": _cue(0.98, 1.5, "Bin blue at") + _cue(1.5, 2.26, "S three again."),
    "numbers_no_blanks.srt": "1\n" + _cue(0.98, 1.5, "Bin blue at") + "2\n"
        + _cue(1.5, 2.26, "S three again."),
    "blank_inside.srt": "1\n" + _cue(0.98, 1.5, "Bin blue\n\nat") + "\n2\n"
        + _cue(1.5, 2.26, "S three again."),
    "sounds.srt": _cue(0, 0.9, "[MUSIC\nPLAYING]") + "\n"
        + _cue(0.98, 2.26, "- (sighs) Bin blue at\n>> BOB: S three again. ♪"),
    "too_long.srt": _cue(0.98, 4.26, "Bin blue at S three again."),
    "crlf.srt": f"1\n{_cue(0.98, 2.26, 'Bin blue at S three again.')}".replace("\n", "\r\n"),
    "meeting.vtt": "WEBVTT\n\n1\n" + _cue(0.98, 1.5, "Anna Smith: Bin blue at", ".") + "\n2\n"
        + _cue(1.5, 2.26, "Bob: S three again.", "."),
    "numbered.srt": _cue(0.98, 2.26, "Speaker 1: Bin blue at S three again."),
    "youtube.sbv": "0:00:00.980,0:00:01.500\nBin blue at\n\n0:00:01.500,0:00:02.260\n"
        "S three again.\n",
    "aegisub.ass": "[Script Info]\nTitle: x\n\n[Events]\nFormat: Layer, Start, End, Style, Name, "
        "MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: 0,0:00:00.98,0:00:02.26,Default,,0,0,0,,{\\an8}Bin blue\\Nat S three again.\n",
    "bbc.ttml": _ttml("<p begin='0.48s' end='0.5s'>(sighs)</p>"
        "<p begin='0.48s' end='0.9s'>BOB: Bin\n   blue<br/><span tts:color='red'>at</span></p>"
        "<p begin='0.9s' dur='0.86s'>S three\n again.</p>"),
    "frames.dfxp": _ttml("<p begin='00:00:00:12' end='44f'>Bin blue at &#83; three again.</p>",
        "ttp:frameRate='25'", "http://www.w3.org/2006/10/ttaf1"),
    "ticks.xml": _ttml("<metadata>x</metadata><p begin='4800000t' end='17600000t'>Bin blue at "
        "S three<span tts:ruby='text'>tree</span> again.</p>", "ttp:tickRate='10000000'"),
    "utterance.eaf": _eaf(("default", []), ("Anna", [("Bin blue at S three again.", 0.98, 2.26)])),
    "unmeasured.eaf": _eaf(("words", [("Bin", 0.98, None), ("blue at", None, None),
        ("S three again.", None, 2.26)])),
    "pasted.txt": "0:00\nBin blue at\n0:01\nS three again.\n",
    "premiere.txt": "00:00:00:24 - 00:00:02:07\nSpeaker 1\nBin blue at S three again.\n",
    "otter.txt": "Anna Smith  0:00\nBin blue at S three again.\n",
    "zoom.txt": "[Anna Smith] 10:02:11\nBin blue at S three again.\n",
    "rev.txt": "Speaker 1 (00:00):\nBin blue at S three again.\n",
    "descript.txt": "[00:00:00] Speaker 1: Bin blue at S three again.\n",
    "console.txt": "[00:00.980 --> 00:02.260]  Bin blue at S three again.\n",
    "utf16.txt": "Bin blue at S three again.".encode("utf-16"),
    "renamed.txt": "1\n" + _cue(0.98, 2.26, "Bin blue at S three again."),
    "styled.vtt": "WEBVTT - a title\n\nSTYLE\n::cue { color: red }\n\nNOTE nobody\nsays this\n\n"
        "intro\n" + _cue(0.98, 2.26, "<v.loud Bob>Bin <b>blue</b> at</v> S &lrm;three again.", ".")
        .replace("\n", " line:0 position:20%\n", 1) + "\nNOTE the end\n",
    "roll_up.srt": _cue(0.98, 1.2, "Bin") + "\n" + _cue(1.2, 1.5, "Bin\nblue at") + "\n"
        + _cue(1.5, 2.26, "blue at\nS three again."),
    "simple.lrc": "[ti:x]\n[offset:+20]\n[00:01.00]Bin blue at\n[00:01.52] S three again.\n"
        "[00:02.28]\n",
    "utterance.TextGrid": '"ooTextFile" "TextGrid" 0 3 <exists> 1 "IntervalTier" "John" 0 3 2\n'
        '0 0.98 "" 0.98 2.26 "Bin blue at S three again."',
    "whisper.json": json.dumps({"segments": [
        {"start": 0.98, "end": 2.26, "text": " Bin blue at S three again.", "tokens": [1]}]}),
    "whisper_cpp.json": json.dumps({"transcription": [{"offsets": {"from": 980, "to": 2260},
        "timestamps": {"from": "00:00:00,980"}, "text": " Bin blue at S three again."}]}),
}  # fmt: skip


@pytest.mark.parametrize("name", PHRASES)
def test_captions_give_the_spoken_words_to_be_aligned(tmp_path, name):
    found = _load(tmp_path, name, PHRASES[name])
    assert found.text == "Bin blue at S three again."
    assert needs_alignment(found)
    assert all(one.end_s <= two.start_s for one, two in pairwise(found.words))
    if not name.endswith(".txt"):
        assert 0.97 <= found.words[0].start_s <= 0.981
        assert found.words[-1].end_s == pytest.approx(
            2.98 if "too_long" in name else 2.26, abs=0.01
        )


@pytest.mark.parametrize(
    "text",
    ["We meet at 10:30\nand go.", "10:30", "Note: be kind.", "Anna: one\nand two.", "A speaker: a"],
)
def test_times_and_colons_that_are_spoken_stay(tmp_path, text):
    assert _load(tmp_path, "a.txt", text).text == " ".join(text.split())


def test_a_timeline_that_begins_at_a_full_hour_begins_at_0(tmp_path):
    late = "1\n" + _cue(0.98, 2.26, LINE).replace("00:00:0", "01:00:0")
    found = _load(tmp_path, "a.srt", late)
    assert found.words[0].start_s == pytest.approx(0.98)
    assert found.notes == ("a.srt: the times begin at 01:00:00, which was taken for 0.",)
    with pytest.raises(BadTranscript, match="another clip"):
        _load(tmp_path, "a.srt", late.replace("01:00:0", "01:00:1"))


def test_what_is_said_again_in_the_next_caption_is_said_again(tmp_path):
    text = _cue(0.5, 1, "No.") + "\n" + _cue(1, 1.5, "No.") + "\n" + _cue(1.5, 2.5, "No.\nGo on.")
    assert _load(tmp_path, "a.srt", text).text == "No. No. No. Go on."


def test_entities_are_the_letters_they_stand_for(tmp_path):
    text = "WEBVTT\n\n" + _cue(0.98, 2.26, "it&#39;s &quot;ok&quot; &amp;c. &lt;3", ".")
    assert _load(tmp_path, "a.vtt", text).text == """it's "ok" &c. <3"""


def test_languages_are_read_as_codes(tmp_path):
    arabic = YOUTUBE.replace("Language: en", "Language: ar")
    assert _load(tmp_path, "a.vtt", arabic).language == "ar"
    deepgram = {"results": {"channels": [{"detected_language": "es", "alternatives": [
        {"words": _words()}]}]}}  # fmt: skip
    assert _load(tmp_path, "a.json", json.dumps(deepgram)).language == "es"


def test_times_a_little_outside_the_clip_are_clipped(tmp_path):
    early = [{"word": "bin", "start": -0.02, "end": 1.2}]
    assert _rounded(_load(tmp_path, "a.json", json.dumps(early))) == [("bin", 0, 1.2)]
    with pytest.raises(BadTranscript, match=r"-1\.5 to 1\.2"):
        _load(tmp_path, "a.json", json.dumps([{"word": "bin", "start": -1.5, "end": 1.2}]))


def test_words_that_last_no_time_are_to_be_aligned(tmp_path):
    words = [*_words()[:1], {"word": "blue", "start": 1.2, "end": 1.2}, *_words()[2:]]
    found = _load(tmp_path, "a.json", json.dumps({"words": words}))
    assert [word.text for word in found.words if word.score == 0] == ["blue"]
    assert needs_alignment(found)


def test_words_out_of_order_are_put_in_order(tmp_path):
    found = _load(tmp_path, "a.json", json.dumps({"words": _words()[::-1]}))
    assert _rounded(found) == GRID


@given(
    st.lists(
        st.tuples(st.text("aé3'’-\"&<,.", min_size=1, max_size=6), st.integers(20, 900)),
        min_size=1, max_size=12,
    ),
    st.sampled_from([form.suffix for form in FORMATS if form.write]),
)  # fmt: skip
def test_what_is_written_in_any_format_is_read_again(tmp_path_factory, parts, suffix):
    words, at = [], 0
    for text, length in parts:
        if tokenise(text) == (text,):
            words.append(Word(text, at / 1e3, (at + length) / 1e3))
        at += length
    if not words:
        return
    path = tmp_path_factory.getbasetemp() / f"again{suffix}"
    saved = Transcript(tuple(words), 20.0)
    save_transcript(saved, path)
    found = load_transcript(path, 20.0)
    assert found.text == saved.text
    assert diff(found.words, saved.text) == ()
    if suffix in (".json", ".TextGrid"):
        assert found.words == saved.words
    assert found.words[0].start_s == pytest.approx(words[0].start_s)
    assert found.words[-1].end_s == pytest.approx(words[-1].end_s)


def test_only_formats_with_a_writer_are_written(tmp_path):
    with pytest.raises(UsageError, match=r"written as \.json, \.TextGrid, \.vtt, \.srt"):
        written_kind(tmp_path / "a.lrc")
    assert written_kind(tmp_path / "a.TEXTGRID") == ".textgrid"
