"""Consent by the manifest: who withdrew it is kept out of crawl and build, and the next step is to take them back."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from build_corpus import PEOPLE, ready_corpus, rows_of, shots
from crawling import make, pictures, serve_wiki
from loopback import Loopback
from people import person

from facecorpus.build.choose import CONSENT_ENDED
from facecorpus.build.stage import build_shards
from facecorpus.consent import Consent
from facecorpus.corpus import Corpus
from facecorpus.crawl.discover import discover
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.errors import ManifestError
from facecorpus.manifest import read_manifest, write_manifest
from facecorpus.takedown.stage import forget
from facecorpus.upkeep.next_step import next_step

DOCUMENT = "9f" * 32
TODAY = date.today()
YESTERDAY, TOMORROW = (str(TODAY + timedelta(days=days)) for days in (-1, 1))
GIVEN = Consent("consent", DOCUMENT, "2026-01-31", TOMORROW)
ENDED = {
    "withdrawn": replace(GIVEN, withdrawn=YESTERDAY),
    "expired": replace(GIVEN, until=YESTERDAY),
}


def state(corpus: Corpus, **consents: Consent) -> Corpus:
    """Write consents into the manifest, by person."""
    people = [replace(who, consent=consents.get(who.identity_id, who.consent)) for who in corpus.manifest.identities]
    write_manifest(corpus.root / "manifest.csv", people)
    return Corpus(corpus.root)


def test_the_columns_come_back_as_they_were_written_and_only_where_somebody_has_them(tmp_path: Path) -> None:
    write_manifest(tmp_path / "m.csv", [person("ada", consent=GIVEN), person("ben")])
    assert [who.consent for who in read_manifest(tmp_path / "m.csv").identities] == [GIVEN, Consent()]
    write_manifest(tmp_path / "m.csv", [person("ben")])
    assert "consent" not in (tmp_path / "m.csv").read_text()


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"basis": " "}, "consent_basis"),
        ({"document": "contract.pdf"}, "consent_document"),
        ({"given": "2026"}, "consent_given"),
        ({"given": TOMORROW}, "consent_given"),
        ({"until": "31.12.2030"}, "consent_until"),
        ({"until": "2026-01-30"}, "consent_until"),
        ({"withdrawn": TOMORROW}, "consent_withdrawn"),
        ({"withdrawn": "2025-01-01"}, "consent_withdrawn"),
    ],
)
def test_a_cell_that_breaks_a_rule_is_named(changes: dict[str, str], column: str, tmp_path: Path) -> None:
    write_manifest(tmp_path / "m.csv", [person("ada", consent=replace(GIVEN, **changes))])
    with pytest.raises(ManifestError, match=f"line 2, column {column}: .* must be "):
        read_manifest(tmp_path / "m.csv")


@pytest.mark.parametrize("how", ENDED)
def test_nobody_is_asked_about_and_nothing_fetched_once_consent_has_ended(how: str, tmp_path: Path) -> None:
    with Loopback() as web:
        settings = serve_wiki(web, Ada=[1, 2], Ben=[3], Cleo=[4])
        people = [person("ada", consent=GIVEN), person("ben", consent=GIVEN), person("cleo", consent=ENDED[how])]
        corpus = make(tmp_path / "corpus", settings, *people)
        found = discover(corpus)
        assert found.proposed == 3
        assert "NOT CRAWLED: the consent of 1 people holds no more (Cleo)." in found.warnings
        corpus = state(corpus, ben=ENDED[how])
        assert fetch_candidates(corpus).outcomes == {"stored": 2}
        assert pictures(web) == ["/1.jpg", "/2.jpg"]
        step = next_step(corpus)
        assert "forget --identity ben" in step.command
        assert step.why.startswith("Ben: consent ")


@pytest.mark.parametrize("how", ENDED)
def test_a_build_leaves_them_out_and_forget_is_the_next_step_until_it_is_done(how: str, tmp_path: Path) -> None:
    corpus = state(ready_corpus(tmp_path / "corpus", shots(each=4), PEOPLE), ada=ENDED[how], ben=GIVEN)
    summary = build_shards(corpus)
    assert summary.left_out[CONSENT_ENDED] == 4
    assert {row["identity"] for row in rows_of(summary.path)} == {1, 2, 3}
    card = (summary.path / "README.md").read_text()
    assert "| consent | 1 (33%) | 33% | 1 |\n| not stated | 2 (67%) | 67% | 0 |" in card
    assert f"The first of these ends on {TOMORROW}." in card
    assert "forget --identity ada" in next_step(corpus).command
    forget(corpus, identity="ada")
    assert "forget" not in next_step(corpus).command


def test_a_build_of_a_manifest_without_consent_says_so(tmp_path: Path) -> None:
    summary = build_shards(ready_corpus(tmp_path / "corpus", shots(each=2)))
    card = (summary.path / "README.md").read_text()
    assert "The manifest states no basis, such as consent, for any single person." in card
