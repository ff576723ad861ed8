"""The build: accepted faces -> shards/, readable everywhere, the same bytes every time, whole after any crash."""

import csv
import hashlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from build_corpus import PEOPLE, picture, ready_corpus, set_build, shots
from people import person
from PIL import Image

from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.errors import BuildError
from facecorpus.manifest import SUBGROUPS
from facecorpus.system import folder as folders
from facecorpus.system.folder import replaced_folder, settle


def read(corpus: Corpus) -> list[dict[str, Any]]:
    """All rows of the shards, train first."""
    files = sorted(corpus.shards.glob("*.parquet"), reverse=True)
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of every file under the folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def by_person(corpus: Corpus) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in read(corpus):
        rows.setdefault(PEOPLE[row["identity"]].identity_id, []).append(row)
    return rows


def test_a_build_says_what_it_holds(tmp_path: Path) -> None:
    summary = build_shards(ready_corpus(tmp_path / "c", shots(each=10)))
    assert (summary.faces, summary.identities, summary.train, summary.test) == (40, 4, 28, 12)
    assert summary.subgroups["male/adult/white"] == 10
    assert summary.subgroups["not stated"] == 10
    assert summary.changed
    assert str(summary).startswith("Built 40 faces of 4 people in 3 of 24 subgroups (28 train, 12 test)")


def test_every_row_has_its_labels_and_its_provenance(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=3))
    build_shards(corpus)
    rows = by_person(corpus)
    ben = rows["ben"][0]
    assert (ben["gender"], ben["age_group"], ben["race"]) == (1, 1, 3)
    assert SUBGROUPS[ben["subgroup"]] == "male/adult/white"
    assert (rows["dan"][0]["gender"], rows["dan"][0]["subgroup"]) == (-1, -1)
    assert {row["age_at_capture"] for row in rows["ada"]} == {39}
    assert {row["age_at_capture"] for row in rows["ben"]} == {None}
    assert ben["source"] == "commons"
    assert ben["source_url"].startswith("https://host.example/ben/")
    assert (ben["licence"], ben["author"], ben["reviewed_by"]) == ("CC BY 4.0", "Ann, Photographer", "me")
    assert (ben["width"], ben["height"], ben["box"]) == (160, 160, [45, 45, 72, 72])
    assert np.array(ben["landmarks"]).shape == (5, 2)
    assert ben["photo_id"] in {hashlib.sha256(picture(shot)).hexdigest() for shot in shots(("ben",), 3)}


def test_the_picture_is_the_aligned_crop_without_halved_colour(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(("ada",), 2), crop=96)
    build_shards(corpus)
    row = read(corpus)[0]
    with Image.open(io.BytesIO(row["image"]["bytes"])) as image:
        assert image.size == (96, 96)
        assert [component[1:3] for component in image.layer] == [(1, 1)] * 3  # type: ignore[attr-defined]
    assert row["image"]["path"] == f"{row['face_id']}.jpg"


def test_rows_are_sorted_by_person_and_face(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots())
    build_shards(corpus)
    for file in corpus.shards.glob("*.parquet"):
        rows = [(row["identity"], row["face_id"]) for row in pq.read_table(file).to_pylist()]
        assert rows == sorted(rows)


def test_no_near_duplicate_group_is_on_both_sides(tmp_path: Path) -> None:
    photographs = [replace(shot, group=f"group{shot.number // 2}") for shot in shots(each=12)]
    corpus = ready_corpus(tmp_path / "c", photographs)
    build_shards(corpus)
    sides: dict[str, set[str]] = {}
    for row in read(corpus):
        sides.setdefault(row["group_id"], set()).add(row["split"])
    assert len(sides) == 6
    assert all(len(found) == 1 for found in sides.values())
    assert set.union(*sides.values()) == {"train", "test"}


