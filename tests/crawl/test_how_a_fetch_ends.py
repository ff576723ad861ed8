"""One file at a time: what comes of a download, and how else it can end."""

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from fetching import fetch, outcome
from loopback import RULES, Loopback, Reply, jpeg, raw, settings_for

from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.polite import HostResting
from facecorpus.words import Outcome


def test_a_picture_comes_with_its_type_by_the_bytes(web: Loopback) -> None:
    fetched = fetch(web, web.serve("/liar.png", Reply(jpeg(1), headers=(("Content-Type", "image/png"),))))
    assert (fetched.data, fetched.media_type) == (jpeg(1), "image/jpeg")
    download = fetched.download
    assert (download.outcome, download.status, download.bytes) == (Outcome.STORED, 200, len(jpeg(1)))


def test_one_connection_serves_many_files_and_the_answers_without_a_picture(web: Loopback) -> None:
    urls = [web.serve(f"/{number}.jpg", Reply(jpeg(number))) for number in range(4)]
    with Fetcher(settings_for(web)) as fetcher:
        for url in (urls[0], web.url("/missing"), *urls[1:]):
            fetcher.fetch(url)
    assert len(web.requests) == 5 + len(RULES)
    assert len({request.connection for request in web.requests}) == 1


def test_requests_say_who_asks_and_carry_no_cookies(web: Loopback) -> None:
    url = web.serve("/a.jpg", Reply(jpeg(1), headers=(("Set-Cookie", "id=1"),)))
    with Fetcher(settings_for(web)) as fetcher:
        fetcher.fetch(url)
        fetcher.fetch(url)
    agent = web.requests[-1].headers["User-Agent"]
    assert agent.startswith("facecorpus/") and agent.endswith(" (me@example.org)")
    assert "Cookie" not in web.requests[-1].headers


# -------------------------------------------------------------------------------------------------- how else it can end


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (404, Outcome.GONE),
        (410, Outcome.GONE),
        (401, Outcome.REFUSED),
        (403, Outcome.REFUSED),
        (451, Outcome.REFUSED),
        (408, Outcome.TIMEOUT),
        (429, Outcome.RATE_LIMITED),
        (500, Outcome.SERVER_ERROR),
        (503, Outcome.SERVER_ERROR),
        (304, Outcome.BAD_REDIRECT),
        (302, Outcome.BAD_REDIRECT),  # without a Location
    ],
)
def test_every_status_has_its_outcome(web: Loopback, status: int, expected: Outcome) -> None:
    download = fetch(web, web.serve("/a.jpg", Reply(b"", status))).download
    assert (download.outcome, download.status) == (expected, status)


def test_html_that_calls_itself_a_picture_is_not_one(web: Loopback) -> None:
    page = Reply(b"<!DOCTYPE html><p>Please log in", headers=(("Content-Type", "image/jpeg"),))
    assert outcome(web, web.serve("/a.jpg", page)) is Outcome.NOT_A_PICTURE
    assert outcome(web, web.serve("/empty.jpg", Reply(b""))) is Outcome.NOT_A_PICTURE


def test_a_file_larger_than_allowed_is_not_read_to_its_end(web: Loopback) -> None:
    stated = web.serve("/stated.jpg", Reply(jpeg(1) + bytes(5000)))
    endless = raw(b"HTTP/1.1 200 OK\r\n\r\n" + jpeg(1), *[bytes(100_000)] * 1000)
    download = fetch(web, stated, max_bytes=3000).download
    assert download.outcome is Outcome.TOO_BIG and download.bytes == 0
    download = fetch(web, web.serve("/endless.jpg", endless), max_bytes=1_000_000).download
    assert download.outcome is Outcome.TOO_BIG and 1_000_000 < download.bytes < 2_000_000


def test_a_body_that_breaks_off_can_be_tried_again(web: Loopback) -> None:
    cut = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + jpeg(1))
    assert outcome(web, web.serve("/a.jpg", cut)) is Outcome.CONNECTION
    chunked = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n" + jpeg(1)[:50])
    assert outcome(web, web.serve("/b.jpg", chunked)) is Outcome.CONNECTION


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n\xff\xd8"]
)
def test_a_file_that_drips_in_is_given_up_in_time(web: Loopback, head: bytes) -> None:
    dripping = web.serve("/a.jpg", raw(head, *[b"X"] * 60, pause=0.1))
    download = fetch(web, dripping, timeout_seconds=5.0, max_seconds=0.5, obey_opt_outs=False).download
    assert download.outcome is Outcome.TIMEOUT


def test_the_seconds_of_a_file_are_those_of_all_its_redirects_together(web: Loopback) -> None:
    web.serve("/5.jpg", Reply(jpeg(1)))
    for number in range(5):
        head = f"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /{number + 1}.jpg\r\n".encode()
        web.serve(f"/{number}.jpg", raw(head, b"\r\n", pause=0.2))
    assert outcome(web, web.url("/0.jpg"), max_seconds=0.7, obey_opt_outs=False) is Outcome.TIMEOUT
    assert len(web.paths()) < 6
    assert outcome(web, web.url("/0.jpg"), max_seconds=30.0, obey_opt_outs=False) is Outcome.STORED


def test_a_silent_server_is_given_up(web: Loopback) -> None:
    assert outcome(web, web.serve("/a.jpg", raw(b"", pause=1.5)), timeout_seconds=0.3) is Outcome.TIMEOUT
    half = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n\xff\xd8", pause=1.5)
    assert outcome(web, web.serve("/b.jpg", half), timeout_seconds=0.3) is Outcome.TIMEOUT


def test_nobody_at_the_port_is_a_failed_connection() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but not listening
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        settings = settings_for(fetch={"private_hosts": (host,), "obey_opt_outs": False})
        with Fetcher(settings) as fetcher:
            assert fetcher.fetch(f"http://{host}/a.jpg").download.outcome is Outcome.CONNECTION


def test_an_interruption_ends_what_is_under_way(web: Loopback) -> None:
    with Fetcher(settings_for(web, fetch={"obey_opt_outs": False})) as fetcher:

        def interrupt(send: Callable[[bytes], Any]) -> None:
            fetcher.stop()
            time.sleep(0.2)

        with pytest.raises(HostResting, match="stopped"):
            fetcher.fetch_in_tries(web.serve("/a.jpg", Reply(raw=interrupt)))
    assert len(web.requests) == 1
