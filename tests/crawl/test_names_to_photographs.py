"""A crawl from names to photographs in the store, and what is never asked for."""

from dataclasses import replace
from pathlib import Path

import pytest
from crawling import content, make, pictures, propose, serve_wiki, states
from loopback import Loopback, Reply, jpeg, settings_for
from loopback_wiki import Wiki
from people import person

from facecorpus.corpus import Corpus
from facecorpus.crawl.discover import discover
from facecorpus.crawl.stage import FetchSummary, fetch_candidates
from facecorpus.demo.server import DemoServer
from facecorpus.demo.world import DemoWorld
from facecorpus.errors import SourceError
from facecorpus.manifest import read_manifest, write_manifest
from facecorpus.records import Candidate
from facecorpus.words import Outcome

# -------------------------------------------------------------------------------------------------- the ordinary course


def test_a_crawl_brings_each_photograph_once_and_a_second_one_asks_for_nothing(web: Loopback, tmp_path: Path) -> None:
    settings = serve_wiki(web, Ada=range(5), Ben=(4, 5, 6))
    corpus = make(tmp_path / "corpus", settings, person("ada"), person("ben"))
    found, fetched = discover(corpus), fetch_candidates(corpus)
    assert (found.asked, found.proposed, found.new, found.warnings) == (2, 8, 8, ())
    assert (fetched.candidates, fetched.stored, fetched.photographs) == (8, 8, 7)
    assert fetched.outcomes == {"stored": 8}
    assert fetched.bytes == sum(len(jpeg(number)) for number in range(7))
    assert pictures(web) == [f"/{number}.jpg" for number in range(7)]  # 4.jpg, of both, once
    asked = len(web.requests)
    assert str(discover(corpus)) == "Discovered nothing: every source has answered for every person before."
    assert str(fetch_candidates(corpus)) == "Fetched nothing: no photograph waits to be downloaded."
    assert len(web.requests) == asked


def test_a_photograph_known_from_another_person_is_not_downloaded_again(web: Loopback, tmp_path: Path) -> None:
    settings = serve_wiki(web, Ada=(1, 2), Ben=(2, 3))
    corpus = make(tmp_path / "corpus", settings, person("ada"))
    discover(corpus)
    fetch_candidates(corpus)
    write_manifest(corpus.root / "manifest.csv", [person("ada"), person("ben")])
    corpus = Corpus(corpus.root)
    discover(corpus)
    assert fetch_candidates(corpus).stored == 2
    assert pictures(web) == ["/1.jpg", "/2.jpg", "/3.jpg"]


def test_no_more_of_a_person_than_wanted_and_those_from_outside_the_period_do_not_count(
    web: Loopback, tmp_path: Path
) -> None:
    wiki = Wiki(web, batch=3)
    wiki.category("Ada", *(f"{number}.jpg" for number in range(20)))
    for number in range(20):
        year = 2010 if number % 2 else 1999  # the period is 2005-2020
        wiki.info[f"{number}.jpg"] = {"extmetadata": {"DateTimeOriginal": {"value": str(year)}}}
    settings = settings_for(web, crawl={"commons_api": wiki.url, "per_identity": 3})
    corpus = make(tmp_path / "corpus", settings, person("ada"))
    assert discover(corpus).proposed == 6
    assert len(wiki.asked) == 2


def test_a_person_without_a_category_is_a_warning_and_is_asked_about_again(web: Loopback, tmp_path: Path) -> None:
    settings = serve_wiki(web, Ben=(1,))
    corpus = make(tmp_path / "corpus", settings, person("ada", commons_category=""), person("ben"), person("cleo"))
    found = discover(corpus)
    assert found.new == 1
    assert found.warnings[0].startswith("Ada: the manifest names no Commons category, and nothing that leads to one")
    assert found.warnings[1].startswith("Cleo: ") and "no pictures in Category:Cleo" in found.warnings[1]
    assert found.unchecked == ("Ada", "Ben", "Cleo")
    assert str(found).count("\n") == 3
    write_manifest(corpus.root / "manifest.csv", [person("ada", commons_category="Ben"), person("ben")])
    assert discover(Corpus(corpus.root)).new == 1


