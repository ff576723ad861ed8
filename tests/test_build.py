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
from conftest import person
from PIL import Image

from facecorpus.build import folder as folders
from facecorpus.build.folder import replaced_folder, settle
from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.errors import BuildError
from facecorpus.manifest import SUBGROUPS


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
    first, second, third, fourth, *rest = shots(("ada",), 6)
    rest = [replace(fourth, group="same"), *rest]
    copy = replace(third, kept=False, group="same")
    photographs = [replace(first, verdict="reject"), replace(second, verdict=None), copy, *rest]
    corpus = ready_corpus(tmp_path / "c", photographs)
    summary = build_shards(corpus)
    assert {row["source_url"] for row in read(corpus)} == {shot.url for shot in rest}
    assert summary.left_out == {"near-duplicates of a better copy": 1}


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


def test_a_second_build_keeps_the_files_and_says_so(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots())
    first = build_shards(corpus)
    before = {path.name: path.stat().st_mtime_ns for path in corpus.shards.iterdir()}
    second = build_shards(corpus)
    assert not second.changed
    assert str(second).startswith("Nothing has changed since the last build: 28 faces of 4 people")
    assert second == replace(first, changed=False, seconds=second.seconds)
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
    assert set(compression.values()) == {"ZSTD"}
    assert all(column.has_offset_index for column in columns)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A corpus that has been built, for the tests that only read."""
    photographs = shots(each=5)
    photographs[0] = replace(photographs[0], licence="", reviewer="auto")
    corpus = ready_corpus(tmp_path_factory.mktemp("published") / "c", photographs, title='Faces: "small"')
    build_shards(corpus)
    return corpus


@pytest.mark.parametrize("how", ["parquet", "folder"])
def test_hugging_face_datasets_loads_images_and_class_labels_without_code(
    how: str, published: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    arguments = {"path": "parquet", "data_dir": str(published.shards)} if how == "parquet" else {}
    arguments = arguments or {"path": str(published.shards)}
    loaded = datasets.load_dataset(**arguments, cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in loaded.items()} == {"train": 12, "test": 8}
    features = loaded["train"].features
    assert isinstance(features["image"], datasets.Image)
    assert features["identity"].names == [identity.identity_id for identity in PEOPLE]
    assert features["gender"].names == ["female", "male"]
    assert features["age_group"].names == ["young", "adult", "old"]
    assert features["race"].names == ["asian", "latin_american", "african", "white"]
    assert features["subgroup"].names == list(SUBGROUPS)
    row = loaded["test"][0]
    assert row["image"].size == (224, 224)
    assert features["identity"].int2str(row["identity"]) == "ada"
    assert np.array(row["landmarks"]).shape == (5, 2)


def test_pandas_and_polars_read_the_shards(published: Corpus) -> None:
    polars, pandas = pytest.importorskip("polars"), pytest.importorskip("pandas")
    frame = polars.read_parquet(published.shards / "*.parquet")
    assert frame.height == 20
    assert frame.group_by("identity").len()["len"].to_list() == [5] * 4
    table = pandas.read_parquet(published.shards / "train-00000-of-00001.parquet")
    assert table["age_at_capture"].isna().sum() == 9
    assert table["image"].iloc[0]["bytes"][:2] == b"\xff\xd8"


def test_training_reads_the_shards(published: Corpus) -> None:
    from training.shards import read_shards

    shards = read_shards(published.shards)
    assert len(shards) == 20
    assert shards.classes["identity"] == ("ada", "ben", "cleo", "dan")
    assert shards.unknown()["gender"] == 5


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
        assert lines.pop(row["face_id"]) == {
            key: row[key] for key in ("face_id", "source_url", "page_url", "author", "licence", "licence_url")
        }
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
        path.name: path.stat().st_size for path in published.shards.iterdir() if path.name != "build.json"
    }
    assert str(published.root) not in text


def test_the_card_has_a_valid_head_and_tells_what_the_corpus_holds(published: Corpus) -> None:
    yaml = pytest.importorskip("yaml")
    _, head, body = (published.shards / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    assert yaml.safe_load(head) == {
        "pretty_name": 'Faces: "small"',
        "license": "other",
        "license_name": "per-photograph",
        "task_categories": ["image-classification"],
        "size_categories": ["n<1K"],
        "tags": ["faces", "facecorpus"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": "train", "path": "train-*.parquet"},
                    {"split": "test", "path": "test-*.parquet"},
                ],
            }
        ],
    }
    assert "| male/adult/white | 1 | 5 | 3 | 2 |" in body
    assert "| CC BY 4.0 | 19 |" in body
    assert "| none stated | 1 |" in body
    assert "19 faces were accepted by people (reviewers: 1). 1 were accepted\n" in body
    assert "no contact is stated yet" in body


def test_croissant_describes_every_shard_and_every_column(published: Corpus) -> None:
    document = json.loads((published.shards / "croissant.json").read_text(encoding="utf-8"))
    *files, together = document["distribution"]
    assert {file["contentUrl"]: file["sha256"] for file in files} == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in published.shards.glob("*.parquet")
    }
    assert together["includes"] == "*.parquet"
    schema = pq.read_schema(published.shards / "train-00000-of-00001.parquet")
    fields = document["recordSet"][0]["field"]
    assert [field["source"]["extract"]["column"] for field in fields] == schema.names
    by_name = {field["@id"]: field for field in fields}
    assert by_name["faces/image"]["dataType"] == "sc:ImageObject"
    assert by_name["faces/landmarks"]["arrayShape"] == "5,2"
    assert "19 accepted by people, 1 by an automatic policy" in document["rai:dataCollection"]


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
