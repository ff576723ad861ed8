"""Faces to decisions."""

from pathlib import Path
from typing import Annotated

import typer

from facecorpus.commands.common import AsJson, Folder, next_step, report

app = typer.Typer()


@app.command()
def review(
    corpus: Folder = Path(),
    auto: Annotated[
        bool, typer.Option("--auto", help="Decide by rank's two limits instead; leave what lies between.")
    ] = False,
    reviewer: Annotated[str, typer.Option(help="Your name, kept with each decision.")] = "me",
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes a free one.")] = 8732,
    browser: Annotated[bool, typer.Option(help="Open the page in your browser.")] = True,
    as_json: AsJson = False,
) -> None:
    """Open the page on which you accept or reject faces, a person at a time.

    Example: facecorpus review -C mycorpus --reviewer ada
    """
    from facecorpus.corpus import Corpus, locked_corpus

    if auto:
        from facecorpus.policy import auto_review

        with locked_corpus(corpus) as opened:
            report(auto_review(opened), as_json)
        next_step(f"facecorpus build -C {corpus}", as_json)
    else:
        from review_ui import serve

        serve(Corpus(corpus), port=port, reviewer=reviewer, open_browser=browser)
