"""Opt-outs as owners really write them: tdmrep.json in other shapes, a robots.txt in another encoding."""

import json

import pytest
from loopback import FakeTime, Loopback, Reply, jpeg, settings_for
from recorded import needs_answers, recorded

from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.inspection import Fetched
from facecorpus.crawl.polite import HostResting, Manners
from facecorpus.crawl.tdm import PATH, Rule, read_rules
from facecorpus.words import Outcome

EVERYTHING = (Rule("/", True),)
NOTHING = (Rule("/", False),)


@pytest.mark.parametrize(
    ("document", "rules"),
    [
        ([{"location": "/", "tdm-reservation": 1}], EVERYTHING),
        ({"tdm-reservation": 1, "tdm-policy": "https://h/p"}, EVERYTHING),
        ({"tdm_reservation": 1}, EVERYTHING),
        ({"tdm-reservation": 0}, NOTHING),
        ({"tdmrep": [{"location": "/", "tdm_reservation": "1"}]}, EVERYTHING),
        ({"tdmrep": [{"location": "/", "tdm-reservation": 0}]}, NOTHING),
        ([{"location": "/a", "tdm_reservation": True}], (Rule("/a", True),)),
        ([{"tdm-reservation": 1}], EVERYTHING),
        ({"location": "/a*", "tdm-reservation": 1}, (Rule("/a*", True),)),
        ({"hello": 1}, ()),
        ([{"location": 7, "tdm-reservation": 1}, "x"], ()),
        (7, ()),
    ],
)
def test_reservations_in_every_shape_that_owners_write(document: object, rules: tuple[Rule, ...]) -> None:
    assert read_rules(json.dumps(document).encode()) == rules


@needs_answers
@pytest.mark.parametrize(
    ("answer", "rules"),
    [
        ("tdmrep-array.json", EVERYTHING),
        ("tdmrep-object-underscores.json", EVERYTHING),
        ("tdmrep-object.json", NOTHING),
        ("tdmrep-wrapped.json", NOTHING),
    ],
)
def test_recorded_reservations(answer: str, rules: tuple[Rule, ...]) -> None:
    assert read_rules(recorded(answer)) == rules


def fetch(web: Loopback, robots: bytes, tdmrep: bytes = b"[]") -> Fetched:
    """One try to get a picture of a host with these rules."""
    web.serve("/robots.txt", Reply(robots))
    web.serve(PATH, Reply(tdmrep))
    settings, time = settings_for(web), FakeTime()
    with Fetcher(settings, Manners(settings.fetch, time.clock, time.sleep)) as fetcher:
        found = fetcher.fetch(web.serve("/a.jpg", Reply(jpeg(1))))
        if found.download.outcome is Outcome.SERVER_ERROR:
            with pytest.raises(HostResting, match=r"robots\.txt cannot be read"):
                fetcher.fetch(web.url("/b.jpg"))
    return found


def test_an_object_reserves_the_whole_host(web: Loopback) -> None:
    download = fetch(web, b"", b'{"tdm_reservation": 1}').download
    assert (download.outcome, download.detail) == (Outcome.OPTED_OUT, "tdmrep.json reserves /")


RULES = "User-agent: *\r\nDisallow: /book-tickets\r\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_robots_txt_in_another_encoding_leaves_the_host_alone(web: Loopback, encoding: str) -> None:
    download = fetch(web, RULES.encode(encoding)).download
    assert download.outcome is Outcome.SERVER_ERROR
    assert "robots.txt: it is not text in UTF-8" in download.detail
    assert web.paths() == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_a_robots_txt_that_can_be_read_is_obeyed(web: Loopback, encoding: str) -> None:
    assert fetch(web, ("# ü\n" + RULES).encode(encoding)).download.outcome is Outcome.STORED


@needs_answers
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("robots-www.myvue.com.txt", Outcome.SERVER_ERROR),
        ("robots-www.nation.co.ke.txt", Outcome.STORED),
        ("robots-www.flickr.com.txt", Outcome.STORED),
        ("robots-cloudflare-managed.txt", Outcome.OPTED_OUT),
    ],
)
def test_recorded_robots_txts(web: Loopback, answer: str, outcome: Outcome) -> None:
    assert fetch(web, recorded(answer)).download.outcome is outcome
