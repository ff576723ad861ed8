"""The stage that ranks a corpus, and the review's page that ranks what is left."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from ranked_people import album, between, embedding, face_id, fill

from facecorpus.corpus import Corpus
from facecorpus.errors import SettingsError
from facecorpus.judging.policy import auto_review
from facecorpus.judging.rank import _AT_ONCE, centres, judgements, rank_faces
from facecorpus.records import Ranking
from facecorpus.settings import RankSettings
from facecorpus.words import Section
from review_ui.learning import Teacher


def test_the_stage_ranks_every_face_and_counts_the_sections(filled: Corpus) -> None:
    summary = rank_faces(filled)
    assert (summary.faces, summary.right, summary.look, summary.wrong) == (14, 12, 1, 1)
    with filled.catalog() as catalog:
        first = catalog.faces.for_review("ada")[0]
    assert (first.face_id, first.section, first.reasons[0]) == (face_id("wrong"), "wrong", "closer to Ben")


def test_a_second_ranking_is_the_same(filled: Corpus) -> None:
    first = rank_faces(filled)
    with filled.catalog() as catalog:
        before = catalog.faces.for_review("ada")
    assert rank_faces(filled) == first
    with filled.catalog() as catalog:
        assert catalog.faces.for_review("ada") == before


def test_an_empty_corpus_is_ranked_and_reviewed_without_a_word(corpus: Corpus) -> None:
    assert rank_faces(corpus).faces == 0
    assert auto_review(corpus).changed == 0
    with corpus.catalog() as catalog:
        assert Teacher().order(catalog, corpus.manifest["ada"], corpus.settings).face_ids == ()


def test_while_faces_are_ranked_a_reviewer_can_write_and_the_old_ranking_stands(filled: Corpus) -> None:
    rank_faces(filled)

    def meanwhile() -> Iterator[Ranking]:
        with filled.catalog() as other:
            other.decisions.add([face_id("ada1")], identity_id="ada", reviewer="grace", verdict="accept")
            assert len(other.faces.for_review("ada")) == 8
        yield Ranking(face_id("ada1"), 0.7, Section.LOOK, ())

    with filled.catalog() as catalog:
        catalog.faces.rank(meanwhile())
        assert [(one.face_id, one.likely) for one in catalog.faces.for_review("ada")] == [(face_id("ada1"), 0.7)]


def test_faces_are_judged_as_they_come_in_not_all_at_once() -> None:
    first = album("ada")
    begun = []
    faces = (begun.append(number) or replace(first[number % 10]) for number in range(3 * _AT_ONCE))
    found = judgements(faces, centres(first))
    next(found)
    assert len(begun) == _AT_ONCE
    assert sum(one is not None for _, one in found) == 3 * _AT_ONCE - 1


def test_limits_that_contradict_each_other_are_one_sentence(filled: Corpus) -> None:
    filled.settings = replace(filled.settings, rank=RankSettings(accept_above=0.2, reject_below=0.8))
    with pytest.raises(SettingsError, match=r"reject_below \(0.8\) in \[rank\] must be smaller than accept_above"):
        rank_faces(filled)


@pytest.mark.parametrize("verdicts", [{}, {1: "accept", 2: "accept", 3: "accept", 4: "accept", 7: "reject"}])
def test_the_page_ranks_what_is_left_as_the_whole_ranking_would(corpus: Corpus, verdicts: dict[int, str]) -> None:
    good = {f"{who}{n}": (who, embedding(who, n)) for who in ("ada", "ben", "cleo") for n in range(8)}
    odd = {f"odd{n}": ("ada", between(share, 50 + n)) for n, share in enumerate((0.4, 0.5, 0.6, 1.0))}
    fill(corpus, good | odd)
    rank_faces(corpus)
    with corpus.catalog() as catalog:
        for number, verdict in verdicts.items():
            catalog.decisions.add([face_id(f"ada{number}")], identity_id="ada", reviewer="grace", verdict=verdict)
        order = Teacher().order(catalog, corpus.manifest["ada"], corpus.settings)
    rank_faces(corpus)
    with corpus.catalog() as catalog:
        whole = {face.face_id: face for face in catalog.faces.for_review("ada")}
    assert len(order.face_ids) == 12 - len(verdicts)
    for one, likely, section in zip(order.face_ids, order.likely, order.sections, strict=True):
        assert likely == pytest.approx(1000 * whole[one].likely, abs=1)
        assert whole[one].section.startswith(section)
