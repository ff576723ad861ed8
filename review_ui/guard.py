"""Who may talk to the page: a pure ASGI middleware.

A page on loopback can be reached by every other page in the same browser and by every account of the machine. So:
the Host header must be one of three exact names (else a foreign name rebound to 127.0.0.1 could read everything);
a random token, good for one use, is exchanged for a cookie that other sites' requests do not carry; and a change
must come from a page of this very address (Origin).
"""

import hmac
import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from review_ui.pages import page, refusal

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """Refuses whoever has no business here, and adds the security headers to every answer."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token: str | None = token
        self._session = secrets.token_urlsafe(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            answer = self._check(scope, Headers(scope=scope)) or self._app
            await answer(scope, receive, _with_headers(send))

    def _check(self, scope: Scope, headers: Headers) -> ASGIApp | None:
        """The answer to a request that may not pass, or to one that brings the token; None: it may pass."""
        path, port = scope["path"], scope["server"][1]
        host = headers.get("host", "")
        if host not in (f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"):
            return refusal(path, 403, f"This page answers only as http://127.0.0.1:{port}; open that address.")
        if path.startswith("/static/"):
            return None
        if not self._has_cookie(headers, port):
            token = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
            if scope["method"] == "GET" and token:
                return self._welcome(token, path, port)
            return refusal(
                path, 401, "This browser is not let in yet; open the address that facecorpus review printed last."
            )
        if scope["method"] not in ("GET", "HEAD") and headers.get("origin") != f"http://{host}":
            return refusal(path, 403, "A change must come from the review page itself; reload it and try again.")
        return None

    def _has_cookie(self, headers: Headers, port: int) -> bool:
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(_cookie_name(port))
        except CookieError:
            return False
        return cookie is not None and hmac.compare_digest(cookie.value.encode(), self._session.encode())

    def _welcome(self, token: str, path: str, port: int) -> ASGIApp:
        """Exchange the token for the cookie, once."""
        if self._token is None or not hmac.compare_digest(token.encode(), self._token.encode()):
            return refusal(
                path,
                401,
                "This address was used already or is an old one; stop facecorpus review with Ctrl-C,"
                " start it again and open the new address. Nothing is lost.",
            )
        self._token = None
        # A page that goes on by itself, not a redirect: after a click in another site's page, a terminal in the
        # browser for one, the strict cookie would not be sent along with a redirect.
        answer = page("welcome.html")
        answer.set_cookie(_cookie_name(port), self._session, httponly=True, samesite="strict")
        return answer


def _cookie_name(port: int) -> str:
    """Cookies do not know ports; the name does, so that two reviews in one browser do not log each other out."""
    return f"facecorpus-review-{port}"


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers
