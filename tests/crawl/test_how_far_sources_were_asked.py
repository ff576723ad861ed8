"""Several sources, limits that rise, and what is asked again."""

import sqlite3
from dataclasses import replace
from pathlib import Path

from crawling import make, serve_wiki
from loopback import Loopback, Reply, jpeg
from people import person

from facecorpus.catalog import Catalog
from facecorpus.catalog.schema import MIGRATIONS
from facecorpus.corpus import Corpus
from facecorpus.crawl.discover import discover
from facecorpus.settings_file import documented_toml


def photos_of_ada(folder: Path, count: int) -> Path:
    """A folder for the source 'folder', with so many photographs of Ada."""
    home = folder / "photos" / "ada"
    home.mkdir(parents=True)
    for number in range(count):
        (home / f"{number}.jpg").write_bytes(jpeg(100 + number))
    return home.parent


def test_several_sources_share_the_wanted_number_and_a_new_one_is_asked_later(web: Loopback, tmp_path: Path) -> None:
    photos = photos_of_ada(tmp_path, 4)
    settings = serve_wiki(web, Ada=range(5))
    settings = replace(settings, crawl=replace(settings.crawl, per_identity=7))
    corpus = make(tmp_path / "corpus", settings, person("ada"))
    assert discover(corpus).new == 5
    both = replace(settings.crawl, sources=("commons", "folder"), folder=str(photos))
    (corpus.root / "corpus.toml").write_text(documented_toml(replace(settings, crawl=both)))
    found = discover(Corpus(corpus.root))
    assert (found.asked, found.new) == (1, 2)


def raise_limit(corpus: Corpus, per_identity: int) -> Corpus:
    """The same corpus, with more photographs of a person wanted."""
    settings = corpus.settings
    more = replace(settings, crawl=replace(settings.crawl, per_identity=per_identity))
    (corpus.root / "corpus.toml").write_text(documented_toml(more))
    return Corpus(corpus.root)


def test_a_higher_limit_asks_again_where_a_source_was_stopped_and_nowhere_else(web: Loopback, tmp_path: Path) -> None:
    settings = serve_wiki(web, Ada=range(8), Ben=(20, 21))
    settings = replace(settings, crawl=replace(settings.crawl, per_identity=3))
    corpus = make(tmp_path / "corpus", settings, person("ada"), person("ben"))
    assert discover(corpus).new == 5
    asked = len(web.requests)
    assert discover(corpus).asked == 0
    assert len(web.requests) == asked
    corpus = raise_limit(corpus, 6)
    found = discover(corpus)
    assert (found.asked, found.proposed, found.new) == (1, 6, 3)  # Ben's category had no more to give
    corpus = raise_limit(corpus, 20)
    assert discover(corpus).new == 2
    assert discover(raise_limit(corpus, 50)).asked == 0  # now Ada's neither


def test_a_source_that_was_not_needed_is_asked_when_more_are_wanted(web: Loopback, tmp_path: Path) -> None:
    photos = photos_of_ada(tmp_path, 4)
    settings = serve_wiki(web, Ada=range(5))
    crawl = replace(settings.crawl, sources=("commons", "folder"), folder=str(photos), per_identity=5)
    corpus = make(tmp_path / "corpus", replace(settings, crawl=crawl), person("ada"))
    assert discover(corpus).new == 5
    found = discover(raise_limit(corpus, 7))
    assert (found.asked, found.new) == (2, 2)


def test_what_an_older_version_noted_is_asked_about_once_more(web: Loopback, tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    old = sqlite3.connect(path)
    old.executescript(MIGRATIONS[0])
    old.execute("INSERT INTO identity VALUES ('ada', 0, 1, 'Ada', NULL)")
    old.execute("INSERT INTO discovery VALUES ('ada', 'commons', 4, '2026-01-01')")
    old.execute("PRAGMA user_version = 1")
    old.commit()
    old.close()
    catalog = Catalog(path)
    assert catalog.candidates.discovered(4) == {("ada", "commons")}
    assert catalog.candidates.discovered(5) == set()
    catalog.close()


def test_a_source_that_fails_stops_no_other(web: Loopback, tmp_path: Path) -> None:
    photos = photos_of_ada(tmp_path, 1)
    settings = serve_wiki(web)
    web.serve("/w/api.php", Reply(b"<html>"))
    crawl = replace(settings.crawl, sources=("commons", "folder"), folder=str(photos))
    corpus = make(tmp_path / "corpus", replace(settings, crawl=crawl), person("ada"), person("ben"))
    found = discover(corpus)
    assert found.new == 1
    assert list(found.failed) == ["commons"]
    assert "SOURCE FAILED: commons was not asked to the end." in str(found)
    assert len(web.paths()) == 1  # for Ben it was not tried again
