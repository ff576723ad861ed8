"""Judging a review against the truth of the demo world."""

import numpy as np
import pytest

from facecorpus.catalog.histories import CandidateHistory
from facecorpus.demo.score import Score, score, shown_in
from facecorpus.demo.world import DemoWorld, Truth
from facecorpus.faces.boxes import iou
from facecorpus.records import AcceptedFace, Box


def url_of(world: DemoWorld, row: Truth) -> str:
    return f"http://127.0.0.1:1/images/a/ab/{world.title_of(row.file).removeprefix('File:').replace(' ', '_')}"


def true_box(row: Truth) -> Box:
    assert row.face_x is not None and row.face_y is not None and row.face_w is not None and row.face_h is not None
    return (row.face_x, row.face_y, row.face_w, row.face_h)


def accepted(world: DemoWorld, row: Truth, identity_id: str, box: Box | None = None) -> AcceptedFace:
    return AcceptedFace(
        face_id=row.file,
        photo_sha256="",
        identity_id=identity_id,
        box=box or true_box(row),
        landmarks=np.zeros((5, 2), np.float32),
        detector="hog",
        score=1,
        sharpness=1,
        cluster_id="",
        width=1,
        height=1,
        taken_on=None,
        source="commons",
        source_url=url_of(world, row),
        page_url="",
        licence="CC0",
        licence_url="",
        author="",
        reviewed_by="auto",
        reviewed_at="",
    )


def of_kind(world: DemoWorld, kind: str) -> Truth:
    return next(row for row in world.truth if row.kind == kind)


def line(result: Score, kind: str) -> tuple[int, int, int]:
    (found,) = [k for k in result.kinds if k.kind == kind]
    return found.kept, found.kept_wrong, found.lost_right


def test_keeping_every_right_photograph_is_a_perfect_review(world: DemoWorld) -> None:
    right = [row for row in world.truth if row.true_identity == row.query_identity and row.kind in ("photo", "group")]
    result = score(world, [accepted(world, row, row.query_identity) for row in right], [])
    assert result.precision == 1
    assert all(kind.lost_right == 0 for kind in result.kinds)


def test_a_wrong_person_kept_counts_as_wrong(world: DemoWorld) -> None:
    row = of_kind(world, "wrong_person")
    result = score(world, [accepted(world, row, row.query_identity)], [])
    assert line(result, "wrong_person")[:2] == (1, 1)
    assert result.precision == 0


def test_a_wrong_person_moved_to_the_right_one_is_right(world: DemoWorld) -> None:
    row = of_kind(world, "wrong_person")
    assert row.true_identity
    assert score(world, [accepted(world, row, row.true_identity)], []).precision == 1


def test_the_wrong_face_of_a_group_counts_as_wrong(world: DemoWorld) -> None:
    row = of_kind(world, "group")
    other = row.others[0]
    result = score(world, [accepted(world, row, row.query_identity, (other.x, other.y, other.width, other.height))], [])
    assert line(result, "group")[:2] == (1, 1)


def test_a_copy_beside_its_original_counts_as_wrong(world: DemoWorld) -> None:
    copy = next(row for row in world.truth if row.kind == "near_duplicate" and row.true_identity == row.query_identity)
    original = world.truth_of(copy.duplicate_of or "")
    both = [accepted(world, original, copy.query_identity), accepted(world, copy, copy.query_identity)]
    assert line(score(world, both, []), "near_duplicate")[:2] == (1, 1)
    assert score(world, both[1:], []).precision == 1  # a copy in place of the original is as good


def test_lost_pictures_say_at_which_step_they_fell_out(world: DemoWorld) -> None:
    rows = [row for row in world.truth if row.kind == "photo" and row.true_identity == row.query_identity][:4]
    histories = [
        CandidateHistory(rows[0].query_identity, url_of(world, rows[0]), "opted_out", None, None, None, False, None),
        CandidateHistory(rows[1].query_identity, url_of(world, rows[1]), "stored", "aa", "analysed", None, False, None),
        CandidateHistory(
            rows[2].query_identity, url_of(world, rows[2]), "stored", "aa", "analysed", "f", True, "reject"
        ),
        CandidateHistory(rows[3].query_identity, url_of(world, rows[3]), "stored", "aa", "analysed", "f", True, None),
    ]
    because = score(world, [], histories).lost_because
    assert because.pop("not proposed") > 500
    assert because == {"opted out": 1, "without a face that was found": 1, "rejected": 1, "left undecided": 1}


def test_boxes_far_apart_show_nobody(world: DemoWorld) -> None:
    assert iou((0, 0, 10, 10), (0, 0, 10, 10)) == 1
    assert iou((0, 0, 10, 10), (5, 0, 10, 10)) == pytest.approx(1 / 3)
    assert iou((0, 0, 10, 10), (20, 20, 10, 10)) == 0
    assert shown_in(of_kind(world, "photo"), (-500, -500, 10, 10)) is None