def test_only_accepted_faces_are_built(tmp_path: Path) -> None:
    first, second, *rest = shots(("ada",), 6)
    corpus = ready_corpus(tmp_path / "c", [replace(first, verdict="reject"), replace(second, verdict=None), *rest])
    build_shards(corpus)
    assert {row["source_url"] for row in read(corpus)} == {shot.url for shot in rest}


def test_of_near_duplicates_the_best_accepted_copy_stands_for_all(tmp_path: Path) -> None:
    small, best, rejected, other = (replace(shot, group="one") for shot in shots(("ada",), 4))
    photographs = [
        replace(small, side=60),
        best,
        replace(rejected, side=90, verdict="reject"),  # the one that dedup would keep
        replace(other, licence="", kept=False),
        *shots(("ben",), 2),
    ]
    summary = build_shards(corpus := ready_corpus(tmp_path / "c", photographs))
    assert {row["source_url"] for row in read(corpus) if row["identity"] == 0} == {best.url}
    assert summary.left_out == {"near-duplicates of a better copy": 2}


def test_an_accepted_copy_stands_in_for_a_better_one_that_was_rejected(tmp_path: Path) -> None:
    better, worse, *_ = shots(("ada",), 2)
    photographs = [replace(better, group="same", verdict="reject"), replace(worse, group="same", kept=False)]
    corpus = ready_corpus(tmp_path / "c", [*photographs, *shots(("ben",), 4)])
    build_shards(corpus)
    assert {row["source_url"] for row in read(corpus) if "/ada/" in row["source_url"]} == {worse.url}


def test_faces_from_outside_the_persons_period_are_left_out_and_counted(tmp_path: Path) -> None:
    dates = ["2004-12-31", "2021", "2005-01-01", "2020", None]
    photographs = [replace(shot, taken_on=date) for shot, date in zip(shots(("ada",), 5), dates, strict=True)]
    corpus = ready_corpus(tmp_path / "c", photographs)
    summary = build_shards(corpus)
    assert sorted(str(row["taken_on"]) for row in read(corpus)) == ["2005-01-01", "2020", "None"]
    assert summary.left_out == {"taken when the person's labels do not hold": 2}
    assert "Left out: 2 taken when the person's labels do not hold." in str(summary)


def test_nothing_accepted_says_what_to_do(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", [replace(shot, verdict=None) for shot in shots()])
    with pytest.raises(BuildError, match=r"No face has been accepted yet.*review first: facecorpus review"):
        build_shards(corpus)
    assert not corpus.shards.exists()


def test_nothing_left_says_why(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", [replace(shot, taken_on="1999") for shot in shots()])
    with pytest.raises(BuildError, match=r"Every accepted face is left out \(28 taken when"):
        build_shards(corpus)


def test_a_missing_or_damaged_photograph_is_named(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=3))
    path = corpus.photos.path(hashlib.sha256(picture(shots()[0])).hexdigest())
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    with pytest.raises(BuildError, match=f"{path.name} is damaged"):
        build_shards(corpus)
    path.unlink()
    set_build(corpus, workers=2)  # the sentence comes out of a worker process, too
    with pytest.raises(BuildError, match=f"{path.name} is missing; restore it"):
        build_shards(Corpus(corpus.root))
    assert [p.name for p in corpus.root.iterdir() if p.name.startswith("shards")] == []
    path.write_bytes(data)
    assert build_shards(corpus).faces == 12


def test_one_and_two_workers_write_the_same_bytes(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=12))
    build_shards(corpus)
    alone = contents(corpus.shards)
    shutil.rmtree(corpus.shards)
    set_build(corpus, workers=2)
    assert build_shards(Corpus(corpus.root)).changed
    assert contents(corpus.shards) == alone


