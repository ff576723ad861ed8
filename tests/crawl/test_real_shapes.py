"""Commons and Wikidata as they really answer: older versions, lag, truncated answers, items that are no more."""

from json import dumps
from pathlib import Path

import pytest
from crawling import make
from loopback import Loopback, Reply, settings_for
from loopback_wiki import Wiki
from loopback_wikidata import WikidataDouble
from people import person
from recorded import needs_answers, recorded, recorded_json

from facecorpus.crawl.discover import DiscoverSummary, discover
from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.mediawiki import Json, MediaWiki
from facecorpus.crawl.sources.commons import Commons
from facecorpus.crawl.wikidata import Item, Wikidata
from facecorpus.demo.server import DemoServer
from facecorpus.demo.world import DemoWorld
from facecorpus.errors import SourceError
from facecorpus.records import Candidate

FEMALE = "Q6581072"


def files_of(web: Loopback, *answers: bytes) -> list[Json]:
    """The file pages in these answers of a wiki, as the client reads them."""
    url = web.serve("/w/api.php", *map(Reply, answers))
    settings = settings_for(web)
    with Fetcher(settings) as fetcher:
        return list(MediaWiki(url, fetcher, "commons_api").files("a file", {"titles": "File:A.jpg"}, 960))


def ask(wiki: Wiki, wikidata: WikidataDouble | None = None, **changes: object) -> list[Candidate]:
    """What source commons proposes for Ada."""
    settings = settings_for(wiki.web, crawl={"commons_api": wiki.url} | (wikidata.settings if wikidata else {}))
    ada = person("ada", **changes)
    with Fetcher(settings) as fetcher:
        return list(Commons(settings.crawl, fetcher, [ada]).candidates(ada))


# ------------------------------------------------------------------------------------------------------ older versions


def test_the_picture_of_an_item_is_its_current_version(web: Loopback) -> None:
    wiki, wikidata = Wiki(web), WikidataDouble(web)
    wiki.older = {"Best.jpg": 3}
    wikidata.human("Q1", P21=FEMALE, P569="1970", P18="Best.jpg")
    wiki.category("elsewhere", "Best.jpg")
    (candidate,) = ask(wiki, wikidata, wikidata_id="Q1", commons_category="")
    assert candidate.url == "http://t/960px-Best.jpg"
    assert candidate.found_by == "P18 of Q1"
    assert not any("iistart" in query for query in wiki.asked)


@pytest.mark.parametrize("names", [["A.jpg"], ["A.jpg", "B.jpg", "C.jpg"]])
def test_a_last_batch_of_one_file_brings_its_current_version(web: Loopback, names: list[str]) -> None:
    wiki = Wiki(web, batch=2)
    wiki.older = dict.fromkeys(names, 2)
    wiki.category("Ada", *names)
    assert [candidate.url for candidate in ask(wiki)] == [f"http://t/960px-{name}" for name in names]
    assert not any("iistart" in query for query in wiki.asked)


@needs_answers
@pytest.mark.parametrize("answer", ["commons-imageinfo-continue-iistart.json"])
def test_a_recorded_answer_with_older_versions_gives_the_current_one(web: Loopback, answer: str) -> None:
    older = {"title": "File:Douglas adams portrait cropped.jpg", "imageinfo": [{"url": "https://h/archive/old.jpg"}]}
    (page,) = files_of(web, recorded(answer), dumps({"query": {"pages": [older]}}).encode())
    assert page["imageinfo"][0]["url"].endswith("/c/c0/Douglas_adams_portrait_cropped.jpg")
    assert len(web.paths()) == 1


def test_the_demos_wiki_has_older_versions_and_their_pages_are_read_alike() -> None:
    world = DemoWorld()
    with DemoServer(world, port=0) as server:
        settings = settings_for(fetch={"private_hosts": (f"127.0.0.1:{server.port}",)})
        with Fetcher(settings) as fetcher:
            wiki = MediaWiki(server.api_url, fetcher, "commons_api")
            titles = [world.title_of(row.file) for row in world.truth[:6]]
            found = [page for title in titles for page in wiki.files(title, {"titles": title}, 0)]
            continued = [next(iter(wiki.query(title, {"titles": title, "prop": "imageinfo"}))) for title in titles]
    assert [page["title"] for page in found] == titles
    assert not any("/archive/" in page["imageinfo"][0]["url"] for page in found)
    assert {"iistart" in answer.get("continue", ()) for answer in continued} == {True, False}


# ------------------------------------------------------------------------------------------- items of Wikidata, as sent


def items_in(web: Loopback, *ids: str, answers: tuple[bytes, ...] = ()) -> dict[str, Item]:
    """What Wikidata states of these items, where it answers so."""
    url = web.serve("/wikidata/api.php", *map(Reply, answers)) if answers else web.url("/wikidata/api.php")
    settings = settings_for(web, crawl={"wikidata_api": url})
    with Fetcher(settings) as fetcher:
        return Wikidata(settings.crawl, fetcher).items(ids)


def discovered(folder: Path, wikidata: WikidataDouble, wiki: Wiki, ids: list[str]) -> DiscoverSummary:
    """A discovery for a manifest of people with these ids, each with a category of one file."""
    people = []
    for number, item_id in enumerate(ids):
        wiki.category(f"P{number}", f"{number}.jpg")
        people.append(person(f"p{number}", wikidata_id=item_id, commons_category=f"P{number}"))
    settings = settings_for(wiki.web, crawl={"commons_api": wiki.url} | wikidata.settings)
    return discover(make(folder / "corpus", settings, *people))


