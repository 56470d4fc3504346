"""A page that stands alone: no scripts, nothing loaded from elsewhere."""

from __future__ import annotations

from facedit.report.drawing import escape
from facedit.report.style import STYLE


def document(title: str, body: str, style: str = "") -> str:
    """Put a page together.

    Args:
        title: Its title, not yet escaped.
        body: HTML of its content.
        style: Further CSS.

    Returns:
        A whole HTML document.
    """
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        # Even if foreign text slipped through the escaping, it could load and run nothing.
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; img-src data:\">"
        f"<title>{escape(title)}</title><style>{STYLE}{style}</style></head>\n"
        f"<body><main>{body}</main></body></html>\n"
    )
