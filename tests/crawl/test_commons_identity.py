"""Source 'commons', the way from the manifest to a person: the item in Wikidata, its check, and four ways to files."""

from pathlib import Path
from typing import Any

import pytest
from crawling import make
from loopback import Loopback, Reply, jpeg, settings_for
from loopback_wiki import Wiki
from loopback_wikidata import WikidataDouble, stated
from people import person

from facecorpus.corpus import Corpus
from facecorpus.crawl.discover import DiscoverSummary, discover
from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.sources import WrongPerson
from facecorpus.crawl.sources.commons import Commons
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.crawl.wikidata import Wikidata, differences
from facecorpus.manifest import Identity, write_manifest
from facecorpus.records import Candidate
from facecorpus.upkeep.status import status

FEMALE, MALE = "Q6581072", "Q6581097"


@pytest.fixture
def wiki(web: Loopback) -> Wiki:
    return Wiki(web)


@pytest.fixture
def wikidata(web: Loopback) -> WikidataDouble:
    return WikidataDouble(web)


def ada(**changes: Any) -> Identity:
    return person("ada", **({"wikidata_id": "Q1", "birth_date": "1970-05-06"} | changes))


def ask(wiki: Wiki, wikidata: WikidataDouble, identity: Identity) -> list[Candidate]:
    settings = settings_for(wiki.web, crawl={"commons_api": wiki.url} | wikidata.settings)
    with Fetcher(settings) as fetcher:
        return list(Commons(settings.crawl, fetcher, [identity]).candidates(identity))


def crawl(folder: Path, wiki: Wiki, wikidata: WikidataDouble, *people: Identity) -> tuple[Corpus, DiscoverSummary]:
    settings = settings_for(wiki.web, crawl={"commons_api": wiki.url} | wikidata.settings)
    corpus = make(folder / "corpus", settings, *people)
    return corpus, discover(corpus)


def ways(candidates: list[Candidate]) -> list[tuple[str, str]]:
    return [(candidate.url.removeprefix("http://t/960px-"), candidate.found_by) for candidate in candidates]


def test_four_ways_lead_to_files_and_a_file_found_by_several_is_one_candidate(
    wiki: Wiki, wikidata: WikidataDouble
) -> None:
    wikidata.human(
        "Q1", P21=FEMALE, P569="1970-05-06", P18="Best.jpg", P373="Ada L", sitelinks={"commonswiki": "Category:Ada (L)"}
    )
    wiki.category("Ada", "Unasked.jpg")  # the manifest's, where the item names none
    wiki.category("Ada L", "P373.jpg", "Best.jpg")
    wiki.category("Ada (L)", "Link.jpg", "P373.jpg")
    wiki.finds = {
        "haswbstatement:P180=Q1": ["Group.jpg", "P373.jpg"],
        '"Ada"': ["Zoo.jpg", "Crowd.jpg", "Group.jpg"],
    }
    found = ask(wiki, wikidata, ada())
    assert ways(found) == [
        ("Best.jpg", "P18 of Q1"),
        ("P373.jpg", "Category:Ada L"),
        ("Link.jpg", "Category:Ada (L)"),
        ("Group.jpg", "P180=Q1"),
        ("Zoo.jpg", 'search for "Ada"'),  # the search's best first, not the lowest page id
        ("Crowd.jpg", 'search for "Ada"'),
    ]
    assert [candidate.rank for candidate in found] == list(range(6))
    assert {candidate.source for candidate in found} == {"commons"}
    assert all(candidate.page_url.startswith("http://w/File:") for candidate in found)


def test_a_search_goes_on_where_its_answer_does(web: Loopback, wikidata: WikidataDouble) -> None:
    wiki = Wiki(web, batch=2)
    wikidata.human("Q1", P21=FEMALE, P569="1970")
    wiki.finds = {"haswbstatement:P180=Q1": [f"{number}.jpg" for number in range(5)]}
    assert [name for name, _ in ways(ask(wiki, wikidata, ada(commons_category="")))] == [f"{n}.jpg" for n in range(5)]


