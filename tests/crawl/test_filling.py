"""How a corpus fills: whose photographs come first, when enough is enough, and what status says of who starves."""

import re
from pathlib import Path
from typing import Any

import pytest
from crawling import corpus_of, propose, propose_urls, states
from loopback import Loopback, Reply, jpeg
from people import person

from facecorpus.corpus import Corpus
from facecorpus.crawl.plan import PAGE, Plan
from facecorpus.crawl.quota import Quota
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.manifest import Identity
from facecorpus.records import Candidate, Tally
from facecorpus.settings import FetchSettings
from facecorpus.upkeep.status import starving, status
from facecorpus.words import Gender, Race

MEN = dict(gender=Gender.MALE)


def filled(folder: Path, web: Loopback, people: list[Identity], each: int, **fetch: Any) -> Corpus:
    """A corpus in which each person has so many candidates, each another picture."""
    corpus = corpus_of(folder, web, people=people, **fetch)
    for first, one in enumerate(people):
        names = [f"/{one.identity_id}{number}.jpg" for number in range(each)]
        urls = [web.serve(name, Reply(jpeg(100 * first + n))) for n, name in enumerate(names)]
        propose_urls(corpus, *urls, identity_id=one.identity_id)
    return corpus


def test_subgroups_take_turns_whatever_the_number_of_their_people(web: Loopback, tmp_path: Path) -> None:
    people = [person("ada"), person("bea"), person("cleo"), person("dan", **MEN)]
    corpus = filled(tmp_path / "corpus", web, people, each=4, per_host=1)
    fetch_candidates(corpus)
    who = [re.sub(r"[^a-z]|jpg", "", path) for path in web.paths()]
    assert [name == "dan" for name in who[:8]].count(True) == 4  # half of them, as long as there are any
    assert {who[:9].count(name) for name in ("ada", "bea", "cleo")} <= {1, 2}


