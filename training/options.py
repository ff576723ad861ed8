"""What `train_all` may be told beside the shards and the folder of the run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict


class Options(TypedDict, total=False):
    """The keywords of `train_all`; what is not given is as in DEFAULTS."""

    preset: str  # a name, or the path of a TOML file
    protocols: Sequence[str] | None  # None: all that the shards allow
    seed: int
    seeds: int  # so many experiments, with seed, seed + 1 …; the report has their mean and spread
    workers: int | None  # processes of one thread each; None: one a core
    device: str  # one of DEVICES
    full_schedule: bool  # all steps, also where the validation loss has flattened
    deterministic: bool  # the same bits each time on a machine
    ablations: bool  # other fusions, widths, depths, numbers of photographs and of steps
    baseline: bool  # under each protocol a residual network, too
    max_time: str | None  # such as "2h": networks stop at a checkpoint in time


DEVICES = ("auto", "cpu", "cuda", "mps")
RANGES = {"seed": (0, 4_294_967_295), "seeds": (1, 1000), "workers": (1, 1000)}
"""The least and the most that a number may be."""

DEFAULTS: Options = {
    "preset": "paper",
    "protocols": None,
    "seed": 0,
    "seeds": 1,
    "workers": None,
    "device": "auto",
    "full_schedule": False,
    "deterministic": False,
    "ablations": False,
    "baseline": False,
    "max_time": None,
}


def with_defaults(options: Options) -> Options:
    """The options, all of them; TypeError for one that there is not."""
    if unknown := sorted(set(options) - set(DEFAULTS)):
        raise TypeError(f"train_all has no option '{unknown[0]}', only {', '.join(DEFAULTS)}.")
    return {**DEFAULTS, **options}
