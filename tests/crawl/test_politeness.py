"""Politeness beyond one request: limits of single hosts, rests of failing ones, reservations, conditional requests."""

from pathlib import Path
from typing import Any

import pytest
from crawling import corpus_of, propose_urls, states
from hypothesis import given
from hypothesis import strategies as st
from loopback import FakeTime, Loopback, Reply, Request, jpeg, settings_for

from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.limits import KNOWN, Limit, Limits
from facecorpus.crawl.polite import HostResting, Manners
from facecorpus.crawl.recheck import recheck_photographs
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.crawl.tdm import PATH, Rule, read_rules
from facecorpus.errors import SettingsError
from facecorpus.settings import FetchSettings
from facecorpus.words import Outcome

# ------------------------------------------------------------------------------------------------ limits of one host


@pytest.mark.parametrize(
    ("host", "limit"),
    [
        ("upload.wikimedia.org:443", Limit(2, 300)),
        ("commons.wikimedia.org:443", Limit(2, 200)),
        ("en.wikipedia.org", Limit(2, 200)),
        ("api.openverse.org:443", Limit(1, 20)),
        ("www.flickr.com", Limit(1, 60)),
        ("photos.example.org:443", Limit(7, 500)),  # the general values
        ("notwikimedia.org", Limit(7, 500)),
        ("127.0.0.1:8000", Limit(7, 500)),
        ("", Limit(7, 500)),
    ],
)
def test_known_hosts_have_limits_of_their_own(host: str, limit: Limit) -> None:
    assert Limits(FetchSettings(per_host=7, requests_per_minute=500)).of(host) == limit


def test_wikimedia_is_never_asked_more_than_two_at_once() -> None:
    assert all(limit.at_once <= 2 for limit in KNOWN.values())
    assert KNOWN["*.wikimedia.org"].a_minute <= 200


def test_the_settings_stand_above_what_is_known() -> None:
    lines = ("*.wikimedia.org: 1 at once, 10 a minute", "img.example.org: 9 at once, 900 a minute")
    limits = Limits(FetchSettings(hosts=(*lines, "127.0.0.1:81: 3 at once, 33 a minute")))
    assert limits.of("upload.wikimedia.org:443") == limits.of("commons.wikimedia.org") == Limit(1, 10)
    assert limits.of("img.example.org:8080") == Limit(9, 900)
    assert limits.of("127.0.0.1:81") == Limit(3, 33)
    assert limits.of("127.0.0.1:82") == limits.of("example.org") == Limit(2, 200)


@pytest.mark.parametrize("line", ["img.example.org 2", "h: 0 at once, 5 a minute", "h: 2 at once, 0 a minute", ""])
def test_a_line_that_states_no_limit_is_refused(line: str) -> None:
    with pytest.raises(SettingsError, match=r"hosts in \[fetch\] holds .*expected a line like 'photos.example.org: 1"):
        Limits(FetchSettings(hosts=(line,)))


def test_a_hosts_own_rate_is_kept(web: Loopback) -> None:
    time = FakeTime()
    settings = settings_for(web, fetch={"hosts": (f"{web.host}: 1 at once, 30 a minute",), "obey_opt_outs": False})
    with Fetcher(settings, Manners(settings.fetch, time.clock, time.sleep)) as fetcher:
        for number in range(4):
            fetcher.fetch(web.serve(f"/{number}.jpg", Reply(jpeg(number))))
    assert time.now == pytest.approx(6)


# ---------------------------------------------------------------------------------------------------- failing hosts


def failing(time: FakeTime, **changes: Any) -> Manners:
    return Manners(FetchSettings(host_failures=3, host_rest_seconds=60, **changes), time.clock, time.sleep)


