"""Every recorded answer, and what a careful reader expects of it: those that have no test of their own stand here."""

import json
from pathlib import Path
from typing import Any

import pytest
from loopback import Loopback, Reply, settings_for
from people import person
from recorded import FOLDER, needs_answers, recorded, recorded_json

from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.mediawiki import Json, MediaWiki
from facecorpus.crawl.sources import NoPhotographs
from facecorpus.crawl.sources.openverse import Openverse
from facecorpus.crawl.wikidata import Item, Wikidata, differences
from facecorpus.records import Candidate
from facecorpus.words import Gender

pytestmark = needs_answers

ITEMS: dict[str, dict[str, Item]] = {
    "wikidata-Q182397.json": {
        "Q182397": Item(
            "Q182397",
            "Lars Løkke Rasmussen",
            born=("1964-05-15",),
            pictures=("Lars Løkke Rasmussen by Christian Ursilva (2025).jpg",),
            categories=("Lars Løkke Rasmussen",),
            wikipedia_title="Lars Løkke Rasmussen",
        )
    },
    "wikidata-Q328212.json": {
        "Q328212": Item(
            "Q328212",
            "Veronica Roth",
            born=("1988-08-19",),
            pictures=("Veronica Roth March 18, 2014 (cropped).jpg",),
            categories=("Veronica Roth",),
            wikipedia_title="Veronica Roth",
        )
    },
    "wikidata-Q53713.json": {
        "Q53713": Item(
            "Q53713",
            "Olof Palme",
            born=("1927-01-30",),
            died=("1986-02-28",),
            pictures=("Olof Palme 1974 (cropped).jpg",),
            categories=("Olof Palme",),  # of P373; the link to Commons leads to a gallery
            wikipedia_title="Olof Palme",
        )
    },
    "wikidata-Q8413.json": {
        "Q8413": Item(
            "Q8413",
            "Constantine the Great",
            born=("0272-02-27",),  # preferred; two are deprecated, one is certain to the century
            died=("0337-05-22",),
            pictures=("0 Gaius Flavius Valerius Constantinus, Palatino.jpg",),
            categories=("Constantinus I Magnus",),
            wikipedia_title="Constantine the Great",
        )
    },
    "wikidata-four-people-2022.json": {
        "Q58979": Item("Q58979", "Wan Rohaimi Wan Ismail", born=("1976-05-19",), wikipedia_title="Wan Rohaimi"),
        "Q59064": Item(
            "Q59064",
            "Andros Townsend",
            born=("1991-07-16",),
            pictures=("Andros Townsend 16-07-2016 1.jpg",),
            categories=("Andros Townsend",),
            wikipedia_title="Andros Townsend",
        ),
    },
}
"""By answer and item: what is stated there; kind, gender, description and aliases are left out."""

CONTRADICTIONS = {"Q8413": {"birth_date"}, "Q328212": {"gender"}}
"""By item: what would contradict a manifest in which these people are men, born as stated but after the year 1000."""


def wiki(web: Loopback, *answers: bytes) -> tuple[Fetcher, dict[str, str]]:
    """A fetcher, and settings by which every wiki answers so."""
    url = web.serve("/w/api.php", *map(Reply, answers))
    return Fetcher(settings_for(web)), dict.fromkeys(("commons_api", "wikipedia_api", "wikidata_api"), url)


@pytest.mark.parametrize("answer", ITEMS)
def test_items(web: Loopback, answer: str) -> None:
    fetcher, apis = wiki(web, recorded(answer))
    with fetcher:
        items = Wikidata(settings_for(web, crawl=apis).crawl, fetcher).items(list(recorded_json(answer)["entities"]))
    for item_id, expected in ITEMS[answer].items():
        fields = ("item_id", "label", "born", "died", "pictures", "categories", "wikipedia_title")
        assert [getattr(items[item_id], field) for field in fields] == [getattr(expected, field) for field in fields]
        assert items[item_id].is_human
        man = person("one", wikidata_id=item_id, birth_date=max(expected.born[0], "1000"), gender=Gender.MALE)
        found = {difference.field for difference in differences(man, items[item_id]) if difference.contradicts}
        assert found == CONTRADICTIONS.get(item_id, set())


