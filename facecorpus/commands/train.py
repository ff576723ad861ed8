"""Shards to a report."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from facecorpus.commands.common import AsJson, Folder, next_step
from facecorpus.errors import FacecorpusError

app = typer.Typer()


@app.command("train-all")
def train_all(
    corpus: Folder = Path(),
    name: Annotated[str, typer.Option(help="Name of the run: its folder under runs/.")] = "paper",
    preset: Annotated[str, typer.Option(help="paper (the full schedule), quick, or a TOML file.")] = "paper",
    seed: Annotated[int, typer.Option(help="Seed of weights, batches and augmentation.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    full_schedule: Annotated[
        bool, typer.Option("--full-schedule", help="Train all steps, also where the validation loss has flattened.")
    ] = False,
    deterministic: Annotated[
        bool, typer.Option("--deterministic", help="The same numbers to the bit each time on this machine.")
    ] = False,
    max_time: Annotated[
        str | None, typer.Option(help="Such as 2h or 90m: stop at a checkpoint in time; run again to go on.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train the paper's three experiments on the shards and write the report.

    Example: facecorpus train-all -C mycorpus --preset quick --name first
    """
    from contextlib import redirect_stdout

    from facecorpus.corpus import Corpus
    from training import TrainingError
    from training import train_all as train

    opened = Corpus(corpus)
    try:
        # With --json, stdout is the result's alone; what a person reads goes to stderr.
        with redirect_stdout(sys.stderr if as_json else sys.stdout):
            results = train(
                opened.shards,
                opened.runs / name,
                preset=preset,
                seed=seed,
                device=device,
                full_schedule=full_schedule,
                deterministic=deterministic,
                max_time=max_time,
            )
    except TrainingError as error:
        raise FacecorpusError(str(error)) from None
    if as_json:
        print(results.read_text(encoding="utf-8"))
    next_step(f"open {results.with_name('report.html')}", as_json)
