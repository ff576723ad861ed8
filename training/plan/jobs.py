"""The pieces of work that workers take: a probe, a network, the heads of a split.

A job carries all it needs as plain values, writes its files whole, and its last file tells that it is finished.
torch is imported only inside `run`, in the worker.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from training.job import Report
from training.plan.networks_and_heads import Network
from training.presets import Preset
from training.publication import TASKS


@dataclass(frozen=True)
class Setting:
    """What all jobs of a run share; `dtype` is "float32" or "bfloat16" once it has been chosen.

    `classes` counts those of each target, in the order of the labels' columns.
    """

    folder: Path
    images: Path
    classes: dict[str, int]
    preset: Preset
    seed: int
    device: str
    dtype: str
    deterministic: bool = False
    deadline: float | None = None  # of time.time(); networks stop at the checkpoint before it

    @property
    def tasks(self) -> tuple[str, ...]:
        """The paper's tasks that this run has labels for."""
        return tuple(target for target in self.classes if target in TASKS)

    @property
    def untrained(self) -> Path:
        """Features of all images from networks that have learned nothing."""
        return self.folder / "untrained" / "features.npy"

    @property
    def descriptors(self) -> Path:
        """The shards' descriptors, a row for each photograph; absent where the shards have none."""
        return self.folder / "data" / "descriptors.npy"


@dataclass(frozen=True)
class ProbeJob:
    """Find the device and the faster number type."""

    setting: Setting
    name: str = "probe"
    steps: int = 1

    @property
    def done(self) -> Path:
        return self.setting.folder / "dtype.json"

    def run(self, report: Report) -> None:
        from training.learn.probe import choose

        choose(self)


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
        return self.setting.folder / self.split / "split.npz"

    @property
    def folder(self) -> Path:
        return self.setting.folder / self.split / self.network.name

    @property
    def events(self) -> Path:
        """The folder of the network's TensorBoard events; `tensorboard --logdir RUN/events` shows all side by side."""
        return self.setting.folder / "events" / self.name

    @property
    def done(self) -> Path:
        return self.folder / "network.json"

    def run(self, report: Report) -> None:
        from training.learn.train import train

        train(self, report)


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
        return self.setting.untrained

    def run(self, report: Report) -> None:
        from training.learn.untrained import extract

        extract(self, report)


@dataclass(frozen=True)
class HeadsJob:
    """Train the cross-task and fusion heads of one split on the features that its `networks` left.

    A `halved` split has held images: then the heads learn once on images the networks had fitted, once on the held.
    """

    setting: Setting
    split: str
    networks: tuple[Network, ...]
    halved: bool = False

    @property
    def name(self) -> str:
        return f"{self.split}/heads"

    @property
    def steps(self) -> int:
        return self.setting.preset.head_iterations * (2 if self.halved else 1)

    @property
    def split_file(self) -> Path:
        return self.setting.folder / self.split / "split.npz"

    def features(self, network: str) -> Path:
        """Where a network left its features."""
        return self.setting.folder / self.split / network / "features.npy"

    @property
    def answers(self) -> Path:
        """The class that each head gives each test image."""
        return self.setting.folder / self.split / "heads.npz"

    @property
    def done(self) -> Path:
        return self.setting.folder / self.split / "heads.json"

    def run(self, report: Report) -> None:
        from training.learn.heads import train_heads

        train_heads(self, report)
