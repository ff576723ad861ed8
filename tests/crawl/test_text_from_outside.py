"""Text as the world writes it: halves of characters, control characters, other forms, too long; and answers amiss."""

import os
import tarfile
from io import BytesIO
from json import dumps
from pathlib import Path
from typing import Any

import pytest
from crawling import make
from loopback import Loopback, Reply, Request, jpeg, settings_for
from loopback_wiki import Wiki
from loopback_wikidata import WikidataDouble
from people import person

from facecorpus.catalog.removal_keys import author_name
from facecorpus.corpus import Corpus
from facecorpus.crawl.discover import discover
from facecorpus.crawl.sources import search_engines
from facecorpus.crawl.stage import fetch_candidates

HALF = "\ud800"  # of a character: JSON can say it, no encoding can write it
UGLY = f"A\0d{HALF}a\x1b[31m \u202egnp\u2069\n e\u0301\ufeff"
CLEAN = "Ad\ufffda[31m gnp é"


def rows(corpus: Corpus) -> list[dict[str, Any]]:
    with corpus.catalog() as catalog:
        return [dict(row) for row in catalog.query("SELECT * FROM candidate ORDER BY rank")]


def state_of(corpus: Corpus) -> list[tuple[str, str]]:
    return [(row["title"], row["state"]) for row in rows(corpus)]


# ------------------------------------------------------------------------------------------------------- every source


def test_a_title_and_an_author_that_no_encoding_writes_stop_no_crawl(web: Loopback, tmp_path: Path) -> None:
    wiki = Wiki(web)
    wiki.category("Ada", "1.jpg", "2.jpg", "3.jpg")
    wiki.info["2.jpg"] = {
        "thumburl": web.serve("/2.jpg", Reply(jpeg(2))),
        "extmetadata": {"ImageDescription": {"value": UGLY}, "Artist": {"value": UGLY}},
        "user": HALF,
        "descriptionurl": f"http://w/File:2{HALF}.jpg",
    }
    for name in ("1.jpg", "3.jpg"):
        wiki.info[name] = {"thumburl": web.serve(f"/{name}", Reply(jpeg(int(name[0]))))}
    corpus = make(tmp_path / "c", settings_for(web, crawl={"commons_api": wiki.url}), person("ada"))
    assert discover(corpus).new == 3
    assert fetch_candidates(corpus).photographs == 3
    assert state_of(corpus) == [("1.jpg", "stored"), (CLEAN, "stored"), ("3.jpg", "stored")]
    assert rows(corpus)[1]["author"] == CLEAN
    assert discover(corpus).asked == 0


def test_an_address_that_cannot_be_is_one_failed_candidate(web: Loopback, tmp_path: Path) -> None:
    wiki = Wiki(web)
    wiki.category("Ada", "1.jpg", "2.jpg")
    wiki.info["1.jpg"] = {"thumburl": web.url(f"/1{HALF}\x07.jpg")}
    wiki.info["2.jpg"] = {"thumburl": web.serve("/2.jpg", Reply(jpeg(2)))}
    corpus = make(tmp_path / "c", settings_for(web, crawl={"commons_api": wiki.url}), person("ada"))
    discover(corpus)
    fetch_candidates(corpus)
    assert [(row["state"], row["outcome"]) for row in rows(corpus)] == [("failed", "gone"), ("stored", "stored")]


def test_what_wikidata_calls_somebody_else_may_hold_anything(web: Loopback, tmp_path: Path) -> None:
    """The sentence with that name goes into the catalog."""
    wiki, wikidata = Wiki(web), WikidataDouble(web)
    wikidata.human("Q1", label=UGLY, P21="Q6581072", P569="1950")
    wikidata.entities["Q1"]["descriptions"]["en"]["value"] = UGLY
    settings = settings_for(web, crawl={"commons_api": wiki.url} | wikidata.settings)
    summary = discover(make(tmp_path / "c", settings, person("ada", wikidata_id="Q1")))
    (sentence,) = summary.mismatches
    assert f"(Q1, {CLEAN})" in sentence


def openverse(web: Loopback, *results: Any) -> dict[str, Any]:
    body = dumps({"page_count": 1, "results": results}).encode()
    web.serve("/v1/images/", Reply(body))
    return {"sources": ("openverse",), "openverse_api": web.url("/v1")}


def flickr(web: Loopback, *photos: Any) -> dict[str, Any]:
    licences = [{"id": 4, "name": "By", "url": "https://creativecommons.org/licenses/by/2.0/"}]

    def answer(request: Request) -> Reply:
        if "getInfo" in request.form["method"]:
            return Reply(dumps({"stat": "ok", "licenses": {"license": licences}}).encode())
        return Reply(dumps({"stat": "ok", "photos": {"pages": 1, "photo": photos}}).encode())

    return {"sources": ("flickr",), "flickr_api": web.serve("/rest/", answer)}


