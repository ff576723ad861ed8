"""`facecorpus manifest propose`: names from doubles of Wikidata's query service, of Wikidata and of Commons."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from crawling import make
from loopback import Loopback, Reply, settings_for
from loopback_proposals import ProposalsDouble
from people import person
from typer.testing import CliRunner

from facecorpus.cli import app, run
from facecorpus.corpus import Corpus
from facecorpus.manifest import Identity, read_manifest
from facecorpus.words import AgeGroup, Gender, Race

MALE = "Q6581097"
THIS = date.today().year


@pytest.fixture
def web() -> Iterator[Loopback]:
    with Loopback() as web:
        yield web


@pytest.fixture
def wikidata(web: Loopback) -> ProposalsDouble:
    return ProposalsDouble(web)


@pytest.fixture
def corpus(web: Loopback, wikidata: ProposalsDouble, tmp_path: Path) -> Corpus:
    settings = settings_for(web, crawl=wikidata.settings)
    return make(tmp_path / "corpus", settings, person("ada", name="Ada Known", wikidata_id="Q90"))


def proposed(corpus: Corpus, *options: str) -> tuple[dict[str, Any], tuple[Identity, ...]]:
    out = corpus.root.parent / "proposed.csv"
    said = CliRunner().invoke(app, ["manifest", "propose", str(out), "-C", str(corpus.root), "--json", *options])
    assert said.exit_code == 0, said.output
    return json.loads(said.stdout), read_manifest(out).identities


def test_those_with_the_most_files_are_written_with_ids_and_counts_and_without_race(
    wikidata: ProposalsDouble, corpus: Corpus
) -> None:
    wikidata.person("Q1", "Few", 3, P569="1955", P373="Few_pictures", sitelinks={"enwiki": "Few (actor)"})
    wikidata.files = {"Category:Few pictures": 3} | wikidata.files
    wikidata.person("Q2", "Many", 80, P172="Q49085", P570="2010")
    wikidata.person("Q3", "None", 0)
    wikidata.person("Q4", "A Man", 99, P21=MALE)
    wikidata.person("Q5", "Young", 99, P569="1965-01-01")
    wikidata.person("Q90", "Ada", 99)
    wikidata.person("Q91", "Ada Known", 99)
    said, people = proposed(corpus, "--gender", "female", "--born", "1955..1964", "--limit", "2")
    many, few = people
    assert (said["people"], said["files"]) == (2, 83)
    assert (many.name, many.wikidata_id, many.commons_files, many.race) == ("Many", "Q2", "80", None)
    assert (many.birth_date, many.photos_from, many.photos_until) == ("1960-05-01", 1979, 2010)
    assert many.gender is Gender.FEMALE
    assert many.gender_source.startswith("Wikidata, P21 of Q2, 20")
    assert (few.birth_date, few.commons_category, few.wikipedia_title) == ("1955", "Few_pictures", "Few (actor)")


def test_nobody_who_may_be_a_minor_or_is_not_as_asked_appears_whatever_the_index_says(
    wikidata: ProposalsDouble, corpus: Corpus
) -> None:
    wikidata.person("Q1", "Adult", 5, P569=str(THIS - 19))
    wikidata.person("Q2", "Minor", 9, P569=f"{THIS - 18}-01-01")
    wikidata.person("Q3", "Died young", 9, P569=str(THIS - 30), P570=str(THIS - 12))
    for item_id, claims in {
        "Q4": {"P569": None},
        "Q5": {"P569": [str(THIS - 30), str(THIS - 15)]},
        "Q6": {"P31": "Q15632617"},  # a figure of fiction
        "Q7": {"P18": None},
        "Q8": {"P21": MALE},
        "Q9": {"P569": "1900"},
    }.items():
        wikidata.person(item_id, f"Stale {item_id}", 9, **{"P569": str(THIS - 30)} | claims)
        wikidata.stale.append(item_id)
    wikidata.stale.append("Q999")
    _, people = proposed(corpus, "--gender", "female", "--born", f"{THIS - 40}..{THIS}", "--limit", "20")
    assert [who.name for who in people] == ["Adult"]


def test_country_and_occupation_are_found_by_name_or_id(wikidata: ProposalsDouble, corpus: Corpus) -> None:
    wikidata.human("Q17", "Japan", P31="Q6256")
    wikidata.found = {"japan": ["Q17"]}
    wikidata.human("Q33999", "actor", P31="Q28640")
    wikidata.person("Q1", "Right", 5, P27="Q17", P106="Q33999")
    wikidata.person("Q2", "Elsewhere", 5, P27="Q30", P106="Q33999")
    about = ("--country", "japan", "--occupation", "Q33999")
    said, people = proposed(corpus, "--born", "1950..1970", *about)
    assert [who.name for who in people] == ["Right"]
    assert said["about"] == ["Japan (Q17)", "actor (Q33999)"]


def test_fill_asks_for_what_the_subgroups_lack(wikidata: ProposalsDouble, web: Loopback, tmp_path: Path) -> None:
    group = AgeGroup.ADULT
    people = [person(race, gender=Gender.FEMALE, race=race, age_group=group) for race in (Race.ASIAN, Race.WHITE)]
    corpus = make(tmp_path / "corpus", settings_for(web, crawl=wikidata.settings), *people)
    wikidata.person("Q1", "Adult", 5, P569=str(THIS - 40))
    wikidata.person("Q2", "Old", 5, P569=str(THIS - 70))
    said, found = proposed(corpus, "--fill", "--limit", "1", "--gender", "female")
    kinds = [(kind["wanted"].rpartition(", ")[2], kind["count"], kind["found"]) for kind in said["kinds"]]
    assert kinds == [("young", 4, 0), ("adult", 2, 1), ("old", 4, 1)]
    assert [(who.name, who.age_group, who.photos_from, who.photos_until) for who in found] == [
        ("Adult", AgeGroup.ADULT, THIS - 10, None),
        ("Old", AgeGroup.OLD, THIS - 10, None),
    ]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--born", "1964..1955"], "must be two years, like 1955..1964"),
        (["--born", "x"], "must be two years"),
        ([], "must be two years"),
        (["--fill", "--born", "1955..1964"], "leave out --born"),
        (["--born", "1955..1964", "--country", "Georgia"], "has 2 items called 'Georgia'; name one by its id (Q230"),
        (["--born", "1955..1964", "--country", "Atlantis"], "has 0 items called 'Atlantis'"),
        (["--born", "1855..1864"], "knows nobody of that kind"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence_and_nothing_is_written(
    options: list[str],
    sentence: str,
    wikidata: ProposalsDouble,
    corpus: Corpus,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wikidata.person("Q1", "Ann", 5)
    wikidata.human("Q230", "Georgia")
    wikidata.human("Q1428", "Georgia")
    wikidata.found = {"Georgia": ["Q230", "Q1428"]}
    out = corpus.root.parent / "proposed.csv"
    assert run(["manifest", "propose", str(out), "-C", str(corpus.root), *options]) == 2
    assert sentence in capsys.readouterr().err
    assert not out.exists()


def test_an_answer_of_another_shape_is_one_sentence(
    web: Loopback, corpus: Corpus, capsys: pytest.CaptureFixture[str]
) -> None:
    web.serve("/sparql", Reply(b'{"results": {"bindings": [{"person": 7}]}}'))
    out = corpus.root.parent / "proposed.csv"
    assert run(["manifest", "propose", str(out), "-C", str(corpus.root), "--born", "1955..1964"]) == 2
    assert "Wikidata answered in a shape that is not known" in capsys.readouterr().err
