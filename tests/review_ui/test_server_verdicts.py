"""Verdicts at the review's server: on disk before the page is told, undone and redone to any depth."""

import sqlite3
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import person
from review_corpus import ADA, BEN, Browser, face_ids, journal, served, stood

from facecorpus.catalog import Catalog
from facecorpus.corpus import Corpus
from facecorpus.settings import ReviewSettings


def test_a_verdict_is_on_disk_before_the_answer(ada: Browser, corpus: Corpus) -> None:
    face = face_ids(corpus, ADA)[0]
    (stands,) = stood(ada.decide([face], "accept"))
    assert (stands["face_id"], stands["verdict"], stands["reviewer"]) == (face, "accept", "ada")
    other = sqlite3.connect(corpus.root / "catalog.sqlite")
    try:
        assert other.execute("SELECT face_id, reviewer, verdict FROM decision").fetchall() == [(face, "ada", "accept")]
    finally:
        other.close()


def test_nothing_is_answered_while_the_disk_is_held_by_another(ada: Browser, corpus: Corpus) -> None:
    face = face_ids(corpus, ADA)[0]
    other = sqlite3.connect(corpus.root / "catalog.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(ada.decide([face], "accept").status_code))
    asking.start()
    asking.join(0.3)
    assert answers == []
    other.execute("COMMIT")
    other.close()
    asking.join()
    assert answers == [200]
    assert journal(corpus) == [(face, "ada", "accept", "")]


def test_a_request_sent_twice_is_written_once(ada: Browser, corpus: Corpus) -> None:
    faces = face_ids(corpus, ADA)[:3]
    assert ada.decide(faces, "reject", "duplicate").json() == ada.decide(faces, "reject", "duplicate").json()
    assert len(journal(corpus)) == 3


def test_an_undo_sent_twice_takes_back_once(ada: Browser, corpus: Corpus) -> None:
    first, second = face_ids(corpus, ADA)[:2]
    ada.decide([first], "accept")
    batch = ada.decide([second], "accept").json()["undo"]
    for _ in range(2):
        answer = ada.change("/api/undo", page=ADA, batch=batch)
    assert stood(answer) == []
    faces = ada.faces()
    assert [face["face_id"] for face in faces if face["verdict"]] == [first]


def test_undo_goes_back_any_number_of_steps_and_over_a_restart(corpus: Corpus) -> None:
    one, *others = face_ids(corpus, ADA)
    steps = [([one], "accept", ""), ([one], "reject", "quality"), (others, "accept", ""), ([one], "accept", "")]

    def verdicts(browser: Browser) -> dict[str, tuple[str, str]]:
        faces = browser.faces()
        return {face["face_id"]: (face["verdict"], face["reason"]) for face in faces if face["verdict"]}

    with served(corpus) as base:
        browser = Browser(base, "sesame")
        states = [verdicts(browser)]
        for faces, verdict, reason in steps:
            browser.decide(faces, verdict, reason)
            states.append(verdicts(browser))
    for expected in reversed(states[:-1]):
        with served(corpus) as base:
            browser = Browser(base, "sesame")
            browser.change("/api/undo", page=ADA)
            assert verdicts(browser) == expected
    with served(corpus) as base:
        browser = Browser(base, "sesame")
        nothing = browser.change("/api/undo", page=ADA)
        assert nothing.json() | {"faces": stood(nothing)} == {"touched": 0, "faces": [], "undo": None, "redo": 1}
        for expected in states[1:]:
            browser.change("/api/redo", page=ADA)
            assert verdicts(browser) == expected


def test_an_undo_adds_rows_and_removes_none(ada: Browser, corpus: Corpus) -> None:
    face = face_ids(corpus, ADA)[0]
    ada.decide([face], "reject", "wrong person")
    ada.decide([face], "accept")
    before = journal(corpus)
    ada.change("/api/undo", page=ADA)
    assert journal(corpus) == [
        *before,
        (face, "ada", "undecided", "undo"),
        (face, "ada", "reject", "wrong person"),
    ]


def test_an_undo_leaves_other_people_and_other_reviewers_alone(corpus: Corpus) -> None:
    face, other = face_ids(corpus, ADA)[0], face_ids(corpus, BEN)[0]
    with served(corpus, reviewer="ada") as base:
        browser = Browser(base, "sesame")
        browser.decide([other], "accept", who=BEN)
        browser.decide([face], "accept")
    with served(corpus, reviewer="bob") as base:
        assert stood(Browser(base, "sesame").change("/api/undo", page=ADA)) == []
    with served(corpus, reviewer="ada") as base:
        Browser(base, "sesame").change("/api/undo", page=ADA)
    with corpus.catalog() as catalog:
        assert dict(catalog.review.standings(ADA, [face], "ada", ReviewSettings()))[face].verdict is None
        assert dict(catalog.review.standings(BEN, [other], "ada", ReviewSettings()))[other].verdict == "accept"


def test_a_person_overrides_the_automatic_policy(ada: Browser, corpus: Corpus) -> None:
    face = face_ids(corpus, ADA)[0]
    with corpus.catalog() as catalog:
        catalog.decisions.add([face], identity_id=ADA, reviewer="auto", verdict="accept")
    assert ada.faces()[0]["reviewer"] == "auto"
    ada.decide([face], "reject", "wrong person")
    with corpus.catalog() as catalog:
        catalog.decisions.add([face], identity_id=ADA, reviewer="auto", verdict="accept", reason="again")
    assert ada.faces()[0]["verdict"] == "reject"


def test_taking_back_an_override_brings_the_automatic_verdict_back(ada: Browser, corpus: Corpus) -> None:
    face = face_ids(corpus, ADA)[0]
    with corpus.catalog() as catalog:
        catalog.decisions.add([face], identity_id=ADA, reviewer="auto", verdict="accept")
    ada.decide([face], "reject", "wrong person")
    (stands,) = stood(ada.change("/api/undo", page=ADA))
    assert (stands["face_id"], stands["verdict"], stands["reviewer"]) == (face, "accept", "auto")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"face_ids": []}, "face_ids"),
        ({"verdict": "maybe"}, "verdict"),
        ({"verdict": "reject"}, "has a reason"),
        ({"verdict": "reject", "reason": "undo"}, "has a reason"),
        ({"reason": "quality"}, "has a reason"),
        ({"face_ids": ["0" * 24 + "-0"]}, "does not stand for"),
        ({"kind": "age"}, "one of young, adult, old"),
        ({"kind": "removal", "verdict": "old"}, "one of remove"),
        ({"identity_id": "nobody"}, "Nobody in this corpus"),
        ({"identity_id": BEN}, "does not stand for"),
    ],
)
def test_a_wrong_verdict_is_refused_in_one_sentence(
    ada: Browser, corpus: Corpus, wrong: dict[str, object], said: str
) -> None:
    right = {"identity_id": ADA, "face_ids": face_ids(corpus, ADA)[:2], "verdict": "accept"}
    answer = ada.change("/api/decisions", **(right | wrong))
    assert 400 <= answer.status_code < 500
    assert said in answer.json()["error"]
    assert journal(corpus) == []


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.sets(st.sampled_from("abc"), min_size=1), st.sampled_from(["accept", "reject", "undecided"])),
            st.sampled_from(["undo", "redo"]),
        ),
        max_size=14,
    )
)
def test_the_journal_undoes_and_redoes_as_an_editor_does(steps: list[tuple[set[str], str] | str]) -> None:
    catalog = Catalog(Path(":memory:"))
    catalog.identities.replace_all([person(ADA)])
    states: list[dict[str, str]] = [{}]  # the editor's history
    here = 0
    for step in steps:
        if isinstance(step, str):
            change, move = {"undo": (catalog.decisions.undo, -1), "redo": (catalog.decisions.redo, 1)}[step]
            change(ADA, "ada")
            here = min(len(states) - 1, max(0, here + move))
        else:
            faces, verdict = step
            news = {face: verdict for face in faces if states[here].get(face, "undecided") != verdict}
            if not news:
                continue  # says nothing new; whether it counts as a step does not matter
            catalog.decisions.add(sorted(faces), identity_id=ADA, reviewer="ada", verdict=verdict)
            states[here + 1 :] = [{**states[here], **news}]
            here += 1
        latest = {decision.face_id: decision.verdict for decision in catalog.decisions.all()}
        assert {f: v for f, v in latest.items() if v != "undecided"} == {
            f: v for f, v in states[here].items() if v != "undecided"
        }
    catalog.close()
