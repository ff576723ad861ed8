"""The residual network beside the publication's: what it costs, and where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tiny_preset import PRESET, changed_preset
from torch.utils.flop_counter import FlopCounterMode
from training_shards import TASKS

from training import Options, RunFolder, load_results, train_all
from training.learn.networks import as_input, make_network
from training.learn.residual import make_residual
from training.learn.stepper import Stepper
from training.learn.targets import answers_of
from training.plan.networks_and_heads import BASELINE, baseline_network, task_networks
from training.presets import load_preset


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of protocol photo, with the baseline and without controls."""
    made = tmp_path_factory.mktemp("baseline")
    preset = changed_preset(made, iterations=40, head_iterations=1, evaluate_every=40, control_protocols=[])
    options = Options(preset=preset, protocols=["photo"], workers=1, device="cpu")
    train_all(folder, made / "run", baseline=True, **options)
    return made / "run"


@pytest.mark.parametrize("name", ["quick", "paper"])
def test_a_pass_costs_as_many_operations_as_one_of_the_publications_networks(name: str) -> None:
    preset = load_preset(name)
    image = torch.zeros(1, 3, preset.size, preset.size)
    counts = []
    widest = max(network.width for network in task_networks(TASKS, preset))
    for network in (
        make_network(preset, widest, 77, seed=0),
        make_residual(preset, baseline_network(TASKS, preset).width, 86, seed=0),
    ):
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            network(image)
        counts.append(counter.get_total_flops())
    assert counts[1] == pytest.approx(counts[0], rel=0.06)


def test_it_learns_images_by_heart_and_its_answers_do_not_depend_on_the_batch() -> None:
    random = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (24, 16, 16, 3), dtype=torch.uint8, generator=random).numpy()
    labels = torch.randint(0, 4, (24, 1), generator=random)
    images = as_input(pixels, "cpu")
    stepper = Stepper(make_residual(PRESET, 16, 4, seed=0), PRESET, "cpu", "float32", (4,))
    for _ in range(80):
        stepper.step(images, labels, 0.02)
    scores = stepper.look(images)[1]
    assert torch.equal(answers_of(scores, (4,)), labels)
    assert torch.allclose(stepper.look(images[:1])[1], scores[:1], atol=1e-4)


def test_it_stands_in_results_and_report_and_no_head_reads_it(run: Path) -> None:
    photo = load_results(run)["protocols"]["photo"]
    assert set(photo["rows"][BASELINE]) == set(TASKS)
    assert photo["rows"][BASELINE]["gender"]["accuracy"] > 0.7
    assert "baseline" in {claim["claim"] for claim in photo["claims"]}
    text = (run / "report.md").read_text(encoding="utf-8")
    assert "one residual network of all tasks: a baseline of ours" in text
    assert "is a baseline of ours, none of the publication's" in text
    left = RunFolder(run).split("photo").network(BASELINE)
    assert left.weights.is_file()
    assert not left.features.exists()


def test_it_stays_where_the_run_is_asked_for_something_else(run: Path, folder: Path) -> None:
    weights = RunFolder(run).split("photo").network(BASELINE).weights
    before = weights.stat().st_mtime_ns
    train_all(folder, run, preset=str(run.parent / "changed.toml"), protocols=["photo", "paper"], workers=1)
    assert all(BASELINE in protocol["rows"] for protocol in load_results(run)["protocols"].values())
    assert weights.stat().st_mtime_ns == before
