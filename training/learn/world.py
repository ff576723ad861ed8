"""Which of torchrun's processes this is, and what they tell each other."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_T = TypeVar("_T")
_PATIENCE = timedelta(days=7)  # the others wait while process 0 decodes, or trains the heads


@dataclass(frozen=True)
class World:
    """Which of how many processes this is."""

    rank: int = 0
    size: int = 1

    @classmethod
    def of_environment(cls) -> World:
        """As torchrun told in the environment; without it this process is alone."""
        return cls(int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1")))

    @property
    def leads(self) -> bool:
        """Whether this process is the one that writes files."""
        return self.rank == 0

    def join(self, device: str) -> None:
        """Meet the other processes; a process takes the GPU of its number on its machine."""
        import torch
        import torch.distributed as dist

        on_gpu = device == "cuda" or (device == "auto" and torch.cuda.is_available())
        if on_gpu:
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        dist.init_process_group("nccl" if on_gpu else "gloo", timeout=_PATIENCE)

    def leave(self) -> None:
        """Part from the other processes: one that ends without may abort, while it still listens to them."""
        import torch.distributed as dist

        dist.destroy_process_group()

    def part(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """This process's share of a batch."""
        return rows[self.rank :: self.size]

    def agree(self, value: _T) -> _T:
        """What process 0 holds, for all; also a place where all wait for each other."""
        if self.size == 1:
            return value
        import torch.distributed as dist

        values = [value]
        dist.broadcast_object_list(values, src=0)
        return values[0]

    def mean(self, value: float) -> float:
        """The mean over all processes."""
        if self.size == 1:
            return value
        import torch.distributed as dist

        values = [0.0] * self.size
        dist.all_gather_object(values, value)
        return sum(values) / self.size


def use_deterministic(deterministic: bool) -> None:
    """Let torch take only ways that give the same bits each time, and refuse where it has none."""
    import torch

    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what torch asks for with CUDA
    torch.use_deterministic_algorithms(deterministic)
