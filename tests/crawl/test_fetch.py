"""One file at a time: what a download may reach, how long it waits, and how it can end."""

import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from loopback import RULES, FakeTime, Loopback, Reply, jpeg, settings_for

from facecorpus.crawl.fetch import Fetched, Fetcher
from facecorpus.crawl.guard import Guard, is_public
from facecorpus.crawl.polite import PATIENCE, HostResting, Manners, opt_out, seconds_to_wait
from facecorpus.errors import SettingsError, SourceError
from facecorpus.words import Outcome

NOT_PUBLIC = """
    127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255
    240.0.0.1 192.0.0.8 192.0.0.192 168.63.129.16 198.18.0.1
    ::1 :: fe80::1%eth0 fc00::1 fd00:ec2::254 ff02::1 ::ffff:127.0.0.1 ::127.0.0.1 2002:7f00:1::
    64:ff9b::a9fe:a9fe 64:ff9b:1::1 2002:c0a8:101::1 2001:0:1234::1 2001:db8::1 fec0::1
"""
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def fetch(web: Loopback, url: str, **limits: Any) -> Fetched:
    """One try with settings that may reach the web."""
    with Fetcher(settings_for(web, fetch=limits)) as fetcher:
        return fetcher.fetch(url)


def outcome(web: Loopback, url: str, **limits: Any) -> Outcome:
    return fetch(web, url, **limits).download.outcome


def raw(*pieces: bytes, pause: float = 0.0) -> Reply:
    """An answer written piece by piece."""

    def write(send: Callable[[bytes], Any]) -> None:
        for piece in pieces:
            send(piece)
            time.sleep(pause)

    return Reply(raw=write)


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


# ------------------------------------------------------------------------------------------------- how it can end


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


# -------------------------------------------------------------------------------------------- what may be reached


def test_redirects_are_followed_and_recorded_under_the_first_address(web: Loopback) -> None:
    web.serve("/b.jpg", Reply(jpeg(1)))
    url = web.serve("/a.jpg", Reply(status=302, headers=(("Location", "b.jpg"),)))
    fetched = fetch(web, url)
    assert fetched.data == jpeg(1)
    assert fetched.download.url == url


def test_a_circle_of_redirects_ends(web: Loopback) -> None:
    url = web.serve("/a.jpg", Reply(status=301, headers=(("Location", "/a.jpg"),)))
    assert outcome(web, url) is Outcome.BAD_REDIRECT
    assert len(web.paths()) == 6


def test_a_private_address_is_not_asked_unless_the_settings_name_it(web: Loopback) -> None:
    url = web.serve("/a.jpg", Reply(jpeg(1)))
    with Fetcher(settings_for()) as fetcher:
        assert fetcher.fetch(url).download.outcome is Outcome.BLOCKED_ADDRESS
    assert web.requests == []


def test_a_redirect_leads_neither_to_a_private_address_nor_to_a_file(web: Loopback, tmp_path: Path) -> None:
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(jpeg(1))
    with Loopback() as inside:
        for target in (inside.serve("/a.jpg", Reply(jpeg(1))), f"http://localhost:{inside.port}/", secret.as_uri()):
            url = web.serve("/a.jpg", Reply(status=302, headers=(("Location", target),)))
            assert outcome(web, url) is Outcome.BLOCKED_ADDRESS
        assert inside.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://h/a.jpg",
        "data:image/png;base64,AA",
        "//h/a.jpg",
        "http:///a.jpg",
        "http://[::1/",
        "http://me:secret@127.0.0.1/a.jpg",
        "http://127.0.0.1:99999/",
        "http://a..b/",
        f"http://{'a' * 64}.org/",
        "",
    ],
)
def test_what_is_no_plain_web_address_is_refused(web: Loopback, url: str) -> None:
    assert outcome(web, url, obey_opt_outs=False) is Outcome.BLOCKED_ADDRESS


@pytest.mark.parametrize(
    "address",
    NOT_PUBLIC.split(),
)
def test_addresses_that_are_not_of_the_public_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "208.80.154.240", "2620:0:861:ed1a::1", "::ffff:1.1.1.1"])
def test_addresses_of_the_public_internet(address: str) -> None:
    assert is_public(address)


