"""Photographs in which no face was found: looked at, or with a face that a person drew."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from demo_faces import analysis_of, portrait
from demo_photographs import world
from more_faces import add_faceless
from review_corpus import ADA, BEN, Browser, make_corpus, said, stood

from facecorpus.catalog.drawn import drawn_face, whole_photograph
from facecorpus.corpus import Corpus
from facecorpus.engines.drawn import lost_sentence, make_drawn
from facecorpus.engines.find_faces import assign_subjects, find_faces
from facecorpus.errors import FacecorpusError
from facecorpus.judging.exchange import export_decisions, import_decisions, withdraw_decisions
from facecorpus.judging.rank import rank_faces
from facecorpus.records import Face
from facecorpus.takedown.stage import forget
from facecorpus.upkeep.backup import restore_from_log
from facecorpus.upkeep.status import status
from facecorpus.upkeep.verify import verify

PORTRAIT = world().read(portrait().file)
SHA256 = hashlib.sha256(PORTRAIT).hexdigest()
BOX = [189, 64, 133, 164]  # about where the detector finds the face
NAME = drawn_face(SHA256, ",".join(map(str, BOX)))
PHOTO = whole_photograph(SHA256)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Twelve faces of Ada, and a photograph of hers in which no face was found."""
    corpus = make_corpus(tmp_path / "review", {ADA: 12, BEN: 3})
    add_faceless(corpus, ADA, {"portrait": PORTRAIT})
    return corpus


