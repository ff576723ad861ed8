"""Who the detector does not see, as the status and the dataset card say it."""

import hashlib
import json
from pathlib import Path

import pytest
from build_corpus import ready_corpus, shots
from people import face, person
from scipy.stats import binomtest

from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.faces.shares import Share, shares, verdict
from facecorpus.records import Candidate, Download
from facecorpus.upkeep.status import status
from facecorpus.words import Gender, Outcome, Race

ADA, BEN, DAN = person("ada"), person("ben", gender=Gender.MALE, race=Race.LATIN_AMERICAN), person("dan", gender=None)


@pytest.mark.parametrize(("number", "missed"), [(1, 0), (1, 1), (30, 7), (400, 3)])
def test_the_interval_is_wilsons(number: int, missed: int) -> None:
    expected = binomtest(missed, number).proportion_ci(method="wilson")
    assert Share("all", number, missed).interval == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_photographs_count_for_all_for_gender_for_race_and_for_both() -> None:
    groups = shares([ADA, BEN, DAN], {"ada": (10, 1), "ben": (20, 8), "dan": (5, 5), "gone": (9, 9)})
    assert [(one.name, one.number, one.counted) for one in groups] == [
        ("all", 35, 14),
        ("female", 10, 1),
        ("male", 20, 8),
        ("asian", 15, 6),
        ("latin american", 20, 8),
        ("female, asian", 10, 1),
        ("male, latin american", 20, 8),
    ]


def test_a_difference_is_named_only_where_chance_does_not_explain_it() -> None:
    few = shares([ADA, BEN], {"ada": (10, 1), "ben": (10, 4)})
    assert verdict(few) == "No subgroup is seen worse than another by more than chance allows."
    many = shares([ADA, BEN], {"ada": (1000, 100), "ben": (1000, 400)})
    assert "40% of the photographs of male, latin american people, and in 10% of those of" in verdict(many)
    assert "nothing can be compared" in verdict(shares([ADA], {"ada": (10, 1)}))


def add_photographs_of_nobody(corpus: Corpus, identity_id: str, count: int) -> None:
    with corpus.catalog() as catalog:
        for number in range(count):
            sha256 = hashlib.sha256(f"{identity_id}{number}".encode()).hexdigest()
            url = f"https://host.example/{identity_id}/nobody/{number}.png"
            catalog.candidates.propose([Candidate(identity_id=identity_id, source="commons", url=url)])
            catalog.candidates.record(
                Download(url, "2026-01-01", 0.1, 200, Outcome.STORED, bytes=9), "image/png", sha256
            )
            catalog.photos.analysed(sha256, width=9, height=9, taken_on=None, phash=bytes(32), faces=[])


def test_the_status_and_the_card_say_in_how_many_photographs_of_whom_no_face_was_found(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "mine", shots())
    build_shards(corpus)
    assert "| male, white | 7 | 0 | 0.0% | 0.0% to 35.4% |" in (corpus.shards / "README.md").read_text()
    add_photographs_of_nobody(corpus, "ben", 21)
    assert "No face found: 21 of 49 photographs proposed (43%; female 0%, male 75%" in str(status(corpus))
    assert build_shards(corpus).changed
    card = (corpus.shards / "README.md").read_text()
    assert "| male, white | 28 | 21 | 75.0% | 56.6% to 87.3% |" in card
    assert "No face was found in 75% of the photographs of male, white people" in card
    assert not build_shards(corpus).changed
    assert json.loads((corpus.shards / "build.json").read_text())["files"]


def test_turned_and_tilted_faces_are_counted(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "mine", shots(["ada"], each=3))
    assert "tilted faces" not in str(status(corpus))
    add_photographs_of_nobody(corpus, "ada", 1)
    sha256 = hashlib.sha256(b"ada0").hexdigest()
    with corpus.catalog() as catalog:
        turned = [face(sha256, number, yaw=yaw, roll=roll) for number, (yaw, roll) in enumerate([(-31, 0), (40, 25)])]
        catalog.photos.analysed(sha256, width=9, height=9, taken_on=None, phash=bytes(32), faces=turned)
    assert "2 profile faces, 1 tilted faces" in str(status(corpus))
