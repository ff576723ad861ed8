"""The heads: what they see, what their fusions make, and that side by side they learn as alone."""

from __future__ import annotations

import pytest
import torch
from tiny_preset import PRESET
from training_shards import TASKS

from training.learn.stacks import HeadStack, MixStack, make_stacks
from training.plan.networks_and_heads import MIXES, extra_heads, paper_heads

CLASSES = {"identity": 6, "age_group": 3, "race": 4, "gender": 2}
COLUMNS = {"identity": range(16), "age_group": range(16, 24), "race": range(24, 32), "gender": range(32, 40)}


def test_a_head_sees_the_features_of_its_sources_only() -> None:
    heads = paper_heads(TASKS)
    stack = HeadStack(heads, COLUMNS, PRESET, CLASSES, seed=0, squares={})
    features = torch.randn(7, 40, generator=torch.Generator().manual_seed(0))
    changed = features.clone()
    changed[:, :16] += 1  # the identity network's
    with torch.no_grad():
        moved = (stack(features) != stack(changed)).flatten(1).any(1).tolist()
    assert moved == ["identity" in head.sources for head in heads]


@pytest.mark.parametrize("mix", MIXES)
def test_a_mixed_fusion_uses_every_one_of_its_sources(mix: str) -> None:
    heads = [head for head in extra_heads(TASKS, [], TASKS) if head.mix == mix]
    stack = MixStack(heads, COLUMNS, PRESET, CLASSES, seed=0, squares={})
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
    stack = HeadStack(heads, COLUMNS, PRESET, CLASSES, seed=0, squares={})
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
        stacks = make_stacks(some, COLUMNS, PRESET, CLASSES, seed=0, squares={})
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