def test_private_hosts_may_be_named_with_and_without_port() -> None:
    guard = Guard(("127.0.0.1:8765", "wiki.local"))
    assert guard.allows_private("http://127.0.0.1:8765/x") and guard.allows_private("https://WIKI.local/x")
    assert not guard.allows_private("http://127.0.0.1/x")


def test_a_public_host_is_not_asked_without_a_contact(web: Loopback) -> None:
    with Fetcher(settings_for(web, crawl={"contact": " "})) as fetcher:
        assert fetcher.fetch(web.serve("/a.jpg", Reply(jpeg(1)))).data
        with pytest.raises(SourceError, match=r"commons\.example.*corpus\.toml, section \[crawl\], set contact"):
            fetcher.get_json("https://commons.example/w/api.php", {})
    with pytest.raises(SettingsError, match="contact"):
        Fetcher(settings_for(web, crawl={"contact": "me\r\nX-Header: 1"}))


# ------------------------------------------------------------------------------------------------------ politeness


def polite(web: Loopback, time: FakeTime, **limits: Any) -> Fetcher:
    """A fetcher for which no real time passes."""
    settings = settings_for(web, fetch={"requests_per_minute": 60} | limits)
    return Fetcher(settings, Manners(settings.fetch, time.clock, time.sleep))


def test_a_429_waits_as_long_as_the_server_asks(web: Loopback) -> None:
    time = FakeTime()
    url = web.serve("/a.jpg", Reply(status=429, headers=(("Retry-After", "7"),)), Reply(jpeg(1)))
    with polite(web, time, obey_opt_outs=False) as fetcher:
        tries = fetcher.fetch_in_tries(url)
    assert [one.download.outcome for one in tries] == [Outcome.RATE_LIMITED, Outcome.STORED]
    assert time.slept == [7.0]


def test_the_pause_holds_for_the_whole_host_and_for_no_other(web: Loopback) -> None:
    time = FakeTime()
    busy = web.serve("/busy.jpg", Reply(status=503, headers=(("Retry-After", "30"),)))
    with Loopback() as other:
        settings = settings_for(web, other, fetch={"obey_opt_outs": False})
        with Fetcher(settings, Manners(settings.fetch, time.clock, time.sleep)) as fetcher:
            fetcher.fetch(busy)
            fetcher.fetch(other.serve("/a.jpg", Reply(jpeg(1))))
            assert time.now == 0
            fetcher.fetch(web.serve("/b.jpg", Reply(jpeg(2))))
            assert time.now == 30


def test_a_429_that_names_no_time_pauses_too(web: Loopback) -> None:
    time = FakeTime()
    url = web.serve("/a.jpg", Reply(status=429), Reply(jpeg(1)))
    with polite(web, time, obey_opt_outs=False) as fetcher:
        assert fetcher.fetch_in_tries(url)[-1].data
    assert time.now >= 5


def test_a_host_that_asks_for_too_long_a_pause_is_left_for_the_next_run(web: Loopback) -> None:
    time = FakeTime()
    url = web.serve("/a.jpg", Reply(status=429, headers=(("Retry-After", f"{PATIENCE + 100:.0f}"),)))
    with polite(web, time, obey_opt_outs=False) as fetcher:
        assert [one.download.outcome for one in fetcher.fetch_in_tries(url)] == [Outcome.RATE_LIMITED]
        with pytest.raises(HostResting, match="left alone for 6 min 40 s"):
            fetcher.fetch_in_tries(url)
    assert len(web.requests) == 1
    assert time.slept == []


def test_what_can_pass_is_tried_again_after_growing_pauses_and_nothing_else(web: Loopback) -> None:
    time = FakeTime()
    broken = web.serve("/broken.jpg", Reply(status=500))
    with polite(web, time, tries=4, obey_opt_outs=False, requests_per_minute=600_000) as fetcher:
        assert [one.download.outcome for one in fetcher.fetch_in_tries(broken)] == [Outcome.SERVER_ERROR] * 4
        assert [0.5 * 2**n <= slept <= 0.5 * 2**n + 0.5 for n, slept in enumerate(time.slept)] == [True] * 3
        assert len(fetcher.fetch_in_tries(web.url("/missing.jpg"))) == 1


