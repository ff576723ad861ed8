"""A file is one candidate by its page and SHA-1, whatever address its source names today."""

from dataclasses import replace
from pathlib import Path

import pytest
from crawling import make, propose, states
from loopback import Loopback, Reply, jpeg, settings_for
from loopback_wiki import Wiki
from people import person

from facecorpus.corpus import Corpus
from facecorpus.crawl.discover import discover
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.records import Candidate


def wiki_with(web: Loopback, *numbers: int) -> Wiki:
    """A wiki in whose category of Ada these pictures are."""
    wiki = Wiki(web)
    wiki.category("Ada", *(f"{number}.jpg" for number in numbers))
    move(wiki, "/thumb", *numbers)
    return wiki


def move(wiki: Wiki, folder: str, *numbers: int) -> None:
    """Serve the thumbnails below another folder, with a query, as Wikimedia did in 2026."""
    for number in numbers:
        address = wiki.web.serve(f"{folder}/{number}.jpg", Reply(jpeg(number)))
        wiki.info[f"{number}.jpg"] = {"thumburl": f"{address}?utm_source=commons"}


def ask_again(corpus: Corpus) -> int:
    """Let every source be asked again; return how many photographs are new."""
    with corpus.catalog() as catalog, catalog.transaction() as connection:
        connection.execute("DELETE FROM discovery")
    return discover(Corpus(corpus.root)).new


@pytest.mark.parametrize("fetched_between", [True, False])
def test_a_second_discovery_on_changed_addresses_proposes_nothing_new(
    web: Loopback, tmp_path: Path, fetched_between: bool
) -> None:
    wiki = wiki_with(web, 1, 2, 3)
    corpus = make(tmp_path / "corpus", settings_for(web, crawl={"commons_api": wiki.url}), person("ada"))
    assert discover(corpus).new == 3
    if fetched_between:
        assert fetch_candidates(corpus).stored == 3
    move(wiki, "/elsewhere", 1, 2, 3)
    web.requests.clear()
    assert ask_again(corpus) == 0
    fetch_candidates(corpus)
    pictures = [path for path in web.paths() if path.endswith(".jpg")]
    # What waits is asked for where it is now.
    assert sorted(pictures) == ([] if fetched_between else [f"/elsewhere/{number}.jpg" for number in (1, 2, 3)])
    assert len(states(corpus)) == 3


def test_another_picture_on_the_same_page_is_another_candidate(web: Loopback, tmp_path: Path) -> None:
    wiki = wiki_with(web, 1)
    corpus = make(tmp_path / "corpus", settings_for(web, crawl={"commons_api": wiki.url}), person("ada"))
    discover(corpus)
    fetch_candidates(corpus)
    move(wiki, "/new", 1)
    wiki.info["1.jpg"]["sha1"] = "0" * 40
    assert ask_again(corpus) == 1


def test_a_catalog_from_before_knows_its_files_by_their_pages(web: Loopback, tmp_path: Path) -> None:
    wiki = wiki_with(web, 1)
    corpus = make(tmp_path / "corpus", settings_for(web, crawl={"commons_api": wiki.url}), person("ada"))
    discover(corpus)
    with corpus.catalog() as catalog, catalog.transaction() as connection:
        connection.execute("UPDATE candidate SET file_id = ''")
    move(wiki, "/elsewhere", 1)
    assert ask_again(corpus) == 0
    with corpus.catalog() as catalog:
        assert catalog.query("SELECT file_id FROM candidate").fetchone()[0].startswith("File:1.jpg ")


def test_a_list_may_name_several_pictures_of_one_page(web: Loopback, tmp_path: Path) -> None:
    corpus = make(tmp_path / "corpus", settings_for(web), person("ada"))
    one = Candidate("ada", "urls", "http://h/1.jpg", page_url="http://h/page")
    propose(corpus, one, replace(one, url="http://h/2.jpg"), one)
    assert len(states(corpus)) == 2


def test_what_was_taken_down_is_not_fetched_from_another_address(web: Loopback, tmp_path: Path) -> None:
    wiki = wiki_with(web, 1)
    people = [person("ada"), person("ben", commons_category="Ada")]
    corpus = make(tmp_path / "corpus", settings_for(web, crawl={"commons_api": wiki.url}), people[0])
    discover(corpus)
    with corpus.catalog() as catalog:
        (url,) = (row[0] for row in catalog.query("SELECT url FROM candidate"))
        marked = catalog.removals.of_url(url)
        assert marked is not None
        catalog.removals.begin(marked, "")
        catalog.removals.erase(marked)
        (known,) = (row[0] for row in catalog.query("SELECT file_id FROM candidate"))
        assert "1.jpg" not in known
    move(wiki, "/elsewhere", 1)
    web.requests.clear()
    assert ask_again(corpus) == 0
    both = make(tmp_path / "both", settings_for(web, crawl={"commons_api": wiki.url}), *people)
    (both.root / "catalog.sqlite").write_bytes((corpus.root / "catalog.sqlite").read_bytes())
    assert ask_again(Corpus(both.root)) == 1  # for Ben
    assert fetch_candidates(Corpus(both.root)).outcomes == {"removed": 1}
    assert not [path for path in web.paths() if path.endswith(".jpg")]
