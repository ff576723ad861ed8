"""What is trained: the networks of a split, and the heads on their features.

A *target* is what can be answered: one of the tasks, or the subgroup. A *block* is a piece of features: of a network,
of an untrained one, or the shards' descriptors. A *row* is a line of a table: a way to answer each of the targets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from training.data.shards import SUBGROUP
from training.presets import Preset
from training.publication import ATTRIBUTES, TASKS, placebo_of

JOINT, BASELINE = "joint", "residual"
DESCRIPTOR = "descriptor"
UNTRAINED, STANDARDISED = "untrained ", "standardised "
"""What the names of blocks and rows begin with that are of networks with their first weights, of features brought to
mean 0 and deviation 1."""
MIXES = ("sum", "gating", "bilinear")
_NETWORKS = (*TASKS, SUBGROUP, JOINT, *(f"wide-{task}" for task in TASKS), *map(placebo_of, ATTRIBUTES))


@dataclass(frozen=True)
class Network:
    """A network: its name, the targets it answers, and the width of its high-level feature layer.

    All are the paper's network (learn/networks.py) but the baseline, which is a residual one (learn/residual.py).
    """

    name: str
    targets: tuple[str, ...]
    width: int

    def seed(self, seed: int) -> int:
        """The seed of its weights and batches, another one for each network of a run; the baseline has joint's."""
        return seed * len(_NETWORKS) + _NETWORKS.index(JOINT if self.is_baseline else self.name)

    @property
    def is_baseline(self) -> bool:
        """Whether it is the network that is none of the paper's kind, and that no head reads."""
        return self.name == BASELINE


@dataclass(frozen=True)
class Head:
    """`depth` fully connected layers and an output: learns `target` from the blocks `sources`, brought together.

    They are by `mix`: "concatenation", as in the paper, or one of MIXES. With a `width` so many of the features are
    used, drawn at random.
    """

    row: str
    sources: tuple[str, ...]
    target: str
    mix: str = "concatenation"
    depth: int = 2
    width: int | None = None


def task_networks(tasks: Iterable[str], preset: Preset) -> list[Network]:
    """The paper's networks, one for each task."""
    return [Network(task, (task,), preset.features(task)) for task in tasks]


def control_networks(targets: Sequence[str], preset: Preset) -> list[Network]:
    """What the paper lacks: subgroups, labels that mean nothing, all tasks in one network, each as wide as all."""
    tasks = tuple(target for target in targets if target in TASKS)
    placebos = [placebo_of(task) for task in tasks if placebo_of(task) in targets]
    width = sum(preset.features(task) for task in tasks)
    subgroup = [Network(SUBGROUP, (SUBGROUP,), preset.attribute_features)] if SUBGROUP in targets else []
    return [
        *subgroup,
        *(Network(target, (target,), preset.attribute_features) for target in placebos),
        Network(JOINT, tasks, width),
        *(Network(f"wide-{task}", (task,), width) for task in tasks),
    ]


def baseline_network(tasks: tuple[str, ...], preset: Preset) -> Network:
    """One residual network of all tasks at once, with as many features as the paper's networks together."""
    return Network(BASELINE, tasks, sum(preset.features(task) for task in tasks))


def paper_heads(tasks: tuple[str, ...]) -> list[Head]:
    """16 cross-task pairs of four tasks, then for each task the fusions of all others and of all (§4, §5)."""
    heads = [Head(f"from {source}", (source,), target) for source in tasks for target in tasks]
    for target in tasks:
        if len(tasks) > 1:
            heads.append(Head("other_three", tuple(task for task in tasks if task != target), target))
        heads.append(Head("all", tasks, target))
    return heads


def extra_heads(tasks: tuple[str, ...], blocks: Sequence[str], targets: Sequence[str]) -> list[Head]:
    """Controls and other fusions, as far as their blocks are there."""
    heads = [Head(mix, tasks, target, mix) for mix in MIXES for target in tasks if len(tasks) > 1]
    papers = paper_heads(tasks)
    heads += _again(UNTRAINED, [head for head in papers if head.row != "other_three"])
    if STANDARDISED + tasks[0] in blocks:
        main = ("from identity", "other_three", "all")
        heads += _again(STANDARDISED, [one for one in papers if one.row in (*main, f"from {one.target}")])
    for task in tasks:
        if JOINT in blocks:
            heads.append(Head("joint_head", (JOINT,), task))
        if f"wide-{task}" in blocks:
            heads.append(Head("wide_head", (f"wide-{task}",), task))
        if DESCRIPTOR in blocks:
            heads.append(Head(DESCRIPTOR, (DESCRIPTOR,), task))
    heads += _placebo_heads(tasks, blocks)
    return [*heads, *_subgroup_heads(tasks, blocks)] if SUBGROUP in targets else heads


def _placebo_heads(tasks: tuple[str, ...], blocks: Sequence[str]) -> list[Head]:
    """The paper's heads where the attributes' labels mean nothing; who is who stays as it was."""
    dealt = {task: placebo_of(task) if placebo_of(task) in blocks else task for task in tasks}
    made = []
    for head in paper_heads(tasks):
        if dealt[head.target] != head.target and head.row in ("from identity", "other_three", "all"):
            made.append(Head(head.row, tuple(dealt[source] for source in head.sources), dealt[head.target]))
    return made


def _again(kind: str, heads: Sequence[Head]) -> list[Head]:
    """The same heads on blocks of another kind."""
    return [
        replace(head, row=kind + head.row, sources=tuple(kind + source for source in head.sources)) for head in heads
    ]


def _subgroup_heads(tasks: tuple[str, ...], blocks: Sequence[str]) -> list[Head]:
    heads = [Head(f"from {task}", (task,), SUBGROUP) for task in tasks]
    heads.append(Head("other_three", tuple(task for task in tasks if task in ATTRIBUTES), SUBGROUP))
    heads.append(Head("all", tasks, SUBGROUP))
    if SUBGROUP in blocks:
        heads += [Head("from subgroup", (SUBGROUP,), target) for target in (*tasks, SUBGROUP)]
    return heads
