"""TensorBoard event files of a network, where the package tensorboard is installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

Record = Callable[[int, Mapping[str, float]], None]


@contextmanager
def event_file(folder: Path | None, step: int) -> Iterator[Record]:
    """A function that records values by name at a step; events after `step` that an interrupted run left are void.

    It does nothing without the package, or without a folder.
    """
    if folder is None or find_spec("tensorboard") is None:
        yield lambda step, values: None
        return
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(folder), purge_step=step + 1 if step else None) as writer:

        def record(at: int, values: Mapping[str, float]) -> None:
            for name, value in values.items():
                writer.add_scalar(name, value, at)
            writer.flush()

        yield record
