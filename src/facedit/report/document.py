"""A page of ready-made HTML in the kit's frame."""

from __future__ import annotations

from markupsafe import Markup

from facedit.report.page_kit import page


def document(title: str, body: str, style: str = "") -> str:
    """Put a page together; ``body`` is HTML that is escaped already, ``style`` further CSS."""
    return page("bare.html", title=title, body=Markup(body), more_style=Markup(style))
