"""A page loads nothing and runs nothing, whatever stands in it."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from facedit.report.document import document


class _Head(HTMLParser):
    """Collects the policy, the title and the tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.policy: dict[str, str] = {}
        self.title = ""
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        named = dict(attrs)
        if named.get("http-equiv") == "Content-Security-Policy":
            rules = (rule.split(maxsplit=1) for rule in (named["content"] or "").split(";"))
            self.policy = dict(rules)

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] == ["title"] and not self.title:
            self.title = data


@pytest.mark.parametrize("videos", [False, True])
def test_only_videos_beside_it_may_be_loaded(videos: bool) -> None:
    page = _Head()
    page.feed(document("a <b> & c", "<p>x</p>", videos=videos))
    own = {"default-src": "'none'", "img-src": "data:", "style-src": "'unsafe-inline'"}
    assert page.policy == own | ({"media-src": "'self'"} if videos else {})
    assert page.title == "a <b> & c"
    assert "b" not in page.tags


def test_further_style_comes_last() -> None:
    text = document("t", "<p>x</p>", "main { width: 1px; }")
    assert text.index("main { max-width") < text.index("main { width: 1px; }") < text.index("<p>")
