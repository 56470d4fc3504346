"""Reads what a page sends."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request

from facedit.studio.refused import Refused
from facedit.studio.studio_options import MOST_JSON


async def json_body(request: Request) -> dict[str, Any]:
    """Read a JSON object, of a bounded size; an empty body is an empty one.

    Refused is raised if it is too large, or no JSON object.
    """
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_JSON:
            raise Refused(413, f"more than {MOST_JSON} bytes.")
    try:
        found = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise Refused(400, "expected JSON.") from None
    if not isinstance(found, dict):
        raise Refused(400, "expected a JSON object.")
    return found
