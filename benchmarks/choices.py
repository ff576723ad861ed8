"""What a choice in a preset is worth: one key changed at a time, on the same shards and seeds.

    python benchmarks/choices.py SHARDS FOLDER dtype='"float32"' patience=0 [--preset quick] [--seeds 3]

Trains the four networks and the heads of protocol photo, without control networks, with the preset as it is and then
with each change (KEY=VALUE, as TOML has it). Runs are kept in FOLDER, so the same command goes on after a break.

Prints Markdown: the accuracies of the networks' own outputs and of all together, and their mean over the tasks, as mean
and deviation over the seeds; in points what the change adds (mean of the seeds' differences and its 95 % interval by
Student's t), the steps taken and the processor seconds of the runs made now, with images and heads.
"""

import argparse
import re
import resource
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from training import load_results, train_all
from training.evidence.results import Results
from training.folder import RunFolder
from training.presets import PRESETS
from training.publication import TITLES

ROWS = {"own": "own", "all": "all together"}
UNCHANGED = "as it is"


@dataclass(frozen=True)
class Variation:
    """The results of a preset's variation, one a seed, and what they cost (0 where they were there before)."""

    name: str
    seeds: tuple[Results, ...]
    cpu_seconds: float

    def accuracies(self, row: str) -> list[NDArray[np.float64]]:
        """In per cent, one a seed, of each task and of the mean over the tasks."""
        tasks = self.seeds[0]["tasks"]
        rows = [results["protocols"]["photo"]["rows"][row] for results in self.seeds]
        each = [np.array([100 * cells[task]["accuracy"] for cells in rows]) for task in tasks]
        return [*each, np.mean(each, axis=0)]

    @property
    def steps(self) -> int:
        """Steps of all networks of all seeds."""
        splits = [network for results in self.seeds for network in results["protocols"]["photo"]["networks"].values()]
        return sum(network["steps"] for networks in splits for network in networks.values())


def main() -> None:
    """Train all variations, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shards", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("changes", nargs="+", metavar="KEY=VALUE")
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int)
    options = parser.parse_intermixed_args()
    base = (PRESETS / f"{options.preset}.toml").read_text(encoding="utf-8")
    base = changed(base, "control_protocols=[]")
    options.folder.mkdir(parents=True, exist_ok=True)
    variations = []
    for name in (UNCHANGED, *options.changes):
        preset = options.folder / f"{re.sub(r'[^a-z0-9_=.-]', '', name)}.toml"
        preset.write_text(base if name == UNCHANGED else changed(base, name), encoding="utf-8")
        variations.append(trained(name, preset, options.shards, options.seeds, options.workers))
    print("\n".join(table(variations)))


def changed(preset: str, change: str) -> str:
    """The text of a preset with one key's value replaced."""
    key, _, value = change.partition("=")
    text, found = re.subn(rf"^{re.escape(key)} = .*$", f"{key} = {value}", preset, flags=re.MULTILINE)
    if not found:
        raise SystemExit(f"The preset has no key '{key}': give KEY=VALUE with one of its keys.")
    return text


def trained(name: str, preset: Path, shards: Path, seeds: int, workers: int | None) -> Variation:
    """Train a variation with seeds 0, 1, 2 …"""
    before = cpu_seconds()
    run = preset.with_suffix("")
    train_all(shards, run, preset=str(preset), protocols=["photo"], seeds=seeds, workers=workers)
    folders = [run, *(RunFolder(run).seed(seed).path for seed in range(1, seeds))]
    return Variation(name, tuple(load_results(folder) for folder in folders), cpu_seconds() - before)


def cpu_seconds() -> float:
    """Processor time of this process and of the workers that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def table(variations: Sequence[Variation]) -> list[str]:
    """The lines of the Markdown table, the preset as it is first."""
    tasks = variations[0].seeds[0]["tasks"]
    lines = [
        f"| | {' | '.join(TITLES[task] for task in tasks)} | mean | steps | CPU s |",
        f"|---|{'---:|' * (len(tasks) + 3)}",
    ]
    for one in variations:
        for row, title in ROWS.items():
            cost = f"{one.steps:,} | {one.cpu_seconds:.0f}" if row == "own" else "|"
            lines.append(f"| {one.name}: {title} | {' | '.join(map(_cell, one.accuracies(row)))} | {cost} |")
            if one is not variations[0]:
                pairs = zip(one.accuracies(row), variations[0].accuracies(row), strict=True)
                lines.append(f"| … adds | {' | '.join(_gain(now - before) for now, before in pairs)} | | |")
    return lines


def _cell(values: NDArray[np.float64]) -> str:
    spread = f" ± {values.std(ddof=1):.1f}" if len(values) > 1 else ""
    return f"{values.mean():.1f}{spread}"


def _gain(values: NDArray[np.float64]) -> str:
    if len(values) < 2:
        return _signed(values.mean())
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5
    return f"{_signed(values.mean())} ({_signed(values.mean() - half)} to {_signed(values.mean() + half)})"


def _signed(value: float) -> str:
    rounded = round(value, 1)
    return f"{rounded:+.1f}".replace("-", "−") if rounded else "0.0"


if __name__ == "__main__":
    main()
