"""The parts of training that must be exact: order of batches, variants, splits, heads, and what the report says."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from training_shards import coloured_rows, write_shards

from training.augment import FILTERS, filter_name, variant
from training.dataset import image_jobs, open_images
from training.findings import honesty, ordering
from training.heads import Features, HeadStack, _test, all_heads
from training.jobs import Progress
from training.networks import as_input, make_network
from training.paper import ATTRIBUTES, TABLE_1, TABLE_2, TASKS
from training.presets import load_preset
from training.progress import Board
from training.protocols import make_splits, sibling_share
from training.results import show_tables
from training.shards import Shards, read_shards
from training.train import batch_rows

PRESET = load_preset(str(Path(__file__).parent / "data" / "training_tiny.toml"))
CLASSES = {"identity": 6, "age_group": 3, "race": 4, "gender": 2}


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Shards:
    return read_shards(write_shards(tmp_path_factory.mktemp("shards"), coloured_rows()))


# Batches


@settings(max_examples=30, deadline=None)
@given(images=st.integers(1, 60), batch=st.integers(1, 90), seed=st.integers(0, 9))
def test_every_image_comes_once_an_epoch_whatever_the_batch(images: int, batch: int, seed: int) -> None:
    steps = -(-3 * images // batch)
    rows = np.concatenate([batch_rows(images, batch, step, seed) for step in range(steps)])
    for epoch in range(3):
        assert sorted(rows[epoch * images : (epoch + 1) * images]) == list(range(images))


def test_a_batch_follows_from_seed_and_step_alone() -> None:
    late = batch_rows(1000, 32, 500, seed=1)
    for step in range(20):
        batch_rows(1000, 32, step, seed=2)
    assert (batch_rows(1000, 32, 500, seed=1) == late).all()
    assert (batch_rows(1000, 32, 500, seed=2) != late).any()


# Variants


def test_the_first_variant_is_the_photograph_itself() -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    assert (variant(image, "a", 0, 0) == image).all()
    assert filter_name(0) == "original"


@pytest.mark.parametrize("index", range(1, len(FILTERS) + 1))
def test_a_variant_differs_but_follows_from_face_index_and_seed(index: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    made = variant(image, "a", index, 0)
    assert made.shape == image.shape
    assert made.dtype == np.uint8
    assert (made != image).any()
    assert (variant(image, "a", index, 0) == made).all()
    assert (variant(image, "b", index, 0) != made).any()
    assert (variant(image, "a", index, 1) != made).any()


def test_the_images_of_a_photograph_lie_side_by_side(shards: Shards, tmp_path: Path) -> None:
    for job in image_jobs(tmp_path / "images.npy", shards, PRESET, 0):
        job.run(lambda progress: None)
    images = open_images(tmp_path / "images.npy")
    assert images.shape == (48 * 4, 16, 16, 3)
    for index in range(1, 4):
        expected = variant(np.asarray(images[20]), str(shards.face_ids[5]), index, 0)
        assert (images[20 + index] == expected).all()


# Splits


def test_protocol_photo_keeps_to_the_shards_and_tests_on_untouched_photographs(shards: Shards) -> None:
    (split,) = make_splits("photo", shards, PRESET, 0)
    assert (split.test % PRESET.variants == 0).all()
    assert not shards.in_train[split.test // PRESET.variants].any()
    assert shards.in_train[split.train // PRESET.variants].all()
    assert sibling_share(split, PRESET.variants) == 0


def test_protocol_paper_divides_the_augmented_images_70_to_30(shards: Shards) -> None:
    (split,) = make_splits("paper", shards, PRESET, 0)
    assert sorted([*split.train, *split.test]) == list(range(192))
    assert len(split.test) == round(0.3 * 192)
    assert sibling_share(split, PRESET.variants) > 0.9
    (other,) = make_splits("paper", shards, PRESET, 1)
    assert other.test.tolist() != split.test.tolist()


# Networks


def test_pooling_before_relu_and_channels_last_change_no_value() -> None:
    network = make_network(PRESET, "race", 4, seed=0)
    images = as_input(np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8), "cpu")
    assert images.is_contiguous(memory_format=torch.channels_last)
    values = images
    for convolution in network.convolutions:
        values = torch.max_pool2d(torch.relu(convolution(values)), 2)
    expected = torch.relu(network.high_level(values.flatten(1)))
    assert torch.allclose(network.features(images), expected, atol=1e-5)
    assert network.features(images).shape == (5, 8)
    assert network(images).shape == (5, 4)


def test_initial_weights_are_gaussian_and_follow_from_the_seed() -> None:
    first, again, other = (make_network(load_preset("quick"), "identity", 77, seed) for seed in (3, 3, 4))
    assert torch.equal(first.high_level.weight, again.high_level.weight)
    assert not torch.equal(first.high_level.weight, other.high_level.weight)
    weights = first.high_level.weight.detach()
    normed = weights / weights.std()
    assert abs(float((normed.abs() < 1).float().mean()) - 0.683) < 0.01
    assert abs(float((normed**4).mean()) - 3) < 0.1


# Heads


def test_there_are_sixteen_pairs_and_eight_fusions() -> None:
    heads = all_heads()
    assert len({(head.sources, head.target) for head in heads if head.kind == "cross"}) == 16
    assert sorted(len(head.sources) for head in heads if head.kind != "cross") == [3] * 4 + [4] * 4
    assert all(head.target not in head.sources for head in heads if head.kind == "other_three")


def test_a_head_sees_the_features_of_its_sources_only() -> None:
    heads = all_heads()
    stack = HeadStack(heads, PRESET, CLASSES, seed=0)
    features = torch.randn(7, 16 + 8 + 8 + 8, generator=torch.Generator().manual_seed(0))
    changed = features.clone()
    changed[:, :16] += 1  # the identity network's
    with torch.no_grad():
        moved = (stack(features) != stack(changed)).flatten(1).any(1).tolist()
    assert moved == ["identity" in head.sources for head in heads]


def test_a_head_never_answers_a_class_its_task_does_not_have() -> None:
    heads = all_heads()
    stack = HeadStack(heads, PRESET, CLASSES, seed=0)
    with torch.no_grad():
        answers = stack(torch.randn(500, 40)).argmax(2)
    for head, answer in zip(heads, answers, strict=True):
        assert int(answer.max()) < CLASSES[head.target]


def test_heads_trained_side_by_side_learn_what_each_learns_alone() -> None:
    heads = all_heads()
    both, alone = HeadStack(heads, PRESET, CLASSES, seed=0), HeadStack(heads[2:3], PRESET, CLASSES, seed=0)
    with torch.no_grad():
        for all_of_them, one in zip(both.parameters(), alone.parameters(), strict=True):
            one.copy_(all_of_them[2:3, ..., : one.shape[-1]])
    features, labels = torch.randn(20, 40), torch.randint(0, 2, (20,))
    for stack, which in ((both, slice(None)), (alone, slice(0, 1))):
        optimiser = torch.optim.SGD(stack.parameters(), lr=0.1, momentum=0.9)
        for _ in range(5):
            optimiser.zero_grad()
            scores = stack(features)[which]
            targets = labels.expand(len(scores), -1)
            torch.nn.functional.cross_entropy(scores.flatten(0, 1), targets.flatten(), reduction="sum").backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    assert torch.allclose(both.weights[0][2], alone.weights[0][0], atol=1e-5)


def test_accuracies_of_heads_are_as_exact_as_those_of_networks() -> None:
    """Else a tie between a network and a fusion would be reported as a difference."""
    stack = HeadStack([head for head in all_heads() if head.kind == "all"], PRESET, CLASSES, seed=0)
    values = torch.randn(300, 40, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        labels = stack(values).argmax(2).T.contiguous()
    labels[::3] = (labels[::3] + 1) % 2  # never what was answered, so that a third is wrong
    assert (
        _test(stack, Features(values, labels), [0, 1, 2, 3]).tolist() == [float(np.mean([True, True, False] * 100))] * 4
    )


# What is said


def results(**own: float) -> dict[str, object]:
    """Results that repeat the paper's tables, with some accuracies of the networks set otherwise."""
    table_2 = {**TABLE_2, "own": {**TABLE_2["own"], **own}}
    table_1 = {source: {**TABLE_1[source], source: table_2["own"][source]} for source in TASKS}
    networks = {task: {"accuracy": table_2["own"][task], "accuracy_on_originals": None} for task in TASKS}
    protocol = {
        "table1": table_1,
        "table2": table_2,
        "own_with_head": table_2["own"],
        "siblings": 0.999,
        "test_images": 72_000,
        "test_photographs": 24_000,
        "known_photographs": dict.fromkeys(TASKS, 24_000),
        "test_people": {"all": 77, "seen_in_training": 77},
        "networks": {"paper": networks},
    }
    counts = {
        "photographs": 24_000,
        "people": 77,
        "people_by_class": {task: {"one": 40, "two": 37} for task in ATTRIBUTES},
    }
    return {
        "tasks": list(TASKS),
        "left_out": {},
        "protocols": {"paper": protocol},
        "preset": {"variants": 10, "test_share": 0.3},
        "counts": counts,
    }