def test_a_wikipedia_title_leads_to_the_item_over_spelling_and_redirects(wiki: Wiki, wikidata: WikidataDouble) -> None:
    wikidata.titles = {"Ada Lovelace": "Q1"}
    wikidata.redirects = {"Ada L": "Ada Lovelace"}
    wikidata.human("Q1", P21=FEMALE, P569="1970-05-06", P373="A")
    wiki.category("A", "a.jpg")
    for title in ("Ada Lovelace", "Ada_Lovelace", "Ada_L"):
        identity = ada(wikidata_id="", wikipedia_title=title, commons_category="")
        assert ways(ask(wiki, wikidata, identity)) == [("a.jpg", "Category:A")]


def test_a_gallery_page_is_no_category_and_a_merged_item_is_found_under_its_old_id(
    wiki: Wiki, wikidata: WikidataDouble
) -> None:
    wikidata.human("Q2", P21=FEMALE, P569="1970-05-06", P18="a.jpg", sitelinks={"commonswiki": "Ada"})
    wikidata.entities["Q1"] = wikidata.entities["Q2"] | {"redirects": {"from": "Q1", "to": "Q2"}}
    wiki.category("elsewhere", "a.jpg")
    assert ways(ask(wiki, wikidata, ada(commons_category=""))) == [("a.jpg", "P18 of Q2")]


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        ({"P31": "Q4167410"}, r"instance of is Q5 \(human\) in the manifest and Q4167410 in Wikidata"),
        ({"P569": "1971-05-06"}, r"birth_date is 1970-05-06 in the manifest and 1971-05-06 in Wikidata"),
        ({"P569": "1970-06"}, r"birth_date is 1970-05-06 in the manifest and 1970-06 in Wikidata"),
        ({"P21": MALE}, r"gender is female in the manifest and male in Wikidata"),
        ({"P31": "Q95074", "P21": MALE}, r"instance of .*; gender is female"),
    ],
)
def test_somebody_else_is_an_error_for_that_person_and_nothing_is_crawled(
    tmp_path: Path, wiki: Wiki, wikidata: WikidataDouble, claims: dict[str, Any], sentence: str
) -> None:
    wikidata.human("Q1", "Ada", **{"P21": FEMALE, "P569": "1970-05-06"} | claims)
    wikidata.human("Q2", P21=FEMALE, P569="1970")
    wiki.category("Ada", "a.jpg")
    wiki.category("Ben", "b.jpg")
    with pytest.raises(WrongPerson, match=sentence):
        ask(wiki, wikidata, ada())
    assert wiki.asked == []
    corpus, found = crawl(tmp_path, wiki, wikidata, ada(), person("ben", wikidata_id="Q2"))
    (mismatch,) = found.mismatches
    assert mismatch.startswith("Ada (Q1, a person of a test): ") and "nothing is crawled for this person" in mismatch
    assert f"NOT CRAWLED: {mismatch}" in str(found)
    with corpus.catalog() as catalog:
        assert catalog.candidates.mismatches() == {"ada": mismatch}
        assert [row[0] for row in catalog.query("SELECT identity_id FROM candidate")] == ["ben"]
    assert all("Ada" not in str(query) for query in wiki.asked)

    write_manifest(corpus.root / "manifest.csv", [ada(wikidata_id="Q2"), person("ben")])  # mended
    corpus = Corpus(corpus.root)
    assert discover(corpus).new == 1
    with corpus.catalog() as catalog:
        assert catalog.candidates.mismatches() == {}


