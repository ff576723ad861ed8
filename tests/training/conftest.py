"""Small shards for the tests of training."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from training_shards import coloured_rows, write_shards

from training.data.shards import Shards, read_shards

torch.set_num_threads(1)  # as in a worker; two threads on a busy machine wait for each other


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards of 48 faces of 6 people."""
    return write_shards(tmp_path_factory.mktemp("shards"), coloured_rows())


@pytest.fixture(scope="module")
def shards(folder: Path) -> Shards:
    """The same, read."""
    return read_shards(folder)
