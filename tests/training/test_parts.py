"""The parts of training that must be exact: order of batches, variants, splits, heads, and what the report says."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from training_shards import coloured_rows, write_shards

from training.data.augment import FILTERS, filter_name, variant
from training.data.images import image_jobs, open_images
from training.data.protocols import make_splits, sibling_share
from training.data.shards import Shards, read_shards
from training.job import Progress
from training.learn.batches import batch_rows
from training.learn.networks import as_input, make_network
from training.learn.stacks import HeadStack, MixStack, make_stacks
from training.learn.stepper import Stepper
from training.learn.targets import answers_of, loss_of
from training.machine.progress import Board
from training.machine.work import do
from training.plan.networks_and_heads import MIXES, control_networks, extra_heads, paper_heads, task_networks
from training.presets import load_preset

torch.set_num_threads(1)  # two threads on a busy machine wait for each other
PRESET = load_preset(str(Path(__file__).parents[1] / "data" / "training_tiny.toml"))
CLASSES = {"identity": 6, "age_group": 3, "race": 4, "gender": 2}
FULL = load_preset("paper")
TASKS = tuple(CLASSES)
COLUMNS = {"identity": range(16), "age_group": range(16, 24), "race": range(24, 32), "gender": range(32, 40)}


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
    assert (variant(image, "a", 0, 0, FULL) == image).all()
    assert filter_name(0, FULL) == "original"


@pytest.mark.parametrize("index", range(1, len(FILTERS) + 1))
def test_a_variant_differs_but_follows_from_face_index_and_seed(index: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    made = variant(image, "a", index, 0, FULL)
    assert made.shape == image.shape
    assert made.dtype == np.uint8
    assert (made != image).any()
    assert (variant(image, "a", index, 0, FULL) == made).all()
    assert (variant(image, "b", index, 0, FULL) != made).any()
    assert (variant(image, "a", index, 1, FULL) != made).any()


def test_a_preset_chooses_the_filters_their_order_and_how_much_a_face_is_moved() -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    still = dict.fromkeys(FULL.affine, 0.0)
    grey = replace(FULL, affine=still, image_filters={"grey": [1, 1], "median": [3, 3]})
    assert [filter_name(index, grey) for index in range(4)] == ["original", "grey", "median", "grey"]
    made = variant(image, "a", 1, 0, grey)
    assert (made[..., 0] == made[..., 2]).all()
    assert (variant(image, "a", 2, 0, grey) == cv2.medianBlur(image, 3)).all()


def test_the_images_of_a_photograph_lie_side_by_side(shards: Shards, tmp_path: Path) -> None:
    for job in image_jobs(tmp_path / "images.npy", shards, PRESET, 0):
        do(job)
    images = open_images(tmp_path / "images.npy")
    assert images.shape == (48 * 4, 16, 16, 3)
    for index in range(1, 4):
        expected = variant(np.asarray(images[20]), str(shards.face_ids[5]), index, 0, PRESET)
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


@pytest.mark.parametrize("size", [16, 17])
def test_pixels_are_exact_in_both_types(size: int) -> None:
    images = np.resize(np.arange(256, dtype=np.uint8), (3, size, size, 3))
    expected = torch.from_numpy((images.astype(np.float32) - 127.5) / 64).permute(0, 3, 1, 2)
    for dtype in ("float32", "bfloat16"):
        made = as_input(images, "cpu", dtype)
        assert made.dtype == getattr(torch, dtype)
        assert made.is_contiguous(memory_format=torch.channels_last)
        assert torch.equal(made.float(), expected)


def test_pooling_before_relu_and_channels_last_change_no_value() -> None:
    network = make_network(PRESET, 8, 4, seed=0)
    images = as_input(np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8), "cpu")
    assert images.is_contiguous(memory_format=torch.channels_last)
    values = images
    for convolution in network.convolutions:
        values = torch.max_pool2d(torch.relu(convolution(values)), 2)
    expected = torch.relu(network.high_level(values.permute(0, 2, 3, 1).flatten(1)))
    assert torch.allclose(network.features(images), expected, atol=1e-5)
    assert network.features(images).shape == (5, 8)
    assert network(images).shape == (5, 4)


def test_initial_weights_are_gaussian_and_follow_from_the_seed() -> None:
    first, again, other = (make_network(load_preset("quick"), 200, 77, seed) for seed in (3, 3, 4))
    assert torch.equal(first.high_level.weight, again.high_level.weight)
    assert not torch.equal(first.high_level.weight, other.high_level.weight)
    weights = first.high_level.weight.detach()
    normed = weights / weights.std()
    assert abs(float((normed.abs() < 1).float().mean()) - 0.683) < 0.01
    assert abs(float((normed**4).mean()) - 3) < 0.1


def test_a_network_learns_fifty_images_by_heart() -> None:
    random = np.random.default_rng(0)
    images = as_input(random.integers(0, 256, (50, 16, 16, 3), dtype=np.uint8), "cpu")
    labels = torch.from_numpy(random.integers(0, 4, (50, 1)))
    stepper = Stepper(make_network(PRESET, 16, 4, seed=0), PRESET, "cpu", "float32", (4,))
    for _ in range(80):
        stepper.step(images, labels, 0.02)
    assert torch.equal(answers_of(stepper.look(images)[1], (4,)), labels)


# Networks of several targets


def test_one_network_of_two_targets_loses_and_answers_as_two_would() -> None:
    scores = torch.randn(9, 7, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([[0, 2], [1, 3], [2, 0], [0, -1], [1, 1], [2, 2], [0, 3], [1, 0], [-1, 1]])
    by_hand = []
    for n, piece in enumerate((scores[:, :3], scores[:, 3:])):
        known = labels[:, n] >= 0
        right = piece.log_softmax(1)[known, labels[known, n]]
        by_hand.append(-right.sum() / 9)
    assert float(loss_of(scores, labels, (3, 4))) == pytest.approx(float(sum(by_hand)) / 2, rel=1e-6)
    found = answers_of(scores, (3, 4))
    assert found[:, 0].tolist() == scores[:, :3].argmax(1).tolist()
    assert found[:, 1].tolist() == scores[:, 3:].argmax(1).tolist()


def test_the_loss_has_the_gradient_of_a_hand_calculation() -> None:
    """d loss / d score = (softmax − one-hot) / batch."""
    scores = torch.randn(4, 3, generator=torch.Generator().manual_seed(1)).requires_grad_()
    labels = torch.tensor([[0], [2], [1], [1]])
    loss_of(scores, labels, (3,)).backward()  # type: ignore[no-untyped-call]
    expected = (scores.detach().softmax(1) - torch.eye(3)[labels[:, 0]]) / 4
    assert torch.allclose(scores.grad, expected, atol=1e-7)  # type: ignore[arg-type]


def test_the_controls_are_as_wide_as_the_four_networks_together() -> None:
    preset = load_preset("paper")
    targets = (*TASKS, "subgroup")
    assert [network.width for network in task_networks(TASKS, preset)] == [200, 50, 50, 50]
    widths = {network.name: network.width for network in control_networks(targets, preset)}
    assert widths == {"subgroup": 50, "joint": 350, **{f"wide-{task}": 350 for task in TASKS}}
    joint = next(network for network in control_networks(targets, preset) if network.name == "joint")
    assert joint.targets == TASKS


def test_no_two_networks_of_any_two_seeds_share_their_random_numbers() -> None:
    networks = [*task_networks(TASKS, PRESET), *control_networks((*TASKS, "subgroup"), PRESET)]
    seeds = [network.seed(seed) for seed in range(5) for network in networks]
    assert len(set(seeds)) == len(seeds)


# Heads


def test_there_are_sixteen_pairs_and_eight_fusions() -> None:
    heads = paper_heads(TASKS)
    assert len({(head.sources, head.target) for head in heads if head.row.startswith("from ")}) == 16
    fusions = [head for head in heads if not head.row.startswith("from ")]
    assert sorted(len(head.sources) for head in fusions) == [3] * 4 + [4] * 4
    assert all(head.target not in head.sources for head in fusions if head.row == "other_three")


def test_every_head_of_the_controls_has_its_own_blocks_and_nothing_is_asked_of_missing_ones() -> None:
    few = {head.row for head in extra_heads(TASKS, [], TASKS)}
    assert few == {*MIXES, "untrained", "untrained_all"}
    blocks = ["joint", *(f"wide-{task}" for task in TASKS), "descriptor", "subgroup"]
    many = {head.row for head in extra_heads(TASKS, blocks, (*TASKS, "subgroup"))}
    assert many >= few | {"joint_head", "wide_head", "descriptor", "from subgroup"}


def test_a_head_sees_the_features_of_its_sources_only() -> None:
    heads = paper_heads(TASKS)
    stack = HeadStack(heads, COLUMNS, PRESET, CLASSES, seed=0)
    features = torch.randn(7, 40, generator=torch.Generator().manual_seed(0))
    changed = features.clone()
    changed[:, :16] += 1  # the identity network's
    with torch.no_grad():
        moved = (stack(features) != stack(changed)).flatten(1).any(1).tolist()
    assert moved == ["identity" in head.sources for head in heads]


@pytest.mark.parametrize("mix", MIXES)
def test_a_mixed_fusion_uses_every_one_of_its_sources(mix: str) -> None:
    heads = [head for head in extra_heads(TASKS, [], TASKS) if head.mix == mix]
    stack = MixStack(heads, COLUMNS, PRESET, CLASSES, seed=0)
    torch.nn.init.normal_(stack.gate, generator=torch.Generator().manual_seed(0))
    features = torch.randn(7, 40, generator=torch.Generator().manual_seed(1))
    for columns in COLUMNS.values():
        changed = features.clone()
        changed[:, list(columns)] += 1
        with torch.no_grad():
            assert ((stack(features) - stack(changed)).abs().amax((1, 2)) > 1e-6).all()


def test_a_bilinear_fusion_is_the_sum_of_the_products_of_all_pairs() -> None:
    from training.learn.stacks import _bilinear

    projected = torch.randn(2, 4, 3, 5, generator=torch.Generator().manual_seed(0))
    p = torch.tanh(projected)
    pairs = [p[:, one] * p[:, other] for one in range(4) for other in range(one)]
    assert torch.allclose(_bilinear(projected, projected[..., :1]), sum(pairs) / 6**0.5, atol=1e-6)  # type: ignore[arg-type]


def test_a_head_never_answers_a_class_its_task_does_not_have() -> None:
    heads = paper_heads(TASKS)
    stack = HeadStack(heads, COLUMNS, PRESET, CLASSES, seed=0)
    with torch.no_grad():
        answers = stack(torch.randn(500, 40)).argmax(2)
    for head, answer in zip(heads, answers, strict=True):
        assert int(answer.max()) < CLASSES[head.target]


@pytest.mark.parametrize("row", ["all", "other_three", "sum", "gating", "bilinear"])
def test_heads_trained_side_by_side_learn_what_each_learns_alone(row: str) -> None:
    heads = [*paper_heads(TASKS), *(head for head in extra_heads(TASKS, [], TASKS) if head.row in MIXES)]
    one = next(head for head in heads if (head.row, head.target) == (row, "race"))
    features, labels = torch.randn(20, 40), torch.randint(0, 2, (20,))
    learned = []
    for some in (heads, [one]):
        stacks = make_stacks(some, COLUMNS, PRESET, CLASSES, seed=0)
        optimiser = torch.optim.SGD(
            [weight for stack in stacks for weight in stack.parameters()], lr=0.05, momentum=0.9
        )
        for _ in range(5):
            optimiser.zero_grad()
            for stack in stacks:
                scores = stack(features)
                targets = labels.expand(len(scores), -1)
                loss = torch.nn.functional.cross_entropy(scores.flatten(0, 1), targets.flatten(), reduction="sum") / 20
                loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        stack = next(stack for stack in stacks if one in stack.heads)
        with torch.no_grad():
            learned.append(stack(features)[stack.heads.index(one), :, :4])
    assert torch.allclose(learned[0], learned[1], atol=1e-4)


# Progress


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
