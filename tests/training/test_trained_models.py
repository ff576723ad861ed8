"""A trained network is asked again: it says of the test images what it said in its run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tiny_preset import PRESET, TINY
from training_shards import coloured_rows, write_shards

from training import RunFolder, TrainingError, load_model, load_results, train_all
from training.data.images import open_images


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A finished run of protocol photo, in float32."""
    folder = tmp_path_factory.mktemp("models")
    shards = write_shards(folder / "shards", coloured_rows())
    train_all(shards, folder / "run", preset=str(TINY), protocols=["photo"], workers=1)
    return RunFolder(folder / "run")


@pytest.mark.parametrize("task", ["identity", "gender"])
def test_it_answers_as_it_did_in_its_run(run: RunFolder, task: str) -> None:
    model = load_model(run.path, task)
    assert model.classes == tuple(load_results(run.path)["classes"][task])
    with np.load(run.split("photo").split) as split:
        test = split["test"]
    (images,) = run.data.glob("*.npy")
    pictures = np.array(open_images(images)[test])
    network = run.split("photo").network(task)
    probabilities = model.probabilities(pictures)
    assert np.array_equal(probabilities.argmax(1), np.load(network.answers)[:, 0])
    assert probabilities.sum(1) == pytest.approx(1, abs=1e-5)
    kept = np.load(network.features)[-len(test) :]  # of the train images, then of the test images
    assert np.abs(model.features(pictures) - kept).max() < 1e-4


@pytest.mark.parametrize(("task", "split"), [("identity", "paper"), ("subgroup", "photo"), ("age", "photo")])
def test_a_network_that_there_is_not_is_one_sentence(run: RunFolder, task: str, split: str) -> None:
    with pytest.raises(TrainingError, match="its tasks are identity, age_group, race, gender, its protocols photo"):
        load_model(run.path, task, split)


def test_a_run_that_is_not_finished_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no results"):
        load_model(tmp_path, "identity")


@pytest.mark.parametrize("shape", [(0, 16, 16, 3), (1, 8, 8, 3), (16, 16, 3)])
def test_images_of_another_size_are_one_sentence(run: RunFolder, shape: tuple[int, ...]) -> None:
    assert PRESET.size == 16
    with pytest.raises(TrainingError, match=r"\(N, 16, 16, 3\) uint8 RGB is expected"):
        load_model(run.path, "identity").features(np.zeros(shape, np.uint8))


def test_the_front_door_loads_torch_only_for_a_model() -> None:
    loaded = "'torch' in sys.modules"
    code = f"import sys, training; print({loaded}); training.load_model; print({loaded})"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["False", "True"]
