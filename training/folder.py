"""Every name in a run folder: what is behind it, and what becomes of it when a person is taken out of the run.

    RUN/             settings, results, report, and what all splits share
      SPLIT/         photo, paper, identity-1, photo-fold-1 …: the images of each side, and the heads
        NETWORK/     identity, joint …: weights, features, answers
      seed-N/        the run of another seed, a whole RUN itself

Nothing else of the program spells such a name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol, overload


class Fate(Enum):
    """What becomes of a file when a person is taken out of a run."""

    STAYS = "it holds nothing of a single photograph"
    GOES = "it holds pixels or features of every photograph"
    GOES_IF_SHOWN = "it shows a few faces"


class _Folder(Protocol):
    @property
    def path(self) -> Path: ...


@dataclass(frozen=True)
class Entry:
    """A name in a folder, as an attribute of the folder's class: of an object it is the path."""

    name: str
    holds: str
    fate: Fate = Fate.STAYS

    @overload
    def __get__(self, folder: None, owner: type) -> Entry: ...
    @overload
    def __get__(self, folder: _Folder, owner: type) -> Path: ...
    def __get__(self, folder: _Folder | None, owner: type) -> Entry | Path:
        return self if folder is None else folder.path / self.name


@dataclass(frozen=True)
class NetworkFolder:
    """What the training of one network leaves."""

    path: Path

    weights = Entry("network.pt", "the weights, which learned from all training images together")
    features = Entry("features.npy", "the high-level features of every image", Fate.GOES)
    answers = Entry("answers.npy", "the class it gives each test image, by its number")
    pictures = Entry("pictures.npz", "filters, a test face, and what each layer makes of it", Fate.GOES)
    summary = Entry("network.json", "accuracy, curve and times; written last, it tells that the network is finished")
    checkpoint = Entry("checkpoint.pt", "weights, curve and optimiser of a network in training")


@dataclass(frozen=True)
class SplitFolder:
    """One division of the images, with the networks and heads that were trained on it."""

    path: Path

    split = Entry("split.npz", "the numbers and labels of each side's images")
    answers = Entry("heads.npz", "the class each head gives each test image, by its number")
    fused = Entry("fused.safetensors", "the weights of the heads on all features, and their temperatures")
    summary = Entry("heads.json", "the heads' number and curves; written last, it tells that they are finished")
    ablation_answers = Entry("ablations.npz", "the same of the ablations' heads")
    ablation_summary = Entry("ablations.json", "how many those are; written last")

    def network(self, name: str) -> NetworkFolder:
        """The folder of a network."""
        return NetworkFolder(self.path / name)

    def networks(self) -> Iterator[NetworkFolder]:
        """The folders of the finished networks."""
        for path in sorted(self.path.glob(f"*/{NetworkFolder.summary.name}")):
            yield NetworkFolder(path.parent)


@dataclass(frozen=True)
class RunFolder:
    """The run of one seed; further seeds of the same experiment have their folders in that of the first."""

    path: Path

    lock = Entry("lock", "nothing; whoever trains here holds it")
    settings = Entry("run.json", "what the run was begun with: the shards' fingerprint, preset and seed")
    choice = Entry("dtype.json", "device, number type and speeds")
    results = Entry("results.json", "figures over many images; written last, it tells that the run is finished")
    page = Entry("report.html", "the report with its pictures", Fate.GOES_IF_SHOWN)
    markdown = Entry("report.md", "the report as text", Fate.GOES_IF_SHOWN)
    figures = Entry("figures", "the pictures of the report", Fate.GOES_IF_SHOWN)
    data = Entry("data", "decoded photographs and their descriptors", Fate.GOES)
    first_weights = Entry("untrained", "the features that networks with their first weights have", Fate.GOES)
    models = Entry(
        "models", "the networks and fused heads to take away, which learned from all training images together"
    )
    written = Entry("written.txt", "the sha256 of each file beside it, as it was written; every folder has one")
    events = Entry("events", "losses and accuracies by step, for TensorBoard")

    @property
    def untrained(self) -> Path:
        """Features of all images from networks that have learned nothing."""
        return NetworkFolder(self.first_weights).features

    @property
    def descriptors(self) -> Path:
        """The shards' descriptors, a row for each photograph; absent where the shards have none."""
        return self.data / "descriptors.npy"

    def images(self, shards_sha256: str, size: int, variants: int, seed: int) -> Path:
        """The array of decoded images; the name says all that they follow from."""
        return self.data / f"{shards_sha256[:16]}-{size}px-{variants}x-seed{seed}.npy"

    def split(self, name: str) -> SplitFolder:
        """The folder of a split."""
        return SplitFolder(self.path / name)

    def splits(self) -> Iterator[SplitFolder]:
        """The folders of the splits that were begun."""
        for path in sorted(self.path.glob(f"*/{SplitFolder.split.name}")):
            yield SplitFolder(path.parent)

    def seed(self, number: int) -> RunFolder:
        """The folder of another seed."""
        return RunFolder(self.path / f"{_SEED}{number}")

    def seeds(self) -> Iterator[RunFolder]:
        """This folder, then those of other seeds."""
        yield self
        for path in sorted(self.path.glob(f"{_SEED}*")):
            yield RunFolder(path)


SCHEMA = 4
"""Raised when a key of results.json changes its meaning, or a run of before cannot go on."""

_SEED = "seed-"
WRITTEN = RunFolder.written.name
ENTRIES = tuple(
    entry
    for folder in (RunFolder, SplitFolder, NetworkFolder)
    for entry in vars(folder).values()
    if isinstance(entry, Entry)
)
"""All names that do not depend on the experiment."""


def mark(images: Path, first: int) -> Path:
    """The file that vouches for the part of an array of images that begins with face number `first`."""
    return marks(images) / f"{first:08d}.json"


def marks(images: Path) -> Path:
    """The folder of an array's marks."""
    return images.with_suffix(".made")
