"""The judgement, fitted to a descriptor."""

from pathlib import Path
from typing import Annotated

import typer

from facecorpus.commands.common import AsJson, Folder, report, what_next, working_in
from facecorpus.pipeline import calibrate_stage

app = typer.Typer()


@app.command()
def calibrate(
    corpus: Folder = Path(),
    folder: Annotated[
        Path | None,
        typer.Option(help="Photographs to fit by, in place of what was decided: one sub-folder a person, all right."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fit the ranking, the policy's limits and dedup's radius to the corpus's descriptor, and say how well they hold.

    Example: facecorpus calibrate -C mycorpus
    """
    with working_in(corpus) as opened:
        report(calibrate_stage(opened, folder), as_json, what_next(corpus, "calibrate"))