@pytest.fixture
def at_once(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    """The face is made in this process, whose models are loaded already."""

    async def make(self: object) -> None:
        with corpus.catalog() as catalog:
            assert make_drawn(corpus, catalog) == []

    monkeypatch.setattr("review_ui.catalog_thread.CatalogThread._make_drawn", make)


def draw(ada: Browser, box: list[float] = BOX, **more: object) -> requests.Response:  # type: ignore[assignment]
    return ada.change("/api/drawings", page=ADA, photo_sha256=SHA256, box=box, **more)


def faceless(ada: Browser, who: str = ADA) -> list[dict[str, Any]]:
    return list(ada.ask(f"/api/identity/{who}/faceless").json()["photographs"])


def no_face(ada: Browser, name: str = PHOTO, who: str = ADA) -> requests.Response:
    return ada.decide([name], "no_face", kind="photograph", who=who)


def face_of(corpus: Corpus, face_id: str = NAME) -> Face | None:
    with corpus.catalog() as catalog:
        return next((face for face, _ in catalog.faces.with_proposals() if face.face_id == face_id), None)


def built(corpus: Corpus) -> set[str]:
    with corpus.catalog() as catalog:
        return {face.face_id for face in catalog.faces.accepted()}


# ---- Photographs without a face


def test_a_photograph_without_a_face_is_counted_until_somebody_has_looked(ada: Browser, corpus: Corpus) -> None:
    (photo,) = faceless(ada)
    assert (photo["face_id"], photo["title"], photo["no_face"]) == (PHOTO, "Photograph portrait", False)
    assert faceless(ada, BEN) == []
    assert (status(corpus).faceless, "1 photograph without a face" in ada.ask("/").text) == (1, True)
    assert "nobody has looked at them: 1" in str(status(corpus))
    assert no_face(ada).ok
    assert said(corpus) == [(PHOTO, "photograph", "no_face", ADA)]
    assert ([one["no_face"] for one in faceless(ada)], status(corpus).faceless) == ([True], 0)
    assert "without a face" not in ada.ask("/").text
    ada.change("/api/undo", page=ADA)
    assert status(corpus).faceless == 1
    ada.change("/api/redo", page=ADA)
    assert status(corpus).faceless == 0


def test_only_a_photograph_of_the_person_has_no_face(ada: Browser, corpus: Corpus) -> None:
    for name, who in ((PHOTO, BEN), (whole_photograph("0" * 64), ADA), (NAME, ADA)):
        assert no_face(ada, name, who).status_code == 409
    assert ada.decide([PHOTO], "drawn", kind="box").status_code == 422
    assert said(corpus) == []


# ---- A face that a person drew


@pytest.mark.usefixtures("at_once")
def test_a_drawn_face_is_described_as_if_it_had_been_found(ada: Browser, corpus: Corpus) -> None:
    found = analysis_of(portrait()).faces[0]
    answer = draw(ada)
    assert {face["face_id"]: face["verdict"] for face in stood(answer)} == {NAME: "accept"}
    face = face_of(corpus)
    assert face is not None
    assert (face.detector, face.box, face.descriptor) == ("person", tuple(map(float, BOX)), found.descriptor)
    assert np.abs(face.landmarks - found.landmarks).max() < 0.05 * found.box[2]
    assert np.linalg.norm(face.embedding - found.embedding) < 0.2
    assert ada.ask(f"/crops/{NAME}.jpg").ok
    assert built(corpus) == {NAME}
    assert faceless(ada) == []
    assert [one["face_id"] for one in ada.faces() if one["verdict"]] == [NAME]
    assert draw(ada).json() == answer.json()  # the answer was lost: sent again
    assert len(said(corpus)) == 2


@pytest.mark.usefixtures("at_once")
def test_undo_takes_the_box_and_the_face_away_and_redo_brings_them_back(ada: Browser, corpus: Corpus) -> None:
    before = ada.faces()
    draw(ada)
    ada.change("/api/undo", page=ADA)
    assert (face_of(corpus), ada.faces(), len(faceless(ada))) == (None, before, 1)
    assert not corpus.crops.path(NAME).exists()
    assert ada.change("/api/redo", page=ADA).ok
    assert (face_of(corpus) is None, built(corpus)) == (False, {NAME})


@pytest.mark.usefixtures("at_once")
def test_a_drawn_face_outlives_faces_redo_and_is_ranked_and_kept(ada: Browser, corpus: Corpus) -> None:
    draw(ada)
    with corpus.catalog() as catalog:
        assign_subjects(catalog)
        stands = {face.face_id: face.identity_id for face in catalog.histories.faces(SHA256)}
    assert stands == {NAME: ADA}
    rank_faces(corpus)
    with corpus.catalog() as catalog:
        assert NAME in {face.face_id for face in catalog.faces.for_review(ADA)}
    with corpus.catalog() as catalog, catalog.transaction() as connection:  # only this photograph can be looked at
        connection.execute("UPDATE photo SET state = 'stored' WHERE sha256 = ?", (SHA256,))
    find_faces(corpus)  # now the detector finds it, too: what was said stays with it
    with corpus.catalog() as catalog:
        assert [face.face_id for face in catalog.histories.faces(SHA256)] == [NAME]
    assert built(corpus) == {NAME}


def test_a_box_is_refused_where_it_is_no_faces_place(ada: Browser, corpus: Corpus) -> None:
    (one, *_) = ada.faces()
    sha256 = ada.details(one["face_id"])["photo_sha256"]
    over = ada.change("/api/drawings", page=ADA, photo_sha256=sha256, box=[20, 20, 50, 50])
    assert (over.status_code, "found there already" in over.json()["error"]) == (409, True)
    assert draw(ada, [5, 5, 10, 10]).status_code == 409
    assert ada.change("/api/drawings", page=BEN, photo_sha256=SHA256, box=BOX).status_code == 409
    for box in ([1, 2, 3], [1, 2, 3, -4], [1, 2, 3, "4"], [1, 2, 3, 1e9], None, [True] * 4):
        assert draw(ada, box).status_code == 422  # type: ignore[arg-type]
    assert draw(ada, instead_of=["nobody"]).status_code == 409
    assert said(corpus) == []


def test_the_face_is_made_in_another_process(ada: Browser, corpus: Corpus) -> None:
    assert draw(ada).ok
    assert built(corpus) == {NAME}


def test_a_box_in_a_photograph_that_is_lost_is_kept_and_said(corpus: Corpus) -> None:
    note_a_box(corpus)
    corpus.photos.path(SHA256).unlink()
    with corpus.catalog() as catalog:
        assert make_drawn(corpus, catalog) == [SHA256]
        assert [one.face_id for one in catalog.drawn.waiting()] == [NAME]
    assert "verify --repair" in lost_sentence([SHA256])


def test_a_box_whose_face_was_not_made_before_a_kill_is_made_by_the_stage(corpus: Corpus) -> None:
    note_a_box(corpus)
    assert status(corpus).next.startswith("facecorpus faces")
    find_faces(corpus)
    assert built(corpus) == {NAME}


def note_a_box(corpus: Corpus, reviewer: str = "ada") -> None:
    """What a server writes before the face is made."""
    with corpus.catalog() as catalog:
        text = ",".join(map(str, BOX))
        catalog.decisions.add([NAME], identity_id=ADA, reviewer=reviewer, verdict="drawn", reason=text, kind="box")
        catalog.decisions.add([NAME], identity_id=ADA, reviewer=reviewer, verdict="accept")


def test_a_photograph_without_a_face_is_marked_and_taken_down(ada: Browser, corpus: Corpus, tmp_path: Path) -> None:
    def marked(of: Corpus) -> list[str]:
        with of.catalog() as catalog:
            return catalog.review.marked()

    assert ada.decide([PHOTO], "remove", kind="removal", who=BEN).status_code == 409
    assert ada.decide([PHOTO], "remove", kind="removal").ok
    assert (faceless(ada), marked(corpus), status(corpus).faceless) == ([], [SHA256], 0)
    ada.change("/api/undo", page=ADA)
    assert (len(faceless(ada)), marked(corpus)) == (1, [])
    ada.change("/api/redo", page=ADA)
    export_decisions(corpus, tmp_path / "decisions.jsonl")
    other = make_corpus(tmp_path / "other", {ADA: 12})
    add_faceless(other, ADA, {"portrait": PORTRAIT})
    import_decisions(other, tmp_path / "decisions.jsonl")
    for one in (corpus, other):
        assert marked(one) == [SHA256]
        assert forget(one, marked=True).photographs == 1
        assert not one.photos.path(SHA256).exists()
        assert marked(one) == []


# ---- Other machines, other copies


@pytest.mark.parametrize("end", [".csv", ".jsonl"])
def test_boxes_and_photographs_travel(corpus: Corpus, tmp_path: Path, end: str) -> None:
    note_a_box(corpus, "bob")
    with corpus.catalog() as catalog:
        catalog.decisions.add([PHOTO], identity_id=ADA, reviewer="bob", verdict="no_face", kind="photograph")
        make_drawn(corpus, catalog)
    file = tmp_path / f"decisions{end}"
    assert export_decisions(corpus, file).decisions == 3
    other = make_corpus(tmp_path / "other", {ADA: 12})
    assert import_decisions(other, file).without_face == 3  # the photograph is not there
    add_faceless(other, ADA, {"portrait": PORTRAIT})
    taken = import_decisions(other, file)
    assert (taken.added, taken.drawn, "facecorpus faces makes them" in str(taken)) == (3, 1, True)
    with other.catalog() as catalog:
        assert make_drawn(other, catalog) == []
    assert built(other) == {NAME}
    assert import_decisions(other, file).added == 0
    withdraw_decisions(other, number=taken.number)
    assert (face_of(other), built(other)) == (None, set())


@pytest.mark.parametrize(
    ("name", "kind", "verdict", "reason"),
    [
        (NAME, "box", "drawn", "1,2,3,4"),  # another box than its name says
        (NAME, "box", "drawn", ""),
        (NAME, "box", "drawn", "1,2,0,4"),
        (PHOTO, "verdict", "accept", ""),
        (NAME, "photograph", "no_face", ""),
        (PHOTO, "photograph", "no_face", "wrong person"),
    ],
)
def test_a_file_that_no_export_wrote_is_refused(
    corpus: Corpus, tmp_path: Path, name: str, kind: str, verdict: str, reason: str
) -> None:
    words = {"face_id": name, "photo_sha256": SHA256, "kind": kind, "verdict": verdict, "reason": reason}
    who = {"identity_id": ADA, "shown_as": ADA, "reviewer": "bob", "decided_at": "2026-01-01T00:00:00+00:00"}
    file = tmp_path / "decisions.jsonl"
    file.write_text(json.dumps(words | who) + "\n")
    with pytest.raises(FacecorpusError, match="line 1"):
        import_decisions(corpus, file)


def test_what_was_undone_travels_too(corpus: Corpus, tmp_path: Path) -> None:
    other = make_corpus(tmp_path / "other", {ADA: 12})
    add_faceless(other, ADA, {"portrait": PORTRAIT})
    for one in (other, corpus):
        note_a_box(one, "bob")
    with corpus.catalog() as catalog:
        for _ in range(2):
            catalog.decisions.undo(ADA, "bob")
    file = tmp_path / "decisions.csv"
    export_decisions(corpus, file)
    import_decisions(other, file, own_name=True)
    with other.catalog() as catalog:
        assert catalog.drawn.waiting() == []


def test_forgetting_the_photograph_leaves_no_trace_of_the_box(corpus: Corpus) -> None:
    note_a_box(corpus)
    with corpus.catalog() as catalog:
        make_drawn(corpus, catalog)
    forget(corpus, photo=SHA256)
    assert (said(corpus), face_of(corpus), corpus.crops.path(NAME).exists()) == ([], None, False)
    assert NAME not in corpus.log.read_text()


def test_a_box_outlives_a_catalog_that_is_lost(corpus: Corpus) -> None:
    note_a_box(corpus)
    for file in corpus.root.glob("catalog.sqlite*"):
        file.unlink()
    restore_from_log(corpus)
    add_faceless(corpus, ADA, {"portrait": PORTRAIT})  # crawled and analysed again
    with corpus.catalog() as catalog:
        make_drawn(corpus, catalog)
    assert built(corpus) == {NAME}


def test_verify_finds_nothing_wrong_with_a_drawn_face(corpus: Corpus) -> None:
    note_a_box(corpus)
    with corpus.catalog() as catalog:
        make_drawn(corpus, catalog)
    assert not [one for one in verify(corpus).problems if one.name == NAME or one.kind == "left over"]
    withdraw_decisions(corpus, "ada")
    assert face_of(corpus) is None
    left = [one for one in verify(corpus).problems if one.kind == "left over"]
    assert [Path(one.name) for one in left] == [corpus.crops.path(NAME)]  # a repair puts it aside
