"""Edits on the whole road: signed by default, with the same pictures and sound as without."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import av
import pytest

import facedit
from facedit.compose.session.checks import check_run
from facedit.compose.takes.making import one_take
from facedit.compose.takes.marking import forget_manifest
from facedit.errors import OutputExists, UsageError
from facedit.media.probe import probe
from facedit.provenance.verify import verify
from facedit.types import Transcript
from talking_clips import TalkingClips, make_talking_clips


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> TalkingClips:
    return make_talking_clips(tmp_path_factory.mktemp("clips"))


def packets(path: Path) -> list[tuple[int, int | None, int | None, bytes]]:
    with av.open(str(path)) as file:
        return [(one.stream_index, one.pts, one.dts, bytes(one)) for one in file.demux()]


@pytest.mark.parametrize("takes", [1, pytest.param(2, marks=pytest.mark.full)])
def test_every_take_is_signed_and_its_packets_are_those_of_an_unsigned_one(
    clips: TalkingClips, tmp_path: Path, takes: int
) -> None:
    """Smart rendering's copies stay copies; only the manifest differs, and comes to light."""
    request = facedit.EditRequest(delete=("moon",))
    words: Transcript = clips.words
    with facedit.open(Path(clips["one.mp4"])) as session:
        planned = session.plan(request, words)
        signed = session.render(
            planned, tmp_path / "a.mp4", run=facedit.Run(takes=takes, consent="she agreed")
        )
        plain = session.render(
            planned, tmp_path / "b.mp4", run=facedit.Run(consent="she agreed", provenance=False)
        )
    for take in signed.outputs:
        found = verify(take)
        assert (found.state, found.trusted, found.verb) == ("valid", True, "edit")
        assert [change.what for change in found.changes] == ['"moon" was cut']
        assert found.consent == "she agreed"
        assert found.sources[0]["name"] == "one.mp4"
    # Same seed, same packets. The best take is first.
    seeds = [report["figures"]["seed"] for report in signed.details["reports"]]
    same = [packets(take) == packets(plain.outputs[0]) for take in signed.outputs]
    assert same == [seed == 0 for seed in seeds]

    (span,) = signed.details["reports"][0]["plan"]["picture_spans"]
    (change,) = found.changes
    assert [change.start_s, change.end_s] == pytest.approx(span, abs=0.001)
    report = json.loads((tmp_path / "a.mp4.report" / "report.json").read_text())
    assert report["provenance"]["signed"] == "C2PA, by the tests (facedit local authority)"
    assert report["provenance"]["consent"] == "she agreed"
    assert "C2PA, by the tests" in (tmp_path / "a.mp4.report" / "report.html").read_text()

    assert verify(plain.outputs[0]).state == "none"
    assert "note: signed: no (--no-provenance)" in str(plain)
    assert "signed: no" not in str(signed)
    told = plain.details["reports"][0]["provenance"]
    assert told["signed"].startswith("no (--no-provenance)")
    mark = probe(plain.outputs[0]).metadata["comment"]
    assert mark.startswith("facedit ")
    assert "signed" not in mark
    assert verify(plain.outputs[0]).mark == mark


def test_a_manifest_beside_is_an_output_too(tmp_path: Path, clips: TalkingClips) -> None:
    """It is never replaced unasked, and does not stay beside a file that is not signed."""
    run, source = facedit.Run(), Path(clips["one.mp4"])
    outputs = tmp_path / "x.mkv", tmp_path / "x-take2.mkv"
    check_run(run, outputs, [source])
    with pytest.raises(UsageError, match="nobody"):  # before anything is made
        check_run(run, outputs, [source], voice="nobody")
    for number in range(2):
        with suppress(KeyboardInterrupt), one_take(outputs, number, run):
            outputs[number].with_suffix(".c2pa").write_bytes(b"of a take that fails")
            raise KeyboardInterrupt
    assert list(tmp_path.glob("*.c2pa")) == []
    (tmp_path / "x.c2pa").write_bytes(b"of an earlier file")
    with pytest.raises(OutputExists, match=r"x\.c2pa"):
        check_run(run, [tmp_path / "x.mkv"], [source])
    forget_manifest(tmp_path / "x.mp4")
    assert (tmp_path / "x.c2pa").exists()
    forget_manifest(tmp_path / "x.mkv")
    assert not (tmp_path / "x.c2pa").exists()
