"""Another face of a photograph, or a copy, named the person's in place of the one that stood for them."""

import pytest
from more_faces import add_bystander, photograph_of
from review_corpus import ADA, BEN, Browser, face_ids, said, stood

from facecorpus.catalog.hashed import hashed
from facecorpus.corpus import Corpus
from facecorpus.engines.find_faces import assign_subjects
from facecorpus.words import AUTO

WRONG = "wrong person"


@pytest.fixture
def pair(corpus: Corpus) -> tuple[str, str]:
    """A face that stands for Ada, and a bystander of the same photograph."""
    shown = face_ids(corpus, ADA)[0]
    return shown, add_bystander(corpus, shown)


def built(corpus: Corpus, of: str = ADA) -> set[str]:
    with corpus.catalog() as catalog:
        return {face.face_id for face in catalog.faces.accepted() if face.identity_id == of}


def named(ada: Browser, shown: str, other: str) -> None:
    assert ada.decide([other], "accept", WRONG, instead_of=[shown]).ok


def test_a_photograph_shows_all_its_faces(ada: Browser, corpus: Corpus, pair: tuple[str, str]) -> None:
    faces = ada.ask(f"/api/identity/{ADA}/photographs/{photograph_of(corpus, pair[0])}").json()["faces"]
    assert [(face["face_id"], face["identity_id"]) for face in faces] == [(pair[0], ADA), (pair[1], "")]
    assert ada.ask(f"/api/identity/{ADA}/photographs/{'0' * 64}").json() == {"faces": []}


def test_a_bystander_is_named_and_the_other_is_not_her(ada: Browser, corpus: Corpus, pair: tuple[str, str]) -> None:
    shown, other = pair
    before = ada.faces()
    named(ada, shown, other)
    stands = {face["face_id"]: (face["verdict"], face["reason"]) for face in ada.faces() if face["verdict"]}
    assert stands == {shown: ("reject", WRONG), other: ("accept", "")}
    assert built(corpus) == {other}
    assert ada.ask(f"/api/identity/{ADA}?faces={other}").json()["ids"] == [other]  # whoever else has the page open
    answer = ada.change("/api/undo", page=ADA)
    assert {face["face_id"]: face["verdict"] for face in stood(answer)} == {shown: None, other: None}
    assert ada.faces() == before
    ada.change("/api/redo", page=ADA)
    assert built(corpus) == {other}


def test_a_face_of_somebody_else_can_be_hers(ada: Browser, corpus: Corpus, pair: tuple[str, str]) -> None:
    shown, other = pair
    with corpus.catalog() as catalog:
        catalog.faces.assign({shown: ADA, other: BEN})
    named(ada, shown, other)
    assert (built(corpus), built(corpus, BEN)) == ({other}, set())


def test_a_face_of_a_photograph_that_is_not_hers_is_refused(ada: Browser, corpus: Corpus) -> None:
    far = add_bystander(corpus, face_ids(corpus, BEN)[0])
    refused = ada.decide([far], "accept")
    assert (refused.status_code, said(corpus)) == (409, [])
    assert "does not stand for" in refused.json()["error"]


@pytest.mark.parametrize(
    ("verdict", "reason", "more"),
    [
        ("reject", WRONG, {"instead_of": ["x"]}),
        ("accept", "", {"instead_of": ["x"]}),
        ("accept", WRONG, {"instead_of": "x"}),
        ("accept", WRONG, {"instead_of": [1]}),
        ("accept", WRONG, {"instead_of": ["x"], "kind": "settle"}),
        ("accept", WRONG, {}),
    ],
)
def test_what_makes_no_sense_is_refused(reader: Browser, verdict: str, reason: str, more: dict[str, object]) -> None:
    assert reader.decide(["x"], verdict, reason, **more).status_code == 422


# ---- The choice of subjects


def test_the_named_face_is_the_subject_when_faces_are_chosen_anew(
    ada: Browser, corpus: Corpus, pair: tuple[str, str]
) -> None:
    shown, other = pair

    def stand_for() -> dict[str, str | None]:
        with corpus.catalog() as catalog:
            assign_subjects(catalog)
            found = catalog.histories.faces(photograph_of(corpus, shown))
            return {face.face_id: face.identity_id for face in found if face.verdict != "reject"}

    assert stand_for() == {shown: ADA, other: None}
    named(ada, shown, other)
    assert stand_for() == {other: ADA}
    assert ada.ask(f"/api/identity/{ADA}").ok
    assert built(corpus) == {other}
    ada.change("/api/undo", page=ADA)
    assert stand_for() == {shown: ADA, other: None}


def test_the_automatic_policy_chooses_no_subject(corpus: Corpus, pair: tuple[str, str]) -> None:
    shown, other = pair
    with corpus.catalog() as catalog:
        catalog.decisions.add([other], identity_id=ADA, reviewer=AUTO, verdict="accept")
        assign_subjects(catalog)
        stands = {face.face_id: face.identity_id for face in catalog.histories.faces(photograph_of(corpus, shown))}
    assert stands[shown] == ADA


# ---- Copies


def test_a_copy_is_chosen_instead_of_the_kept_one(ada: Browser, corpus: Corpus) -> None:
    copy = face_ids(corpus, ADA, kept=False)[0]
    alike = ada.ask(f"/api/identity/{ADA}/near-duplicates/{copy}").json()["faces"]
    (kept,) = [face["face_id"] for face in alike if face["kept"]]
    assert ada.decide([copy], "accept", "duplicate", instead_of=[kept]).ok
    assert built(corpus) == {copy}
    with corpus.catalog() as catalog:  # dedup keeps what a person accepted
        album = hashed(catalog)
        accepted = {face.face_id: face.accepted for photo in album.read(range(len(album))) for face in photo.faces}
    assert (accepted[copy], accepted[kept]) == (True, False)
    ada.change("/api/undo", page=ADA)
    assert built(corpus) == set()