def test_the_report_says_where_the_papers_order_holds() -> None:
    assert all("unlike the paper" not in sentence for sentence in ordering(results()))
    assert "24,000 photographs or more: a difference under about 1 points" in ordering(results())[0]
    changed = ordering(results(gender=0.99))
    assert any("unlike the paper for gender (−6.7 points; in the paper +8.0 points)" in line for line in changed)


def test_the_report_does_the_arithmetic_of_leakage_and_counts_people() -> None:
    text = " ".join(honesty(results()))
    assert "1 − 0.3^9 = 99.998%" in text
    assert "in this run it was 99.900%" in text
    assert "rest on 77 people, not on 24,000 photographs" in text
    assert "standard error of up to 5.3 points" in text


def test_people_of_unknown_label_are_no_part_of_the_sample() -> None:
    known = results()
    known["counts"]["people_by_class"]["age_group"] = {"one": 10, "two": 4}  # type: ignore[index]
    text = " ".join(honesty(known))
    assert "age of 14: one 10, two 4" in text
    assert "standard error of up to 12.3 points" in text  # sqrt(0.691 * 0.309 / 14) = 0.1235


def test_the_screen_shows_both_tables_beside_the_papers_figures() -> None:
    screen = Console(file=StringIO(), width=80)
    show_tables(results(), screen)
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "60.2 (60.2)" in text
    assert "Table 1, protocol paper" in text
    assert "other three" in text


def test_progress_in_a_terminal_is_one_table_with_rate_and_time_left() -> None:
    screen = Console(file=StringIO(), force_terminal=True, width=100)
    with Board(screen, "Networks", [("photo/race", 100)]) as board:
        board.start("photo/race")
        board.update("photo/race", Progress(10, 100))
        board.update("photo/race", Progress(50, 100, 0.5, 0.75))
        board.finish("photo/race")
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "50/100" in text
    assert "75.0%" in text
    assert "1 of 1 done" in text
