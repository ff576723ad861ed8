"""The automatic policy: what --auto makes of a ranking, and what it never touches."""

from dataclasses import replace

import numpy as np
from ranked_people import embedding, face_id, fill

from facecorpus.corpus import Corpus
from facecorpus.judging.policy import auto_review
from facecorpus.judging.rank import rank_faces
from facecorpus.words import Doubt


def standing(corpus: Corpus) -> dict[str, tuple[str | None, str | None]]:
    """(verdict, reviewer) by the name of the face, where there is one."""
    with corpus.catalog() as catalog:
        faces = [face for who in ("ada", "ben") for face in catalog.faces.for_review(who)]
    return {face.face_id.split("-")[0].rstrip("0"): (face.verdict, face.reviewer) for face in faces if face.verdict}


def rows(corpus: Corpus) -> int:
    with corpus.catalog() as catalog:
        return len(catalog.decisions.all())


def test_the_policy_accepts_the_right_rejects_the_wrong_and_leaves_the_rest(filled: Corpus) -> None:
    rank_faces(filled)
    summary = auto_review(filled)
    assert (summary.accepted, summary.rejected, summary.left, summary.judged_by_people) == (12, 1, 1, 0)
    found = standing(filled)
    assert found["wrong"] == ("reject", "auto")
    assert found["ada1"] == ("accept", "auto")
    assert "unsure" not in found
    with filled.catalog() as catalog:
        assert {d.reason for d in catalog.decisions.all() if d.verdict == "reject"} == {"wrong person"}


def test_the_policy_says_nothing_of_people_who_cannot_be_judged(corpus: Corpus) -> None:
    three = {f"ben{n}": ("ben", embedding("ben", n)) for n in range(3)}
    mostly_wrong = {f"ada{n}": ("ada", embedding("ada", n)) for n in range(4)} | {
        f"x{n}": ("ada", np.random.default_rng(n).normal(scale=0.08, size=128).astype(np.float32)) for n in range(8)
    }
    fill(corpus, three | mostly_wrong | {f"cleo{n}": ("cleo", embedding("cleo", n)) for n in range(6)})
    outcome = rank_faces(corpus)
    assert outcome.not_judged == ("ada", "ben")
    assert " Not enough to judge the faces of 2 people by: ada, ben.\n" in str(outcome)
    summary = auto_review(corpus)
    assert summary.not_judged == ("ada", "ben")
    assert (summary.accepted, summary.rejected) == (6, 0)
    assert not standing(corpus)  # of ada and ben
    with corpus.catalog() as catalog:
        reasons = {face.reasons for who in ("ada", "ben") for face in catalog.faces.for_review(who)}
    assert reasons == {(Doubt.NOT_ENOUGH,)}


def test_the_policy_adds_nothing_a_second_time(filled: Corpus) -> None:
    rank_faces(filled)
    first = auto_review(filled)
    before = rows(filled)
    assert replace(first, changed=0) == auto_review(filled)
    rank_faces(filled)  # its own verdicts do not teach the ranking
    auto_review(filled)
    assert rows(filled) == before


def test_the_policy_never_touches_a_face_that_a_person_judged_or_took_back(filled: Corpus) -> None:
    rank_faces(filled)
    with filled.catalog() as catalog:
        for name, verdict in (("wrong", "accept"), ("ada1", "reject"), ("ada2", "accept"), ("ada2", "undecided")):
            catalog.decisions.add([face_id(name)], identity_id="ada", reviewer="grace", verdict=verdict)
    assert auto_review(filled).judged_by_people == 3
    found = standing(filled)
    assert found["wrong"] == ("accept", "grace")
    assert found["ada1"] == ("reject", "grace")
    assert "ada2" not in found


def test_a_verdict_of_the_policy_is_taken_back_when_the_face_leaves_its_section(filled: Corpus) -> None:
    rank_faces(filled)
    auto_review(filled)
    with filled.catalog() as catalog:  # a better copy of ada1 turned up
        catalog.photos.cluster([], [face_id("ada1")])
    rank_faces(filled)
    summary = auto_review(filled)
    assert (summary.accepted, summary.changed) == (11, 1)
    assert "ada1" not in standing(filled)
    with filled.catalog() as catalog:  # and went away again
        catalog.photos.cluster([], [])
    rank_faces(filled)
    assert auto_review(filled).changed == 1
    assert standing(filled)["ada1"] == ("accept", "auto")


def test_a_face_that_now_stands_for_somebody_else_is_judged_anew(filled: Corpus) -> None:
    rank_faces(filled)
    auto_review(filled)
    with filled.catalog() as catalog:
        assigned = {s.face.face_id: s.identity_id for s in catalog.faces.subjects()}
        catalog.faces.assign(assigned | {face_id("wrong"): "ben"})
    rank_faces(filled)
    assert auto_review(filled).changed == 1
    with filled.catalog() as catalog:
        latest = catalog.decisions.all()[-1]
    assert (latest.face_id, latest.identity_id, latest.verdict) == (face_id("wrong"), "ben", "accept")