def test_no_more_requests_a_minute_than_allowed(web: Loopback) -> None:
    time = FakeTime()
    with polite(web, time, requests_per_minute=30, obey_opt_outs=False) as fetcher:
        for number in range(5):
            fetcher.fetch(web.serve(f"/{number}.jpg", Reply(jpeg(number))))
    assert time.now == pytest.approx(8)  # the first at once, then one every two seconds


@settings(max_examples=30)
@given(st.integers(0, 10**6))
def test_retry_after_in_seconds(seconds: int) -> None:
    assert seconds_to_wait(f" {seconds}", NOW) == seconds


@settings(max_examples=30)
@given(st.integers(-(10**6), 10**6))
def test_retry_after_as_a_date(seconds: int) -> None:
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert seconds_to_wait(date, NOW) == max(0, seconds)


@settings(max_examples=60, deadline=None)
@given(st.text() | st.from_regex(r"[0-9]+", fullmatch=True) | st.from_regex(r"\w{3}, \d+ Jan \d+ \d+:\d+:\d+ [+-]\d+"))
@example("0 Jan 0 0:3000000000 0")  # beyond what a date can hold
def test_any_retry_after_is_a_finite_time_or_none(text: str) -> None:
    seconds = seconds_to_wait(text, NOW)
    assert seconds is None or 0 <= seconds < float("inf")


# --------------------------------------------------------------------------------------------------------- opt-outs


def test_what_robots_txt_disallows_is_not_asked_for(web: Loopback) -> None:
    web.serve("/robots.txt", Reply(b"User-agent: *\nDisallow: /private/\nAllow: /private/*.jpg$\n"))
    with Fetcher(settings_for(web)) as fetcher:
        disallowed = fetcher.fetch(web.serve("/private/a.png", Reply(jpeg(1)))).download
        allowed = fetcher.fetch(web.serve("/private/a.jpg", Reply(jpeg(1)))).download
    assert (disallowed.outcome, allowed.outcome) == (Outcome.OPTED_OUT, Outcome.STORED)
    assert web.paths() == ["/private/a.jpg"]


def test_robots_txt_may_speak_of_this_crawler_alone(web: Loopback) -> None:
    web.serve("/robots.txt", Reply(b"User-agent: facecorpus\nDisallow: /\n\nUser-agent: *\nAllow: /\n"))
    assert outcome(web, web.serve("/a.jpg", Reply(jpeg(1)))) is Outcome.OPTED_OUT


@pytest.mark.parametrize(
    ("asked", "obeyed"), [("10", 10), ("0.5", 0.5), ("86400", 60), ("-5", 0), ("inf", 0), ("x", 0)]
)
def test_a_crawl_delay_is_the_pace_of_the_host_up_to_a_minute(web: Loopback, asked: str, obeyed: float) -> None:
    time = FakeTime()
    web.serve("/robots.txt", Reply(f"User-agent: *\nCrawl-delay: {asked}\n".encode()))
    with polite(web, time, requests_per_minute=600_000) as fetcher:
        for number in range(3):
            fetcher.fetch(web.serve(f"/{number}.jpg", Reply(jpeg(number))))
    assert len(web.requests) == len(RULES) + 3
    assert time.now == pytest.approx(obeyed * (len(web.requests) - 1), abs=0.01)


def test_a_crawl_delay_does_not_make_a_slow_pace_faster(web: Loopback) -> None:
    time = FakeTime()
    web.serve("/robots.txt", Reply(b"User-agent: *\nCrawl-delay: 1\n"))
    with polite(web, time, requests_per_minute=30) as fetcher:
        fetcher.fetch(web.serve("/a.jpg", Reply(jpeg(1))))
    assert time.now == pytest.approx(4)


def test_a_redirect_does_not_lead_round_robots_txt(web: Loopback) -> None:
    with Loopback() as other:
        other.serve("/robots.txt", Reply(b"User-agent: *\nDisallow: /\n"))
        target = other.serve("/a.jpg", Reply(jpeg(1)))
        url = web.serve("/a.jpg", Reply(status=302, headers=(("Location", target),)))
        with Fetcher(settings_for(web, other)) as fetcher:
            assert fetcher.fetch(url).download.outcome is Outcome.OPTED_OUT
        assert other.paths() == []


