"""A web that means harm: each of its answers ends as one classified row, and the good pictures beside it all arrive."""

import gzip
import socket
import ssl
import struct
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from crawling import corpus_of, propose_urls, states
from loopback import Loopback, Reply, jpeg, raw, settings_for

from facecorpus.corpus import Corpus
from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.errors import SettingsError
from facecorpus.words import Outcome

Send = Callable[[bytes], Any]

LIMITS: dict[str, Any] = {
    "tries": 1,
    "per_host": 4,
    "timeout_seconds": 2.0,
    "max_seconds": 4.0,
    "max_bytes": 300_000,
    "host_failures": 100,  # all of this is one host
}
HEAD = b"HTTP/1.1 200 OK\r\n"
PICTURE = jpeg(99)


def reset(*pieces: bytes) -> Reply:
    """An answer that ends with a reset of the connection."""

    def write(send: Send) -> None:
        for piece in pieces:
            send(piece)
        connection: socket.socket = send.__self__  # type: ignore[attr-defined]
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.socket.close(connection)

    return Reply(raw=write)


def redirect(location: str) -> Reply:
    return Reply(status=302, headers=(("Location", location),))


def huge_png(side: int) -> bytes:
    """A PNG whose header states a square of that side, in a few bytes."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + bytes(50)


def sized(length: int, body: bytes) -> Reply:
    return raw(HEAD + f"Content-Length: {length}\r\n\r\n".encode() + body)


def in_a_second() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)


FAULTS: dict[str, tuple[Callable[[], Reply], Outcome]] = {
    "to-loopback": (lambda: redirect("http://127.0.0.1:9/a.jpg"), Outcome.BLOCKED_ADDRESS),
    "to-ipv6-loopback": (lambda: redirect("http://[::1]:9/a.jpg"), Outcome.BLOCKED_ADDRESS),
    "to-nat64": (lambda: redirect("http://[64:ff9b::7f00:1]/a.jpg"), Outcome.BLOCKED_ADDRESS),
    "to-metadata": (lambda: redirect("http://169.254.169.254/latest/meta-data/"), Outcome.BLOCKED_ADDRESS),
    "to-a-file": (lambda: redirect("file:///etc/passwd"), Outcome.BLOCKED_ADDRESS),
    "to-gopher": (lambda: redirect("gopher://127.0.0.1/"), Outcome.BLOCKED_ADDRESS),
    "to-itself": (lambda: redirect("/to-itself.jpg"), Outcome.BAD_REDIRECT),
    "to-no-address": (lambda: redirect("http://[::/"), Outcome.BAD_REDIRECT),
    "to-nowhere": (lambda: Reply(status=302), Outcome.BAD_REDIRECT),
    "endless": (lambda: raw(HEAD + b"\r\n" + PICTURE, *[bytes(50_000)] * 400), Outcome.TOO_BIG),
    "endless-chunks": (
        lambda: raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *[b"c350\r\n" + bytes(50_000) + b"\r\n"] * 400),
        Outcome.TOO_BIG,
    ),
    "dripping-body": (lambda: raw(HEAD + b"\r\n" + PICTURE, *[b"x"] * 80, pause=0.1), Outcome.TIMEOUT),
    "dripping-head": (lambda: raw(HEAD, *[b"X"] * 80, pause=0.1), Outcome.TIMEOUT),
    "dripping-headers": (lambda: raw(HEAD, *[b"X-A: b\r\n"] * 80, pause=0.1), Outcome.TIMEOUT),
    "silent": (lambda: raw(b"", pause=3.0), Outcome.TIMEOUT),
    "gzip-bomb": (
        lambda: Reply(gzip.compress(bytes(50_000_000)), headers=(("Content-Encoding", "gzip"),)),
        Outcome.TOO_BIG,
    ),
    "not-gzip": (lambda: Reply(PICTURE, headers=(("Content-Encoding", "gzip"),)), Outcome.CONNECTION),
    "states-more": (lambda: sized(len(PICTURE) + 999, PICTURE), Outcome.CONNECTION),
    "states-less": (lambda: sized(len(PICTURE) - 99, PICTURE), Outcome.NOT_A_PICTURE),
    "states-too-much": (lambda: sized(10**15, PICTURE), Outcome.TOO_BIG),
    "bad-chunk": (lambda: raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + PICTURE), Outcome.CONNECTION),
    "reset": (reset, Outcome.CONNECTION),
    "reset-in-body": (lambda: reset(HEAD + b"Content-Length: 9999\r\n\r\n" + PICTURE[:99]), Outcome.CONNECTION),
    "no-http": (lambda: raw(b"SSH-2.0-OpenSSH_9.2\r\n"), Outcome.CONNECTION),
    "bad-status": (lambda: raw(b"HTTP/1.1 9999999 \xff\r\n\r\n"), Outcome.CONNECTION),
    "long-header": (lambda: raw(HEAD + b"X-A: " + b"a" * 1_000_000 + b"\r\n\r\n" + PICTURE), Outcome.CONNECTION),
    "many-headers": (lambda: raw(HEAD + b"X-A: b\r\n" * 5000 + b"\r\n" + PICTURE), Outcome.CONNECTION),
    "unicode-location": (
        lambda: raw(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://\xff\xfe\xc3\x28/\r\n\r\n"),
        Outcome.BLOCKED_ADDRESS,
    ),
    "unicode-headers": (
        lambda: raw(
            HEAD + b'X-\xe2\x80\x8b\xff: \xc3\x28\r\nX-Robots-Tag: \xff\xfe\r\nETag: "\xf0\x9f\x98"\r\n'
            b"Content-Type: image/\xff\r\nContent-Length: %d\r\n\r\n" % len(PICTURE) + PICTURE
        ),
        Outcome.STORED,  # odd, but a picture
    ),
    "html": (
        lambda: Reply(b"<!DOCTYPE html><p>Log in", headers=(("Content-Type", "image/jpeg"),)),
        Outcome.NOT_A_PICTURE,
    ),
    "empty": (lambda: Reply(b""), Outcome.NOT_A_PICTURE),
    "only-a-beginning": (lambda: Reply(PICTURE[:5]), Outcome.NOT_A_PICTURE),
    "huge-png": (lambda: Reply(huge_png(50_000)), Outcome.TOO_BIG),
    "busy-until": (lambda: Reply(status=429, headers=(("Retry-After", in_a_second()),)), Outcome.RATE_LIMITED),
    "opted-out": (lambda: Reply(PICTURE, headers=(("X-Robots-Tag", "noai"),)), Outcome.OPTED_OUT),
}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> str:
    """The file that settings name to trust the tests' own authority."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    """A server's context with a certificate for this machine."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