def test_a_processor_without_wide_vectors_writes_the_same_bytes(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=3))
    build_shards(corpus)
    here = contents(corpus.shards)
    shutil.rmtree(corpus.shards)
    plain = {"OPENCV_CPU_DISABLE": "AVX512-SKX,AVX2,FMA3,AVX,FP16", "OPENCV_IPP": "disabled", "JSIMD_FORCENONE": "1"}
    code = "import sys; from facecorpus.cli import main; sys.argv[1:] = ['build', '-C', sys.argv[1]]; main()"
    ended = subprocess.run(
        [sys.executable, "-c", code, corpus.root], env=os.environ | plain, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert contents(corpus.shards) == here


def test_a_person_is_a_few_row_groups_and_the_statistics_say_which(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=110), crop=64)
    build_shards(corpus)
    (file,) = corpus.shards.glob("train-*")
    metadata = pq.read_metadata(file)
    column = [metadata.row_group(0).column(place).path_in_schema for place in range(metadata.num_columns)]
    groups = [metadata.row_group(group).column(column.index("identity")) for group in range(metadata.num_row_groups)]
    with_cleo = [group for group in groups if group.statistics.min <= 2 <= group.statistics.max]
    assert len(with_cleo) <= 3 < len(groups)


def test_a_second_build_keeps_the_files_and_says_so(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots())
    first = build_shards(corpus)
    before = {path.name: path.stat().st_mtime_ns for path in corpus.shards.iterdir()}
    second = build_shards(corpus)
    assert not second.changed
    assert str(second).startswith("Nothing has changed since the last build: 28 faces of 4 people")
    assert second == replace(first, changed=False, shards_written=0, seconds=second.seconds)
    assert {path.name: path.stat().st_mtime_ns for path in corpus.shards.iterdir()} == before


def test_a_new_verdict_a_setting_or_a_cut_file_is_a_change(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots())
    build_shards(corpus)
    face_id = read(corpus)[0]["face_id"]
    with corpus.catalog() as catalog:
        catalog.decisions.add([face_id], identity_id="ada", reviewer="me", verdict="reject")
    summary = build_shards(corpus)
    assert (summary.changed, summary.faces) == (True, 27)
    set_build(corpus, seed=1)
    assert build_shards(Corpus(corpus.root)).changed
    next(corpus.shards.glob("test-*")).write_bytes(b"PAR1")
    assert build_shards(Corpus(corpus.root)).changed
    assert len(read(corpus)) == 27


