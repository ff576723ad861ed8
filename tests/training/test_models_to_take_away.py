"""The models that a run leaves: they answer as the run did, wherever they are copied, and say what they are."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from tiny_preset import changed_preset
from training_shards import coloured_rows, write_shards

from training import FusedModel, RunFolder, TrainingError, load_model, load_results, train_all
from training.data.images import open_images
from training.forget import unname
from training.learn.fused import temperature

TASKS = ("identity", "age_group", "race", "gender")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A finished run of protocols photo and identity."""
    folder = tmp_path_factory.mktemp("taken")
    shards = write_shards(folder / "shards", coloured_rows(people=24, photographs=4))
    preset = changed_preset(folder, iterations=20, head_iterations=20, evaluate_every=10, out_of_fold=0)
    train_all(shards, folder / "run", preset=preset, protocols=["photo", "identity"], workers=1)
    return RunFolder(folder / "run")


def _tested(run: RunFolder) -> tuple[np.ndarray, np.ndarray]:
    """The test images of protocol photo, and their labels."""
    with np.load(run.split("photo").split) as split:
        test, labels = split["test"], split["test_labels"]
    (images,) = run.data.glob("*.npy")
    return np.array(open_images(images)[test]), labels


def test_they_answer_as_the_fused_heads_did_in_the_run(run: RunFolder) -> None:
    pictures, _ = _tested(run)
    model = load_model(run.path)
    assert isinstance(model, FusedModel)
    probabilities = model.probabilities(pictures)
    with np.load(run.split("photo").answers) as answers:
        for task in TASKS:
            assert np.array_equal(probabilities[task].argmax(1), answers[f"all:{task}"])
            assert probabilities[task].sum(1) == pytest.approx(1, abs=1e-5)
            assert model.classes[task] == tuple(load_results(run.path)["classes"][task])


def test_features_are_those_of_the_networks(run: RunFolder) -> None:
    pictures, _ = _tested(run)
    features = load_model(run.path).features(pictures)
    for task in TASKS:
        assert np.abs(features[task] - load_model(run.path, task).features(pictures)).max() < 1e-4


def test_the_folder_alone_is_enough(run: RunFolder, tmp_path: Path) -> None:
    copied = tmp_path / "somewhere"
    shutil.copytree(run.models, copied)
    pictures, _ = _tested(run)
    here, there = load_model(run.path).probabilities(pictures), load_model(copied).probabilities(pictures)
    assert all(np.array_equal(here[task], there[task]) for task in TASKS)


def test_a_description_says_what_the_model_is_and_was_right_about(run: RunFolder) -> None:
    results = load_results(run.path)
    described = json.loads((run.models / "fused-gender.json").read_text("utf-8"))
    assert described["reads"] == list(TASKS)
    assert described["preset_sha256"] == results["preset_sha256"]
    assert described["shards_sha256"] == results["shards"]["sha256"]
    assert described["temperature_fitted_on"] == "people never seen"
    strangers = described["accuracy"]["identity"]
    assert strangers["of"] == "people never seen"
    assert strangers["accuracy"] == results["protocols"]["identity"]["rows"]["all"]["gender"]["accuracy"]
    identity = json.loads((run.models / "fused-identity.json").read_text("utf-8"))
    assert identity["temperature_fitted_on"] == "other photographs of the people it learned from"
    assert set(load_file(run.models / "gender.safetensors")) >= {"high_level.weight", "output.bias"}
    card = (run.models / "README.md").read_text("utf-8")
    share = f"{100 * strangers['accuracy']:.1f} ("
    assert (
        next(line for line in card.splitlines() if line.startswith("| Gender |"))
        .split("|")[5]
        .strip()
        .startswith(share)
    )


def test_a_damaged_file_and_another_folder_are_one_sentence(run: RunFolder, tmp_path: Path) -> None:
    copied = tmp_path / "models"
    shutil.copytree(run.models, copied)
    data = bytearray((copied / "race.safetensors").read_bytes())
    data[-1] ^= 1
    (copied / "race.safetensors").write_bytes(data)
    with pytest.raises(TrainingError, match=r"race\.safetensors has another sha256 than its description says"):
        load_model(copied)
    (copied / "race.safetensors").unlink()
    with pytest.raises(TrainingError, match=r"race\.safetensors cannot be read"):
        load_model(copied)
    (copied / "fused-age_group.json").write_text("[]")
    with pytest.raises(TrainingError, match=r"fused-age_group\.json does not describe a model"):
        load_model(copied)
    with pytest.raises(TrainingError, match="has no models: name the folder of a finished run"):
        load_model(tmp_path / "nothing")


def test_a_temperature_makes_scores_as_sure_as_they_are_right() -> None:
    """Labels drawn from softmax(scores): 1 is right; of scores three times as large, 3."""
    random = np.random.default_rng(5)
    scores = random.normal(0, 2, (20_000, 4)).astype(np.float32)
    shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    labels = (shares.cumsum(1) < random.random((len(scores), 1))).sum(1)
    assert temperature(scores, labels) == pytest.approx(1, abs=0.05)
    assert temperature(3 * scores, labels) == pytest.approx(3, abs=0.15)
    unknown = np.where(np.arange(len(labels)) % 2, -1, labels)
    assert temperature(scores, unknown) == pytest.approx(1, abs=0.08)
    assert temperature(scores, np.full(len(labels), -1)) == 1


def test_a_person_who_is_taken_out_of_the_run_is_named_by_no_model(run: RunFolder, tmp_path: Path) -> None:
    copied = RunFolder(tmp_path / "run")
    shutil.copytree(run.models, copied.models)
    shutil.copy(run.results, copied.results)
    assert unname(copied.path, "Person 3", "forgotten-0123")
    for path in copied.models.iterdir():
        assert b'"Person 3"' not in path.read_bytes()
    model = load_model(copied.path)
    assert model.classes["identity"][3] == "forgotten-0123"
    assert not unname(copied.path, "Person 3", "forgotten-0123")