@pytest.fixture(params=["http", "https"])
def web(request: pytest.FixtureRequest, tls: ssl.SSLContext) -> Iterator[Loopback]:
    with Loopback(tls if request.param == "https" else None) as served:
        yield served


def tries(corpus: Corpus) -> dict[str, list[Outcome]]:
    """Every row of the catalog's tries, by the last part of the URL."""
    with corpus.catalog() as catalog:
        urls = [history.url for history in catalog.histories.all()]
        return {url.rpartition("/")[2]: [one.outcome for one in catalog.histories.tries([url])] for url in urls}


def test_every_hostile_answer_is_one_classified_row_and_all_good_pictures_arrive(
    web: Loopback, trusted: str, tmp_path: Path
) -> None:
    corpus = corpus_of(tmp_path / "corpus", web, authorities=trusted, **LIMITS)
    urls = []
    for number, (name, (reply, _)) in enumerate(FAULTS.items()):
        urls.append(web.serve(f"/{name}.jpg", lambda request, reply=reply: reply()))
        urls.append(web.serve(f"/good{number}.jpg", Reply(jpeg(number))))
    propose_urls(corpus, *urls)
    summary = fetch_candidates(corpus)
    ended = {name.removesuffix(".jpg"): rows for name, rows in tries(corpus).items()}
    assert {name: ended[name] for name in FAULTS} == {name: [outcome] for name, (_, outcome) in FAULTS.items()}
    good = {f"good{number}": [Outcome.STORED] for number in range(len(FAULTS))}
    assert {name: ended[name] for name in good} == good
    assert sum(summary.outcomes.values()) == summary.candidates == len(urls)
    assert summary.left_for_later == {}
    assert all(states(corpus).values())


def test_a_host_whose_robots_txt_never_comes_is_left_and_the_others_go_on(
    web: Loopback, trusted: str, tmp_path: Path
) -> None:
    with Loopback() as other:
        corpus = corpus_of(tmp_path / "corpus", web, other, authorities=trusted, **LIMITS)
        web.serve("/robots.txt", raw(b"", pause=3.0))
        hidden = [web.serve(f"/{number}.jpg", Reply(jpeg(number))) for number in range(3)]
        good = [other.serve(f"/good{number}.jpg", Reply(jpeg(10 + number))) for number in range(3)]
        propose_urls(corpus, *hidden, *good)
        summary = fetch_candidates(corpus)
    assert summary.stored == 3
    assert 1 <= summary.outcomes[Outcome.TIMEOUT] <= 3
    assert "its robots.txt cannot be read" in summary.left_for_later[web.host]
    assert not any(path in web.paths() for path in ("/0.jpg", "/1.jpg", "/2.jpg"))


