"""Who does not want to be trained on: Content-Signal and Content-Usage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loopback import Loopback, Reply, jpeg, settings_for

from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.usage import Preferences, reserved_by
from facecorpus.words import Outcome

CLOUDFLARE = """
# BEGIN Cloudflare Managed content

User-agent: *
Content-Signal: search=yes,ai-train=no,use=reference
Allow: /

User-agent: GPTBot
Disallow: /
"""
OF_THE_DRAFT = """
User-Agent: *
Allow: /
Disallow: /never/
Content-Usage: train-ai=n
Content-Usage: /ai-ok/ train-ai=y
"""
DRAFT = f"""{OF_THE_DRAFT}
User-Agent: facecorpus
Allow: /
Content-Usage: train-ai=y
"""


def reserved(text: str, path: str = "/a.jpg") -> bool:
    return Preferences(text).reserving(f"https://host.example{path}") is not None


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        (CLOUDFLARE, "/a.jpg", True),
        ("User-agent: GPTBot\nContent-Signal: ai-train=no\n\nUser-agent: *\nAllow: /\n", "/a.jpg", False),
        ("User-agent: *\nContent-Signal: search=yes\n", "/a.jpg", False),
        ("User-agent: *\nContent-Signal: ai-train=yes, search=no\n", "/a.jpg", False),
        ("User-agent: *\ncontent-signal: /art/ AI-Train = NO\n", "/art/a.jpg", True),
        ("User-agent: *\ncontent-signal: /art/ AI-Train = NO\n", "/a.jpg", False),
        ("Content-Signal: ai-train=no\n", "/a.jpg", True),
        ("User-agent: *\nContent-Usage: ai=n\nContent-Usage: /ai-ok/ ai=y\n", "/a.jpg", True),
        ("User-agent: *\nContent-Usage: ai=n\nContent-Usage: /ai-ok/ ai=y\n", "/ai-ok/a.jpg", False),
        ("User-agent: *\nContent-Usage: /a train-ai=y\nContent-Usage: /a train-ai=n\n", "/a.jpg", True),
        ("User-agent: *\nContent-Usage: train-ai=y, bots=n\n", "/a.jpg", False),
        ("User-agent: *\nContent-Usage: bots=n\n", "/a.jpg", True),
        ("User-agent: *\nContent-Usage: train-ai=(n)\n", "/a.jpg", False),
        ("User-agent: *\nContent-Usage: train-ai\n", "/a.jpg", False),
        ("User-agent: *\nContent-Usage: train-ai=n, =\n", "/a.jpg", False),  # RFC 9651: all of it is ignored then
        ("User-agent: other\nUser-agent: FaceCorpus/2.0\nContent-Usage: train-ai=n # of late\n", "/a.jpg", True),
        (DRAFT, "/a.jpg", False),
        (OF_THE_DRAFT, "/a.jpg", True),
        (OF_THE_DRAFT, "/ai-ok/a.jpg", False),
        ("", "/a.jpg", False),
    ],
)
def test_the_group_for_this_crawler_and_its_longest_path_decide(text: str, path: str, expected: bool) -> None:
    assert reserved(text, path) is expected


@given(st.text(alphabet="Content-Usage:ai=nytr, /*\nser", max_size=200))
def test_whatever_a_robots_txt_says_it_is_read(text: str) -> None:
    assert Preferences(text).reserving("https://host.example/a") in (None, Preferences(text)._words)


@pytest.mark.parametrize("key", ["Content-Signal: ai-train=no", "Content-Usage: train-ai=n"])
def test_what_robots_txt_reserves_is_not_asked_for_and_its_words_are_kept(web: Loopback, key: str) -> None:
    web.serve("/robots.txt", Reply(f"User-agent: *\n{key}\n".encode()))
    with Fetcher(settings_for(web)) as fetcher:
        download = fetcher.fetch(web.serve("/a.jpg", Reply(jpeg(1)))).download
    assert (download.outcome, web.paths()) == (Outcome.OPTED_OUT, [])
    assert download.detail == f"robots.txt reserves it from training ({key})"


def test_who_is_told_not_to_obey_gets_it(web: Loopback) -> None:
    web.serve("/robots.txt", Reply(CLOUDFLARE.encode()))
    with Fetcher(settings_for(web, fetch={"obey_opt_outs": False})) as fetcher:
        assert fetcher.fetch(web.serve("/a.jpg", Reply(jpeg(1)))).download.outcome is Outcome.STORED


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        (["train-ai=n"], Outcome.OPTED_OUT),
        (["search=y", "train-ai=n;why=art"], Outcome.OPTED_OUT),
        (["train-ai=y"], Outcome.STORED),
        (["search=n"], Outcome.STORED),
        (["train-ai=n", "!"], Outcome.STORED),
    ],
)
def test_an_answer_may_reserve_itself(web: Loopback, headers: list[str], outcome: Outcome) -> None:
    said = tuple(("Content-Usage", value) for value in headers)
    with Fetcher(settings_for(web)) as fetcher:
        download = fetcher.fetch(web.serve("/a.jpg", Reply(jpeg(1), headers=said))).download
    assert download.outcome is outcome
    if outcome is Outcome.OPTED_OUT:
        assert download.detail == f"Content-Usage: {', '.join(headers)}"


def test_no_header_reserves_nothing() -> None:
    assert reserved_by([]) is None
