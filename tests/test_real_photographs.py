"""Real photographs from folder to report. Where there are none (see the helper), these tests are skipped."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from real_photographs import PHOTOS

ROOT = Path(__file__).parent.parent
OF_EACH_GENDER = 3
PHOTOGRAPHS = 7  # of each

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not (PHOTOS / "labels.csv").is_file(), reason=f"no real photographs at {PHOTOS}"),
]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few people, a few photographs each, taken through every command."""
    folder = tmp_path_factory.mktemp("real")
    with (PHOTOS / "labels.csv").open(encoding="utf-8", newline="") as file:
        labelled = [row for row in csv.DictReader(file) if row["birth_year"] and row["race"] and row["gender"]]
    people = [
        person
        for gender in ("female", "male")
        for person in list(dict.fromkeys(row["identity"] for row in labelled if row["gender"] == gender))[
            :OF_EACH_GENDER
        ]
    ]
    some = [row for row in labelled if row["identity"] in people]
    some = [row for person in people for row in [row for row in some if row["identity"] == person][:PHOTOGRAPHS]]
    for row in some:
        copy = folder / "photos" / row["file"]
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PHOTOS / row["file"], copy)
    with (folder / "photos" / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(some[0]))
        writer.writeheader()
        writer.writerows(some)
    script = [sys.executable, str(ROOT / "benchmarks" / "people77.py"), str(folder / "photos")]
    preset = ROOT / "tests" / "data" / "training_tiny.toml"
    ended = subprocess.run(
        [*script, str(folder / "corpus"), "--preset", str(preset)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return folder / "corpus"


def test_most_photographs_give_a_face_and_some_are_left_undecided_or_rejected(corpus: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "facecorpus", "status", "-C", str(corpus), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    state = json.loads(ended.stdout)
    photographs = state["total"]["identities"] * PHOTOGRAPHS
    assert state["photographs"]["photographs"] == photographs
    assert state["photographs"]["with_face"] > 0.6 * photographs
    assert 0 < state["total"]["accepted"] <= state["total"]["faces"]


def test_the_report_covers_the_labels_that_are_known_and_says_which_are_not(corpus: Path) -> None:
    results = json.loads((corpus / "runs" / "training_tiny" / "results.json").read_text())
    for protocol in ("photo", "paper"):
        own = results["protocols"][protocol]["rows"]["own"]
        assert {task for task in own if not task.startswith("placebo")} == {"identity", "race", "gender"}
        assert results["protocols"][protocol]["test_images"] > 0
    assert "age_group" in results["left_out"]


def test_no_photograph_is_in_the_repository() -> None:
    listed = subprocess.run(["git", "ls-files", "-s"], cwd=ROOT, capture_output=True, text=True, check=False)
    hashed = subprocess.run(
        ["git", "hash-object", "--stdin-paths"],
        input="\n".join(map(str, sorted(PHOTOS.glob("*/*")))),
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode or hashed.returncode:
        pytest.skip("not a git checkout")
    tracked = {line.split()[1] for line in listed.stdout.splitlines()}
    assert not tracked & set(hashed.stdout.split())
