"""Names to ranked faces: crawl, and its stages alone."""

from pathlib import Path
from typing import Annotated

import typer

from facecorpus.commands.common import AsJson, Folder, report, report_each, what_next, working_in
from facecorpus.pipeline import crawl_all, dedup_stage, fetch_stage

app = typer.Typer()

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be asked of whom, and how long it takes; ask nothing.")
]
Check = Annotated[
    bool,
    typer.Option("--check", help="Ask each source for one person and one picture, and say what came; store nothing."),
]
Record = Annotated[
    Path | None,
    typer.Option(help="With --check: a new folder for what was answered, keys and tokens removed.", metavar="DIR"),
]
Retry = Annotated[
    str | None,
    typer.Option(
        help="Ask only for what failed before: 'failed' for all that may pass, or one kind (gone, refused, too_big, …)."
    ),
]


@app.command()
def crawl(
    corpus: Folder = Path(),
    retry: Retry = None,
    dry_run: DryRun = False,
    auto: Annotated[
        bool, typer.Option("--auto", help="Then decide as review --auto does, and build: all that nobody looks at.")
    ] = False,
    check: Check = False,
    record: Record = None,
    as_json: AsJson = False,
) -> None:
    """Find and fetch photographs, find their faces and duplicates, and rank them for review.

    Example: facecorpus crawl -C mycorpus
    """
    if check or record is not None:
        return _check(corpus, record, as_json, alone=check and not dry_run and retry is None)
    if dry_run:
        return _plan(corpus, as_json)
    with working_in(corpus) as opened:
        report_each(crawl_all(opened, retry, auto), as_json, what_next(corpus, "crawl"))


@app.command()
def fetch(
    corpus: Folder = Path(),
    retry: Retry = None,
    recheck: Annotated[
        bool,
        typer.Option("--recheck", help="Ask instead whether what is stored is still there, the same, and allowed."),
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Only the first stage of crawl: ask the sources and download what is new.

    Example: facecorpus fetch -C mycorpus
    """
    from facecorpus.crawl.recheck import recheck_photographs

    if dry_run:
        return _plan(corpus, as_json)
    with working_in(corpus) as opened:
        if recheck:
            report(recheck_photographs(opened), as_json, what_next(corpus))
        else:
            report_each(fetch_stage(opened, retry), as_json, what_next(corpus, "fetch"))


@app.command()
def faces(
    corpus: Folder = Path(),
    redo: Annotated[
        bool,
        typer.Option(
            "--redo",
            help="Analyse again, in place, what another detector, descriptor or other settings have analysed; what"
            " people said of the faces stays with them.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Only the second stage of crawl: find the faces of all new photographs.

    Example: facecorpus faces -C mycorpus
    """
    from facecorpus.engines.find_faces import find_faces

    with working_in(corpus) as opened:
        report(find_faces(opened, redo=redo), as_json, what_next(corpus, "faces"))


@app.command()
def dedup(corpus: Folder = Path(), as_json: AsJson = False) -> None:
    """Only the last stages of crawl: find near-duplicates, then rank the faces for review.

    Example: facecorpus dedup -C mycorpus
    """
    with working_in(corpus) as opened:
        report_each(dedup_stage(opened), as_json, what_next(corpus, "dedup"))


def _check(corpus: Path, record: Path | None, as_json: bool, alone: bool) -> None:
    """Show what the sources answer; exit code 1 where one of them refuses something."""
    from facecorpus.corpus import Corpus
    from facecorpus.crawl.check import check_sources
    from facecorpus.errors import SettingsError

    if not alone:
        raise SettingsError("Use --record with --check, and --check with neither --dry-run nor --retry.")
    summary = check_sources(Corpus(corpus), record)
    report(summary, as_json, None if summary.refused else what_next(corpus))
    if summary.refused:
        raise typer.Exit(1)


def _plan(corpus: Path, as_json: bool) -> None:
    """Show what a crawl would ask."""
    from facecorpus.corpus import Corpus
    from facecorpus.crawl.dry_run import dry_run

    report(dry_run(Corpus(corpus)), as_json, what_next(corpus))