@pytest.mark.parametrize("path", ["/robots.txt", "/.well-known/tdmrep.json"])
def test_of_a_file_of_rules_of_10_mb_no_more_than_500_kib_is_read(
    web: Loopback, trusted: str, tmp_path: Path, path: str
) -> None:
    sent = []

    def write(send: Send) -> None:
        send(HEAD + b"Content-Length: 10000000\r\n\r\n")
        with suppress(OSError):
            for _ in range(100):
                send(b"#" * 99_999 + b"\n")
                sent.append(100_000)

    corpus = corpus_of(tmp_path / "corpus", web, authorities=trusted, **LIMITS)
    web.serve(path, Reply(raw=write))
    propose_urls(corpus, web.serve("/a.jpg", Reply(jpeg(1))))
    assert fetch_candidates(corpus).outcomes == {"stored": 1}
    assert sum(sent) < 10_000_000


def test_a_bomb_is_never_unpacked_whole(web: Loopback, trusted: str) -> None:
    url = web.serve("/a.jpg", Reply(gzip.compress(bytes(300_000_000)), headers=(("Content-Encoding", "gzip"),)))
    settings = settings_for(web, fetch={"authorities": trusted, "obey_opt_outs": False, "max_bytes": 1_000_000})
    with Fetcher(settings) as fetcher:
        tracemalloc.start()
        download = fetcher.fetch(url).download
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert download.outcome is Outcome.TOO_BIG
    assert peak < 30_000_000


def test_the_body_of_a_redirect_is_not_read_to_its_end(web: Loopback, trusted: str) -> None:
    sent = []

    def endless(send: Send) -> None:
        with suppress(OSError):
            send(b"HTTP/1.1 302 Found\r\nLocation: /good.jpg\r\n\r\n")
            for _ in range(2000):
                send(bytes(50_000))
                sent.append(50_000)

    web.serve("/good.jpg", Reply(PICTURE))
    with Fetcher(settings_for(web, fetch={"authorities": trusted, **LIMITS})) as fetcher:
        assert fetcher.fetch(web.serve("/a.jpg", Reply(raw=endless))).data == PICTURE
    assert sum(sent) < 50_000_000


def test_a_redirect_from_https_leads_neither_to_this_machine_nor_into_a_private_network(
    tls: ssl.SSLContext, trusted: str
) -> None:
    with Loopback(tls) as web, Loopback() as inside:
        inside.serve("/a.jpg", Reply(jpeg(1)))
        url = web.serve("/a.jpg", redirect(f"http://localhost:{inside.port}/a.jpg"))
        with Fetcher(settings_for(web, fetch={"authorities": trusted, "obey_opt_outs": False})) as fetcher:
            assert fetcher.fetch(url).download.outcome is Outcome.BLOCKED_ADDRESS
        assert inside.requests == []


def test_a_server_that_nobody_vouches_for_is_a_failed_connection(tls: ssl.SSLContext) -> None:
    with Loopback(tls) as web, Fetcher(settings_for(web, fetch={"obey_opt_outs": False})) as fetcher:
        download = fetcher.fetch(web.serve("/a.jpg", Reply(jpeg(1)))).download
    assert download.outcome is Outcome.CONNECTION and "certificate" in download.detail.lower()
    assert web.requests == []


def test_a_handshake_that_drips_in_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        limits = {"private_hosts": (f"127.0.0.1:{port}",), "obey_opt_outs": False, "max_seconds": 1.0}

        def drip() -> None:
            peer, _ = listening.accept()
            with peer, suppress(OSError):
                peer.sendall(b"\x16\x03\x03\x40\x00")  # the head of a handshake record of 16 KiB
                while True:
                    peer.sendall(b"\x02")
                    time.sleep(0.1)

        server = threading.Thread(target=drip)
        server.start()
        with Fetcher(settings_for(fetch=limits)) as fetcher:
            assert fetcher.fetch(f"https://127.0.0.1:{port}/a.jpg").download.outcome is Outcome.TIMEOUT
        server.join()


def test_a_file_without_certificates_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("none")
    with pytest.raises(SettingsError, match=r"authorities in \[fetch\] names .*empty.pem, which cannot be read"):
        Fetcher(settings_for(fetch={"authorities": str(tmp_path / "empty.pem")}))
