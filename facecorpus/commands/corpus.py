"""What a corpus is: make one, count it, try the demo."""

from pathlib import Path
from typing import Annotated

import typer

from facecorpus.commands.common import AsJson, Folder, next_step, report

app = typer.Typer()


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make.")],
    manifest: Annotated[
        str, typer.Option(help="A manifest file, or the name of one that comes with facecorpus.")
    ] = "paper77",
) -> None:
    """Make a corpus folder: documented corpus.toml and a copy of the manifest.

    Example: facecorpus init mycorpus --manifest paper77
    """
    from facecorpus.corpus import init_corpus
    from manifests import find_manifest

    init_corpus(folder, find_manifest(manifest))
    print(f"Made {folder}. Set 'contact' in {folder / 'corpus.toml'}.")
    next_step(f"facecorpus crawl -C {folder}")


@app.command()
def status(corpus: Folder = Path(), as_json: AsJson = False) -> None:
    """Count candidates, photographs, faces and verdicts by subgroup, and name the next command.

    Example: facecorpus status -C mycorpus
    """
    from facecorpus.corpus import Corpus
    from facecorpus.upkeep import status as counting

    state = counting.status(Corpus(corpus))
    if as_json:
        report(state, as_json)
    else:
        counting.show(state)


@app.command()
def explain(
    picture: Annotated[
        str,
        typer.Argument(
            help="A picture's address, its page, a path, a file name, a face_id, or a sha256 or its beginning."
        ),
    ],
    corpus: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Answer why a picture is, or is not, in the corpus: who proposed it, every try, its faces and verdicts.

    Example: facecorpus explain https://upload.wikimedia.org/…/Ada.jpg -C mycorpus
    """
    from facecorpus.corpus import Corpus
    from facecorpus.upkeep.explain import explain as explaining

    report(explaining(Corpus(corpus), picture), as_json)


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where the demo's corpus is kept.")] = Path("demo-corpus"),
    review: Annotated[
        bool, typer.Option("--review", help="Open the review page and wait, instead of the automatic policy.")
    ] = False,
) -> None:
    """Try everything offline: names in, the paper's tables out, on an embedded web of invented people.

    Example: facecorpus demo
    """
    from facecorpus.demo.run import run_demo

    run_demo(folder, review=review)
