"""Whose faces the ranking leaves to people, as the status and the card say it."""

from dataclasses import replace
from pathlib import Path

from build_corpus import ready_corpus, shots
from people import person

from facecorpus.build.stage import build_shards
from facecorpus.judging.left import left_to_people
from facecorpus.records import Ranking
from facecorpus.upkeep.status import status
from facecorpus.words import AUTO, Gender, Race, Section

ADA, BEN = person("ada"), person("ben", gender=Gender.MALE, race=Race.AFRICAN)


def test_a_difference_is_told_only_beyond_chance() -> None:
    few = left_to_people([ADA, BEN], {"ada": (10, 1), "ben": (10, 4)})
    assert str(few) == "Left to a person by the ranking: 5 of 20 faces (25%)."
    many = left_to_people([ADA, BEN], {"ada": (1000, 20), "ben": (1000, 120)})
    assert str(many) == (
        "Left to a person by the ranking: 140 of 2000 faces (7%): 12% of those of male, african people and 2% of those"
        " of female, asian people, more than chance allows."
    )
    assert str(left_to_people([ADA], {})) == ""


def test_the_status_counts_kept_faces_and_not_their_verdicts(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=4))
    with corpus.catalog() as catalog:
        faces = sorted(subject.face.face_id for subject in catalog.faces.subjects())
        sections = [Section.LOOK, *[Section.RIGHT] * (len(faces) - 1)]
        catalog.faces.rank([Ranking(one, 0.9, shown, ()) for one, shown in zip(faces, sections, strict=True)])
    assert f"Left to a person by the ranking: 1 of {len(faces)} faces" in str(status(corpus))


def test_the_card_says_of_whose_faces_people_had_to_judge_more(tmp_path: Path) -> None:
    by_the_policy = [replace(shot, reviewer=AUTO) for shot in shots(("ada",), 40)]
    corpus = ready_corpus(tmp_path / "c", [*by_the_policy, *shots(("ben",), 40)])
    build_shards(corpus)
    card = " ".join((corpus.shards / "README.md").read_text(encoding="utf-8").split())
    assert "100% of those of male, white people and 0% of those of female, asian people, more than" in card