def test_what_was_proposed_before_the_mismatch_is_not_fetched_and_status_says_why(
    tmp_path: Path, wiki: Wiki, wikidata: WikidataDouble
) -> None:
    wikidata.human("Q1", P21=MALE, P569="1970")
    corpus, _ = crawl(tmp_path, wiki, wikidata, ada())
    with corpus.catalog() as catalog:
        catalog.candidates.propose([Candidate("ada", "commons", wiki.web.serve("/a.jpg", Reply(jpeg(1))))])
    assert fetch_candidates(corpus).candidates == 0
    assert "/a.jpg" not in wiki.web.paths()
    assert "NOT CRAWLED: Ada (Q1" in str(status(corpus))


@pytest.mark.parametrize(("field", "value"), [("wikidata_id", "Q9"), ("wikipedia_title", "Nobody")])
def test_an_item_that_does_not_exist_is_no_silent_crawl(
    wiki: Wiki, wikidata: WikidataDouble, field: str, value: str
) -> None:
    wiki.category("Ada", "a.jpg")
    with pytest.raises(WrongPerson, match=rf"{field} is {value} in the manifest and unknown in Wikidata"):
        ask(wiki, wikidata, ada(wikidata_id="", **{field: value}) if field != "wikidata_id" else ada(wikidata_id=value))


def test_whoever_names_no_item_is_crawled_by_category_and_said_to_be_unchecked(
    tmp_path: Path, wiki: Wiki, wikidata: WikidataDouble
) -> None:
    wiki.category("Ada", "a.jpg")
    _, found = crawl(tmp_path, wiki, wikidata, ada(wikidata_id=""))
    assert (found.new, found.unchecked) == (1, ("Ada",))
    assert "Identity not checked of 1 people (Ada)" in str(found)
    assert wikidata.asked == []


def test_people_are_looked_up_in_batches(tmp_path: Path, wiki: Wiki, wikidata: WikidataDouble) -> None:
    people = []
    for number in range(1, 61):
        wikidata.titles[f"P{number}"] = f"Q{number}"
        wikidata.human(f"Q{number}", P21=FEMALE, P569="1970")
        people.append(person(f"p{number}", wikipedia_title=f"P{number}", commons_category=""))
    crawl(tmp_path, wiki, wikidata, *people)
    assert [len(query.get("ids", query.get("titles", "")).split("|")) for query in wikidata.asked] == [50, 50, 10, 10]


@pytest.mark.parametrize(
    ("born", "ours", "same"),
    [
        ("1970-05-06", "1970", True),
        ("1970", "1970-05-06", True),
        ("1970-05", "1970-05-06", True),
        ([stated("1969"), stated("1970", "preferred")], "1970", True),
        ([stated("1970", "deprecated"), "1969"], "1970", False),
        (["1969", "1970"], "1970", True),  # two statements of equal rank: either may be right
        ([None], "1970", True),  # "somevalue" contradicts nothing
        (["1900s"], "1970", True),  # a decade says too little
    ],
)
def test_dates_are_compared_as_far_as_both_are_certain(
    web: Loopback, wikidata: WikidataDouble, born: Any, ours: str, same: bool
) -> None:
    wikidata.human("Q1", P21=FEMALE, P569=born)
    settings = settings_for(web, crawl=wikidata.settings)
    with Fetcher(settings) as fetcher:
        item = Wikidata(settings.crawl, fetcher).items(["Q1"])["Q1"]
    contradictions = [one.field for one in differences(ada(birth_date=ours), item) if one.contradicts]
    assert contradictions == ([] if same else ["birth_date"])


def test_a_gender_outside_the_two_classes_is_a_difference_to_look_at_and_no_contradiction(
    web: Loopback, wikidata: WikidataDouble
) -> None:
    wikidata.human("Q1", P21="Q48270", P569="1970")
    settings = settings_for(web, crawl=wikidata.settings)
    with Fetcher(settings) as fetcher:
        item = Wikidata(settings.crawl, fetcher).items(["Q1"])["Q1"]
    (difference,) = [one for one in differences(ada(), item) if one.field == "gender"]
    assert (difference.wikidata, difference.contradicts) == ("Q48270", False)
