"""Groups inside a person: faces to look at that are so alike that one word decides them all."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from facecorpus.judging.likeness import OF_DLIBS, Descriptors
from facecorpus.records import Ranking, SubjectFace
from facecorpus.words import Section

ALIKE = 0.9375
"""Times `near`: mean distance of descriptors below which two groups of faces are one (average linkage).

That is 0.45 by dlib's. Of 1,154 real faces to look at, 3 groups held right and wrong ones; at 0.5 it were 17
(benchmarks/LOG.md).
"""

_AT_ONCE = 2_000  # faces: their distances take 16 MB


def grouped(subjects: Sequence[SubjectFace], rankings: Sequence[Ranking], near: float = OF_DLIBS.near) -> list[Ranking]:
    """The rankings, in their order, with the number of its group for each face that is like another of its person's."""
    rows: dict[str, list[int]] = defaultdict(list)
    for row, (subject, one) in enumerate(zip(subjects, rankings, strict=True)):
        if subject.kept and one.section == Section.LOOK:
            rows[subject.identity_id].append(row)
    found = list(rankings)
    for own in rows.values():
        own.sort(key=lambda row: (rankings[row].likely, rankings[row].face_id))
        parts = [own[begin : begin + _AT_ONCE] for begin in range(0, len(own), _AT_ONCE)]
        groups = (group for part in parts for group in _groups(part, subjects, ALIKE * near))
        for number, group in enumerate(groups):
            for row in group:
                found[row] = replace(found[row], alike=number)
    return found


def _groups(rows: Sequence[int], subjects: Sequence[SubjectFace], alike: float) -> Iterator[list[int]]:
    """Those of two faces or more."""
    if len(rows) < 2:
        return
    from scipy.cluster.hierarchy import fcluster, linkage

    descriptors: Descriptors = np.array([subjects[row].face.embedding for row in rows])
    labels = fcluster(linkage(descriptors, "average"), alike, "distance")
    groups: dict[int, list[int]] = defaultdict(list)
    for row, label in zip(rows, labels.tolist(), strict=True):
        groups[label].append(row)
    yield from (group for group in groups.values() if len(group) > 1)