def test_a_host_that_keeps_failing_rests_each_time_longer_and_then_for_the_whole_run() -> None:
    time = FakeTime()
    manners = failing(time, requests_per_minute=600_000)
    for _ in range(3):
        manners.failed("h", "reset")
    with manners.turn("h"):
        assert time.now == 60
    manners.failed("h", "reset")  # one more is enough now
    with manners.turn("h"):
        assert time.now == 60 + 240
    manners.failed("h", "reset")
    with pytest.raises(HostResting, match="5 requests in a row failed, the last one with: reset"), manners.turn("h"):
        pass
    with manners.turn("other"):
        assert time.now == 300


def test_an_answer_of_any_kind_shows_that_a_host_works() -> None:
    time = FakeTime()
    manners = failing(time)
    for _ in range(5):
        manners.failed("h", "reset")
        manners.failed("h", "reset")
        manners.answered("h")
    assert manners.rests == {}


def test_a_failing_host_burns_few_candidates_and_the_others_go_on(web: Loopback, tmp_path: Path) -> None:
    with Loopback() as broken:
        limits = {"host_failures": 4, "host_rest_seconds": 1000.0, "tries": 1, "per_host": 1}
        corpus = corpus_of(tmp_path / "corpus", web, broken, **limits)
        for number in range(9):
            propose_urls(
                corpus,
                broken.serve(f"/bad{number}.jpg", Reply(status=500)),
                web.serve(f"/{number}.jpg", Reply(jpeg(number))),
            )
        summary = fetch_candidates(corpus)
        assert summary.outcomes == {"stored": 9, "server_error": 4}
        assert f"{broken.host} is left for the next run: 4 requests in a row failed" in str(summary)
        with corpus.catalog() as catalog:
            assert catalog.candidates.count_waiting() == {"ada": 9}


def test_a_host_that_works_again_after_its_rest_loses_no_candidate(web: Loopback, tmp_path: Path) -> None:
    limits = {"host_failures": 2, "host_rest_seconds": 0.3, "tries": 3, "per_host": 1}
    corpus = corpus_of(tmp_path / "corpus", web, **limits)
    urls = [web.serve(f"/{number}.jpg", Reply(jpeg(number))) for number in range(4)]
    web.serve("/1.jpg", Reply(status=500), Reply(status=500), Reply(jpeg(1)))
    propose_urls(corpus, *urls)
    summary = fetch_candidates(corpus)
    assert summary.outcomes == {"stored": 4}
    assert f"{web.host} did not work for a while: 2 requests in a row failed" in str(summary)


# ------------------------------------------------------------------------------------------------ reservations (TDM)


def reserve(web: Loopback, *rules: tuple[str, object]) -> None:
    entries = [f'{{"location": "{location}", "tdm-reservation": {value}}}' for location, value in rules]
    web.serve(PATH, Reply(f"[{', '.join(entries)}]".encode(), headers=(("Content-Type", "application/json"),)))


def test_what_tdmrep_json_reserves_is_not_asked_for(web: Loopback) -> None:
    reserve(web, ("/free/", 0), ("/*.png$", 1), ("/photos/", 1))
    paths = {"/photos/a.jpg": False, "/free/a.png": True, "/x/a.png": False, "/x/a.png.jpg": True, "/other.jpg": True}
    with Fetcher(settings_for(web)) as fetcher:
        for number, (path, allowed) in enumerate(paths.items()):
            download = fetcher.fetch(web.serve(path, Reply(jpeg(number)))).download
            assert download.outcome is (Outcome.STORED if allowed else Outcome.OPTED_OUT), path
            assert allowed or download.detail.startswith("tdmrep.json reserves /")
    assert web.paths() == [path for path, allowed in paths.items() if allowed]
    assert [request.path for request in web.requests].count(PATH) == 1


def test_a_reservation_is_not_obeyed_where_the_settings_say_so(web: Loopback) -> None:
    reserve(web, ("/", 1))
    with Fetcher(settings_for(web, fetch={"obey_opt_outs": False})) as fetcher:
        assert fetcher.fetch(web.serve("/a.jpg", Reply(jpeg(1)))).data


