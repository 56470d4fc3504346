"""A page that stands alone: no scripts, nothing loaded from elsewhere."""

from __future__ import annotations

from facedit.report.drawing import escape
from facedit.report.style import STYLE


def document(title: str, body: str, style: str = "", *, videos: bool = False) -> str:
    """Put a page together.

    Args:
        title: Its title, not yet escaped.
        body: HTML of its content.
        style: Further CSS.
        videos: Whether it may play videos that lie beside it.

    Returns:
        A whole HTML document.
    """
    media = "; media-src 'self'" if videos else ""
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        # Even if foreign text slipped through the escaping, it could load and run nothing.
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        f"img-src data:{media}; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{STYLE}{style}</style></head>\n"
        f"<body><main>{body}</main></body></html>\n"
    )
