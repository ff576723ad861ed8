"""Who does not want to be fetched: robots.txt, X-Robots-Tag, TDM reservations."""

import pytest
from fetching import outcome, polite
from loopback import RULES, FakeTime, Loopback, Reply, jpeg, settings_for

from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.polite import HostResting, opt_out
from facecorpus.words import Outcome


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