def test_a_shard_that_was_changed_in_its_bytes_alone_is_written_again(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=3))
    build_shards(corpus)
    before = contents(corpus.shards)
    path = next(corpus.shards.glob("train-*"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    summary = build_shards(corpus)
    assert (summary.changed, summary.shards_written, summary.shards) == (True, 1, 2)
    assert contents(corpus.shards) == before


def test_one_rejected_face_rewrites_the_shards_of_its_person_and_no_other(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=60), crop=128, shard_megabytes=1)
    first = build_shards(corpus)
    assert first.shards >= 6
    before = by_content(corpus.shards)
    row = read(corpus)[0]
    with corpus.catalog() as catalog:
        catalog.decisions.add([row["face_id"]], identity_id="ada", reviewer="me", verdict="reject")
    second = build_shards(corpus)
    assert second.faces == first.faces - 1
    assert 1 <= second.shards_written <= 2  # one face of the same person may change sides
    after = by_content(corpus.shards)
    assert sum(before.get(sha256) == file for sha256, file in after.items()) == second.shards - second.shards_written
    again = ready_corpus(tmp_path / "again", shots(each=60), crop=128, shard_megabytes=1)
    with corpus.catalog() as old, again.catalog() as new:
        new.decisions.add([row["face_id"]], identity_id="ada", reviewer="me", verdict="reject")
        with new.transaction() as connection:  # the same decisions, on the same day
            connection.execute("DROP TRIGGER decision_is_append_only")
            for decision in old.decisions.all():
                connection.execute(
                    "UPDATE decision SET decided_at = ? WHERE face_id = ? AND verdict = ?",
                    (decision.decided_at, decision.face_id, decision.verdict),
                )
    build_shards(again)
    assert contents(again.shards) == contents(corpus.shards)


def by_content(folder: Path) -> dict[str, tuple[int, int]]:
    """inode and time of the shards by the sha256 of their bytes."""
    return {
        hashlib.sha256(path.read_bytes()).hexdigest(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in folder.glob("*.parquet")
    }


def test_crops_of_the_last_build_are_not_cut_again(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=4))
    build_shards(corpus)
    before = {row["face_id"]: row["image"] for row in read(corpus)}
    shutil.rmtree(corpus.photos.root)
    set_build(corpus, seed=3)
    assert build_shards(Corpus(corpus.root)).shards_written == 2
    assert {row["face_id"]: row["image"] for row in read(corpus)} == before
    set_build(corpus, quality=80)
    with pytest.raises(BuildError, match="is missing; restore it"):
        build_shards(Corpus(corpus.root))


def test_what_was_taken_down_is_left_out(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(("ada",), 4))
    by_hash, by_url = hashlib.sha256(picture(shots()[0])).hexdigest(), shots()[1].url
    with corpus.catalog() as catalog, catalog.transaction() as connection:
        for key in (by_hash, by_url):
            connection.execute("INSERT INTO removal VALUES (?, 'asked', '2026-01-01')", (key,))
    summary = build_shards(corpus)
    assert (summary.faces, summary.left_out) == (2, {"taken down": 2})
    assert {row["source_url"] for row in read(corpus)}.isdisjoint({shots()[0].url, by_url})


def test_files_of_others_in_the_folder_are_never_removed(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=2))
    build_shards(corpus)
    (corpus.shards / "notes.txt").write_text("mine")
    assert not build_shards(corpus).changed
    set_build(corpus, seed=1)
    with pytest.raises(BuildError, match=r"notes\.txt is not among the files that build\.json names"):
        build_shards(Corpus(corpus.root))
    assert (corpus.shards / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("text", ["", "[]", '{"files": 3}'])
def test_a_folder_without_a_record_is_not_replaced(text: str, tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=2))
    build_shards(corpus)
    (corpus.shards / "build.json").write_text(text)
    before = contents(corpus.shards)
    with pytest.raises(BuildError, match=r"README\.md is not among the files that build\.json names"):
        build_shards(corpus)
    assert contents(corpus.shards) == before


def test_shards_stay_under_their_size(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(("ada",), 430), crop=96, shard_megabytes=1)
    build_shards(corpus)
    files = sorted(path.name for path in corpus.shards.glob("train-*"))
    assert len(files) > 1
    assert files == [f"train-{number:05d}-of-{len(files):05d}.parquet" for number in range(len(files))]
    assert all((corpus.shards / name).stat().st_size < 1_100_000 for name in files)
    rows = [row["face_id"] for name in files for row in pq.read_table(corpus.shards / name).to_pylist()]
    assert rows == sorted(rows)
    assert len(rows) == 301


def test_row_groups_compression_and_index_are_as_the_viewer_likes_them(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(("ada",), 150), crop=64)
    build_shards(corpus)
    parquet = pq.ParquetFile(next(corpus.shards.glob("train-*"))).metadata
    assert [parquet.row_group(group).num_rows for group in range(parquet.num_row_groups)] == [100, 5]
    columns = [parquet.row_group(0).column(place) for place in range(parquet.num_columns)]
    compression = {column.path_in_schema: column.compression for column in columns}
    assert compression.pop("image.bytes") == "UNCOMPRESSED"
    assert set(compression.values()) == {"SNAPPY"}
    assert all(column.has_offset_index for column in columns)


def test_sha256sum_agrees_with_the_checksums(published: Corpus) -> None:
    checked = subprocess.run(
        ["sha256sum", "--check", "checksums.txt"], cwd=published.shards, capture_output=True, text=True, check=True
    )
    assert sorted(checked.stdout.splitlines()) == [
        "test-00000-of-00001.parquet: OK",
        "train-00000-of-00001.parquet: OK",
    ]


