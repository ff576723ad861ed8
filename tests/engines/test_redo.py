"""Photographs that are analysed again: whose face is whose, what people said of them, and kills on the way."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import looked_at_again
import pytest
from looked_at_again import corpus_of, crop_of, crops_of, faces_of, look
from people import face

from facecorpus.corpus import Corpus
from facecorpus.faces.again import named_as_before
from facecorpus.records import Box
from facecorpus.upkeep.verify import verify
from facecorpus.words import AUTO, Verdict

LEFT, RIGHT, ABOVE = (10.0, 60.0, 40.0, 40.0), (100.0, 60.0, 40.0, 40.0), (60.0, 0.0, 30.0, 30.0)


def wider(box: Box) -> Box:
    """The same face as another detector frames it."""
    left, top, width, height = box
    return (left - 4, top - 8, width + 8, height + 12)


def say(corpus: Corpus, face_id: str, verdict: str, reviewer: str = "ann") -> None:
    with corpus.catalog() as catalog:
        catalog.decisions.add([face_id], identity_id="ada", reviewer=reviewer, verdict=verdict)


def everything_said(corpus: Corpus) -> tuple[list[object], bytes]:
    with corpus.catalog() as catalog:
        return list(catalog.decisions.all()), (corpus.root / "decisions.jsonl").read_bytes()


def test_what_was_said_of_a_face_stays_with_the_face_at_its_place(tmp_path: Path) -> None:
    corpus, (one,) = corpus_of(tmp_path, 1)
    look(corpus, {one: [LEFT, RIGHT]}, "first")
    left, right = sorted(faces_of(corpus))
    say(corpus, left, Verdict.REJECT)
    say(corpus, right, Verdict.ACCEPT)
    said = everything_said(corpus)
    again = look(corpus, {one: [wider(RIGHT), ABOVE, wider(LEFT)]}, "second", redo=True)
    found = faces_of(corpus)
    assert {name: face.box for name, face in found.items()} == {
        left: wider(LEFT),
        right: wider(RIGHT),
        f"{one[:24]}-2": ABOVE,
    }
    assert {face.detector for face in found.values()} == {"second"}
    assert crops_of(corpus) == {name: crop_of(face) for name, face in found.items()}
    assert everything_said(corpus) == said
    assert (again.analysed_now, again.carried_over, again.not_seen_again) == (1, 2, 0)
    assert "Of 2 faces that people judged, 2 were found where they were" in str(again)
    assert [f.kind for f in verify(corpus).problems] == []


def test_a_judged_face_that_is_not_found_again_stays_and_others_go(tmp_path: Path) -> None:
    corpus, (one,) = corpus_of(tmp_path, 1)
    look(corpus, {one: [LEFT, RIGHT, ABOVE]}, "first")
    left, right, above = sorted(faces_of(corpus))
    say(corpus, left, Verdict.ACCEPT)
    say(corpus, right, Verdict.ACCEPT, AUTO)
    before, crops = faces_of(corpus)[left], crops_of(corpus)
    again = look(corpus, {one: []}, "second", redo=True)
    assert list(faces_of(corpus)) == [left]
    assert faces_of(corpus)[left].detector == before.detector == "first"
    assert crops_of(corpus) == {left: crops[left]}
    assert (again.carried_over, again.not_seen_again) == (0, 1)
    # What the policy said of a face that is gone is said of no other.
    look(corpus, {one: [RIGHT]}, "third", redo=True)
    assert set(faces_of(corpus)) == {left, above}


def test_only_what_others_have_analysed_is_analysed_again(tmp_path: Path) -> None:
    corpus, (one, two, three) = corpus_of(tmp_path, 3)
    look(corpus, {one: [LEFT], two: [], three: None}, "first")
    assert look(corpus, {}, "first", redo=True).analysed_now == 0
    assert look(corpus, {}, "second").analysed_now == 0
    assert look(corpus, {one: [LEFT], two: [RIGHT]}, "second", redo=True).analysed_now == 2
    assert len(faces_of(corpus)) == 2


def test_a_photograph_that_cannot_be_analysed_again_stays_as_it_was(tmp_path: Path) -> None:
    corpus, (one,) = corpus_of(tmp_path, 1)
    look(corpus, {one: [LEFT]}, "first")
    found, crops = faces_of(corpus), crops_of(corpus)
    again = look(corpus, {one: None}, "second", redo=True)
    assert (again.unreadable_now, again.unreadable, again.photographs) == (1, 0, 1)
    assert (list(faces_of(corpus)), crops_of(corpus)) == (list(found), crops)
    assert look(corpus, {one: [LEFT]}, "second", redo=True).analysed_now == 1


@pytest.mark.parametrize("redo", [True, False], ids=["redo again", "faces"])
@pytest.mark.parametrize(("place", "number"), [("put", 2), ("put", 3), ("analysed", 2), ("analysed", 3)])
def test_a_kill_costs_the_photograph_in_hand(place: str, number: int, redo: bool, tmp_path: Path) -> None:
    corpus, photographs = corpus_of(tmp_path, 3)
    look(corpus, {sha256: [LEFT, ABOVE] for sha256 in photographs}, "first")
    for sha256 in photographs:
        say(corpus, f"{sha256[:24]}-0", Verdict.ACCEPT)
    said = everything_said(corpus)
    boxes = {sha256: [RIGHT, wider(LEFT)] for sha256 in photographs}
    (tmp_path / "boxes.json").write_text(json.dumps(boxes))
    program = [sys.executable, looked_at_again.__file__, str(corpus.root), str(tmp_path / "boxes.json")]
    paths = os.pathsep.join([str(Path(__file__).parents[2]), str(Path(looked_at_again.__file__).parent)])
    killed = subprocess.run([*program, place, str(number)], env={**os.environ, "PYTHONPATH": paths}, check=False)
    assert killed.returncode == -signal.SIGKILL
    stored = number - 1 if place == "analysed" else (number - 1) // 2
    assert sum(face.detector == "second" for face in faces_of(corpus).values()) == 2 * stored
    left = look(corpus, boxes, "second", redo=redo)
    assert left.analysed_now == 3 - stored
    assert {face.detector for face in faces_of(corpus).values()} == {"second"}
    assert crops_of(corpus).keys() == faces_of(corpus).keys()
    assert len(faces_of(corpus)) == 6
    assert everything_said(corpus) == said
    assert [f.kind for f in verify(corpus).problems] == []


def test_the_best_overlap_decides_and_no_used_name_is_given_to_another() -> None:
    sha256 = "ab" * 32
    near = [face(sha256, 0, box=(12.0, 60.0, 40.0, 40.0)), face(sha256, 1, box=LEFT), face(sha256, 2, box=ABOVE)]
    old, name = f"{sha256[:24]}-4", sha256[:24]
    named = named_as_before(near, {old: LEFT}, {old, f"{name}-0", f"{name}-2"})
    assert [one.face_id for one in named] == [f"{name}-1", old, f"{name}-3"]
    assert [one.box for one in named] == [one.box for one in near]
