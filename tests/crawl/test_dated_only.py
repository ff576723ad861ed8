"""`dated_only` of the manifest: people of whom only photographs with a certain date are taken."""

from pathlib import Path

from crawling import corpus_of, make, propose, states
from loopback import Loopback, Reply, jpeg, settings_for
from people import person

from facecorpus.corpus import Corpus
from facecorpus.crawl.discover import discover
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.manifest import write_manifest
from facecorpus.records import Candidate
from facecorpus.settings import Settings
from facecorpus.upkeep.explain import explain
from facecorpus.upkeep.status import status

ADA = person("ada", dated_only=True)
DATES = {"day": "2010-05-01", "month": "2010-05", "year": "2005", "none": None, "early": "2004-12-31"}


def dated(web: Loopback, identity_id: str = "ada") -> list[Candidate]:
    """A photograph of each kind of date, served at /KIND.jpg."""
    return [
        Candidate(identity_id, "commons", web.serve(f"/{kind}.jpg", Reply(jpeg(n))), rank=n, taken_on=taken_on)
        for n, (kind, taken_on) in enumerate(DATES.items())
    ]


def folder_of(folder: Path, files: int, **crawl: int) -> Settings:
    """Settings for a folder that holds so many photographs of Ada."""
    (folder / "ada").mkdir(parents=True)
    for number in range(files):
        (folder / "ada" / f"{number}.jpg").write_bytes(jpeg(number))
    return settings_for(crawl={"sources": ("folder",), "folder": str(folder), **crawl})


def test_without_a_certain_date_nothing_is_asked_for(web: Loopback, tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", web, people=[ADA])
    propose(corpus, *dated(web))
    assert fetch_candidates(corpus).outcomes == {"stored": 3, "not_dated": 1, "outside_period": 1}
    assert sorted(path for path in web.paths() if path.endswith(".jpg")) == ["/day.jpg", "/month.jpg", "/year.jpg"]


def test_of_others_photographs_without_a_date_are_taken_as_before(web: Loopback, tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", web, people=[ADA, person("ben")])
    propose(corpus, *dated(web, "ben"))
    assert fetch_candidates(corpus).outcomes == {"stored": 4, "outside_period": 1}


def test_they_wait_again_when_the_manifest_no_longer_asks_for_a_date(web: Loopback, tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", web, people=[ADA])
    propose(corpus, *dated(web))
    fetch_candidates(corpus)
    assert not fetch_candidates(corpus).candidates
    write_manifest(corpus.root / "manifest.csv", [person("ada")])
    assert fetch_candidates(Corpus(corpus.root)).outcomes == {"stored": 1}
    assert states(corpus)[("ada", "none.jpg")] == "stored"
    assert states(corpus)[("ada", "early.jpg")] == "outside_period"


def test_what_has_no_date_does_not_count_as_enough(tmp_path: Path) -> None:
    settings = folder_of(tmp_path / "photos", 3, per_identity=1)
    assert discover(make(tmp_path / "corpus", settings, person("ada"))).new == 1
    assert discover(make(tmp_path / "dated", settings, ADA)).new == 3


def test_status_and_explain_say_why(web: Loopback, tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", web, people=[ADA])
    propose(corpus, *dated(web))
    fetched = fetch_candidates(corpus)
    assert "The others: 1 not dated, 1 outside period." in str(fetched)
    assert "Candidates: 1 not dated, 1 outside period, 3 stored" in str(status(corpus))
    assert explain(corpus, web.url("/none.jpg")).answer == (
        "We do not have it: not dated. Its date is not certain, and the manifest takes only dated photographs of this"
        " person (dated_only)."
    )


def test_a_file_of_this_machine_is_taken_as_its_exif_may_state_the_date(tmp_path: Path) -> None:
    corpus = make(tmp_path / "corpus", folder_of(tmp_path / "photos", 2), ADA)
    discover(corpus)
    assert fetch_candidates(corpus).outcomes == {"stored": 2}
