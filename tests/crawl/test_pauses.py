"""How long is waited: pauses a host asks for, growing pauses, and the pace."""

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from fetching import polite
from hypothesis import example, given, settings
from hypothesis import strategies as st
from loopback import FakeTime, Loopback, Reply, jpeg, settings_for

from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.polite import HostResting, Manners, seconds_to_wait
from facecorpus.errors import SourceError
from facecorpus.settings import FetchSettings
from facecorpus.words import Outcome

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


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
    url = web.serve(
        "/a.jpg", Reply(status=429, headers=(("Retry-After", f"{60 * FetchSettings().patience_minutes + 100:.0f}"),))
    )
    with polite(web, time, obey_opt_outs=False) as fetcher:
        assert [one.download.outcome for one in fetcher.fetch_in_tries(url)] == [Outcome.RATE_LIMITED]
        with pytest.raises(HostResting, match="left alone for 31 min 40 s"):
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
