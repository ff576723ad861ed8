"""The whole experiment, from a folder of shards to a report: read it from top to bottom."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Unpack

import numpy as np
from rich.console import Console

from training.data.images import image_jobs
from training.data.placebo import with_placebo
from training.data.protocols import PROTOCOLS, Split, check_protocols, save_split, unseen_classes
from training.data.shards import Shards, fingerprint, read_shards
from training.errors import TrainingError
from training.evidence.outcomes import Outcome, over_seeds
from training.evidence.results import Results, collect, load_results
from training.files import clear_partials, lock, read_json, write_json, write_whole
from training.folder import SCHEMA, RunFolder
from training.job import Job
from training.learn.world import World
from training.machine.budget import Budget
from training.machine.cores import available_cores
from training.machine.progress import Board
from training.machine.team import Team, follow
from training.machine.workers import Workers
from training.options import DEVICES, RANGES, Options, with_defaults
from training.plan.jobs import ProbeJob, Setting, UntrainedJob
from training.plan.networks_and_heads import BASELINE
from training.plan.plan import Plan, jobs_of, make_plan
from training.presets import DEFAULTS, PRESETS, Preset, Value, load_preset
from training.report.terminal import show_tables


def train_all(shards: Path, run: Path, **options: Unpack[Options]) -> Path:
    """Make the paper's three experiments on the shards of a folder; the path of results.json in the folder `run`.

    Goes on where an earlier call in `run` was stopped; does nothing if that one came to its end. `Options` says what
    may be given: `train_all(shards, run, preset="quick", seeds=3)`. Under torchrun all processes call this alike.
    Raises TrainingError for anything the user can put right.
    """
    given, folder = with_defaults(options), RunFolder(run)
    world = World.of_environment()
    if world.size > 1:
        world.join(given["device"])
    if not world.leads:
        follow(world, given["deterministic"])
        return folder.results
    experiment = _Experiment.of(shards, given)
    try:
        with _locked(folder), _pool(world, given) as pool:
            results, is_new = _all_seeds(experiment, pool, folder, range(given["seed"], given["seed"] + given["seeds"]))
    except TrainingError:
        _leave_no_empty_run(folder)
        raise
    show_tables(results)
    if is_new:
        experiment.screen.print(f"Report: {folder.page}", markup=False)
    else:
        experiment.screen.print(f"This run is finished: {folder.page} has its report.", markup=False)
    return folder.results


def goes_on_with(run: Path, shards: Path) -> Options | None:
    """The options other than the defaults by which an unfinished run of these shards goes on; None where none would.

    That is so of a finished run, of one of other shards, and of one whose preset did not come with the program.
    """
    folder = RunFolder(run)
    if not folder.settings.is_file() or folder.results.is_file():
        return None
    begun = DEFAULTS | read_json(folder.settings)
    schema, of, seed, deterministic = (begun.pop(key, None) for key in ("schema", "shards", "seed", "deterministic"))
    names = [path.stem for path in sorted(PRESETS.glob("*.toml")) if load_preset(path.stem).values() == begun]
    if (schema, of) != (SCHEMA, fingerprint(shards)) or not names:
        return None
    usual = with_defaults({})
    options: Options = {}
    if names[0] != usual["preset"]:
        options["preset"] = names[0]
    if seed != usual["seed"]:
        options["seed"] = seed
    if deterministic:
        options["deterministic"] = True
    return options


@dataclass(frozen=True)
class _Experiment:
    """What the runs of several seeds share; `protocols` None means all that the shards allow."""

    shards: Path
    preset: Preset
    protocols: Sequence[str] | None
    device: str
    deterministic: bool
    ablations: bool
    baseline: bool
    budget: Budget
    screen: Console

    @classmethod
    def of(cls, shards: Path, given: Options) -> _Experiment:
        """What was asked for; TrainingError where that is impossible."""
        numbers = {"seed": given["seed"], "seeds": given["seeds"], "workers": given["workers"]}
        for what, (least, most) in RANGES.items():
            if (number := numbers[what]) is not None and not least <= number <= most:
                raise TrainingError(f"--{what} is {number}; it must be from {least} to {most}.")
        if given["device"] not in DEVICES:
            raise TrainingError(f"--device is '{given['device']}'; it must be one of {', '.join(DEVICES)}.")
        if given["device"] not in ("auto", "cpu"):  # torch takes seconds to import
            from training.learn.probe import choose_device

            choose_device(given["device"])
        preset = load_preset(given["preset"])
        if given["full_schedule"]:
            preset = replace(preset, patience=0)
        budget, protocols = Budget.of(given["max_time"]), given["protocols"]
        if protocols is not None:
            check_protocols(tuple(protocols))
        screen = Console(soft_wrap=True, highlight=False)
        return cls(
            shards=shards,
            preset=preset,
            protocols=protocols,
            device=given["device"],
            deterministic=given["deterministic"],
            ablations=given["ablations"],
            baseline=given["baseline"],
            budget=budget,
            screen=screen,
        )


def _pool(world: World, given: Options) -> Workers | Team:
    if world.size > 1:
        return Team(world, given["deterministic"])
    return Workers(given["workers"] or available_cores(), given["deterministic"])


def _all_seeds(experiment: _Experiment, pool: Workers | Team, run: RunFolder, seeds: range) -> tuple[Results, bool]:
    """The results of the first seed, with those over all seeds in them; and whether they were made only now."""
    results, is_new = _once(experiment, pool, run, seeds[0])
    if len(seeds) == 1 or len(results.get("over_seeds", {}).get("seeds", [])) >= len(seeds):
        return results, is_new
    folders = {run: results}
    for seed in seeds[1:]:
        experiment.screen.print(f"Seed {seed}:", markup=False)
        folders[run.seed(seed)] = _once(experiment, pool, run.seed(seed), seed)[0]
    results["over_seeds"] = _over_seeds(experiment, folders)
    _report(run, results)
    return results, True


def _once(experiment: _Experiment, pool: Workers | Team, run: RunFolder, seed: int) -> tuple[Results, bool]:
    """The results of one seed, and whether they were made only now."""
    started = time.monotonic()
    progress = Console(stderr=True)
    preset = experiment.preset
    settings = {
        "schema": SCHEMA,
        "shards": fingerprint(experiment.shards),
        "seed": seed,
        "deterministic": experiment.deterministic,
        **preset.values(),
    }
    _check_same(run, settings)
    if _is_finished(run, experiment):
        return load_results(run.path), False
    data = with_placebo(read_shards(experiment.shards), seed)
    _tell_what_is_left_out(data, experiment.screen)
    reported, ablations, baseline = _reported(run)
    plan = make_plan(
        data,
        preset,
        seed,
        experiment.protocols,
        reported,
        ablations=ablations or experiment.ablations,
        baseline=baseline or experiment.baseline,
    )
    for what, reason in plan.not_made.items():
        experiment.screen.print(f"{what} is left out: {reason}", markup=False)
    for unseen in [unseen for split in plan.splits for unseen in unseen_classes(split, data, preset)]:
        experiment.screen.print(str(unseen), markup=False)
    images = _decode(run, data, preset, seed, pool, progress)
    write_json(run.settings, settings)  # from here on the folder belongs to these settings
    setting = Setting(
        run=run,
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
    _keep_models(run, results)
    _report(run, results)
    return results, True


def _over_seeds(experiment: _Experiment, folders: Mapping[RunFolder, Results]) -> Results:
    """What the finished runs of several seeds say together."""
    data, preset = read_shards(experiment.shards), experiment.preset
    outcomes = []
    for folder, results in folders.items():
        dealt = with_placebo(data, results["seed"])
        protocols, ablations = list(results["protocols"]), bool(results["ablations"])
        plan = make_plan(dealt, preset, results["seed"], protocols, ablations=ablations)
        outcomes.append(Outcome.read(folder, dealt, preset, plan))
    return over_seeds(list(folders.values()), outcomes)


def _report(run: RunFolder, results: Results) -> None:
    from training.report.report import write_report

    write_report(run, results)
    write_json(run.results, results)  # last: it tells that the run is finished


def _keep_models(run: RunFolder, results: Results) -> None:
    from training.models.keep import keep_models  # torch comes with it

    keep_models(run, results)


def _train(setting: Setting, plan: Plan, pool: Workers | Team, experiment: _Experiment, progress: Console) -> None:
    """Choose the number type, then train all networks, then all heads."""
    probe = ProbeJob(setting)
    if not probe.done.is_file():
        progress.print("Measuring how fast this machine trains ...", markup=False)
    pool.run([probe], Board(Console(quiet=True), "probe", [(probe.name, 1)]))
    choice = read_json(probe.done)
    if setting.device not in ("auto", choice["device"]):
        raise TrainingError(
            f"{setting.run.path} was begun on device {choice['device']}, now {setting.device}: "
            "take a new run folder, or the same device as before."
        )
    reason = f"Networks in {choice['dtype']} on {choice['device']}: {choice['reason']}."
    experiment.screen.print(reason, markup=False)
    setting = replace(setting, device=choice["device"], dtype=choice["dtype"])
    if setting.device != "cpu":
        pool.count = 1  # one process has the device to itself
    networks, heads = jobs_of(setting, plan)
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
            f"{setting.run.path}: run the same command again to go on."
        )
    with Board(progress, "Cross-task and fusion heads", [(job.name, job.steps) for job in heads]) as board:
        pool.run(heads, board)


def _decode(run: RunFolder, shards: Shards, preset: Preset, seed: int, pool: Workers | Team, progress: Console) -> Path:
    path = run.images(shards.sha256, preset.size, preset.variants, seed)
    jobs = image_jobs(path, shards, preset, seed)
    if not all(job.done.is_file() for job in jobs):
        title = f"Decode, {preset.variants} variants each"
        with Board(progress, title, [(job.name, job.steps) for job in jobs], unit="faces") as board:
            pool.run(jobs, board)
    return path


def _keep(splits: Sequence[Split], setting: Setting, shards: Shards) -> None:
    """Write what the workers need beside the images."""
    for split in splits:
        path = setting.run.split(split.name).split
        if not path.is_file():
            save_split(path, split, shards, setting.preset, setting.seed)
    if shards.descriptors is not None and not setting.run.descriptors.is_file():
        descriptors = shards.descriptors

        def save(partial: Path) -> None:
            with partial.open("wb") as file:
                np.save(file, descriptors)

        write_whole(setting.run.descriptors, save)


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


def _is_finished(run: RunFolder, experiment: _Experiment) -> bool:
    if not all(output.is_file() for output in (run.results, run.page, run.markdown)):
        return False
    results = load_results(run.path)
    there = {*results["protocols"], *(what.removeprefix("Protocol ") for what in results["not_made"])}
    _, ablations, baseline = _reported(run)
    more = ablations >= experiment.ablations and baseline >= experiment.baseline
    return set(experiment.protocols or PROTOCOLS) <= there and more


def _reported(run: RunFolder) -> tuple[list[str], bool, bool]:
    """The protocols, and whether ablations and baseline, that an earlier call has finished; they stay in the report."""
    if not run.results.is_file():
        return [], False, False
    results = load_results(run.path)
    baseline = all(BASELINE in protocol["rows"] for protocol in results["protocols"].values())
    return list(results["protocols"]), bool(results["ablations"]), baseline


def _check_same(run: RunFolder, settings: dict[str, Value]) -> None:
    """See that the run goes on with what it was begun with; clear what a killed one left half-written."""
    clear_partials(run.path)
    if not run.settings.is_file():
        return
    before = DEFAULTS | read_json(run.settings)
    if set(before) != set(settings):
        raise TrainingError(
            f"{run.path} was begun by another version of this program: take a new run folder, or delete this one."
        )
    if before["shards"] != settings["shards"]:
        raise TrainingError(f"{run.path} was begun with other shards: take a new run folder, or delete this one.")
    for key, value in settings.items():
        if before[key] != value:
            raise TrainingError(
                f"{run.path} was begun with {key} = {before[key]}, now {value}: "
                "take a new run folder, or the same preset and seed as before."
            )


def _leave_no_empty_run(run: RunFolder) -> None:
    """Remove the folder of a run that never began."""
    if [path.name for path in run.path.glob("*")] == [run.lock.name]:
        run.lock.unlink()
        run.path.rmdir()


def _locked(run: RunFolder) -> IO[str]:
    """Hold the run folder alone, until the file is closed or this process ends."""
    try:
        run.path.mkdir(parents=True, exist_ok=True)
        return lock(run.lock)
    except BlockingIOError as error:
        raise TrainingError(f"Another run is at work in {run.path}: wait for it, or take another folder.") from error
    except OSError as error:
        raise TrainingError(f"The run folder {run.path} cannot be written: {error.strerror}.") from error
