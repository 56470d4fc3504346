"""A page loads nothing and runs nothing, whatever stands in it."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from jinja2 import UndefinedError

from facedit.report.page_kit import page


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
    found = _Head()
    found.feed(page("base.html", title="a <b> & c", videos=videos))
    own = {"default-src": "'none'", "img-src": "data:", "style-src": "'unsafe-inline'"}
    assert found.policy == own | ({"media-src": "'self'"} if videos else {})
    assert found.title == "a <b> & c"
    assert "b" not in found.tags


def test_a_template_that_lacks_something_says_so() -> None:
    with pytest.raises(UndefinedError, match="title"):
        page("base.html")