def test_attribution_has_a_line_for_every_face(published: Corpus) -> None:
    with (published.shards / "attribution.csv").open(encoding="utf-8", newline="") as file:
        lines = {line["face_id"]: line for line in csv.DictReader(file)}
    for row in read(published):
        line = lines.pop(row["face_id"])
        assert line.pop("changes") == "turned upright, cropped to the face, scaled, encoded again as JPEG"
        assert line.pop("licence_family") == ("BY" if row["licence"] else "not known")
        assert line == {key: row[key] for key in line}
    assert lines == {}


def test_the_manifest_travels_along(published: Corpus) -> None:
    assert (published.shards / "manifest.csv").read_bytes() == (published.root / "manifest.csv").read_bytes()


def test_the_record_holds_settings_versions_and_counts_but_no_path_and_no_time(published: Corpus) -> None:
    text = (published.shards / "build.json").read_text(encoding="utf-8")
    record = json.loads(text)
    assert record["settings"]["build"]["crop"] == 224
    assert record["versions"]["pyarrow"] == pa.__version__
    assert (record["counts"]["faces"], record["counts"]["train"], record["counts"]["test"]) == (20, 12, 8)
    assert record["files"] == {
        path.name: {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for path in published.shards.iterdir()
        if path.name != "build.json"
    }
    assert record["crops"] == {
        "picture": "crop",
        "pixels": 224,
        "quality": 95,
        "facecorpus": record["versions"]["facecorpus"],
        "opencv": record["versions"]["opencv"],
    }
    assert str(published.root) not in text


def test_the_contact_for_removal_is_the_operators(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=2))
    path = corpus.root / "corpus.toml"
    path.write_text(path.read_text().replace('contact = ""', 'contact = "ann@example.org"'))
    build_shards(Corpus(corpus.root))
    assert "want it removed: write to ann@example.org." in (corpus.shards / "README.md").read_text()


def test_labels_stay_the_same_while_the_review_goes_on(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(("cleo",), 3))
    build_shards(corpus)
    assert {row["identity"] for row in read(corpus)} == {2}


def test_every_subgroup_is_in_every_fold_of_people(tmp_path: Path) -> None:
    people = [person(f"p{number}") for number in range(6)]
    corpus = ready_corpus(tmp_path / "c", shots([p.identity_id for p in people], 2), people)
    build_shards(corpus)
    fold_of = {row["identity"]: row["identity_fold"] for row in read(corpus)}
    assert sorted(fold_of.values()) == [0, 0, 1, 1, 2, 2]


BUILD = """
import os, signal, sys
from pathlib import Path

def kill_at(moment):
    seen = 0
    def count(event, arguments):
        nonlocal seen
        if event in EVENTS and any("shards" in str(argument) or "renameat2" in str(argument) for argument in arguments):
            if seen == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            seen += 1
            print(seen, flush=True)
    sys.addaudithook(count)

EVENTS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.listdir", "os.scandir", "ctypes.dlsym/handle",
          "ctypes.dlsym", "shutil.rmtree"}

if __name__ == "__main__":
    from facecorpus.build.stage import build_shards
    from facecorpus.corpus import Corpus
    kill_at(int(sys.argv[2]))
    build_shards(Corpus(Path(sys.argv[1])))
"""


def build_apart(corpus: Corpus, kill_at: int = -1) -> subprocess.CompletedProcess[str]:
    """Build in a process of its own, which ends itself with SIGKILL at its n-th step on the file system."""
    script = corpus.root.parent / "build.py"
    script.write_text(BUILD)
    return subprocess.run(
        [sys.executable, script, corpus.root, str(kill_at)], capture_output=True, text=True, check=False
    )


