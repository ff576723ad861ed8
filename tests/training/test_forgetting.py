"""Taking a person out of a run: what the report may show of whom, whoever is at work, and what a folder says of itself.

That nothing of a photograph is left in the folder of a real run is seen in tests/takedown/test_forget_runs.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from training_shards import coloured_rows, write_shards

from training import RunFolder, TrainingError, at_rest, forget, learned_from, may_show, train_all
from training.data.shards import photo_ids, read_shards
from training.data.shown import VARIANTS_AMONG
from training.folder import ENTRIES
from training.report.report import _most_colourful

ROOT = Path(__file__).parents[2]
VARIANTS = 3


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """112 faces of 4 people."""
    return write_shards(tmp_path_factory.mktemp("shards"), coloured_rows(people=4, photographs=28))


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A folder that says with which settings it was begun."""
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    folder.settings.write_text(json.dumps({"shards": "abc", "variants": VARIANTS}), encoding="utf-8")
    return folder


def leave_split(run: RunFolder, split: str, face: int) -> None:
    """Leave a split whose first test image is a variant of that face."""
    path = run.split(split).split
    path.parent.mkdir(parents=True)
    np.savez(path, test=np.array([face * VARIANTS + 1, 0]))


def test_photographs_are_named_in_the_order_of_the_rows(shards: Path) -> None:
    assert photo_ids(shards) == read_shards(shards).photo_ids.tolist()


def test_a_report_may_show_one_of_the_first_faces_and_the_first_test_image_of_a_split(
    shards: Path, run: RunFolder
) -> None:
    photographs = photo_ids(shards)
    assert may_show(run.path, shards, {photographs[VARIANTS_AMONG - 1]})
    assert not may_show(run.path, shards, set(photographs[VARIANTS_AMONG:]))
    assert not may_show(run.path, shards, set())
    leave_split(run, "photo", face=105)
    assert may_show(run.path, shards, {photographs[105], "another"})
    assert not may_show(run.path, shards, {photographs[104]})


def test_a_report_of_several_seeds_may_show_a_face_of_each(shards: Path, run: RunFolder) -> None:
    other = run.seed(1)
    leave_split(other, "paper", face=107)
    other.settings.write_text(json.dumps({"shards": "abc", "variants": VARIANTS}), encoding="utf-8")
    assert may_show(run.path, shards, {photo_ids(shards)[107]})


def test_the_report_looks_for_colour_among_no_more_faces_than_it_is_said_to() -> None:
    images = np.zeros((VARIANTS * (VARIANTS_AMONG + 1), 2, 2, 3), np.uint8)
    images[::VARIANTS, :, :, 0] = np.arange(VARIANTS_AMONG + 1)[:, None, None]  # the last is the most colourful
    assert (_most_colourful(images, VARIANTS)[0, ..., 0] == VARIANTS_AMONG - 1).all()


def test_damaged_shards_do_not_pass_for_shards_without_the_photograph(run: RunFolder, tmp_path: Path) -> None:
    folder = write_shards(tmp_path / "shards", coloured_rows(people=2), files=1)
    (file,) = folder.glob("*.parquet")
    file.write_bytes(file.read_bytes()[:-50])
    with pytest.raises(TrainingError, match="cannot be read as Parquet"):
        may_show(run.path, folder, {"any"})


def test_a_run_says_what_it_learned_from(run: RunFolder, tmp_path: Path) -> None:
    assert learned_from(run.path) == "abc"
    assert learned_from(tmp_path / "none") == ""
    run.settings.write_text("[", encoding="utf-8")
    assert learned_from(run.path) == ""


def test_nobody_trains_in_a_run_at_rest(run: RunFolder, tmp_path: Path) -> None:
    with at_rest(run.path):
        with pytest.raises(TrainingError, match="is being trained"), at_rest(run.path):
            pass
        with pytest.raises(TrainingError, match="Another run is at work"):
            train_all(tmp_path, run.path)
    with at_rest(run.path):
        pass


def test_what_is_forgotten_goes_wherever_it_lies_and_may_be_forgotten_twice(run: RunFolder) -> None:
    network = run.seed(2).split("photo").network("gender")
    for path in (run.descriptors, run.untrained, network.features, network.weights, run.page, run.figures / "x.png"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for _ in range(2):
        forget(run.path, report=False)
        assert sorted(path for path in run.path.rglob("*") if path.is_file()) == sorted(
            [run.settings, network.weights, run.page, run.figures / "x.png"]
        )
    forget(run.path, report=True)
    assert sorted(path for path in run.path.rglob("*") if path.is_file()) == sorted([run.settings, network.weights])


def test_every_name_says_what_it_holds() -> None:
    assert len({entry.name for entry in ENTRIES}) == len(ENTRIES)
    assert all(entry.holds for entry in ENTRIES)


def test_an_option_that_there_is_not_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="train_all has no option 'sead', only preset, protocols, seed, seeds, workers"):
        train_all(tmp_path, tmp_path / "run", sead=1)  # type: ignore[call-arg]


def test_jobs_and_what_does_them_are_imported_without_torch() -> None:
    code = "import sys; from training.machine import team, work, workers; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