@pytest.mark.parametrize("status", [404, 403, 410])
def test_without_a_robots_txt_everything_is_allowed(web: Loopback, status: int) -> None:
    web.serve("/robots.txt", Reply(b"Disallow: /", status))
    assert outcome(web, web.serve("/a.jpg", Reply(jpeg(1)))) is Outcome.STORED


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_robots_txt_that_cannot_be_read_forbids_the_host_until_the_next_run(web: Loopback, status: int) -> None:
    web.serve("/robots.txt", Reply(status=status))
    url = web.serve("/a.jpg", Reply(jpeg(1)))
    with polite(web, FakeTime()) as fetcher:
        tries = fetcher.fetch_in_tries(url)
        assert len(tries) == 1 and tries[0].download.outcome.can_pass
        assert tries[0].download.detail == f"robots.txt: HTTP status {status}"
        with pytest.raises(HostResting):
            fetcher.fetch(url)
    assert [request.path for request in web.requests] == ["/robots.txt"] * 4
    web.serve("/robots.txt", Reply(b""))
    assert outcome(web, url) is Outcome.STORED


def test_of_a_huge_robots_txt_the_first_500_kib_count(web: Loopback) -> None:
    web.serve("/robots.txt", Reply(b"User-agent: *\nDisallow: /a\n" + b"#" * 600_000 + b"\nDisallow: /b\n"))
    with Fetcher(settings_for(web)) as fetcher:
        assert fetcher.fetch(web.serve("/a.jpg", Reply(jpeg(1)))).download.outcome is Outcome.OPTED_OUT
        assert fetcher.fetch(web.serve("/b.jpg", Reply(jpeg(1)))).download.outcome is Outcome.STORED


@pytest.mark.parametrize(
    ("headers", "stops_us"),
    [
        (["noai"], True),
        (["NoIndex, nofollow"], True),
        (["max-image-preview: large, noimageai"], True),
        (["facecorpus: noml"], True),
        (["*: noimageindex"], True),
        (["otherbot: noai"], False),
        (["otherbot: noai, noindex"], False),
        (["otherbot: noai", "noai"], True),
        (["otherbot: nofollow, facecorpus: noai"], True),
        (["unavailable_after: Friday, 25 Jun 2010 15:00:00 PST, noindex"], True),
        (["index, follow"], False),
        ([], False),
    ],
)
def test_x_robots_tag_opts_out(web: Loopback, headers: list[str], stops_us: bool) -> None:
    assert bool(opt_out(headers)) is stops_us
    reply = Reply(jpeg(1), headers=tuple(("X-Robots-Tag", value) for value in headers))
    url = web.serve("/a.jpg", reply)
    assert outcome(web, url) is (Outcome.OPTED_OUT if stops_us else Outcome.STORED)
    assert outcome(web, url, obey_opt_outs=False) is Outcome.STORED


def test_a_tdm_reservation_opts_out(web: Loopback) -> None:
    url = web.serve("/a.jpg", Reply(jpeg(1), headers=(("TDM-Reservation", "1"),)))
    assert outcome(web, url) is Outcome.OPTED_OUT


def test_an_interruption_ends_what_is_under_way(web: Loopback) -> None:
    with Fetcher(settings_for(web, fetch={"obey_opt_outs": False})) as fetcher:

        def interrupt(send: Callable[[bytes], Any]) -> None:
            fetcher.stop()
            time.sleep(0.2)

        with pytest.raises(HostResting, match="stopped"):
            fetcher.fetch_in_tries(web.serve("/a.jpg", Reply(raw=interrupt)))
    assert len(web.requests) == 1


def test_an_api_that_cannot_be_reached_is_spoken_of_while_it_is_asked_again(
    web: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    settings, time = settings_for(web, fetch={"private_hosts": (f"127.0.0.1:{port}",)}), FakeTime()
    with (
        Fetcher(settings, Manners(settings.fetch, time.clock, time.sleep)) as fetcher,
        pytest.raises(SourceError, match=r"cannot be asked: \w+: .*refused.*; check the address, or run again later"),
    ):
        fetcher.get_json(f"http://127.0.0.1:{port}/w/api.php", {})
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) >= 4
    assert all(f"127.0.0.1:{port}: " in line and "asking again in " in line for line in lines)
    assert not any("_Guarded" in line for line in lines)
    assert lines[-1].endswith("(7 of 8).")