def test_a_kill_at_any_moment_leaves_the_old_or_the_new_whole_and_the_next_build_ends_it(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=3), crop=64)
    build_shards(corpus)
    old = contents(corpus.shards)
    set_build(corpus, seed=5)
    shutil.copytree(corpus.root, tmp_path / "twin")
    undisturbed = build_apart(Corpus(tmp_path / "twin"))
    assert undisturbed.returncode == 0, undisturbed.stderr
    new = contents(tmp_path / "twin" / "shards")
    assert new.keys() == old.keys()
    assert new != old
    steps = len(undisturbed.stdout.splitlines())
    # The last steps, in which the folders change places, and a sample of those before.
    moments = sorted({*range(steps - 6, steps), *random.Random(0).sample(range(steps), 6)})
    found = []
    for moment in moments:
        assert build_apart(corpus, kill_at=moment).returncode == -signal.SIGKILL
        found.append(contents(corpus.shards))
        assert found[-1] in (old, new)
        build_shards(Corpus(corpus.root))
        assert contents(corpus.shards) == new
        assert [path.name for path in corpus.root.iterdir() if path.name.startswith("shards")] == ["shards"]
        shutil.rmtree(corpus.shards)
        corpus.shards.mkdir()
        for name, data in old.items():
            (corpus.shards / name).write_bytes(data)
    assert old in found
    assert new in found


def test_a_killed_build_goes_on_with_the_shards_that_it_had_finished(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=30), crop=128, shard_megabytes=1)
    ended = subprocess.run([sys.executable, "-c", KILLED_AFTER_TWO_SHARDS, corpus.root], check=False)
    assert ended.returncode == -signal.SIGKILL
    finished = {path.stat().st_ino for path in (corpus.root / "shards.tmp").glob("*.parquet")}
    assert len(finished) == 2
    summary = build_shards(corpus)
    assert summary.shards_written == summary.shards - 2
    assert finished < {path.stat().st_ino for path in corpus.shards.glob("*.parquet")}
    assert not (corpus.root / "shards.tmp").exists()


KILLED_AFTER_TWO_SHARDS = """
import os, signal, sys
from pathlib import Path
from facecorpus.build import stage
from facecorpus.corpus import Corpus

def counted(*arguments):
    if len(list(arguments[0].parent.glob("*.parquet"))) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    write_shard(*arguments)

write_shard, stage.write_shard = stage.write_shard, counted
stage.build_shards(Corpus(Path(sys.argv[1])))
"""


def test_a_killed_build_leaves_no_worker_behind(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=40), crop=400, workers=2)
    script = tmp_path / "build.py"
    script.write_text(BUILD)
    process = subprocess.Popen(
        [sys.executable, script, corpus.root, "-1"], start_new_session=True, stdout=subprocess.DEVNULL
    )
    partial = corpus.root / "shards.tmp"
    while process.poll() is None and not (partial.exists() and any(partial.iterdir())):
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    else:
        pytest.fail("A worker still runs a minute after the main process was killed.")


def test_where_folders_cannot_be_exchanged_an_interrupted_swap_is_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "_exchange", lambda one, other: False)
    target = tmp_path / "shards"
    for text in ("old", "new"):
        with replaced_folder(target) as fresh:
            (fresh / "file").write_text(text)
        assert (target / "file").read_text() == text
    # What a kill between the two renames leaves.
    target.rename(tmp_path / "shards.old")
    (tmp_path / "shards.tmp").mkdir()
    settle(target)
    assert [path.name for path in tmp_path.iterdir()] == ["shards"]
    assert (target / "file").read_text() == "new"


def test_a_full_disk_is_one_sentence_and_the_old_shards_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=2))
    build_shards(corpus)
    before = contents(corpus.shards)
    set_build(corpus, seed=1)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BuildError, match=r"could not be written .*No space left on device.*unchanged"):
        build_shards(Corpus(corpus.root))
    monkeypatch.undo()
    assert contents(corpus.shards) == before
    assert not (corpus.root / "shards.tmp").exists()
