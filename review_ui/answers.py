"""The catalog's answers in the shapes that the page's scripts read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple
from typing import Any

from facecorpus.catalog.review import Dispute, FaceDetails
from facecorpus.catalog.standing import Standing
from facecorpus.manifest import Identity
from review_ui.catalog_thread import Change, Faces, News
from review_ui.learning import Order


def faces_json(read: Faces, people: Sequence[Identity], reviewer: str) -> dict[str, Any]:
    """Faces of a person in columns."""
    index = read.index
    return {
        "ids": index.face_ids,
        "likely": index.likely,
        "sections": index.sections,
        "versions": index.versions,
        "copies": index.copies,
        "conflicts": index.conflicts,
        "guests": index.guests,
        "alike": index.alike,
        "removed": index.removed,
        **_ways(index.standings),
        "undo": read.undo,
        "redo": read.redo,
        "latest": read.latest,
        "portrait": read.portrait,
        "reviewer": reviewer,
        "people": [(person.identity_id, person.name) for person in people],
    }


def change_json(change: Change) -> dict[str, Any]:
    """How the touched faces stand after a change, and what an undo and a redo would take."""
    return {"touched": change.touched, "faces": _standings(change.faces), "undo": change.undo, "redo": change.redo}


def news_json(news: News) -> dict[str, Any]:
    """How faces stand of which something was said since."""
    return {"faces": _standings(news.faces), "latest": news.latest}


def _standings(faces: Mapping[str, Standing]) -> dict[str, Any]:
    return {"ids": list(faces), **_ways(faces.values())}


def _ways(standings: Iterable[Standing]) -> dict[str, Any]:
    """Faces stand in few ways: each is sent once (`ways`), and of each face the number of its way (`standing`)."""
    ways: dict[Standing, int] = {}
    numbers = [ways.setdefault(one, len(ways)) for one in standings]
    return {"ways": [astuple(way) for way in ways], "standing": numbers}


def details_json(details: Sequence[FaceDetails]) -> dict[str, Any]:
    """What is shown of faces."""
    return {"faces": [asdict(face) for face in details]}


def stood_json(faces: Iterable[tuple[FaceDetails, Standing]]) -> dict[str, Any]:
    """What is shown of faces, with how each stands."""
    return {"faces": [asdict(face) | {"standing": asdict(standing)} for face, standing in faces]}


def order_json(order: Order) -> dict[str, Any]:
    """Undecided faces in columns, the most suspicious first."""
    return {"ids": order.face_ids, "likely": order.likely, "sections": order.sections}


def disputes_json(
    disputes: Sequence[Dispute], portraits: Mapping[str, str], people: Sequence[Identity]
) -> dict[str, Any]:
    """Faces on which people disagree, with everybody's words, and the surest face of each person whom they may show."""
    names = {person.identity_id: person.name for person in people}
    return {
        "faces": [
            {
                "face_id": one.face_id,
                "page": one.shown_as,
                "name": names.get(one.shown_as, one.shown_as),
                "settled": one.settled,
                "words": [
                    asdict(word)
                    | {
                        "name": names.get(word.identity_id, word.identity_id),
                        "portrait": portraits.get(word.identity_id),
                    }
                    for word in one.words
                ],
            }
            for one in disputes
        ]
    }
