"""--balance person and pose: none gives more faces than another. (Subgroups are in test_choose.py.)"""

from dataclasses import replace
from pathlib import Path

import pytest
from build_corpus import PEOPLE, ready_corpus, rows_of, shots

from facecorpus.build.choose import BALANCED, choose
from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.words import score_kind


def test_by_person_nobody_gives_more_than_the_person_with_fewest(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", [*shots(("ada",), 5), *shots(("ben",), 2)], PEOPLE, crop=64, balance="person")
    summary = build_shards(corpus)
    assert summary.left_out == {"above the quota of their person": 3}
    assert sorted(row["identity"] for row in rows_of(corpus.shards)) == [0, 0, 1, 1]
    assert "no person gave more faces than its quota" in (corpus.shards / "README.md").read_text()


@pytest.mark.parametrize(("quota", "counts"), [(0, (1, 1, 1)), (2, (2, 2, 1))])
def test_by_pose_as_many_look_ahead_as_to_the_side(tmp_path: Path, quota: int, counts: tuple[int, ...]) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(("ada", "ben"), 4), PEOPLE, balance="pose", quota=quota)
    with corpus.catalog() as catalog:
        faces = list(catalog.faces.accepted())
    turned = [replace(face, yaw=yaw) for face, yaw in zip(faces, (0, 14, -3, 20, -39, 16, 15, -80), strict=True)]
    chosen, left_out = choose(turned, corpus.manifest, Corpus(corpus.root).settings, changed=True)
    poses = [BALANCED["pose"](face) for face in chosen]
    assert tuple(poses.count(pose) for pose in ("front", "half", "profile")) == counts
    assert left_out == {"above the quota of their pose": 8 - sum(counts)}


def test_the_kind_of_a_score_follows_from_the_detector() -> None:
    kinds = [score_kind(name) for name in ("yunet 2023mar", "hog dlib-20", "mmod sha256-abc", "person")]
    assert kinds == ["probability", "margin", "margin", "stated"]
