"""The catalog's answers in the shapes that the page's scripts read."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from facecorpus.catalog.review import Dispute, FaceDetails, Standing
from facecorpus.manifest import Identity
from review_ui.desk import Faces
from review_ui.learning import Order


def faces_json(read: Faces, people: Sequence[Identity], reviewer: str) -> dict[str, Any]:
    """All faces of a person in columns.

    Faces stand in few ways: each way is sent once (`ways`), and `standing` has a face's number in it by the face's
    place.
    """
    index = read.index
    places = {face_id: place for place, face_id in enumerate(index.face_ids)}
    ways: dict[tuple[object, ...], int] = {}
    standing: list[tuple[int, int]] = []
    for one in index.standings:
        way = _way(one)
        standing.append((places[one.face_id], ways.setdefault(way, len(ways))))
    return {
        "ids": index.face_ids,
        "likely": index.likely,
        "sections": index.sections,
        "versions": index.versions,
        "copies": index.copies,
        "conflicts": index.conflicts,
        "removed": index.removed,
        "ways": list(ways),
        "standing": standing,
        "undo": read.undo,
        "redo": read.redo,
        "latest": read.latest,
        "portrait": read.portrait,
        "reviewer": reviewer,
        "people": [(person.identity_id, person.name) for person in people],
    }


def _way(one: Standing) -> tuple[object, ...]:
    return (one.verdict, one.reason, one.reviewer, one.identity_id, one.disputed, one.second, one.age)


def details_json(details: Sequence[FaceDetails]) -> dict[str, Any]:
    """What is shown of faces."""
    return {"faces": [asdict(face) for face in details]}


def order_json(order: Order) -> dict[str, Any]:
    """Undecided faces in columns, the most suspicious first."""
    return {"ids": order.face_ids, "likely": order.likely, "sections": order.sections}


def disputes_json(disputes: Sequence[Dispute], people: Sequence[Identity]) -> dict[str, Any]:
    """Faces on which people disagree, with everybody's words."""
    names = {person.identity_id: person.name for person in people}
    return {
        "faces": [
            {
                "face_id": one.face_id,
                "page": one.shown_as,
                "name": names.get(one.shown_as, one.shown_as),
                "settled": one.settled,
                "words": [asdict(word) | {"name": names.get(word.identity_id, word.identity_id)} for word in one.words],
            }
            for one in disputes
        ]
    }
