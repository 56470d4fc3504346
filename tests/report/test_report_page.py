import base64
import re
from dataclasses import replace
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest
from report_cases import HOSTILE, full_report, words

from facedit.report.edit_page import headline, report_html
from facedit.report.page_kit import clean, data_uri, markdown_table
from facedit.report.run_report import ClipFacts, Picture, RunReport, StageTime
from facedit.report.svg import element, nice_ticks, path
from facedit.types import Transcript

VOID = {"meta", "img", "br", "rect", "line", "polygon", "path", "link"}


class Page(HTMLParser):
    """Collects tags and attributes, and checks that every element is closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def parsed(report):
    page = Page(report_html(report))
    assert page.open == []
    return page


def test_the_page_is_whole_and_shows_every_part():
    page = parsed(full_report())
    text = " ".join(page.text)
    for part in ("The plan", "Seams", "Changed spans", "Time per stage", "Please note", "Figures"):
        assert part in text
    assert "have a look" in text
    assert "smooth" in text
    assert "95 %" in text
    assert page.tags.count("svg") >= 2
    # Two frames a seam; one of the output and one of the source a span.
    report = full_report()
    assert page.tags.count("img") == 2 * len(report.seams) + 2 * len(report.spans)


def test_the_page_loads_nothing_from_elsewhere():
    page = parsed(full_report())
    assert not {"script", "link", "iframe", "object", "embed", "form"} & set(page.tags)
    for tag, name, value in page.attributes:
        assert name not in {"href", "srcset", "action", "data"}, (tag, name, value)
        assert not name.startswith("on")
        if name == "src":
            assert value.startswith("data:image/jpeg;base64,")
    assert not re.search(r"https?:|@import", report_html(full_report()))


def test_foreign_text_stays_text():
    report = full_report()
    clip = ClipFacts(HOSTILE, 320, 240, 25.0, 2.0, 50)
    spoken = Transcript(words("the cat saw it " + HOSTILE.replace(" ", "")), 2.0)
    report = replace(
        report,
        verb="edit",
        source=clip,
        output=clip,
        transcript=spoken,
        output_words=words(HOSTILE),
        spans=tuple(replace(span, text=HOSTILE, kind="x' onload='y") for span in report.spans),
        stages=(StageTime(HOSTILE, 1.0, HOSTILE),),
        figures={HOSTILE: HOSTILE, "mouths": 12, "none": None, "used": True, "way": (0.5, 2.0)},
        provenance={HOSTILE: HOSTILE},
        warnings=(HOSTILE,),
    )
    page = parsed(report)
    assert "script" not in page.tags
    assert "\x07" not in report_html(report)
    assert any("<script>alert('x')</script>" in text for text in page.text)
    assert not any(name == "onload" for _, name, _ in page.attributes)


def test_escaping_keeps_every_script_and_drops_what_no_page_may_hold():
    kept = "نص\u200cفارسی, naïve\u00a0“”"
    assert clean(kept) == kept
    assert clean("a\x00b\x1bc\ud800d") == "a\ufffdb\ufffdc\ufffdd"
    drawn = element("text", "<&>\x07", x=1.50001, class_="a\" onload='b'", font_size="")
    assert drawn == ('<text x="1.5" class="a&#34; onload=&#39;b&#39;">&lt;&amp;&gt;\ufffd</text>')


def test_a_curve_is_broken_where_nothing_is_known():
    assert path([(0, 1), (1, float("nan")), (2, 3), (3, 4)]) == "M0 1 M2 3 L3 4"


def test_ticks_are_round_and_span_the_range():
    assert nice_ticks(0.0, 1.0) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    steps = nice_ticks(-0.037, 0.051)
    assert steps[0] <= -0.037
    assert steps[-1] >= 0.051
    assert 0.0 in steps


@pytest.mark.parametrize(
    ("new_text", "line"),
    [
        ("the cow saw it now", "“cat” → “cow” in clip.mp4"),
        ("the cat saw it", "“now” cut in clip.mp4"),
        ("the big cat saw it", "“big” added, “now” cut in clip.mp4"),
        ("the cat saw it now", "No change to clip.mp4"),
    ],
)
def test_headline(new_text, line):
    assert headline(full_report(new_text)) == line


def test_other_verbs_have_a_page_too():
    clip = ClipFacts("face.jpg", 10, 10, 25.0, 1.0)
    page = parsed(RunReport("generate", "0.1.0", clip, clip))
    assert any("Speech from face.jpg" in text for text in page.text)
    page = parsed(replace(full_report(), verb="sync"))
    assert any("New sound over clip.mp4" in text for text in page.text)
    assert "The plan" not in " ".join(page.text)


def test_a_long_clip_is_drawn_around_its_edits():
    text = " ".join(f"w{index}" for index in range(1000))
    report = full_report("x " + text.split(" ", 1)[1].rsplit(" ", 1)[0] + " y", 420.0, text)
    page = report_html(report)
    assert page.count('class="plan"') == 2
    assert ">w2<" in page
    assert ">w500<" not in page  # far from both edits


def test_pictures_survive_the_packing():
    pixels = np.zeros((64, 48, 3), np.uint8)
    pixels[:, :, 0] = 220  # red
    uri = data_uri(Picture(pixels, 0.0, "kept"))
    jpeg = np.frombuffer(base64.b64decode(uri.partition(",")[2]), np.uint8)
    back = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)[:, :, ::-1]
    assert back.shape == (64, 48, 3)
    assert np.abs(back.astype(int) - pixels).max() < 12


def test_large_pictures_shrink_and_wrong_ones_are_refused():
    uri = data_uri(Picture(np.zeros((1024, 512, 3), np.uint8), 0.0, "kept"))
    jpeg = np.frombuffer(base64.b64decode(uri.partition(",")[2]), np.uint8)
    assert cv2.imdecode(jpeg, cv2.IMREAD_COLOR).shape == (256, 128, 3)
    for wrong in (np.zeros((4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8), np.zeros((4, 4, 3))):
        with pytest.raises(ValueError, match="Not an RGB"):
            data_uri(Picture(wrong, 0.0, "kept"))


def test_a_markdown_table_holds_texts_as_they_are_but_for_control_characters():
    rows = [["x & <y>", 1], ["\x00", 2.5]]
    assert markdown_table(["a", "b"], rows, "---:").splitlines() == [
        "| a | b |", "|---|---:|", "| x & <y> | 1 |", "| \ufffd | 2.5 |",
    ]  # fmt: skip
