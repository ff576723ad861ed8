"""Honeypots: settled faces that others judge without knowing that the answer is known."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from review_corpus import ADA, BEN, Browser, Process, face_ids

from facecorpus.corpus import Corpus
from facecorpus.judging.agreement import measure_agreement
from facecorpus.settings import ReviewSettings


def say(corpus: Corpus, face: str, reviewer: str, verdict: str, kind: str = "verdict") -> None:
    with corpus.catalog() as catalog:
        catalog.decisions.add([face], identity_id=ADA, reviewer=reviewer, verdict=verdict, kind=kind)


@pytest.fixture
def settled(corpus: Corpus) -> list[str]:
    """Four faces on which Bob and Eve disagree, and which Eve settled: two are right, two are wrong."""
    settings = corpus.root / "corpus.toml"
    written = settings.read_text("utf-8")
    settings.write_text(written.replace("honeypots = 0.0", "honeypots = 1.0"), "utf-8")
    faces = face_ids(corpus, ADA, "look")[:4]
    for place, face in enumerate(faces):
        say(corpus, face, "bob", "accept")
        say(corpus, face, "eve", "reject")
        say(corpus, face, "eve", "accept" if place < 2 else "reject", "settle")
    return faces


@contextmanager
def killed(corpus: Corpus) -> Iterator[Browser]:
    """Ada's client of a server that is killed in the end."""
    process = Process(corpus)
    base, _, token = process.url.partition("/?token=")
    try:
        yield Browser(base, token)
    finally:
        process.kill()


def verdicts(client: Browser, faces: list[str]) -> list[str | None]:
    return [one["verdict"] for one in client.faces() if one["face_id"] in faces]


def counting(corpus: Corpus) -> list[tuple[str, str, str]]:
    """What a build takes."""
    with corpus.catalog() as catalog:
        return [tuple(row) for row in catalog.query("SELECT face_id, verdict, reviewer FROM verdict ORDER BY 1")]


def rates(corpus: Corpus) -> list[tuple[str, int, int]]:
    return [(rate.reviewer, rate.faces, rate.right) for rate in measure_agreement(Corpus(corpus.root)).rates]


def test_a_known_answer_is_asked_again_and_changes_no_decision(corpus: Corpus, settled: list[str]) -> None:
    before = counting(corpus)
    with killed(corpus) as ada:
        assert verdicts(ada, settled) == [None] * 4
        assert ada.decide(settled[:3], "accept").ok
        assert verdicts(ada, settled) == ["accept", "accept", "accept", None]
    with killed(corpus) as ada:
        assert verdicts(ada, settled) == ["accept", "accept", "accept", None]
        assert ada.change("/api/decisions", page=ADA, identity_id=BEN, face_ids=settled[:1], verdict="accept").ok
        assert rates(corpus) == [("ada", 3, 1)]  # hers, but not hers as Ben
        assert ada.change("/api/undo", page=ADA).ok
        assert rates(corpus) == [("ada", 3, 2)]
        shown = ada.ask("/disagreements").text
        assert "2 of 3" in shown
        assert "67% (21% – 94%)" in shown
        assert ada.change("/api/undo", page=ADA).ok
        assert verdicts(ada, settled) == [None] * 4
        assert rates(corpus) == []
        assert ada.change("/api/redo", page=ADA).ok
    assert counting(corpus) == before
    found = measure_agreement(Corpus(corpus.root))
    assert "ada: 2 of 3, 67% (21% to 94%) known answers right." in str(found)
    assert [(pair.one, pair.two, pair.faces) for pair in found.pairs] == [("bob", "eve", 4)]


def test_who_had_a_part_in_it_is_not_asked_again_and_what_is_left_says_so(corpus: Corpus, settled: list[str]) -> None:
    with corpus.catalog() as catalog:
        for reviewer, left in (("ada", 27), ("bob", 23), ("eve", 23)):
            asked = catalog.progress.of(reviewer, ReviewSettings(honeypots=1.0))
            assert {one.identity_id: one.left for one in asked}[ADA] == left
            said = catalog.review.standings(ADA, settled, reviewer, ReviewSettings(honeypots=1.0))
            assert [one.verdict is None for _, one in said] == [reviewer == "ada"] * 4
        assert catalog.progress.of("ada", ReviewSettings())[0].left == 23
    say(corpus, settled[0], "bob", "reject")  # he saw the answer
    assert rates(corpus) == []
