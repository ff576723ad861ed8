"""The whole experiment, from a folder of shards to a report: read it from top to bottom."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console

from training.data.images import image_jobs, images_path
from training.data.protocols import PROTOCOLS, Split, check_protocols, save_split, unseen_classes
from training.data.shards import Shards, fingerprint, read_shards
from training.errors import TrainingError
from training.evidence.outcomes import Outcome, over_seeds
from training.evidence.results import Results, collect, load_results
from training.files import read_json, write_json, write_whole
from training.job import Job
from training.learn.world import World
from training.machine.budget import Budget
from training.machine.progress import Board
from training.machine.team import Team, follow
from training.machine.workers import Workers
from training.plan.jobs import ProbeJob, Setting, UntrainedJob
from training.plan.plan import Plan, heads_job, make_plan, network_jobs
from training.presets import DEFAULTS, Preset, Value, load_preset
from training.report.terminal import show_tables

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
    full_schedule: bool = False,
    deterministic: bool = False,
    max_time: str | None = None,
) -> Path:
    """Make the paper's three experiments on the shards of a folder; the path of results.json in the folder `run`.

    Goes on where an earlier call in `run` was stopped; does nothing if that one came to its end.
    `preset` is a name or the path of a TOML file. `protocols` None means all that the shards allow; with `seeds` above
    1 the experiments are made again with the next seeds, in run/seed-N, and the report has their mean and spread.
    `full_schedule` trains all steps, also where the validation loss has flattened. `deterministic` gives the same bits
    each time on a machine. `max_time`, such as "2h", stops networks at a checkpoint in time. Under torchrun all
    processes call this alike. Raises TrainingError for anything the user can put right.
    """
    world = World.of_environment()
    if world.size > 1:
        world.join(device)
    if not world.leads:
        follow(world, deterministic)
        return run / "results.json"
    screen = Console(soft_wrap=True, highlight=False)
    if workers is not None and workers < 1:
        raise TrainingError(f"There cannot be {workers} workers: give 1 or more.")
    if seeds < 1:
        raise TrainingError(f"There cannot be {seeds} seeds: give 1 or more.")
    numbers = load_preset(preset)
    if full_schedule:
        numbers = replace(numbers, patience=0)
    budget = Budget.of(max_time)
    if protocols is not None:
        check_protocols(tuple(protocols))
    pool = Team(world, deterministic) if world.size > 1 else Workers(workers or _cores(), deterministic)
    experiment = _Experiment(shards, numbers, protocols, device, deterministic, budget, screen)
    with _locked(run), pool:
        results, is_new = _once(experiment, pool, run, seed)
        if seeds > 1 and len(results.get("over_seeds", {}).get("seeds", [])) < seeds:
            folders = {run: results}
            for other in range(seed + 1, seed + seeds):
                screen.print(f"Seed {other}:", markup=False)
                folder = run / f"seed-{other}"
                folders[folder] = _once(experiment, pool, folder, other)[0]
            results["over_seeds"] = _over_seeds(experiment, folders)
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
    device: str
    deterministic: bool
    budget: Budget
    screen: Console


def _once(experiment: _Experiment, pool: Workers | Team, run: Path, seed: int) -> tuple[Results, bool]:
    """The results of one seed, and whether they were made only now."""
    started = time.monotonic()
    progress = Console(stderr=True)
    preset = experiment.preset
    settings = {
        "shards": fingerprint(experiment.shards),
        "seed": seed,
        "deterministic": experiment.deterministic,
        **preset.values(),
    }
    _check_same(run, settings)
    if _is_finished(run, experiment.protocols):
        return load_results(run), False
    data = read_shards(experiment.shards)
    _tell_what_is_left_out(data, experiment.screen)
    plan = make_plan(data, preset, seed, experiment.protocols, before=_reported(run))
    for what, reason in plan.not_made.items():
        experiment.screen.print(f"{what} is left out: {reason}", markup=False)
    for unseen in [unseen for split in plan.splits for unseen in unseen_classes(split, data, preset)]:
        experiment.screen.print(str(unseen), markup=False)
    images = _decode(run, data, preset, seed, pool, progress)
    write_json(run / "run.json", settings)  # from here on the folder belongs to these settings
    setting = Setting(
        folder=run,
        images=images,
        classes={target: len(names) for target, names in data.targets.items()},
        preset=preset,
        seed=seed,
        device=experiment.device,
        dtype="float32",
        deterministic=experiment.deterministic,
        deadline=experiment.budget.deadline,
    )
    _keep(plan.all_splits, setting, data)
    _train(setting, plan, pool, experiment, progress)
    results = collect(run, data, preset, seed, plan, seconds=time.monotonic() - started)
    _report(run, results)
    return results, True


def _over_seeds(experiment: _Experiment, folders: Mapping[Path, Results]) -> Results:
    """What the finished runs of several seeds say together."""
    data, preset = read_shards(experiment.shards), experiment.preset
    outcomes = [
        Outcome.read(folder, data, preset, make_plan(data, preset, results["seed"], list(results["protocols"])))
        for folder, results in folders.items()
    ]
    return over_seeds(list(folders.values()), outcomes)


def _report(run: Path, results: Results) -> None:
    from training.report.report import write_report

    write_report(run, results)
    write_json(run / "results.json", results)  # last: it tells that the run is finished


def _train(setting: Setting, plan: Plan, pool: Workers | Team, experiment: _Experiment, progress: Console) -> None:
    """Choose the number type, then train all networks, then all heads."""
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
    if setting.device != "cpu":
        pool.count = 1  # one process has the device to itself
    networks = [job for split in plan.all_splits for job in network_jobs(setting, split)]
    left = sum(not job.done.is_file() for job in networks)
    speed = choice["speeds"][setting.dtype]["seconds_an_image"]
    if said := experiment.budget.warning(setting.preset, setting.classes["identity"], left, pool.count, speed):
        experiment.screen.print(said, markup=False)
    jobs: list[Job] = [*networks, UntrainedJob(setting)]
    with Board(progress, "Networks", [(job.name, job.steps) for job in jobs]) as board:
        pool.run(jobs, board)
    if left := sum(not job.done.is_file() for job in networks):
        raise TrainingError(
            f"The time is up with {left} of {len(networks)} networks to finish; their checkpoints are in "
            f"{setting.folder}: run the same command again to go on."
        )
    heads = [heads_job(setting, split) for split in plan.all_splits]
    with Board(progress, "Cross-task and fusion heads", [(job.name, job.steps) for job in heads]) as board:
        pool.run(heads, board)


def _decode(run: Path, shards: Shards, preset: Preset, seed: int, pool: Workers | Team, progress: Console) -> Path:
    path = images_path(run, shards.sha256, preset.size, preset.variants, seed)
    jobs = image_jobs(path, shards, preset, seed)
    if not all(job.done.is_file() for job in jobs):
        title = f"Decode, {preset.variants} variants each"
        with Board(progress, title, [(job.name, job.steps) for job in jobs], unit="faces") as board:
            pool.run(jobs, board)
    return path


def _keep(splits: Sequence[Split], setting: Setting, shards: Shards) -> None:
    """Write what the workers need beside the images."""
    for split in splits:
        path = setting.folder / split.name / "split.npz"
        if not path.is_file():
            save_split(path, split, shards, setting.preset, setting.seed)
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
    before = DEFAULTS | read_json(path)
    if set(before) != set(settings):
        raise TrainingError(
            f"{run} was begun by another version of this program: take a new run folder, or delete this one."
        )
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
