"""Shards to a report."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from facecorpus.commands.common import (
    AsJson,
    Folder,
    beside_others,
    end_with,
    folder_of_run,
    this_next,
    what_next,
    with_options,
)
from facecorpus.pipeline import train_stage

app = typer.Typer()


@dataclass(frozen=True)
class _Training:
    """The options of `train-all`; `training.Options` has the same names."""

    preset: Annotated[str, typer.Option(help="paper (the full schedule), quick, or a TOML file.")] = "paper"
    protocols: Annotated[
        list[str] | None,
        typer.Option("--protocol", help="photo, paper or identity; may be repeated (default: all possible)."),
    ] = None
    seed: Annotated[int, typer.Option(help="Seed of weights, batches and augmentation.")] = 0
    seeds: Annotated[int, typer.Option(help="So many seeds, from --seed on; what is said is over all.")] = 1
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto"
    full_schedule: Annotated[
        bool, typer.Option("--full-schedule", help="Train all steps, also where the validation loss has flattened.")
    ] = False
    deterministic: Annotated[
        bool, typer.Option("--deterministic", help="The same numbers to the bit each time on this machine.")
    ] = False
    ablations: Annotated[
        bool,
        typer.Option("--ablations", help="Also other fusions, widths and depths, fewer photographs, other steps."),
    ] = False
    baseline: Annotated[
        bool, typer.Option("--baseline", help="Also a residual network under each protocol, for as many steps.")
    ] = False
    max_time: Annotated[
        str | None, typer.Option(help="Such as 2h or 90m: stop at a checkpoint in time; run again to go on.")
    ] = None


@app.command("train-all")
@with_options(_Training)
def train_all(
    training: _Training,
    corpus: Folder = Path(),
    name: Annotated[str, typer.Option(help="Name of the run: its folder under runs/.")] = "paper",
    as_json: AsJson = False,
) -> None:
    """Train the paper's three experiments on the shards and write the report.

    Example: facecorpus train-all -C mycorpus --preset quick --name first
    """
    from contextlib import redirect_stdout

    opened = beside_others(corpus)
    # With --json, stdout is the result's alone; what a person reads goes to stderr.
    with redirect_stdout(sys.stderr if as_json else sys.stdout):
        results = train_stage(opened, name, **vars(training))
    end_with(json.loads(results.read_text(encoding="utf-8")) if as_json else {}, as_json, what_next(corpus))


@app.command("report")
def report(
    runs: Annotated[list[str], typer.Argument(help="Runs by name, or their folders; the first is compared against.")],
    corpus: Folder = Path(),
    out: Annotated[Path, typer.Option(help="Where the page goes that compares several runs.")] = Path("compare.html"),
    as_json: AsJson = False,
) -> None:
    """Show the tables of one run, or compare several: what was made differently, and what came out.

    Example: facecorpus report first second -C mycorpus
    """
    from facecorpus.system.siblings import training_told
    from facecorpus.upkeep.next_step import opening
    from training import (
        RunFolder,
        compare_runs,
        load_results,
        show_comparison,
        show_tables,
        write_comparison,
    )

    folders = [folder_of_run(run, corpus) for run in runs]
    with training_told():
        if len(folders) == 1:
            results = load_results(folders[0])
            if not as_json:
                show_tables(results)
            return end_with(results, as_json, this_next(opening(RunFolder(folders[0]).page)))
        comparison = compare_runs(folders)
        write_comparison(out, comparison)
    if not as_json:
        show_comparison(comparison)
    end_with(comparison.values(), as_json, this_next(opening(out)))