def test_a_crawl_of_the_demo_world(tmp_path: Path) -> None:
    world = DemoWorld()
    world.write_manifest(tmp_path / "all.csv")
    everybody = {identity.identity_id: identity for identity in read_manifest(tmp_path / "all.csv").identities}
    with_old = [row.query_identity for row in world.truth if not everybody[row.query_identity].holds_on(row.taken_on)]
    people = [everybody[identity_id] for identity_id in list(dict.fromkeys(with_old))[:3]]
    with DemoServer(world, port=0) as server:
        settings = settings_for(
            crawl={"commons_api": server.api_url}, fetch={"private_hosts": (f"127.0.0.1:{server.port}",)}
        )
        corpus = make(tmp_path / "corpus", settings, *people)
        found, fetched = discover(corpus), fetch_candidates(corpus)
    truth = [row for row in world.truth if row.query_identity in {identity.identity_id for identity in people}]
    assert found.proposed == len(truth)
    with corpus.catalog() as catalog:
        rows = catalog.query("SELECT * FROM candidate").fetchall()
    assert {world.file_of_url(row["url"]) for row in rows} == {row.file for row in truth}
    assert {(row["licence"], row["taken_on"]) for row in rows} == {("CC0", row.taken_on) for row in truth}
    outside = [row for row in truth if not everybody[row.query_identity].holds_on(row.taken_on)]
    assert fetched.outcomes["outside_period"] == len(outside) > 0
    assert fetched.outcomes["stored"] >= 0.9 * (len(truth) - len(outside))
    assert set(fetched.outcomes) <= {"stored", "outside_period", "not_a_picture", "opted_out"}


def test_a_summary_names_every_outcome_in_words() -> None:
    summary = FetchSummary(
        candidates=9,
        stored=5,
        photographs=4,
        bytes=8_000_000,
        outcomes={Outcome.STORED: 5, Outcome.OUTSIDE_PERIOD: 3, Outcome.GONE: 1},
        left_for_later={},
        rested={},
        enough=0,
        seconds=4.0,
    )
    assert str(summary) == (
        "Fetched 4 new photographs for 5 of 9 waiting candidates (8.0 MB, 4 s, 2.0 MB/s).\n"
        "The others: 3 outside period, 1 gone."
    )


# ---------------------------------------------------------------------------------------------------- what is not asked


def test_photographs_from_outside_the_period_are_never_asked_for_until_the_period_changes(
    web: Loopback, tmp_path: Path
) -> None:
    corpus = make(tmp_path / "corpus", settings_for(web), person("ada"), person("ben", photos_from=2001))
    url = web.serve("/2001.jpg", Reply(jpeg(1)))
    old = Candidate("ada", "commons", url, taken_on="2001-05")
    propose(corpus, old, replace(old, url=web.serve("/2010.jpg", Reply(jpeg(2))), taken_on="2010"))
    assert fetch_candidates(corpus).outcomes == {"stored": 1, "outside_period": 1}
    assert pictures(web) == ["/2010.jpg"]
    propose(corpus, replace(old, identity_id="ben"))
    fetch_candidates(corpus)
    assert states(corpus)[("ben", "2001.jpg")] == "stored"
    assert states(corpus)[("ada", "2001.jpg")] == "outside_period"
    write_manifest(corpus.root / "manifest.csv", [person("ada", photos_from=2001)])
    corpus = Corpus(corpus.root)
    assert fetch_candidates(corpus).stored == 1
    assert states(corpus)[("ada", "2001.jpg")] == "stored"
    assert pictures(web) == ["/2001.jpg", "/2010.jpg"]


def test_what_was_taken_down_is_neither_asked_for_nor_kept_under_another_address(web: Loopback, tmp_path: Path) -> None:
    corpus = make(tmp_path / "corpus", settings_for(web), person("ada"))
    url, copy = web.serve("/a.jpg", Reply(jpeg(1))), web.serve("/copy.jpg", Reply(jpeg(2)))
    sha256 = corpus.photos.put(jpeg(2))
    corpus.photos.path(sha256).unlink()
    with corpus.catalog() as catalog, catalog.transaction() as connection:
        connection.executemany("INSERT INTO removal VALUES (?, 'asked', '2026-01-01')", [(url,), (sha256,)])
    propose(corpus, Candidate("ada", "commons", url), Candidate("ada", "commons", copy))
    assert fetch_candidates(corpus).outcomes == {"removed": 2}
    assert pictures(web) == ["/copy.jpg"]
    assert content(corpus)[1] == content(corpus)[3] == []


def test_a_source_may_not_hand_out_files_of_this_machine(web: Loopback, tmp_path: Path) -> None:
    corpus = make(tmp_path / "corpus", settings_for(web), person("ada"))
    (tmp_path / "secret.jpg").write_bytes(jpeg(1))
    propose(corpus, Candidate("ada", "commons", (tmp_path / "secret.jpg").as_uri()))
    assert fetch_candidates(corpus).outcomes == {"blocked_address": 1}


def test_a_public_host_without_a_contact_stops_the_crawl_with_a_sentence(tmp_path: Path) -> None:
    corpus = make(tmp_path / "corpus", settings_for(crawl={"contact": ""}), person("ada"))
    with pytest.raises(SourceError, match=r"set contact to your mail address"):
        discover(corpus)
    propose(corpus, Candidate("ada", "commons", "https://photos.example/a.jpg"))
    with pytest.raises(SourceError, match=r"photos\.example may .*set contact to your mail address"):
        fetch_candidates(corpus)