def test_the_best_of_a_person_comes_first(web: Loopback, tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", web, per_host=1)
    urls = [web.serve(f"/{number}.jpg", Reply(jpeg(number))) for number in range(4)]
    propose(
        corpus, *(Candidate("ada", "commons", url, rank=rank) for url, rank in zip(urls, (3, 1, 0, 2), strict=True))
    )
    fetch_candidates(corpus)
    assert web.paths() == ["/2.jpg", "/1.jpg", "/3.jpg", "/0.jpg"]


def test_a_person_gets_no_more_than_enough_and_the_rest_waits(web: Loopback, tmp_path: Path) -> None:
    corpus = filled(tmp_path / "corpus", web, [person("ada"), person("dan", **MEN)], each=7, enough_per_identity=3)
    summary = fetch_candidates(corpus)
    assert (summary.stored, summary.enough, len(web.paths())) == (6, 8, 6)
    assert "8 go on waiting: their person or subgroup has enough photographs." in str(summary)
    with corpus.catalog() as catalog:
        for sha256 in catalog.photos.waiting():
            catalog.photos.unreadable(sha256, "too small")
    assert status(corpus).enough == 8
    assert "6 photographs show nobody's face" in status(corpus).next_why  # nothing is left to crawl
    web.requests.clear()
    assert fetch_candidates(corpus).stored == 0
    assert web.paths() == []


def test_a_subgroup_gets_no_more_than_enough_shared_by_its_people(web: Loopback, tmp_path: Path) -> None:
    people = [person("ada"), person("bea"), person("dan", **MEN)]
    corpus = filled(tmp_path / "corpus", web, people, each=6, enough_per_subgroup=4)
    assert fetch_candidates(corpus).stored == 8
    tallies = {tally.name: tally.photographs for tally in status(corpus).subgroups}
    assert tallies == {"female/adult/asian": 4, "male/adult/asian": 4}


def test_what_fails_makes_room_for_the_next(web: Loopback, tmp_path: Path) -> None:
    corpus = filled(tmp_path / "corpus", web, [person("ada")], each=8, enough_per_identity=4, per_host=3)
    for number in (0, 1, 2):
        web.serve(f"/ada{number}.jpg", Reply(status=404))
    summary = fetch_candidates(corpus)
    assert summary.outcomes == {"stored": 4, "gone": 3}
    assert states(corpus)["ada", "ada7.jpg"] == ""


def test_room_made_at_one_host_is_used_at_another(web: Loopback, tmp_path: Path) -> None:
    with Loopback() as other:
        corpus = corpus_of(tmp_path / "corpus", web, other, enough_per_identity=1, per_host=1)
        gone = web.url("/gone.jpg")
        propose_urls(corpus, gone, other.serve("/a.jpg", Reply(jpeg(1))))
        assert fetch_candidates(corpus).stored == 1


def test_the_same_url_for_two_people_from_two_sources_is_downloaded_once(web: Loopback, tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", web, people=[person("ada"), person("ben")], per_host=4)
    url = web.serve("/a.jpg", Reply(jpeg(1)))
    propose(corpus, *(Candidate(who, source, url) for who in ("ada", "ben") for source in ("commons", "urls")))
    assert fetch_candidates(corpus).outcomes == {"stored": 4}
    propose(corpus, Candidate("ben", "flickr", url))
    assert fetch_candidates(corpus).outcomes == {"stored": 1}
    assert web.paths() == ["/a.jpg"]


def test_the_queue_is_read_a_page_at_a_time(corpus: Corpus) -> None:
    propose(corpus, *(Candidate("ada", "commons", f"http://h/{n}.jpg", rank=n) for n in range(5 * PAGE)))
    with corpus.catalog() as catalog:
        sizes = []
        read = catalog.candidates.page

        def page(*arguments: Any) -> Any:
            rows = read(*arguments)
            sizes.append(len(rows))
            return rows

        catalog.candidates.page = page  # type: ignore[method-assign]
        plan = Plan(catalog.candidates, Quota(corpus.manifest.identities, FetchSettings(), {}))
        first = [plan.next("h") for _ in range(3)]
        assert [one.candidate.rank for one in first if one] == [0, 1, 2]
        assert sizes == [PAGE]
        assert len(list(iter(lambda: plan.next("h"), None))) == 5 * PAGE - 3
        assert max(sizes) == PAGE


# ---------------------------------------------------------------------------------------------------------- status


def test_status_counts_a_photograph_that_two_people_share_once(web: Loopback, tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", web, people=[person("ada"), person("bea"), person("dan", **MEN)])
    shared = web.serve("/shared.jpg", Reply(jpeg(1)))
    for who in ("ada", "bea", "dan"):
        propose_urls(corpus, shared, web.serve(f"/{who}.jpg", Reply(jpeg(ord(who[0])))), identity_id=who)
    fetch_candidates(corpus)
    state = status(corpus)
    assert {tally.name: tally.photographs for tally in state.subgroups} == {
        "female/adult/asian": 3,
        "male/adult/asian": 2,
    }
    assert state.total.photographs == 4
    assert state.total.candidates == 6


def test_status_says_which_subgroup_starves_and_why(web: Loopback, tmp_path: Path) -> None:
    people = [
        person("ada"),
        person("cleo", race=Race.WHITE),
        person("dan", **MEN),
    ]
    corpus = filled(tmp_path / "corpus", web, people, each=6)
    for number in range(5):
        web.serve(f"/dan{number}.jpg", Reply(status=404))
    fetch_candidates(corpus)
    (hungry,) = status(corpus).starving
    assert (hungry.name, hungry.photographs, hungry.usual) == ("male/adult/asian", 1, 6)
    assert "Starving: male/adult/asian has 1 photographs, 6 are usual; most were lost: of 6 candidates" in str(
        status(corpus)
    )
    assert "5 gone" in hungry.why
    assert "Nobody in the manifest: 21 of 24 subgroups." in str(status(corpus))


@pytest.mark.parametrize(
    ("candidates", "waiting", "outcomes", "why"),
    [
        (0, 0, {}, "no source has proposed anything for its 2 people"),
        (8, 0, {"stored": 4, "gone": 4}, "its sources propose too few: of 8 candidates for 2 people 0 wait, 4 gone"),
        (300, 290, {"": 290, "stored": 10}, "its candidates wait: of 300 candidates for 2 people 290 wait"),
        (
            300,
            0,
            {"opted_out": 250, "gone": 30},
            "most were lost: of 300 candidates for 2 people 0 wait, 250 opted out",
        ),
    ],
)
def test_the_reasons_why_a_subgroup_starves(candidates: int, waiting: int, outcomes: dict[str, int], why: str) -> None:
    full = [Tally(name, 2, 300, 0, 200, 0, 0, 0, 0) for name in "ab"]
    thin = Tally("thin", 2, candidates, waiting, 4, 0, 0, 0, 0)
    (hungry,) = starving([*full, thin], {"a": {}, "b": {}, "thin": outcomes})
    assert hungry.why.startswith(why)
