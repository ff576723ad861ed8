"""Which networks, controls and heads are planned."""

from __future__ import annotations

from tiny_preset import PRESET
from training_shards import TASKS

from training.plan.networks_and_heads import MIXES, control_networks, extra_heads, paper_heads, task_networks
from training.presets import load_preset
from training.publication import ATTRIBUTES, placebo_of

# Networks


def test_the_controls_are_as_wide_as_the_four_networks_together() -> None:
    preset = load_preset("paper")
    targets = (*TASKS, "subgroup")
    assert [network.width for network in task_networks(TASKS, preset)] == [200, 50, 50, 50]
    widths = {network.name: network.width for network in control_networks((*targets, "placebo-race"), preset)}
    assert widths == {"subgroup": 50, "placebo-race": 50, "joint": 350, **{f"wide-{task}": 350 for task in TASKS}}
    joint = next(network for network in control_networks(targets, preset) if network.name == "joint")
    assert joint.targets == TASKS


def test_no_two_networks_of_any_two_seeds_share_their_random_numbers() -> None:
    targets = (*TASKS, "subgroup", *map(placebo_of, ATTRIBUTES))
    networks = [*task_networks(TASKS, PRESET), *control_networks(targets, PRESET)]
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
    assert few == {*MIXES, *(f"untrained from {task}" for task in TASKS), "untrained all"}
    blocks = ["joint", *(f"wide-{task}" for task in TASKS), "descriptor", "subgroup"]
    many = {head.row for head in extra_heads(TASKS, blocks, (*TASKS, "subgroup"))}
    assert many >= few | {"joint_head", "wide_head", "descriptor", "from subgroup"}
