"""Tables as spreadsheets save them: semicolons or tabs between the columns, a byte order mark before the first."""

from pathlib import Path

import pytest
from people import person
from review_corpus import ADA, face_ids, make_corpus

from facecorpus.crawl.sources.url_list import ListOfAddresses
from facecorpus.errors import FacecorpusError
from facecorpus.judging.exchange import export_decisions, import_decisions
from facecorpus.manifest import read_manifest, write_manifest
from facecorpus.system.nearest import did_you_mean, nearest
from facecorpus.system.tables import delimiter_of
from facecorpus.words import Verdict

BETWEEN = pytest.mark.parametrize("between", [",", ";", "\t"])
MARK = pytest.mark.parametrize("mark", ["", "\ufeff"])


@BETWEEN
@MARK
def test_a_manifest(tmp_path: Path, between: str, mark: str) -> None:
    path = tmp_path / "people.csv"
    write_manifest(path, people := [person("ada"), person("ben")])
    path.write_text(mark + path.read_text().replace(",", between), encoding="utf-8")
    assert list(read_manifest(path).identities) == people


@BETWEEN
@MARK
def test_a_list_of_addresses(tmp_path: Path, between: str, mark: str) -> None:
    path = tmp_path / "list.csv"
    text = f"{mark}name{between}url{between}title\nAda{between}http://h/1.jpg{between}one\n"
    path.write_text(text, encoding="utf-8")
    (entry,) = ListOfAddresses(path)
    assert (entry.person, entry.url, entry.texts) == ("Ada", "http://h/1.jpg", {"title": "one"})


@BETWEEN
@MARK
def test_decisions_of_another_machine(tmp_path: Path, between: str, mark: str) -> None:
    corpus = make_corpus(tmp_path / "one", {ADA: 2})
    other = make_corpus(tmp_path / "two", {ADA: 2})
    with corpus.catalog() as catalog:
        catalog.decisions.add(face_ids(corpus, ADA)[:1], identity_id=ADA, reviewer="bob", verdict=Verdict.ACCEPT)
    file = tmp_path / "said.csv"
    export_decisions(corpus, file)
    file.write_text(mark + file.read_text().replace(",", between), encoding="utf-8")
    assert import_decisions(other, file).added == 1


def test_columns_that_no_export_has_are_refused_also_where_no_line_follows(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "one", {ADA: 1})
    (tmp_path / "said.csv").write_text("person;opinion\n")
    with pytest.raises(FacecorpusError, match=r"said\.csv, line 1: expected face_id, .*; name what facecorpus review"):
        import_decisions(corpus, tmp_path / "said.csv")


def test_the_delimiter_is_what_stands_most_often_in_the_first_line() -> None:
    assert delimiter_of("a;b;c,d\n1,2,3,4,5\n") == ";"
    assert delimiter_of("one") == ","


def test_the_nearest_name_counts_no_case_and_no_signs() -> None:
    assert nearest("Ada Example", ["ben", "ada_example", "ada_examples"]) == ["ada_example", "ada_examples"]
    assert did_you_mean("zzz", ["ada"], "say who.") == "say who."
