"""Who may talk to the page: a pure ASGI middleware.

A page on loopback can be reached by every other page in the same browser and by every account of the machine. So:
the Host header must be one of a few exact names (else a foreign name rebound to this address could read everything);
a random token, good for one use, or a password, is exchanged for a cookie that other sites' requests do not carry; and
a change must come from a page of this very address (Origin).
"""

import asyncio
import hmac
import secrets
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from facecorpus.errors import FacecorpusError
from review_ui.bodies import read_at_most
from review_ui.language import choose, t
from review_ui.pages import page, refusal
from review_ui.reviewers import check_reviewer
from review_ui.tries import PAUSE, Tries, client_of

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

_HEADERS = [
    (name.lower().encode(), value.encode())
    for name, value in {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }.items()
]

_REVIEWER = "facecorpus.reviewer"
_LONGEST_FORM = 4096  # bytes


@dataclass(frozen=True, slots=True)
class Access:
    """How browsers are let in: by a token that works once, as `reviewer`; or by a password, with a name of their
    own."""

    reviewer: str
    token: str | None = None
    password: str | None = None
    hosts: tuple[str, ...] = ()  # names of this machine beside its loopback and the address that was connected to


def reviewer_of(request: Request) -> str:
    """As whom the browser was let in."""
    return str(request.scope[_REVIEWER])


class Guard:
    """Refuses whoever has no business here, and adds the security headers to every answer."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access
        self._token = access.token
        self._reviewers: dict[str, str] = {}  # by session
        self._tries = Tries()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            choose(Headers(scope=scope).get("accept-language", ""))
            answer = await self._check(scope, receive) or self._app
            await answer(scope, receive, _with_headers(send))

    async def _check(self, scope: Scope, receive: Receive) -> ASGIApp | None:
        """The answer to a request that may not pass, or to one that wants to come in; None: it may pass."""
        path, port, headers = scope["path"], scope["server"][1], Headers(scope=scope)
        host = headers.get("host", "")
        if host not in self._hosts(scope):
            return refusal(
                path,
                403,
                t("This page answers only as {address}; open that address.", address=f"http://127.0.0.1:{port}"),
            )
        if scope["method"] not in ("GET", "HEAD") and headers.get("origin") != f"http://{host}":
            return refusal(path, 403, t("A change must come from the review page itself; reload it and try again."))
        reviewer = self._reviewer(headers, port)
        # The page's own style needs nobody: the refusals and the form for the password wear it, too.
        if reviewer is not None or path.startswith("/static/"):
            scope[_REVIEWER] = reviewer
            return None
        if self._access.password is not None:
            return await self._login(scope, receive, port)
        token = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if scope["method"] == "GET" and token:
            return self._welcome(token, path, port)
        return refusal(
            path, 401, t("This browser is not let in yet; open the address that facecorpus review printed last.")
        )

    def _hosts(self, scope: Scope) -> set[str]:
        """Exactly what the Host header may be. The last is the address at which this connection arrived."""
        address, port = scope["server"]
        names = {"127.0.0.1", "localhost", "[::1]"}
        if self._access.password is not None:
            names |= {*self._access.hosts, f"[{address}]" if ":" in address else address}
        return {f"{name}:{port}" for name in names}

    def _reviewer(self, headers: Headers, port: int) -> str | None:
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(_cookie_name(port))
        except CookieError:
            return None
        # A session is 256 random bits: how long the look-up takes tells nothing that helps to guess one.
        return None if cookie is None else self._reviewers.get(cookie.value)

    def _welcome(self, token: str, path: str, port: int) -> ASGIApp:
        """Exchange the token for the cookie, once."""
        if self._token is None or not hmac.compare_digest(token.encode(), self._token.encode()):
            return refusal(
                path,
                401,
                t(
                    "This address was used already or is an old one; stop facecorpus review with Ctrl-C,"
                    " start it again and open the new address. Nothing is lost."
                ),
            )
        self._token = None
        return self._let_in(self._access.reviewer, port)

    async def _login(self, scope: Scope, receive: Receive, port: int) -> ASGIApp:
        """The form for name and password, or the exchange of them for the cookie."""
        path = scope["path"]
        if path.startswith(("/api/", "/crops/", "/photos/")):
            return refusal(path, 401, t("This browser is not let in any more; reload the page."))
        if scope["method"] != "POST" or path != "/login":
            return page("login.html", 200 if path in ("/", "/login") else 401, problem="", name=self._access.reviewer)
        form = await _read_form(scope, receive)
        name, password = form.get("name", ""), form.get("password", "")
        try:
            check_reviewer(name)
        except FacecorpusError as error:
            return page("login.html", 401, problem=str(error), name="")
        assert self._access.password is not None
        client = client_of(scope)
        if self._tries.too_many(client):
            return page(
                "login.html", 429, problem=t("Too many wrong passwords from your address; wait a minute."), name=name
            )
        if hmac.compare_digest(password.encode(), self._access.password.encode()):
            return self._let_in(name, port)
        self._tries.wrong(client)
        await asyncio.sleep(PAUSE)
        return page("login.html", 401, problem=t("That is not the password."), name=name)

    def _let_in(self, reviewer: str, port: int) -> ASGIApp:
        session = secrets.token_urlsafe(32)
        self._reviewers[session] = reviewer
        # A page that goes on by itself, not a redirect: after a click in another site's page, a terminal in the
        # browser for one, the strict cookie would not be sent along with a redirect.
        answer = page("welcome.html")
        answer.set_cookie(_cookie_name(port), session, httponly=True, samesite="strict")
        return answer


def _cookie_name(port: int) -> str:
    """Cookies do not know ports; the name does, so that two reviews in one browser do not log each other out."""
    return f"facecorpus-review-{port}"


async def _read_form(scope: Scope, receive: Receive) -> dict[str, str]:
    """The fields of a posted form; none where it is longer than a name and a password."""
    body = await read_at_most(Request(scope, receive), _LONGEST_FORM) or b""
    return {key: values[0] for key, values in parse_qs(body.decode("utf-8", "replace")).items()}


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {name for name, _ in message["headers"]}
            headers = [*message["headers"], *(header for header in _HEADERS if header[0] not in given)]
            message = {**message, "headers": headers}
        await send(message)

    return send_with_headers