def test_a_title_that_is_a_redirect(web: Loopback) -> None:
    fetcher, apis = wiki(web, recorded("wikipedia-redirect-pageprops.json"))
    with fetcher:
        found = Wikidata(settings_for(web, crawl=apis).crawl, fetcher).ids_of_titles(["Adams, Douglas"])
    assert found == {"Adams, Douglas": "Q42"}


def in_format_2(answer: str) -> bytes:
    """An answer recorded in formatversion=1 as formatversion=2 writes it: pages are a list, flags are true."""
    document: Json = recorded_json(answer)
    document["query"]["pages"] = list(document["query"]["pages"].values())
    if "batchcomplete" in document:
        document["batchcomplete"] = True
    return json.dumps(document).encode()


def files(web: Loopback, *answers: bytes) -> list[Json]:
    fetcher, apis = wiki(web, *answers)
    with fetcher:
        return list(MediaWiki(apis["commons_api"], fetcher, "commons_api").files("files", {"generator": "x"}, 960))


def test_one_batch_in_three_answers_keeps_what_each_one_brought(web: Loopback) -> None:
    names = ("commons-continue-1.json", "commons-continue-2.json", "commons-continue-3.json")
    answers = [in_format_2(name) for name in names]
    last = json.loads(answers[2])
    del last["continue"]  # the next batch was not recorded
    pages = files(web, *answers[:2], json.dumps(last).encode())
    assert len(pages) == len(last["query"]["pages"]) == 9
    assert all("extmetadata" in page["imageinfo"][0] for page in pages)
    assert [request.query.get("gucontinue") for request in web.requests] == [
        None,
        "Edvard_Munch_-_Night_in_Nice_(1891).jpg|nowiki|1281339",
        "Niedercunnersdorf_Gartenweg_12.JPG|dewiki|9849507",
    ]


def test_an_older_version_of_the_only_file_is_not_asked_for(web: Loopback) -> None:
    (page,) = files(web, in_format_2("commons-imageinfo-continue-iistart-2.json"))
    assert page["imageinfo"][0]["url"].endswith("/4/4a/Commons-logo.svg")
    assert len(web.requests) == 1


def openverse(web: Loopback, answer: str) -> list[Candidate]:
    told: dict[str, Any] = recorded_json(answer)
    told["body"]["page_count"] = min(told["body"]["page_count"], 1)  # the other pages were not recorded
    headers = tuple(told.get("headers", {}).items())
    web.serve("/v1/images/", Reply(json.dumps(told["body"]).encode(), told["status"], headers))
    settings = settings_for(web, crawl={"openverse_api": web.url("/v1")})
    with Fetcher(settings) as fetcher:
        return list(Openverse(settings.crawl, fetcher, {}).candidates(person("juan", name="Juan López")))


def test_results_of_openverse(web: Loopback) -> None:
    first, second = openverse(web, "openverse-images-juan-lopez.json")
    assert first == Candidate(
        identity_id="juan",
        source="openverse",
        url="https://live.staticflickr.com/4091/5065669230_9280761a6e.jpg",
        page_url="https://www.flickr.com/photos/49524344@N05/5065669230",
        title="Juan López de Uralde",
        licence="CC BY-NC-ND 2.0",
        licence_url="https://creativecommons.org/licenses/by-nc-nd/2.0/",
        author="Casa de América",
        found_by='search for "Juan López" in flickr',
        file_id="938e7461-c00f-4022-98dd-5f79c407aa89",
    )
    assert (second.licence, second.author) == ("CC BY-NC-SA 2.0", "PROYECTO AGUA** /** WATER PROJECT")


def test_no_results_of_openverse(web: Loopback) -> None:
    with pytest.raises(NoPhotographs):
        openverse(web, "openverse-no-results.json")


def test_every_recorded_answer_has_an_expectation() -> None:
    told = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    names = {path.name for path in FOLDER.iterdir()} - {"SOURCES.csv"}
    assert {name for name in names if name not in told} == set()
