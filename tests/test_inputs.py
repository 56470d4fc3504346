"""Whatever people bring as text is read within bounds, or refused in one line that names it."""

import json
import os
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facedit import inputs
from facedit.errors import BadEdit, UsageError
from facedit.inputs import check_pace, check_text, parse_json, read_csv, read_text, read_toml

READERS = {"text": read_text, "json": inputs.read_json, "toml": read_toml, "csv": read_csv}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_only_plain_files_are_opened(read, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "empty").touch()
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name, said in {
        "fifo": "is a pipe or device",
        "zero": "is a pipe or device",
        "empty": "empty file",
        "none": "no such file",
        ".": "is a folder",
        "nul\0in its name": "cannot be read",
    }.items():
        with pytest.raises(BadEdit, match=said):
            read(tmp_path / name, "script", BadEdit)


def test_texts_are_read_to_a_limit_and_in_known_encodings(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("a" * 11)
    assert read_text(path, "text", BadEdit, most_bytes=11) == "a" * 11
    with pytest.raises(BadEdit, match="at most 10 bytes"):
        read_text(path, "text", BadEdit, most_bytes=10)
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        path.write_bytes("né".encode(encoding))
        assert read_text(path, "text", BadEdit) == "né"
    path.write_bytes("né".encode("latin-1"))
    with pytest.raises(BadEdit, match=r"no UTF-8 text \(byte 1\).*iconv"):
        read_text(path, "text", BadEdit)
    path.write_bytes(b"blue\0")
    with pytest.raises(BadEdit, match="NUL at letter 4"):
        read_text(path, "text", BadEdit)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "line 1, column 2"),
        ('{"a": 1, "a": 2}', "'a' stands twice"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100 + "1" + "}" * 100, "nested too deeply"),
        ("9" * 400, "over 64 bits"),
        ("9" * 5000, "a number is too long"),
        ("[1e400]", "too large"),
        ("[-Infinity]", "no number"),
        ('["\\u0000"]', "NUL"),
        ('["\\ud800"]', "half a letter"),
        ('{"\\udfff": 1}', "half a letter"),
    ],
)
def test_json_that_is_no_use_is_refused(text, said):
    with pytest.raises(BadEdit, match=f"x.json.*{said}"):
        parse_json(text, "x.json", BadEdit)


def test_what_cannot_be_parsed_is_refused_with_its_place_once(tmp_path):
    with pytest.raises(BadEdit) as refused:
        parse_json('{"a": ', "x.json", BadEdit)
    assert str(refused.value) == "x.json, line 1, column 7: no valid JSON (Expecting value)."
    (tmp_path / "x.toml").write_text("a = [")
    with pytest.raises(UsageError) as refused:
        read_toml(tmp_path / "x.toml", "configuration", UsageError)
    assert str(refused.value).startswith(f"{tmp_path / 'x.toml'}: cannot be read as TOML (")


def test_nan_is_what_is_missing():
    assert parse_json("[NaN, 1.5, 9223372036854775807]", "x", BadEdit) == [None, 1.5, 2**63 - 1]


@pytest.mark.parametrize("value", ["[" * 100_000, "9" * 5000, "inf", "1e999"])
def test_toml_that_is_no_use_is_refused(value, tmp_path):
    path = tmp_path / "a.toml"
    path.write_text(f"a = {value}")
    with pytest.raises(UsageError, match=r"a\.toml"):
        read_toml(path, "configuration", UsageError)


@pytest.mark.parametrize(
    ("words", "duration_s", "said"),
    [
        (["a"] * 100_000, 1.0, "100000 words in 1.00 s"),
        (["a" * 1_000_000], 3.0, "a word of 1000000 letters"),
        (["bl\udce9"], 3.0, "no UTF-8"),
    ],
)
def test_words_that_nobody_says_are_refused(words, duration_s, said):
    with pytest.raises(BadEdit, match=f"x: .*{said}"):
        check_pace(words, duration_s, "x", BadEdit)


def test_what_people_do_say_passes():
    check_pace(["word"] * 60, 3.0, "x", BadEdit)
    check_text("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbau", "x", BadEdit)
    with pytest.raises(BadEdit, match="11 letters; at most 10"):
        check_text("a b c d e f", "x", BadEdit, most_letters=10)


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=3 * settings.default.max_examples, derandomize=True, deadline=None)
@given(_values)
def test_any_document_comes_back_or_is_refused(document):
    try:
        found = parse_json(json.dumps(document), "x", BadEdit)
    except BadEdit:
        return
    json.dumps(found, allow_nan=False, ensure_ascii=False).encode()
    assert json.dumps(found) == json.dumps(document).replace("NaN", "null")


@settings(max_examples=3 * settings.default.max_examples, derandomize=True, deadline=None)
@given(st.binary(max_size=60) | st.text().map(str.encode))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(data)
    for read in READERS.values():
        with suppress(BadEdit):
            read(path, "text", BadEdit)
