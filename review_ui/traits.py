"""What faces are chosen and sorted by on the page: columns of words and of numbers, so that the page itself chooses."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from facecorpus.catalog.traits import Traits

NOT_STATED = "not stated"

STEPS: Mapping[str, tuple[tuple[float, ...], tuple[str, ...]]] = {
    "size": ((40, 80, 160), ("under 40 pixels", "40 to 80", "80 to 160", "over 160")),
    "sharpness": ((15, 100), ("blurred", "medium", "sharp")),
    "turned": ((20, 40), ("frontal", "turned", "turned away")),
    "colour": ((3,), ("greyscale", "colour")),
}
"""Limits between the words for a number: the first word is that of the numbers below the first limit."""

# The second form is that of rankings made before 1 December 2026, which stay until somebody is ranked anew.
_DETAIL = re.compile(r" \([^)]*\)$|(?<=^in a group) of \d+$")


def traits_json(faces: Iterable[Traits]) -> dict[str, Any]:
    """The columns: of each facet its words, and of each face which of them hold; of each order the numbers.

    Faces with the same words share them: `words` has each combination once, `of` the number of each face's.
    """
    ids: list[str] = []
    facets: dict[str, dict[tuple[str, ...], int]] = {}
    of: dict[str, list[int]] = {}
    orders: dict[str, list[int]] = {}
    for face in faces:
        ids.append(face.face_id)
        for name, words in _words(face):
            known = facets.setdefault(name, {})
            of.setdefault(name, []).append(known.setdefault(words, len(known)))
        for name, number in _numbers(face).items():
            orders.setdefault(name, []).append(round(number))
    words_of = {name: {"words": list(known), "of": of[name]} for name, known in facets.items()}
    return {"ids": ids, "facets": words_of, "orders": orders}


def _words(face: Traits) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "reason", tuple(dict.fromkeys(map(without_detail, json.loads(face.reasons))))
    yield "source", (face.source or NOT_STATED,)
    yield "licence", (face.licence or NOT_STATED,)
    yield "year", (face.taken_on[:4] or NOT_STATED,)
    numbers = {"size": face.width, "sharpness": face.sharpness, "turned": abs(face.yaw), "colour": face.chroma}
    for name, (limits, words) in STEPS.items():
        number = numbers[name]
        yield name, (NOT_STATED if number is None else words[bisect_right(limits, number)],)


def without_detail(reason: str) -> str:
    """A reason without what was measured."""
    return _DETAIL.sub("", reason)


def _numbers(face: Traits) -> dict[str, float]:
    year = face.taken_on[:4]
    numbers = {"size": face.width, "sharpness": face.sharpness, "turned": abs(face.yaw)}
    return numbers | {"year": int(year) if year.isdecimal() else 0}
