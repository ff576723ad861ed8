"""A photograph that is analysed again: which of its faces are those that were found before."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import count

from facecorpus.faces.boxes import SAME_PLACE, iou
from facecorpus.records import Box, Face


def named_as_before(faces: Sequence[Face], before: Mapping[str, Box], used: Collection[str]) -> tuple[Face, ...]:
    """The faces, named as those that were found at the same place before, so that what was said of them stays theirs.

    The best overlaps first, each face once. No other gets a name in `used`, of which something may have been said.
    """
    pairs = sorted(
        (-iou(face.box, box), number, face_id) for number, face in enumerate(faces) for face_id, box in before.items()
    )
    names: dict[int, str] = {}
    for overlap, number, face_id in pairs:
        if -overlap >= SAME_PLACE and number not in names and face_id not in names.values():
            names[number] = face_id
    for number, face in enumerate(faces):
        if number not in names:
            free = (name for place in count(number) if (name := f"{face.photo_sha256[:24]}-{place}") not in used)
            names[number] = next(name for name in free if name not in names.values())
    return tuple(replace(face, face_id=names[number]) for number, face in enumerate(faces))