def test_openverse(web: Loopback, tmp_path: Path) -> None:
    crawl = openverse(web, {"id": UGLY, "url": "http://h/1.jpg", "title": UGLY, "creator": UGLY, "license": HALF})
    corpus = make(tmp_path / "c", settings_for(web, crawl=crawl), person("ada"))
    assert discover(corpus).new == 1
    (row,) = rows(corpus)
    assert (row["title"], row["author"], row["file_id"], row["licence"]) == (CLEAN, CLEAN, CLEAN, "CC \ufffd")


def test_flickr(web: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLICKR_API_KEY", "key")
    photo = {"id": 7, "owner": HALF, "title": UGLY, "ownername": UGLY, "license": "4", "url_l": "http://h/1.jpg"}
    crawl = flickr(web, photo | {"datetaken": "2011-99-99", "datetakengranularity": 0})
    corpus = make(tmp_path / "c", settings_for(web, crawl=crawl), person("ada"))
    assert discover(corpus).new == 1
    (row,) = rows(corpus)
    assert (row["title"], row["author"], row["file_id"], row["taken_on"]) == (CLEAN, CLEAN, "7", None)
    assert row["page_url"] == "https://www.flickr.com/photos/\ufffd/7"


def test_a_search_engine(web: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(search_engines.ENGINES, "bing", web.url(""))
    about = dumps({"murl": "http://h/1.jpg", "purl": f"http://h/{HALF}", "t": UGLY}).replace('"', "&quot;")
    web.serve("/images/async", Reply(f'<a m="{about}">'.encode()))
    corpus = make(tmp_path / "c", settings_for(web, crawl={"sources": ("bing",)}), person("ada"))
    assert discover(corpus).new == 1
    (row,) = rows(corpus)
    assert (row["title"], row["page_url"]) == (CLEAN, "http://h/\ufffd")


def test_a_list_of_addresses(tmp_path: Path) -> None:
    listed = {"name": f"A\u200eda{chr(0)}", "url": "http://h/1.jpg", "title": UGLY, "author": UGLY, "licence": HALF}
    (tmp_path / "list.jsonl").write_text(dumps(listed), encoding="utf-8")
    crawl = {"sources": ("urls",), "urls": str(tmp_path / "list.jsonl")}
    corpus = make(tmp_path / "c", settings_for(crawl=crawl), person("ada"))
    assert discover(corpus).new == 1
    (row,) = rows(corpus)
    assert (row["title"], row["author"], row["licence"]) == (CLEAN, CLEAN, "\ufffd")


def test_files_whose_names_are_no_text_are_read(tmp_path: Path) -> None:
    """A folder, and a tar of it: names are bytes there."""
    name = b"old \xff\x1b name.jpg"
    home = tmp_path / "people" / "ada"
    home.mkdir(parents=True)
    Path(os.fsdecode(os.fsencode(home) + b"/" + name)).write_bytes(jpeg(1))
    with tarfile.open(tmp_path / "people.tar", "w") as tar:
        info = tarfile.TarInfo("ada/" + os.fsdecode(name))
        info.size = len(jpeg(2))
        tar.addfile(info, BytesIO(jpeg(2)))
    crawl = {
        "sources": ("folder", "archive"),
        "folder": str(tmp_path / "people"),
        "archive": str(tmp_path / "people.tar"),
    }
    corpus = make(tmp_path / "c", settings_for(crawl=crawl), person("ada"))
    assert discover(corpus).new == 2
    assert fetch_candidates(corpus).photographs == 2
    assert state_of(corpus) == [("old \ufffd name.jpg", "stored")] * 2


def test_an_author_who_was_taken_down_under_the_uncleaned_name_stays_away(web: Loopback, tmp_path: Path) -> None:
    """An earlier version kept marks of direction in names, and the list of removals has but their keyed hashes."""
    wiki = Wiki(web)
    wiki.category("Ada", "1.jpg", "2.jpg")
    wiki.info = {f"{n}.jpg": {"extmetadata": {"Artist": {"value": f"Jo\u200e{n}"}}} for n in (1, 2)}
    corpus = make(tmp_path / "c", settings_for(web, crawl={"commons_api": wiki.url}), person("ada"))
    with corpus.catalog() as catalog, catalog.transaction() as connection:
        key = catalog.removal_key(author_name("Jo\u200e1"))
        connection.execute("INSERT INTO removal VALUES (?, 'asked', '2026-01-01')", (key,))
    assert discover(corpus).new == 1
    assert [row["author"] for row in rows(corpus)] == ["Jo2"]
