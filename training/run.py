"""The whole experiment, from a folder of shards to a report: read it from top to bottom."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from training.budget import parse_time, warning
from training.dataset import image_jobs, images_path
from training.distributed import Team, World, follow
from training.errors import TrainingError
from training.files import read_json, write_json
from training.jobs import HeadsJob, NetworkJob, ProbeJob, Setting
from training.presets import Preset, Value, load_preset
from training.progress import Board
from training.protocols import Split, check_protocols, make_splits, save_split
from training.results import collect, load_results, show_tables
from training.shards import Shards, fingerprint, read_shards
from training.workers import Workers

_OUTPUTS = ("results.json", "report.html", "report.md")


def train_all(
    shards: Path,
    run: Path,
    *,
    preset: str = "paper",
    protocols: Sequence[str] = ("photo", "paper"),
    seed: int = 0,
    workers: int | None = None,
    device: str = "auto",
    full_schedule: bool = False,
    deterministic: bool = False,
    max_time: str | None = None,
) -> Path:
    """Make the paper's three experiments on the shards of a folder; the path of results.json in the folder `run`.

    Goes on where an earlier call in `run` was stopped; does nothing if that one came to its end.
    `preset` is a name or the path of a TOML file. `full_schedule` trains all its steps, also where the loss has
    flattened. `deterministic` gives the same bits each time on a machine. `max_time`, such as "2h", stops networks at a
    checkpoint in time. Under torchrun all processes call this alike. Raises TrainingError for anything the user can
    put right.
    """
    world = World.of_environment()
    if world.size > 1:
        world.join(device)
    if not world.leads:
        follow(world, deterministic)
        return run / "results.json"
    started = time.monotonic()
    seconds = parse_time(max_time) if max_time else None
    screen, progress = Console(soft_wrap=True, highlight=False), Console(stderr=True)
    numbers = load_preset(preset)
    if full_schedule:
        numbers = replace(numbers, patience=0)
    names = tuple(dict.fromkeys(protocols))
    check_protocols(names)
    if workers is not None and workers < 1:
        raise TrainingError(f"There cannot be {workers} workers: give 1 or more.")
    settings = {"shards": fingerprint(shards), "seed": seed, "deterministic": deterministic, **numbers.values()}
    pool = Team(world, deterministic) if world.size > 1 else Workers(workers or _cores(), deterministic)
    with _locked(run), pool:
        _check_same(run, settings)
        if _is_finished(run, names):
            show_tables(load_results(run))
            screen.print(f"This run is finished: {run / 'report.html'} has its report.", markup=False)
            return run / "results.json"
        names = tuple(dict.fromkeys([*_reported(run), *names]))
        data = read_shards(shards)
        _tell_what_is_left_out(data, screen)
        splits = [split for name in names for split in make_splits(name, data, numbers, seed)]
        images = _decode(run, data, numbers, seed, pool, progress)
        write_json(run / "run.json", settings)  # from here on the folder belongs to these settings
        _keep(splits, run, data, numbers, seed)
        setting = Setting(
            folder=run,
            images=images,
            classes={task: len(data.classes[task]) for task in data.tasks},
            preset=numbers,
            seed=seed,
            device=device,
            dtype="float32",
            deterministic=deterministic,
            deadline=time.time() + seconds if seconds else None,
        )
        _train(setting, splits, pool, seconds, screen, progress)
        results = collect(run, data, numbers, seed, splits, seconds=time.monotonic() - started)
        from training.report import write_report

        write_report(run, results)
        write_json(run / "results.json", results)  # last: it tells that the run is finished
    show_tables(results)
    screen.print(f"Report: {run / 'report.html'}", markup=False)
    return run / "results.json"


def _train(
    setting: Setting,
    splits: Sequence[Split],
    pool: Workers | Team,
    max_time: float | None,
    screen: Console,
    progress: Console,
) -> None:
    """Choose the number type, then train all networks, then all heads."""
    probe = ProbeJob(setting)
    pool.run([probe], Board(Console(quiet=True), "probe", [(probe.name, 1)]))
    choice = read_json(probe.done)
    if setting.device not in ("auto", choice["device"]):
        raise TrainingError(
            f"{setting.folder} was begun on device {choice['device']}, now {setting.device}: "
            "take a new run folder, or the same device as before."
        )
    screen.print(f"Networks in {choice['dtype']} on {choice['device']}: {choice['reason']}.", markup=False)
    setting = replace(setting, device=choice["device"], dtype=choice["dtype"])
    if setting.device != "cpu":
        pool.count = 1
    networks = [NetworkJob(setting, split.name, task) for split in splits for task in setting.tasks]
    if max_time:
        _warn_of_time(
            setting, [job for job in networks if not job.done.is_file()], pool.count, choice, max_time, screen
        )
    with Board(progress, "Networks", [(job.name, job.steps) for job in networks]) as board:
        pool.run(networks, board)
    if left := sum(not job.done.is_file() for job in networks):
        raise TrainingError(
            f"The time is up with {left} of {len(networks)} networks to finish; their checkpoints are in "
            f"{setting.folder}: run the same command again to go on."
        )
    heads = [HeadsJob(setting, split.name) for split in splits]
    with Board(progress, "Cross-task and fusion heads", [(job.name, job.steps) for job in heads]) as board:
        pool.run(heads, board)


def _warn_of_time(
    setting: Setting,
    networks: Sequence[NetworkJob],
    workers: int,
    choice: dict[str, Any],
    max_time: float,
    screen: Console,
) -> None:
    speed = choice["speeds"][setting.dtype]["seconds_an_image"]
    said = warning(setting.preset, len(networks), workers, speed, setting.classes["identity"], max_time)
    if said:
        screen.print(said, markup=False)


def _decode(run: Path, shards: Shards, preset: Preset, seed: int, pool: Workers | Team, progress: Console) -> Path:
    path = images_path(run, shards.sha256, preset.size, preset.variants, seed)
    jobs = image_jobs(path, shards, preset, seed)
    if not all(job.done.is_file() for job in jobs):
        title = f"Decode, {preset.variants} variants each"
        with Board(progress, title, [(job.name, job.steps) for job in jobs], unit="faces") as board:
            pool.run(jobs, board)
    return path


def _keep(splits: Sequence[Split], run: Path, shards: Shards, preset: Preset, seed: int) -> None:
    for split in splits:
        path = run / split.name / "split.npz"
        if not path.is_file():
            save_split(path, split, shards, preset, seed)


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


def _is_finished(run: Path, protocols: Sequence[str]) -> bool:
    if not all((run / name).is_file() for name in _OUTPUTS):
        return False
    return set(protocols) <= set(_reported(run))


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
