"""Decisions to shards, and taking photographs back."""

from pathlib import Path
from typing import Annotated

import typer

from facecorpus.commands.common import AsJson, Folder, next_step, report

app = typer.Typer()


@app.command()
def build(corpus: Folder = Path(), as_json: AsJson = False) -> None:
    """Write the accepted faces as Parquet shards with a dataset card.

    Example: facecorpus build -C mycorpus
    """
    from facecorpus.build.stage import build_shards
    from facecorpus.corpus import locked_corpus

    with locked_corpus(corpus) as opened:
        report(build_shards(opened), as_json)
    next_step(f"facecorpus train-all -C {corpus}", as_json)


@app.command()
def forget(
    corpus: Folder = Path(),
    identity: Annotated[str | None, typer.Option(help="Everything of one person, by identity_id.")] = None,
    photo: Annotated[str | None, typer.Option(help="One photograph, by its sha256 or a face_id of it.")] = None,
    url: Annotated[str | None, typer.Option(help="What came from this address.")] = None,
    marked: Annotated[
        bool, typer.Option("--marked", help="All photographs that were marked for removal in the review.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Take photographs down: delete them with all that was made of them, and never fetch them again.

    Example: facecorpus forget -C mycorpus --identity ada_example
    """
    from facecorpus.corpus import locked_corpus
    from facecorpus.forget import forget as take_down

    with locked_corpus(corpus) as opened:
        summary = take_down(opened, identity=identity, photo=photo, url=url, marked=marked)
        report(summary, as_json)
    if summary.shards is not None:
        next_step(f"facecorpus build -C {corpus}", as_json)
