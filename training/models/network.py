"""A task's trained network, ready to be asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.errors import TrainingError
from training.evidence.results import load_results
from training.files import is_sound
from training.folder import RunFolder
from training.learn.networks import TaskNetwork, as_input
from training.presets import preset_of

Images = NDArray[np.uint8]
BATCH = 200
"""Images that are looked at together."""


@dataclass(frozen=True, eq=False)
class Model:
    """One network of a run, on the CPU in float32; where it was trained in bfloat16, answers differ by rounding.

    What it is right about on people it never saw is in the run's report, under protocol `identity`.
    """

    task: str
    classes: tuple[str, ...]
    size: int  # pixels of an image's side
    network: TaskNetwork

    def __repr__(self) -> str:
        return f"Model({self.task}: {len(self.classes)} classes, {self.size} × {self.size} pixels)"

    def features(self, images: Images) -> NDArray[np.float32]:
        """The high-level features (N, width) of images (N, size, size, 3) uint8 RGB, aligned as the shards' are."""
        return np.concatenate([features for features, _ in self._looks(images)])

    def probabilities(self, images: Images) -> NDArray[np.float32]:
        """(N, classes) float32, each row adds to 1; they are not calibrated."""
        return np.concatenate([scores.softmax(1).numpy() for _, scores in self._looks(images)])

    @torch.no_grad()
    def _looks(self, images: Images) -> list[tuple[Any, torch.Tensor]]:
        check_images(images, self.size)
        looked = []
        for start in range(0, len(images), BATCH):
            features = self.network.features(as_input(images[start : start + BATCH], "cpu"))
            looked.append((features.numpy(), self.network.output(features)))
        return looked


def check_images(images: Images, size: int) -> None:
    """Raise TrainingError for images that a network of that size cannot be asked about."""
    if images.dtype != np.uint8 or images.shape[1:] != (size, size, 3) or not len(images):
        raise TrainingError(
            f"Images of {images.shape} {images.dtype} cannot be asked about: (N, {size}, {size}, 3) uint8"
            " RGB is expected, with one image or more."
        )


def load_network(run: str | Path, task: str, split: str = "photo") -> Model:
    """The network of a task that a finished run trained on a split, such as "photo" or "identity-1".

    Raises TrainingError where the run is not finished, or has no such network.
    """
    results = load_results(Path(run))
    file = RunFolder(Path(run)).split(split).network(task).weights
    if task not in results["tasks"] or not file.is_file():
        raise TrainingError(
            f"{run} has no network of task {task!r} on split {split!r}: its tasks are {', '.join(results['tasks'])},"
            f" its protocols {', '.join(results['protocols'])}."
        )
    if not is_sound(file):
        raise TrainingError(f"{file} is damaged: train again in a new run folder.")
    preset, classes = preset_of(results["preset"]), tuple(results["classes"][task])
    weights = torch.load(file, map_location="cpu", weights_only=True)
    network = TaskNetwork(preset, preset.features(task), len(classes))
    network.load_state_dict(weights)
    return Model(task, classes, preset.size, network.to(memory_format=torch.channels_last).eval())  # type: ignore[call-overload]
