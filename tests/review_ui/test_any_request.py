"""Any request at all, as hypothesis thinks them up: the application itself, without a server between."""

import asyncio
import json
from collections.abc import Iterator
from urllib.parse import quote, unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from review_corpus import ADA, BEN, make_corpus

from facecorpus.corpus import Corpus
from review_ui import create_app
from review_ui.guard import Access

SECRET = "correct horse"
LONG = "9" * 5000
HALF = "\ud800"  # of a character


class Application:
    """The application with a browser let in; requests are given as a server hands them on."""

    def __init__(self, corpus: Corpus, password: str | None = None) -> None:
        self._app = create_app(corpus, Access("ada", None if password else "sesame", password))
        self._loop = asyncio.new_event_loop()
        self._cookie = b""
        if password is None:
            _, headers, _ = self.ask("GET", "/?token=sesame")
            self._cookie = headers[b"set-cookie"].split(b";")[0]

    def ask(
        self, method: str, target: str, body: bytes = b"", headers: tuple[tuple[bytes, bytes], ...] = ()
    ) -> tuple[int, dict[bytes, bytes], bytes]:
        """Status, headers and body of the answer."""
        path, _, query = target.encode("ascii", "replace").decode().partition("?")
        given = ((b"host", b"127.0.0.1:80"), (b"origin", b"http://127.0.0.1:80"), (b"cookie", self._cookie), *headers)
        scope = {
            "type": "http",
            "method": method,
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": list({name: (name, value) for name, value in given}.values()),
            "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 1),
            "http_version": "1.1",
            "scheme": "http",
        }
        sent: list[dict[str, object]] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        self._loop.run_until_complete(self._app(scope, receive, send))  # type: ignore[arg-type]
        whole = b"".join(message.get("body", b"") for message in sent[1:])  # type: ignore[misc]
        return sent[0]["status"], dict(sent[0]["headers"]), whole  # type: ignore[arg-type,call-overload,return-value]

    def close(self) -> None:
        """Begin and end the application's life at once: only its end does anything."""
        messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

        async def receive() -> dict[str, str]:
            return next(messages)

        async def send(_: object) -> None:
            pass

        scope = {"type": "lifespan", "state": {}}
        self._loop.run_until_complete(self._app(scope, receive, send))  # type: ignore[arg-type]
        self._loop.close()


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    made = Application(make_corpus(tmp_path_factory.mktemp("any") / "review", {ADA: 10, BEN: 5}))
    yield made
    made.close()


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    made = Application(make_corpus(tmp_path_factory.mktemp("gate") / "review", {ADA: 1}), SECRET)
    yield made
    made.close()


ANY_TEXT = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=30),
    st.sampled_from([ADA, BEN, "", LONG, HALF, "\x00", "a" * 70_000, "..", "%", "' OR 1=1 --", "\u202e", "*", '"']),
)
ANY_NUMBER = st.one_of(st.integers(), st.floats(), st.sampled_from([2**63, -(2**63), 10**4000, -0.0]))
ANY_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), ANY_NUMBER, ANY_TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(ANY_TEXT, inner, max_size=4)),
    max_leaves=8,
)
VALID = {"page": ADA, "identity_id": ADA, "face_ids": [f"{1:024x}-0"], "verdict": "accept", "batch": 1}
ODD = {"face_ids": st.lists(ANY_TEXT), "batch": ANY_NUMBER, "kind": st.sampled_from(["age", "settle", "removal", HALF])}
NEARLY = st.one_of(
    *(odd.map(lambda value, key=key: VALID | {key: value}) for key, odd in ODD.items()),
    *(ANY_JSON.map(lambda value, key=key: VALID | {key: value}) for key in (*VALID, *ODD, "reason")),
)
"""A body of which one thing alone is odd, so that it goes as far as it can."""

PATHS = (
    "/",
    "/identity/{}",
    "/identity/{}/next",
    "/disagreements",
    "/photos/{}",
    "/crops/{}.jpg",
    "/static/{}/{}",
    "/api/identity/{}",
    "/api/identity/{}?faces={}",
    "/api/identity/{}/details?faces={}",
    "/api/identity/{}/news?after={}",
    "/api/identity/{}/order",
    "/api/identity/{}/search?text={}",
    "/api/identity/{}/near-duplicates/{}",
    "/api/disagreements",
    "/{}?token={}",
)
SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def written(value: object) -> bytes:
    """As JSON, with what Python alone calls JSON: NaN, halves of characters, numbers of any length."""
    return json.dumps(value).encode().replace(str(10**4000).encode(), LONG.encode())


@pytest.mark.parametrize("path", PATHS)
@SETTINGS
@given(
    method=st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "PUT", "OPTIONS", "X"]),
    first=ANY_TEXT,
    second=st.one_of(ANY_TEXT, st.floats().map(repr), st.integers().map(str)),
    raw=st.booleans(),
)
def test_no_address_is_a_crash(
    application: Application, method: str, path: str, first: str, second: str, raw: bool
) -> None:
    parts = [part if raw else quote(part, safe="", errors="surrogatepass") for part in (first, second)]
    for start in (parts[0], ADA):
        status, _, _ = application.ask(method, path.format(start, parts[1]))
        assert status < 500


@pytest.mark.parametrize("path", ["/api/decisions", "/api/undo", "/api/redo", "/login", "/"])
@SETTINGS
@given(body=st.one_of(ANY_JSON.map(written), NEARLY.map(written), st.binary(max_size=200)))
def test_no_body_is_a_crash(application: Application, path: str, body: bytes) -> None:
    status, _, _ = application.ask("POST", path, body)
    assert status < 500


@SETTINGS
@given(
    name=st.sampled_from([b"cookie", b"host", b"origin", b"content-length", b"range", b"if-none-match", b"accept"]),
    value=st.one_of(st.binary(max_size=60), st.sampled_from([b"bytes=0-" + LONG.encode(), LONG.encode()])),
    path=st.sampled_from(PATHS),
)
def test_no_header_is_a_crash(application: Application, name: bytes, value: bytes, path: str) -> None:
    status, _, _ = application.ask("GET", path.format(ADA, "1"), headers=((name, value),))
    assert status < 500


@SETTINGS
@given(
    name=ANY_TEXT,
    password=ANY_TEXT,
    path=st.sampled_from(["/login", "/", "/api/undo"]),
    raw=st.one_of(st.none(), st.binary(max_size=100)),
)
def test_nothing_at_the_door_is_a_crash(
    gate: Application, name: str, password: str, path: str, raw: bytes | None
) -> None:
    fields = [quote(part, safe="", errors="surrogatepass") for part in (name, password)]
    form = f"name={fields[0]}&password={fields[1]}".encode() if raw is None else raw
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("review_ui.guard.PAUSE", 0.0)
        patch.setattr("review_ui.tries.MOST", 10**9)
        status, headers, _ = gate.ask("POST", path, form)
    assert status in (200, 401, 403)
    assert b"set-cookie" not in headers
