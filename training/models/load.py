"""A run's models by one name: all together, or the network of one task."""

from __future__ import annotations

from pathlib import Path
from typing import overload

from training.models.fused import FusedModel, load_fused
from training.models.network import Model, load_network


@overload
def load_model(run: str | Path, task: None = None, split: str = "photo") -> FusedModel: ...
@overload
def load_model(run: str | Path, task: str, split: str = "photo") -> Model: ...
def load_model(run: str | Path, task: str | None = None, split: str = "photo") -> FusedModel | Model:
    """The models of a finished run: all tasks by the features of all networks, or one task's network alone.

    The first also opens a folder `models` that was copied elsewhere. With a task, `split` may name another split that
    networks were trained on, such as "identity-1". Raises TrainingError where the run is not finished, or has no such
    model, and where a file of it is damaged.
    """
    return load_fused(run) if task is None else load_network(run, task, split)
