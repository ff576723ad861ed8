"""How far one network of a preset gets: where plateaus lower the rate and stop it, and what it reaches there.

    python benchmarks/plateau.py SHARDS FOLDER [KEY=VALUE …] [--preset paper] [--task identity] [--max-time 45m]

Trains the network of one task under protocol photo, on one core; KEY=VALUE changes a key of the preset (size=32). It is
kept in FOLDER at every point of its curve, so the same command goes on where the time was up, and patience=0 in another
folder gives the full schedule. Prints Markdown: the points of the curve at which something happened, and the end.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from choices import changed

from training.data.images import image_jobs
from training.data.protocols import make_splits, save_split
from training.data.shards import Shards, read_shards
from training.files import read_json
from training.folder import RunFolder
from training.job import Progress
from training.learn.plateau import Check, stage_at, stage_lengths
from training.machine.budget import duration, parse_time
from training.machine.work import do
from training.plan.jobs import NetworkJob, ProbeJob, Setting
from training.plan.networks_and_heads import task_networks
from training.presets import PRESETS, Preset, load_preset


def main() -> None:
    """Train, or go on training, and say what happened."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shards", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("changes", nargs="*", metavar="KEY=VALUE")
    parser.add_argument("--preset", default="paper")
    parser.add_argument("--task", default="identity")
    parser.add_argument("--max-time", default="45m")
    options = parser.parse_intermixed_args()
    torch.set_num_threads(1)
    preset = preset_with(options.preset, options.changes, options.folder)
    shards = read_shards(options.shards)
    job = prepared(shards, options.folder, preset, options.task, parse_time(options.max_time))
    if not job.done.is_file():
        do(job, _say)
    print("\n".join(story(job)))


def preset_with(name: str, changes: Sequence[str], folder: Path) -> Preset:
    """A preset with some keys changed; its file is kept in the folder."""
    text = (PRESETS / f"{name}.toml").read_text(encoding="utf-8")
    for change in changes:
        text = changed(text, change)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "preset.toml").write_text(text, encoding="utf-8")
    return load_preset(str(folder / "preset.toml"))


def prepared(shards: Shards, folder: Path, preset: Preset, task: str, seconds: float) -> NetworkJob:
    """The job of the task's network, with all that it reads in its folder."""
    classes = {target: len(names) for target, names in shards.targets.items()}
    run = RunFolder(folder)
    images = run.images(shards.sha256, preset.size, preset.variants, 0)
    for decoding in image_jobs(images, shards, preset, 0):
        if not decoding.done.is_file():
            do(decoding)
    setting = Setting(run, images, classes, preset, 0, "cpu", "float32")
    (split,) = make_splits("photo", shards, preset, 0)
    save_split(run.split(split.name).split, split, shards, preset, 0)
    probe = ProbeJob(setting)
    if not probe.done.is_file():
        do(probe)
    chosen = read_json(probe.done)
    print(f"{chosen['dtype']}: {chosen['reason']}.", flush=True)
    network = next(one for one in task_networks(shards.tasks, preset) if one.name == task)
    setting = replace(setting, dtype=chosen["dtype"], deadline=time.time() + seconds)
    return NetworkJob(setting, split.name, network)


def story(job: NetworkJob) -> list[str]:
    """The table of the curve's points, and a sentence on the end."""
    preset = job.setting.preset
    if job.done.is_file():
        found = read_json(job.done)
        curve = found["curve"]
        points = list(zip(curve["step"], curve["loss"], curve["accuracy"], strict=True))
        checks = list(zip(curve["step"], curve["validation_loss"], strict=False))
        end = (
            f"Stopped after {found['steps']:,} of {preset.iterations:,} steps and {duration(found['seconds'])} with "
            f"{100 * found['accuracy']:.1f} % of all {found['test_images']} test images right."
        )
    else:
        found = torch.load(job.folder.checkpoint, weights_only=True)
        points, checks = found["curve"], found["checks"]
        each = found["seconds"] / found["step"]
        end = (
            f"The time was up after {found['step']:,} of {preset.iterations:,} steps and {duration(found['seconds'])}; "
            f"all steps would take {duration(each * preset.iterations)}."
        )
    stages = [_stage(preset, step, checks) for step, _, _ in points]
    kept = {0, len(points) - 1}
    kept |= {n + more for n in range(len(points) - 1) if stages[n] != stages[n + 1] for more in (0, 1)}
    kept |= {n for n in range(len(points)) if n and n % max(1, len(points) // 8) == 0}
    losses = dict(checks)
    lines = ["| step | rate | loss | on the validation part | test accuracy |", "|---:|---:|---:|---:|---:|"]
    for n in sorted(kept):
        step, loss, accuracy = points[n]
        rate = preset.learning_rate * preset.lower_by ** stages[n]
        held = f"{losses[step]:.3f}" if step in losses else "–"
        lines.append(f"| {step:,} | {rate:g} | {loss:.4f} | {held} | {100 * (accuracy or 0):.1f} |")
    return [*lines, "", end]


def _stage(preset: Preset, step: int, checks: Sequence[Check]) -> int:
    """The stage in which the step before this point was taken."""
    before = [check for check in checks if check[0] < step]
    return stage_at(step - 1, before, stage_lengths(preset), preset.patience, preset.least_gain)


def _say(progress: Progress) -> None:
    if progress.step % 200 == 0 and progress.loss is not None:
        accuracy = f" accuracy {100 * progress.accuracy:.1f} %" if progress.accuracy is not None else ""
        print(f"{progress.step}/{progress.steps} loss {progress.loss:.4f}{accuracy}", flush=True)


if __name__ == "__main__":
    main()
