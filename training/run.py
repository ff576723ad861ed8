"""The whole experiment, from a folder of shards to a report: read it from top to bottom."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console

from training.dataset import images_path, make_images
from training.errors import TrainingError
from training.files import read_json, write_json, write_whole
from training.jobs import Job, ProbeJob, Progress, Setting, UntrainedJob
from training.plan import Plan, heads_job, make_plan, network_jobs
from training.presets import Preset, Value, load_preset
from training.progress import Board
from training.protocols import PROTOCOLS, Split, check_protocols, save_split
from training.results import Results, collect, load_results, over_seeds
from training.shards import Shards, fingerprint, read_shards
from training.show import show_tables
from training.workers import Workers

_OUTPUTS = ("results.json", "report.html", "report.md")


def train_all(
    shards: Path,
    run: Path,
    *,
    preset: str = "paper",
    protocols: Sequence[str] | None = None,
    seed: int = 0,
    seeds: int = 1,
    workers: int | None = None,
    device: str = "auto",
) -> Path:
    """Make the paper's three experiments on the shards of a folder; the path of results.json in the folder `run`.

    Goes on where an earlier call in `run` was stopped; does nothing if that one came to its end.
    `preset` is a name or the path of a TOML file. `protocols` None means all that the shards allow; with `seeds` above
    1 the experiments are made again with the next seeds, in run/seed-N, and the report has their mean and spread.
    Raises TrainingError for anything the user can put right.
    """
    screen = Console(soft_wrap=True, highlight=False)
    if workers is not None and workers < 1:
        raise TrainingError(f"There cannot be {workers} workers: give 1 or more.")
    if seeds < 1:
        raise TrainingError(f"There cannot be {seeds} seeds: give 1 or more.")
    numbers = load_preset(preset)
    if protocols is not None:
        check_protocols(tuple(protocols))
    experiment = _Experiment(shards, numbers, protocols, workers or _cores(), device, screen)
    with _locked(run):
        results, is_new = _once(experiment, run, seed)
        if seeds > 1 and len(results.get("over_seeds", {}).get("seeds", [])) < seeds:
            others = []
            for other in range(seed + 1, seed + seeds):
                screen.print(f"Seed {other}:", markup=False)
                others.append(_once(experiment, run / f"seed-{other}", other)[0])
            results["over_seeds"] = over_seeds([results, *others])
            _report(run, results)
            is_new = True
    show_tables(results)
    if not is_new:
        screen.print(f"This run is finished: {run / 'report.html'} has its report.", markup=False)
    else:
        screen.print(f"Report: {run / 'report.html'}", markup=False)
    return run / "results.json"


@dataclass(frozen=True)
class _Experiment:
    """What the runs of several seeds share; `protocols` None means all that the shards allow."""

    shards: Path
    preset: Preset
    protocols: Sequence[str] | None
    workers: int
    device: str
    screen: Console


def _once(experiment: _Experiment, run: Path, seed: int) -> tuple[Results, bool]:
    """The results of one seed, and whether they were made only now."""
    started = time.monotonic()
    progress = Console(stderr=True)
    preset = experiment.preset
    settings = {"shards": fingerprint(experiment.shards), "seed": seed, **preset.values()}
    _check_same(run, settings)
    if _is_finished(run, experiment.protocols):
        return load_results(run), False
    data = read_shards(experiment.shards)
    _tell_what_is_left_out(data, experiment.screen)
    plan = make_plan(data, preset, seed, experiment.protocols, before=_reported(run))
    for what, reason in plan.not_made.items():
        experiment.screen.print(f"{what} is left out: {reason}", markup=False)
    images = _decode(run, data, preset, seed, progress)
    write_json(run / "run.json", settings)  # from here on the folder belongs to these settings
    setting = Setting(
        folder=run,
        images=images,
        classes={target: len(names) for target, names in data.targets.items()},
        preset=preset,
        seed=seed,
        device=experiment.device,
        dtype="float32",
    )
    _keep(plan.all_splits, setting, data)
    _train(setting, plan, experiment, progress)
    results = collect(run, data, preset, seed, plan, seconds=time.monotonic() - started)
    _report(run, results)
    return results, True


def _report(run: Path, results: Results) -> None:
    from training.report import write_report

    write_report(run, results)
    write_json(run / "results.json", results)  # last: it tells that the run is finished


def _train(setting: Setting, plan: Plan, experiment: _Experiment, progress: Console) -> None:
    """Choose the number type, then train all networks, then all heads."""
    with Workers(experiment.workers) as pool:
        probe = ProbeJob(setting)
        pool.run([probe], Board(Console(quiet=True), "probe", [(probe.name, 1)]))
        choice = read_json(probe.done)
        if setting.device not in ("auto", choice["device"]):
            raise TrainingError(
                f"{setting.folder} was begun on device {choice['device']}, now {setting.device}: "
                "take a new run folder, or the same device as before."
            )
        reason = f"Networks in {choice['dtype']} on {choice['device']}: {choice['reason']}."
        experiment.screen.print(reason, markup=False)
        setting = replace(setting, device=choice["device"], dtype=choice["dtype"])
        pool.count = experiment.workers if setting.device == "cpu" else 1
        networks = [job for split in plan.all_splits for job in network_jobs(setting, split)]
        jobs: list[Job] = [*networks, UntrainedJob(setting)]
        with Board(progress, "Networks", [(job.name, job.steps) for job in jobs]) as board:
            pool.run(jobs, board)
        heads = [heads_job(setting, split) for split in plan.all_splits]
        with Board(progress, "Cross-task and fusion heads", [(job.name, job.steps) for job in heads]) as board:
            pool.run(heads, board)


def _decode(run: Path, shards: Shards, preset: Preset, seed: int, progress: Console) -> Path:
    path = images_path(run, shards.sha256, preset.size, preset.variants, seed)
    if path.is_file():
        return path
    name = "photographs"
    with Board(progress, f"Decode, {preset.variants} variants each", [(name, len(shards))], unit="faces") as board:
        board.start(name)
        every = max(1, len(shards) // 100)

        def tick(done: int) -> None:
            if done % every == 0 or done == len(shards):
                board.update(name, Progress(done, len(shards)))

        make_images(path, shards, preset, seed, tick)
        board.finish(name)
    return path


def _keep(splits: Sequence[Split], setting: Setting, shards: Shards) -> None:
    """Write what the workers need beside the images."""
    for split in splits:
        path = setting.folder / split.name / "split.npz"
        if not path.is_file():
            save_split(path, split, shards, setting.preset)
    if shards.descriptors is not None and not setting.descriptors.is_file():
        descriptors = shards.descriptors

        def save(partial: Path) -> None:
            with partial.open("wb") as file:
                np.save(file, descriptors)

        write_whole(setting.descriptors, save)


def _tell_what_is_left_out(shards: Shards, screen: Console) -> None:
    for task, reason in shards.left_out.items():
        screen.print(f"Task {task} is left out: {reason}.", markup=False)
    for task, count in shards.unknown().items():
        if count:
            screen.print(f"{count} of {len(shards)} faces have no known {task} and are left out of that task.")
        if shards.empty[task]:
            names = ", ".join(shards.empty[task][:5]) + (", …" if len(shards.empty[task]) > 5 else "")
            screen.print(
                f"{len(shards.empty[task])} classes of {task} have no face in the shards: {names}.", markup=False
            )


def _is_finished(run: Path, protocols: Sequence[str] | None) -> bool:
    if not all((run / name).is_file() for name in _OUTPUTS):
        return False
    results = load_results(run)
    there = {*results["protocols"], *(what.removeprefix("Protocol ") for what in results["not_made"])}
    return set(protocols or PROTOCOLS) <= there


def _reported(run: Path) -> list[str]:
    """The protocols that an earlier call has finished in this folder; they stay in the report."""
    return list(load_results(run)["protocols"]) if (run / "results.json").is_file() else []


def _check_same(run: Path, settings: dict[str, Value]) -> None:
    """See that the run goes on with what it was begun with; clear what a killed one left half-written."""
    for partial in run.rglob(".*.partial"):
        partial.unlink()
    path = run / "run.json"
    if not path.is_file():
        return
    before = read_json(path)
    if before["shards"] != settings["shards"]:
        raise TrainingError(f"{run} was begun with other shards: take a new run folder, or delete this one.")
    for key, value in settings.items():
        if before[key] != value:
            raise TrainingError(
                f"{run} was begun with {key} = {before[key]}, now {value}: "
                "take a new run folder, or the same preset and seed as before."
            )


@contextmanager
def _locked(run: Path) -> Iterator[None]:
    """Hold the run folder alone; the lock goes with the process, however it ends."""
    try:
        run.mkdir(parents=True, exist_ok=True)
        file = (run / "lock").open("w")
    except OSError as error:
        raise TrainingError(f"The run folder {run} cannot be written: {error.strerror}.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TrainingError(f"Another run is at work in {run}: wait for it, or take another folder.") from error
        yield


def _cores() -> int:
    """The cores this process may use, which in a container are often fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
