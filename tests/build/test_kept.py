"""Builds that are kept by name, and what differs between two of them."""

import subprocess
import sys
from pathlib import Path

import pytest
from build_corpus import Shot, face_id, ready_corpus, rows_of, shots, tree

from facecorpus.build.compare import compare
from facecorpus.build.kept import builds, keep, named_build, settle_all
from facecorpus.build.kind import Kind
from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.errors import BuildError
from facecorpus.manifest import read_manifest, write_manifest
from facecorpus.pipeline import build_stage
from facecorpus.shards import is_sealed, recorded, shard_files, sound_files
from facecorpus.takedown.stage import forget
from facecorpus.upkeep.verify import verify

GONE = Shot("ada", 0)


@pytest.fixture
def kept(tmp_path: Path) -> Corpus:
    """Two versions: in the second one, one of ada's faces is rejected."""
    corpus = ready_corpus(tmp_path / "c", shots(each=12))
    build_stage(corpus, tag="v1")
    with corpus.catalog() as catalog:
        catalog.decisions.add([face_id(GONE)], identity_id="ada", reviewer="me", verdict="reject")
    build_stage(corpus, tag="v2")
    return corpus


def test_versions_share_the_files_that_are_the_same_and_stay_as_they_are(kept: Corpus) -> None:
    one, two = ({path.stat().st_ino for path in shard_files(kept.versions / tag)} for tag in ("v1", "v2"))
    assert two == {path.stat().st_ino for path in shard_files(kept.shards)}
    assert one & two and one - two
    for tag in ("v1", "v2"):
        folder = kept.versions / tag
        record = recorded(folder)
        assert is_sealed(folder) and sound_files(folder, record) == record["files"].keys()
    assert face_id(GONE) in {row["face_id"] for row in rows_of(kept.versions / "v1")}
    assert "0 added, 1 removed" in (kept.versions / "v2" / "README.md").read_text()


def test_a_difference_counts_faces_by_person_and_subgroup(kept: Corpus) -> None:
    found = compare(named_build(kept, "v1").folder, named_build(kept, "shards").folder, "v1", "shards")
    assert (found.added, found.removed, found.relabelled) == ((), (face_id(GONE),), ())
    assert found.people["ada"]["removed"] == 1
    assert found.subgroups["female/adult/asian"]["removed"] == 1
    assert compare(kept.shards, kept.versions / "v1", "new", "old").added == found.removed
    assert "ada" in str(found) and "1 removed" in str(found)


def test_another_label_is_a_difference(kept: Corpus) -> None:
    path = kept.root / "manifest.csv"
    people = [
        one if one.identity_id != "ben" else type(one)(**{**_fields(one), "race": "asian"})
        for one in read_manifest(path).identities
    ]
    write_manifest(path, people)
    build_shards(Corpus(kept.root))
    found = compare(kept.versions / "v2", kept.shards, "v2", "shards")
    assert len(found.relabelled) == 12 == found.people["ben"]["relabelled"]


def _fields(one: object) -> dict[str, object]:
    from dataclasses import fields

    return {field.name: getattr(one, field.name) for field in fields(one)}  # type: ignore[arg-type]


@pytest.mark.parametrize("tag", ["a/b", "../x", "", ".x", "v1.tmp", "a b", "shards-old"])
def test_a_bad_name_is_refused_before_anything_is_built(tmp_path: Path, tag: str) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(("ada",), 2), crop=64)
    with pytest.raises(BuildError, match="is no name of a version"):
        build_stage(corpus, tag=tag)
    assert not corpus.shards.exists() and not corpus.versions.exists()


def test_a_name_stands_for_one_build(kept: Corpus) -> None:
    before = tree(kept.versions)
    assert keep(kept, "v2", Kind.CROPS) == kept.versions / "v2"
    with pytest.raises(BuildError, match="There is a version v1 already, of another build"):
        keep(kept, "v1", Kind.CROPS)
    with pytest.raises(BuildError, match="there are: shards, v1, v2"):
        named_build(kept, "v3")
    assert tree(kept.versions) == before


def test_forget_reaches_every_version_and_leaves_the_rest_of_it(kept: Corpus) -> None:
    ben = Shot("ben", 3)
    before = {tag: rows_of(kept.versions / tag) for tag in ("v1", "v2")}
    summary = forget(kept, photo=face_id(ben))
    assert {one.build for one in summary.builds} == {"shards", "versions/v1", "versions/v2"}
    for tag, rows in before.items():
        folder = kept.versions / tag
        assert rows_of(folder) == [row for row in rows if row["face_id"] != face_id(ben)]
        assert is_sealed(folder) and recorded(folder)["taken_down"] == 1
        assert not any(face_id(ben).encode() in data for data in tree(folder).values())
    assert not [one for one in verify(kept).problems if one.kind in ("shard", "left over")]


def test_forget_reaches_a_version_without_images(kept: Corpus) -> None:
    build_stage(kept, without_images=True, tag="w1")
    forget(kept, photo=face_id(Shot("ben", 3)))
    assert face_id(Shot("ben", 3)) not in {row["face_id"] for row in rows_of(kept.versions / "w1")}
    assert len(rows_of(kept.versions / "w1")) == 46


def test_a_person_forgotten_is_named_in_no_version(kept: Corpus) -> None:
    manifest = kept.root / "manifest.csv"
    write_manifest(manifest, [one for one in read_manifest(manifest).identities if one.identity_id != "cleo"])
    corpus = Corpus(kept.root)
    forget(corpus, identity="cleo")
    assert not any(b"cleo" in data for data in tree(corpus.versions).values())


def test_verify_says_which_version_is_damaged(kept: Corpus) -> None:
    shard = shard_files(kept.versions / "v1")[0]
    data = shard.read_bytes()
    shard.unlink()
    shard.write_bytes(data[:-9] + bytes(9))
    (found,) = [one for one in verify(kept).problems if one.kind == "shard"]
    assert found.name == f"versions/v1/{shard.name}" and "put back a copy" in found.sentence


KILLED = """
import os, sys
from pathlib import Path
from facecorpus.corpus import Corpus
from facecorpus.build.kept import keep
from facecorpus.build.kind import Kind
left = int(sys.argv[2])
def hook(event, arguments):
    global left
    if event in ("os.link", "open", "os.rename", "os.mkdir") and "versions" in str(arguments):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), 9)
sys.addaudithook(hook)
keep(Corpus(Path(sys.argv[1])), "v3", Kind.CROPS)
"""


def test_a_kill_leaves_whole_versions(kept: Corpus) -> None:
    whole = 0
    for step in (2, 8, 20, 200):
        subprocess.run([sys.executable, "-c", KILLED, kept.root, str(step)], check=False)
        assert "v3.tmp" not in {build.version for build in builds(kept)}
        there = kept.versions / "v3"
        if there.exists():
            whole += 1
            assert sound_files(there, recorded(there)) == recorded(there)["files"].keys()
        settle_all(kept)
        assert not list(kept.versions.glob("*.tmp"))
    assert whole