def test_a_truncated_answer_is_asked_for_again_and_is_no_contradiction(web: Loopback, tmp_path: Path) -> None:
    wikidata = WikidataDouble(web)
    wikidata.fitting = 7
    ids = [f"Q{number}" for number in range(1, 31)]
    for item_id in ids:
        wikidata.human(item_id, P21=FEMALE, P569="1970")
    found = discovered(tmp_path, wikidata, Wiki(web), ids)
    assert (found.mismatches, found.failed, found.new) == ((), {}, 30)
    assert len(wikidata.asked) <= 7


def test_an_item_that_never_fits_into_an_answer_is_an_error_of_the_source(web: Loopback) -> None:
    wikidata = WikidataDouble(web)
    wikidata.fitting = 0
    wikidata.human("Q1")
    with pytest.raises(SourceError, match=r"does not answer for Q1: This result was truncated because"):
        items_in(web, "Q1")


def test_one_id_that_wikidata_refuses_concerns_its_person_alone(web: Loopback, tmp_path: Path) -> None:
    wikidata = WikidataDouble(web)
    ids = [f"Q{number}" for number in range(1, 51)]
    for item_id in ids:
        wikidata.human(item_id, P21=FEMALE, P569="1970")
    wikidata.refused = {"Q17"}
    found = discovered(tmp_path, wikidata, Wiki(web), ids)
    assert (found.failed, found.new) == ({}, 49)
    (mismatch,) = found.mismatches
    assert mismatch.startswith("P16: wikidata_id is Q17 in the manifest and unknown in Wikidata. Correct line 18 of")
    assert len(wikidata.asked) <= 13  # halves of halves


def test_a_deleted_item_concerns_its_person_alone_and_a_merged_one_nobody(
    web: Loopback, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wikidata = WikidataDouble(web)
    wikidata.human("Q1", P21=FEMALE, P569="1970")
    wikidata.human("Q3", P21=FEMALE, P569="1970")
    wikidata.entities["Q2"] = wikidata.entities["Q3"] | {"redirects": {"from": "Q2", "to": "Q3"}}
    found = discovered(tmp_path, wikidata, Wiki(web), ["Q1", "Q2", "Q4"])
    assert [sentence.partition(".")[0] for sentence in found.mismatches] == [
        "P2: wikidata_id is Q4 in the manifest and unknown in Wikidata"
    ]
    assert found.new == 2
    assert "P1: Q2 was merged into Q3; write that in line 3 of the manifest." in capsys.readouterr().err


def test_an_item_and_one_merged_into_it_may_be_asked_for_together(web: Loopback) -> None:
    """The answer holds one entity for both then, under the id that is left."""
    wikidata = WikidataDouble(web)
    wikidata.human("Q3", "Ada")
    merged = {"Q3": wikidata.entities["Q3"] | {"redirects": {"from": "Q2", "to": "Q3"}}}
    both, alone = dumps({"entities": merged}), dumps({"entities": {"Q3": wikidata.entities["Q3"]}})
    found = items_in(web, "Q2", "Q3", answers=(both.encode(), alone.encode()))
    assert {asked: item.item_id for asked, item in found.items()} == {"Q2": "Q3", "Q3": "Q3"}


def test_names_that_hold_in_every_language_are_read(web: Loopback) -> None:
    wikidata = WikidataDouble(web)
    wikidata.human("Q1", "Ada")
    mul, en = ({"language": language, "value": value} for language, value in (("mul", "Ada L"), ("en", "Ada Lo")))
    wikidata.entities["Q1"] |= {"labels": {"mul": mul}, "aliases": {"en": [en], "mul": [mul, en | {"value": "A. L."}]}}
    item = items_in(web, "Q1")["Q1"]
    assert (item.label, item.aliases) == ("Ada L", ("Ada Lo", "Ada L", "A. L."))
    assert wikidata.asked[0]["languages"] == "en|mul"


@needs_answers
@pytest.mark.parametrize(
    ("answer", "item_id", "expected"),
    [
        (
            "wikidata-Q42-mul-2025.json",
            "Q42",
            {
                "label": "Douglas Adams",
                "aliases": ("Douglas Noël Adams", "Douglas Noel Adams", "Douglas N. Adams"),
                "pictures": ("Douglas adams portrait.jpg",),
                "born": ("1952-03-11",),
                "died": ("2001-05-11",),
            },
        ),
        ("wikidata-Q42-2017-fv2.json", "Q42", {"label": "Douglas Adams", "born": ("1952-03-11",)}),
        ("wikidata-Q646148.json", "Q646148", {"label": "Henning Christophersen", "died": ("2016-12-31",)}),
        ("wikidata-four-people-2022.json", "Q58978", {"label": "Max Born", "categories": ("Max Born",)}),
    ],
)
def test_recorded_items_are_read_as_a_careful_reader_would(
    web: Loopback, answer: str, item_id: str, expected: dict[str, object]
) -> None:
    item = items_in(web, *recorded_json(answer)["entities"], answers=(recorded(answer),))[item_id]
    assert {field: getattr(item, field) for field in expected} == expected


@needs_answers
@pytest.mark.parametrize(
    ("answer", "item_id"), [("wikidata-no-such-entity.json", "Q1"), ("wikidata-deleted-item.json", "Q10908976")]
)
def test_recorded_answers_of_items_that_are_no_more(web: Loopback, answer: str, item_id: str) -> None:
    assert items_in(web, item_id, answers=(recorded(answer),)) == {}