@pytest.mark.parametrize("reply", [Reply(status=404), Reply(status=403), Reply(status=500), Reply(b"<html>")])
def test_a_tdmrep_json_that_cannot_be_read_states_nothing(web: Loopback, reply: Reply) -> None:
    web.serve(PATH, reply)
    settings = settings_for(web, fetch={"tries": 2})
    time = FakeTime()
    with Fetcher(settings, Manners(settings.fetch, time.clock, time.sleep)) as fetcher:
        assert fetcher.fetch(web.serve("/a.jpg", Reply(jpeg(1)))).data


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/", "/anything", True),
        ("/a", "/ab", True),
        ("/a$", "/ab", False),
        ("/a*c", "/abbc/d", True),
        ("/a*c$", "/abcabc", True),
        ("/ab*b$", "/ab", False),
        ("*.png$", "/a.png", True),
        ("/*/b/*c", "/a/b/xc", True),
        ("/*/b/*c", "/a/b", False),
        ("/*" + "a*" * 30 + "b$", "/" + "a" * 3000, False),  # takes no time
        ("/a%24b", "/a$b", True),
        ("/A", "/a", False),
        ("/(", "/(", True),
        ("/ü", "/ü/x", True),
    ],
)
def test_locations_are_patterns_like_those_of_robots_txt(pattern: str, path: str, matches: bool) -> None:
    assert Rule(pattern, reserved=True).matches(path) is matches


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_for_a_tdmrep_json_are_rules_or_none(body: bytes) -> None:
    assert all(isinstance(rule, Rule) for rule in read_rules(body))


# --------------------------------------------------------------------------------------------- conditional requests


def versions(request: Request) -> Reply:
    """A picture with validators, and 304 for whoever has it."""
    headers = (("ETag", '"v1"'), ("Last-Modified", "Sat, 01 Jan 2022 00:00:00 GMT"))
    if request.headers.get("If-None-Match") == '"v1"':
        return Reply(status=304, headers=headers)
    return Reply(jpeg(1), headers=headers)


def test_what_is_stored_is_asked_for_again_with_its_validators(web: Loopback, tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", web)
    propose_urls(corpus, url := web.serve("/a.jpg", versions))
    fetch_candidates(corpus)
    assert recheck_photographs(corpus).outcomes == {"unchanged": 1}
    asked = web.requests[-1].headers
    assert (asked["If-None-Match"], asked["If-Modified-Since"]) == ('"v1"', "Sat, 01 Jan 2022 00:00:00 GMT")
    with corpus.catalog() as catalog:
        again = catalog.histories.tries([url])[-1]
    assert (again.outcome, again.status, again.bytes) == (Outcome.UNCHANGED, 304, 0)


def test_a_recheck_says_what_was_withdrawn_and_changes_nothing(web: Loopback, tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", web)
    names = ("same", "other", "gone", "optout")
    propose_urls(corpus, *(web.serve(f"/{name}.jpg", Reply(jpeg(n))) for n, name in enumerate(names)))
    fetch_candidates(corpus)
    web.serve("/other.jpg", Reply(jpeg(77)))
    web.serve("/gone.jpg", Reply(status=410))
    web.serve("/optout.jpg", Reply(jpeg(3), headers=(("X-Robots-Tag", "noai"),)))
    summary = recheck_photographs(corpus)
    assert summary.outcomes == {"unchanged": 1, "changed": 1, "gone": 1, "opted_out": 1}
    assert set(summary.withdrawn) == {web.url("/gone.jpg"), web.url("/optout.jpg")}
    assert "facecorpus forget --url URL" in str(summary)
    assert set(states(corpus).values()) == {"stored"}
    assert [photo for photo in corpus.photos.damaged()] == []
    assert len(list(corpus.photos.root.glob("??/??/*"))) == 4
