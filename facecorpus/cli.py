"""The commands. Each reads its options and calls one function elsewhere."""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from facecorpus.errors import FacecorpusError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Face datasets from the web, with provenance, and proof of what they are worth.",
    epilog="Begin with: facecorpus demo",
)

Folder = Annotated[Path, typer.Option("--corpus", "-C", help="The corpus folder.", show_default="this folder")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def main() -> None:
    """Run the command line; what a user can mend ends as one sentence and exit code 2."""
    try:
        app()
    except FacecorpusError as error:
        print(f"facecorpus: {error}", file=sys.stderr)
        sys.exit(2)


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
    from manifests import find_shipped

    init_corpus(folder, Path(manifest) if Path(manifest).is_file() else find_shipped(manifest))
    print(f"Made {folder}. Set 'contact' in {folder / 'corpus.toml'}.")
    _next(f"facecorpus crawl -C {folder}")


@app.command()
def crawl(corpus: Folder = Path(), as_json: AsJson = False) -> None:
    """Find and fetch photographs, find their faces and duplicates, and rank them for review.

    Example: facecorpus crawl -C mycorpus
    """
    from facecorpus.corpus import locked_corpus
    from facecorpus.pipeline import crawl_all

    with locked_corpus(corpus) as opened:
        for summary in crawl_all(opened):
            _report(summary, as_json)
    _next(f"facecorpus review -C {corpus}", as_json)


@app.command()
def fetch(corpus: Folder = Path(), as_json: AsJson = False) -> None:
    """Only the first stage of crawl: ask the sources and download what is new.

    Example: facecorpus fetch -C mycorpus
    """
    from facecorpus.corpus import locked_corpus
    from facecorpus.pipeline import fetch_stage

    with locked_corpus(corpus) as opened:
        for summary in fetch_stage(opened):
            _report(summary, as_json)
    _next(f"facecorpus faces -C {corpus}", as_json)


@app.command()
def faces(corpus: Folder = Path(), as_json: AsJson = False) -> None:
    """Only the second stage of crawl: find the faces of all new photographs.

    Example: facecorpus faces -C mycorpus
    """
    from facecorpus.corpus import locked_corpus
    from facecorpus.faces.stage import find_faces

    with locked_corpus(corpus) as opened:
        _report(find_faces(opened), as_json)
    _next(f"facecorpus dedup -C {corpus}", as_json)


@app.command()
def dedup(corpus: Folder = Path(), as_json: AsJson = False) -> None:
    """Only the last stages of crawl: find near-duplicates, then rank the faces for review.

    Example: facecorpus dedup -C mycorpus
    """
    from facecorpus.corpus import locked_corpus
    from facecorpus.pipeline import dedup_stage

    with locked_corpus(corpus) as opened:
        for summary in dedup_stage(opened):
            _report(summary, as_json)
    _next(f"facecorpus review -C {corpus}", as_json)


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
            _report(auto_review(opened), as_json)
        _next(f"facecorpus build -C {corpus}", as_json)
    else:
        from review_ui import serve

        serve(Corpus(corpus), port=port, reviewer=reviewer, open_browser=browser)


@app.command()
def build(corpus: Folder = Path(), as_json: AsJson = False) -> None:
    """Write the accepted faces as Parquet shards with a dataset card.

    Example: facecorpus build -C mycorpus
    """
    from facecorpus.build.stage import build_shards
    from facecorpus.corpus import locked_corpus

    with locked_corpus(corpus) as opened:
        _report(build_shards(opened), as_json)
    _next(f"facecorpus train-all -C {corpus}", as_json)


@app.command("train-all")
def train_all(
    corpus: Folder = Path(),
    name: Annotated[str, typer.Option(help="Name of the run: its folder under runs/.")] = "paper",
    preset: Annotated[str, typer.Option(help="paper (the full schedule), quick, or a TOML file.")] = "paper",
    seed: Annotated[int, typer.Option(help="Seed of weights, batches and augmentation.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
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
            results = train(opened.shards, opened.runs / name, preset=preset, seed=seed, device=device)
    except TrainingError as error:
        raise FacecorpusError(str(error)) from None
    if as_json:
        print(results.read_text(encoding="utf-8"))
    _next(f"open {results.with_name('report.html')}", as_json)


@app.command()
def status(corpus: Folder = Path(), as_json: AsJson = False) -> None:
    """Count candidates, photographs, faces and verdicts by subgroup, and name the next command.

    Example: facecorpus status -C mycorpus
    """
    from facecorpus import status as counting
    from facecorpus.corpus import Corpus

    state = counting.status(Corpus(corpus))
    if as_json:
        _report(state, as_json)
    else:
        counting.show(state)


@app.command()
def forget(
    corpus: Folder = Path(),
    identity: Annotated[str | None, typer.Option(help="Everything of one person, by identity_id.")] = None,
    photo: Annotated[str | None, typer.Option(help="One photograph, by its sha256 or a face_id of it.")] = None,
    url: Annotated[str | None, typer.Option(help="What came from this address.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take photographs down: delete them with all that was made of them, and never fetch them again.

    Example: facecorpus forget -C mycorpus --identity ada_example
    """
    from facecorpus.corpus import locked_corpus
    from facecorpus.forget import forget as take_down

    with locked_corpus(corpus) as opened:
        summary = take_down(opened, identity=identity, photo=photo, url=url)
        _report(summary, as_json)
    if summary.shards is not None:
        _next(f"facecorpus build -C {corpus}", as_json)


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


def _report(summary: Any, as_json: bool) -> None:
    print(json.dumps(dataclasses.asdict(summary), default=str) if as_json else summary, flush=True)


def _next(command: str, as_json: bool = False) -> None:
    if not as_json:
        print(f"Next: {command}", flush=True)
