"""What no crawl brings back, in one file, and back from it."""

from pathlib import Path
from typing import Annotated

import typer

from facecorpus.commands.common import AsJson, Folder, report, this_next, what_next

app = typer.Typer()


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write, outside the corpus; an earlier one is replaced.")],
    corpus: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Save catalog, decisions, settings and manifest in one file; photographs are not in it.

    Example: facecorpus backup /mnt/disk/mycorpus.zip -C mycorpus
    """
    from facecorpus.corpus import Corpus
    from facecorpus.upkeep.backup import backup as save

    report(save(Corpus(corpus), file), as_json, what_next(corpus))


@app.command()
def restore(
    file: Annotated[
        Path | None, typer.Argument(help="What backup wrote; without it, decisions.jsonl.", show_default=False)
    ] = None,
    corpus: Folder = Path(),
    replace: Annotated[bool, typer.Option("--replace", help="Also in the place of a catalog that works.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup back, or begin a lost catalog from decisions.jsonl; what was forgotten since stays gone.

    Example: facecorpus restore /mnt/disk/mycorpus.zip -C mycorpus
    """
    from facecorpus.corpus import Corpus
    from facecorpus.upkeep.backup import restore as put_back
    from facecorpus.upkeep.backup import restore_from_log
    from facecorpus.upkeep.next_step import command_line

    if file:  # only verify knows whether the photographs are still there
        report(put_back(corpus, file, replace), as_json, this_next(command_line(corpus, "verify")))
    else:
        report(restore_from_log(Corpus(corpus)), as_json, what_next(corpus))
