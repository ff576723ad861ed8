"""`facecorpus manifest check` and `new`, against a double of Wikidata."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from loopback import Loopback, settings_for
from loopback_wikidata import WikidataDouble
from people import person
from typer.testing import CliRunner

from facecorpus.cli import app
from facecorpus.corpus import Corpus, init_corpus
from facecorpus.crawl.lookup import check_manifest, new_manifest
from facecorpus.errors import ManifestError, SourceError
from facecorpus.manifest import COLUMNS, read_manifest, write_manifest
from facecorpus.settings import Settings

FEMALE, MALE = "Q6581072", "Q6581097"


@pytest.fixture
def wikidata() -> Iterator[WikidataDouble]:
    with Loopback() as web:
        double = WikidataDouble(web)
        double.web = web  # type: ignore[attr-defined]
        yield double


@pytest.fixture
def corpus(tmp_path: Path, wikidata: WikidataDouble) -> Corpus:
    """ada is as Wikidata says, ben is another one, cleo is named by nothing."""
    wikidata.human("Q1", "Ada", P21=FEMALE, P569="1970-05-06", P373="Ada", sitelinks={"enwiki": "Ada L"})
    wikidata.human("Q2", "Ben", P21=MALE, P569="1950-01-01", P570="2010")
    wikidata.titles = {"Ben": "Q2"}
    people = [person("ada", wikidata_id="Q1"), person("ben", wikipedia_title="Ben", gender=None), person("cleo")]
    write_manifest(tmp_path / "people.csv", people)
    settings = settings_for(wikidata.web, crawl=wikidata.settings)  # type: ignore[attr-defined]
    return init_corpus(tmp_path / "corpus", tmp_path / "people.csv", settings)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["manifest", *map(str, arguments)])


def test_check_lists_what_contradicts_and_what_wikidata_knows_more(corpus: Corpus) -> None:
    result = run("check", "-C", corpus.root, "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert (found["people"], found["compared"]) == (3, 2)
    rows = [(row["identity_id"], row["field"], row["manifest"], row["wikidata"]) for row in found["differences"]]
    assert rows == [
        ("ada", "wikipedia_title", "", "Ada L"),
        ("ben", "birth_date", "1970", "1950-01-01"),
        ("ben", "gender", "", "male"),
        ("ben", "photos_until", "2020", "died in 2010"),
        ("ben", "wikidata_id", "", "Q2"),
    ]
    assert [row["field"] for row in found["differences"] if row["contradicts"]] == ["birth_date"]


def test_check_prints_a_table_and_ends_well_where_nothing_contradicts(corpus: Corpus) -> None:
    assert "!!" in (shown := run("check", "-C", corpus.root)).stdout
    assert "Compared 2 of 3 people with Wikidata: 1 contradictions, 4 other differences." in shown.stdout
    path = corpus.root.parent / "good.csv"
    write_manifest(path, [person("ada", wikidata_id="Q1", wikipedia_title="Ada L")])
    shown = run("check", path, "-C", corpus.root)
    assert shown.exit_code == 0
    assert shown.stdout == "Compared 1 of 1 people with Wikidata: 0 contradictions, 0 other differences.\n"


def test_check_without_a_contact_asks_nobody(tmp_path: Path) -> None:
    write_manifest(tmp_path / "people.csv", [person("ada", wikidata_id="Q1")])
    with pytest.raises(SourceError, match="set contact to your mail address"):
        check_manifest(read_manifest(tmp_path / "people.csv"), Settings())


def test_new_looks_names_up_and_leaves_every_label_to_a_person(
    corpus: Corpus, tmp_path: Path, wikidata: WikidataDouble
) -> None:
    wikidata.human("Q3", "Anna Ö", P21=FEMALE, P569="1980")
    wikidata.human("Q4", "A family", P31="Q101352")
    wikidata.human("Q5", "Anna Ö", P21=FEMALE, P569="1990-02")
    wikidata.found = {"Ada": ["Q1"], "Ben": ["Q4", "Q2"], "Anna Ö": ["Q3", "Q5"], "Zoe": []}
    (tmp_path / "names.txt").write_text("\ufeff# who\nAda\n\nBen\nAnna Ö\nAnna Ö | Q5\nZoe\n", encoding="utf-8")
    out = tmp_path / "new.csv"
    result = run("new", tmp_path / "names.txt", out, "-C", corpus.root)
    assert result.exit_code == 0
    assert "5 people, 3 of them found in Wikidata" in result.stdout
    assert "Q3: Anna Ö, a person of a test, born 1980" in result.stdout and "Zoe: nobody found." in result.stdout
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS[:14]
    assert [row["identity_id"] for row in rows] == ["ada", "ben", "anna_o", "anna_o_2", "zoe"]
    assert [row["wikidata_id"] for row in rows] == ["Q1", "Q2", "", "Q5", ""]
    assert [row["birth_date"] for row in rows] == ["1970-05-06", "1950-01-01", "", "1990", ""]
    assert (rows[0]["wikipedia_title"], rows[0]["commons_category"]) == ("Ada L", "Ada")
    labels = ("gender", "race", "age_group", "photos_from", "photos_until", "gender_source", "race_source")
    assert {row[label] for row in rows for label in labels} == {""}
    with pytest.raises(ManifestError, match=r"line 2, column photos_from: '' must be the first year"):
        read_manifest(out)


def test_new_never_overwrites_and_says_what_a_list_of_names_is(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("# nobody\n")
    with pytest.raises(ManifestError, match="holds no names; expected one a line"):
        new_manifest(tmp_path / "names.txt", tmp_path / "new.csv", corpus.settings)
    with pytest.raises(ManifestError, match="exists already; name a new file"):
        new_manifest(tmp_path / "names.txt", tmp_path / "people.csv", corpus.settings)
    with pytest.raises(ManifestError, match="cannot be read as a text file of names"):
        new_manifest(tmp_path / "missing.txt", tmp_path / "new.csv", corpus.settings)


def test_no_request_ever_asks_for_an_ethnic_group(corpus: Corpus, wikidata: WikidataDouble) -> None:
    wikidata.human("Q1", "Ada", P21=FEMALE, P569="1970-05-06", P172="Q190168")
    run("check", "-C", corpus.root)
    result = json.loads(run("check", "-C", corpus.root, "--json").stdout)
    assert "Q190168" not in json.dumps(result)
