"""Near-copies that only the search of the finished shards finds: the build puts them on one side, and ends."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from build_corpus import Shot, face_id, ready_corpus, rows_by_face, rows_of, shots, tree

from facecorpus.build.kind import Kind
from facecorpus.build.stage import build_shards
from facecorpus.dedup.stage import find_duplicates


def session() -> list[Shot]:
    """Two frames of one moment of ada that dedup did not join, one of two groups trains and one tests; and others."""
    first, second = shots(("ada",), 2)
    return [first, replace(second, like=0), *shots(("ben",), 4)]


def two_names() -> list[Shot]:
    """One picture of ada that stands for cleo, too, in a group of its own; and others of all."""
    ada, cleo = shots(("ada",), 6), shots(("cleo",), 6)
    return [*ada, *shots(("ben",), 4), *cleo]


@pytest.mark.parametrize("kind", [Kind.CROPS, Kind.ORIGINAL])
@pytest.mark.parametrize("mirrored", [False, True])
def test_two_frames_of_one_moment_are_one_group_and_the_build_goes_on(
    mirrored: bool, kind: Kind, tmp_path: Path
) -> None:
    first, second, *others = session()
    second = replace(second, mirrored=mirrored)
    corpus = ready_corpus(tmp_path / "c", [first, second, *others])
    summary = build_shards(corpus, kind=kind)
    rows = rows_by_face(kind.folder(corpus.shards))
    one, other = rows[face_id(first)], rows[face_id(second)]
    assert one["group_id"] == other["group_id"]
    assert one["split"] == other["split"]
    assert summary.faces == 6, "being near-copies drops no face"
