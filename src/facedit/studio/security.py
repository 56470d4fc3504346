"""Who may talk to the server: the page that was opened by its printed address, and nobody else.

A web page elsewhere can make the browser send requests to this machine. So the server answers only
to its own name (against DNS rebinding), to no foreign page (Origin, Sec-Fetch-Site), and to who
holds the token: it comes in the first address and lives on in a cookie that scripts cannot read.
"""

from __future__ import annotations

import hmac
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}

_CLOSED = """<!doctype html><html lang="en"><meta charset="utf-8"><title>facedit {verb}</title>
<h1>This page is closed</h1>
<p>Open the address that <code>facedit {verb}</code> printed when it was started; it holds the key.
"""

_NO_ENTRY = 1008
"""Code with which a WebSocket is turned down: policy violation."""


class Guard:
    """ASGI middleware that lets only the server's own page through.

    Args:
        app: What it guards.
        token: The secret of this run.
        port: Where the server listens.
        verb: The verb that serves it.
        sockets: Whether WebSockets are spoken.
    """

    def __init__(
        self, app: ASGIApp, token: str, port: int, verb: str = "studio", *, sockets: bool = False
    ) -> None:
        self._app, self._token = app, token
        self._sockets, self._closed = sockets, _CLOSED.format(verb=verb)
        self._hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost"))
        # Cookies know no ports: two servers must not take each other's.
        self._cookie = f"facedit-{verb}-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            if self._sockets and not (self._refusal(scope) or self._unknown(scope)):
                await self._app(scope, receive, send)
            elif scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": _NO_ENTRY})
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        answer = self._refusal(scope) or self._first(scope) or self._unknown(scope)
        await (answer or self._app)(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        """Turn down what a foreign page sent, or what was meant for another host."""
        headers = Headers(scope=scope)
        if headers.getlist("host") != [headers.get("host")] or headers["host"] not in self._hosts:
            return JSONResponse({"error": "this server has another name."}, 421)
        origin = headers.get("origin")
        own = {f"http://{host}" for host in self._hosts}
        if origin is not None and origin not in own:
            return JSONResponse({"error": "requests of other pages are refused."}, 403)
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return JSONResponse({"error": "requests of other pages are refused."}, 403)
        return None

    def _first(self, scope: Scope) -> Response | None:
        """Take the token out of the first address and leave it in a cookie."""
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        if scope["path"] != "/" or scope["method"] != "GET" or not given:
            return None
        if not self._is_token(given[0]):
            return None
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self._cookie, self._token, httponly=True, samesite="strict")
        return answer

    def _unknown(self, scope: Scope) -> Response | None:
        """Turn down whoever does not hold the token."""
        cookies = Headers(scope=scope).get("cookie", "")
        pairs = (pair.strip().partition("=") for pair in cookies.split(";"))
        if any(name == self._cookie and self._is_token(value) for name, _, value in pairs):
            return None
        if scope["path"].startswith("/api/"):
            return JSONResponse({"error": "open the address that was printed at the start."}, 401)
        return HTMLResponse(self._closed, 401)

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), self._token.encode())
