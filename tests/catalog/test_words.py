"""The words that rooms share: what words.py lists is what the catalog allows, and what its statements ask for."""

import re
import sqlite3
from collections.abc import Iterable
from importlib.resources import files

import pytest

from facecorpus import words
from facecorpus.catalog.decisions import REDO, SAYABLE, UNDO, WITHDRAWN
from facecorpus.corpus import Corpus
from facecorpus.words import AgeGroup, CandidateState, Kind, Outcome, PhotoState, Reason, Section, Verdict

RANKED = {*Section} - {Section.COPIES}


def _listed(schema: str, column: str) -> set[str]:
    """The words of `CHECK (column IN (…))`."""
    found = re.search(rf"CHECK \({column} IN \(([^)]*)\)\)", schema)
    assert found, column
    return set(re.findall(r"'(\w+)'", found[1]))


@pytest.mark.parametrize(
    ("table", "column", "listed"),
    [
        ("candidate", "state", CandidateState),
        ("photo", "state", PhotoState),
        ("ranking", "section", RANKED),
        ("decision", "kind", Kind),
    ],
)
def test_each_check_of_the_catalog_lists_what_the_enum_does(
    corpus: Corpus, table: str, column: str, listed: Iterable[str]
) -> None:
    with corpus.catalog() as catalog:
        (schema,) = catalog.query("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    assert _listed(schema, column) == set(listed)


def test_the_catalog_takes_of_each_kind_what_may_be_said_and_nothing_else(corpus: Corpus) -> None:
    connection = sqlite3.connect(corpus.root / "catalog.sqlite")
    with corpus.catalog():
        pass  # made
    for kind in Kind:
        for verdict in {*Verdict, *AgeGroup, "maybe"}:
            row = ("f", "ada", "me", kind, verdict, "", "2026-01-01", "ada")
            statement = (
                "INSERT INTO decision (face_id, identity_id, reviewer, kind, verdict, reason, decided_at, shown_as)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            )
            if verdict in SAYABLE[kind]:
                connection.execute(statement, row)
            else:
                with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
                    connection.execute(statement, row)
    connection.close()


def test_every_word_that_the_catalogs_statements_compare_with_is_in_a_list() -> None:
    allowed: dict[str, set[str]] = {
        "state": {*CandidateState, *PhotoState},
        "section": RANKED,
        "kind": {*Kind},
        "verdict": {*Verdict},
        "outcome": {*Outcome, ""},
        "reviewer": {words.AUTO},
        "reason": {UNDO, REDO, WITHDRAWN},
    }
    compared = re.compile(rf"\b({'|'.join(allowed)}) (?:=|!=|IS|IN|IS NOT|NOT IN) (\((?:'\w*'(?:, )?)+\)|'\w*')")
    seen = set()
    for source in files("facecorpus.catalog").iterdir():
        if not source.name.endswith(".py"):
            continue
        for column, said in compared.findall(source.read_text(encoding="utf-8")):
            unknown = set(re.findall(r"'(\w*)'", said)) - allowed[column]
            assert not unknown, f"{source.name}: {column} {said}"
            seen.add(column)
    assert seen == set(allowed)


def test_no_two_reasons_have_one_key_and_none_reads_like_an_undo() -> None:
    assert len({reason.key for reason in Reason}) == len(Reason)
    assert all(re.fullmatch(r"[a-z]", reason.key) for reason in Reason)
    assert not {UNDO, REDO} & {*Reason}


def test_each_section_has_a_letter_of_its_own() -> None:
    assert len({section.letter for section in Section}) == len(Section)
