"""The pieces of work that workers take: a probe, a network, the heads of a split.

A job is plain data: it says what is to be done and where its files go, and `machine/work.py` who does it. The files are
written whole, and the last one tells that the job is finished.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from training.folder import NetworkFolder, RunFolder, SplitFolder
from training.plan.networks_and_heads import Network
from training.presets import Preset
from training.publication import TASKS


@dataclass(frozen=True)
class Setting:
    """What all jobs of a run share; `dtype` is "float32" or "bfloat16" once it has been chosen.

    `classes` counts those of each target, in the order of the labels' columns.
    """

    run: RunFolder
    images: Path
    classes: dict[str, int]
    preset: Preset
    seed: int
    device: str
    dtype: str
    deterministic: bool = False
    deadline: float | None = None  # of time.time(); networks stop at a checkpoint before it

    def has_time(self, seconds: float = 0.0) -> bool:
        """Whether what takes so long would end before the run's time is over."""
        return self.deadline is None or time.time() + seconds < self.deadline

    @property
    def tasks(self) -> tuple[str, ...]:
        """The paper's tasks that this run has labels for."""
        return tuple(target for target in self.classes if target in TASKS)


@dataclass(frozen=True)
class ProbeJob:
    """Find the device and the faster number type."""

    setting: Setting
    name: str = "probe"
    steps: int = 1

    @property
    def done(self) -> Path:
        return self.setting.run.choice


@dataclass(frozen=True)
class NetworkJob:
    """Train one network, test it, and keep its features of all images of the split."""

    setting: Setting
    split: str
    network: Network

    @property
    def name(self) -> str:
        return f"{self.split}/{self.network.name}"

    @property
    def classes(self) -> tuple[int, ...]:
        """The number of classes of each target of the network."""
        return tuple(self.setting.classes[target] for target in self.network.targets)

    @property
    def steps(self) -> int:
        return self.setting.preset.iterations

    @property
    def split_file(self) -> Path:
        return self.setting.run.split(self.split).split

    @property
    def folder(self) -> NetworkFolder:
        return self.setting.run.split(self.split).network(self.network.name)

    @property
    def events(self) -> Path:
        """The folder of the network's TensorBoard events; `tensorboard --logdir RUN/events` shows all side by side."""
        return self.setting.run.events / self.name

    @property
    def done(self) -> Path:
        return self.folder.summary


@dataclass(frozen=True)
class UntrainedJob:
    """Take the features of all images from networks with their first weights."""

    setting: Setting
    name: str = "untrained networks"

    @property
    def steps(self) -> int:
        return len(self.setting.tasks)

    @property
    def done(self) -> Path:
        return self.setting.run.untrained


@dataclass(frozen=True)
class HeadsJob:
    """Train the cross-task and fusion heads of one split on the features that its `networks` left.

    Heads of `kind` "all" are the paper's and the controls, "paper" the paper's, "ablations" those of ablations.py.
    A `halved` split has held images: then the heads learn once on images the networks had fitted, once on the held.
    Where variants of a test photograph train (`siblings`) nothing is learned from the descriptors: all variants have
    the same.
    """

    setting: Setting
    split: str
    networks: tuple[Network, ...]
    halved: bool = False
    siblings: bool = False
    kind: str = "all"

    @property
    def name(self) -> str:
        return f"{self.split}/{'ablations' if self.kind == 'ablations' else 'heads'}"

    @property
    def steps(self) -> int:
        return self.setting.preset.head_iterations * (2 if self.halved else 1)

    @property
    def folder(self) -> SplitFolder:
        return self.setting.run.split(self.split)

    @property
    def answers(self) -> Path:
        """The file of the heads' answers."""
        return self.folder.ablation_answers if self.kind == "ablations" else self.folder.answers

    @property
    def done(self) -> Path:
        return self.folder.ablation_summary if self.kind == "ablations" else self.folder.summary
