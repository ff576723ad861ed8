"""Help with manifests: `facecorpus manifest check` and `facecorpus manifest new`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facecorpus.commands.common import AsJson, Folder, report, this_next

if TYPE_CHECKING:
    from facecorpus.crawl.lookup import CheckSummary
    from facecorpus.settings import Settings

app = typer.Typer()
manifest = typer.Typer(no_args_is_help=True, help="Compare a manifest with Wikidata, or begin one from names.")
app.add_typer(manifest, name="manifest")

Contact = Annotated[str, typer.Option(help="Your mail address or page, where corpus.toml does not state it.")]


@manifest.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(help="A manifest file, or the name of a shipped one.", show_default="the corpus's")
    ] = None,
    corpus: Folder = Path(),
    contact: Contact = "",
    as_json: AsJson = False,
) -> None:
    """Compare a manifest with Wikidata and print a table of differences; exit code 1 where they contradict.

    Example: facecorpus manifest check -C mycorpus
    """
    from facecorpus.corpus import Corpus
    from facecorpus.crawl.lookup import check_manifest
    from facecorpus.manifest import read_manifest
    from manifests import find_manifest

    settings = _settings(corpus, contact)
    people = Corpus(corpus).manifest if file is None else read_manifest(find_manifest(file), settings.labels)
    summary = check_manifest(people, settings)
    if not as_json:
        _show(summary)
    report(summary, as_json)
    raise typer.Exit(1 if summary.contradictions else 0)


@manifest.command()
def new(
    names: Annotated[Path, typer.Argument(help="A text file, one name a line; 'NAME | Q42' says who is meant.")],
    out: Annotated[Path, typer.Argument(help="The manifest to write.")],
    corpus: Folder = Path(),
    contact: Contact = "",
    as_json: AsJson = False,
) -> None:
    """Begin a manifest: look names up in Wikidata, and leave the labels for a person to fill in with a source.

    Example: facecorpus manifest new names.txt people.csv --contact me@example.org
    """
    from facecorpus.crawl.lookup import new_manifest

    fill_in = f"fill in {out}, then: facecorpus init mycorpus --manifest {out}"
    report(new_manifest(names, out, _settings(corpus, contact)), as_json, this_next(fill_in))


def _settings(corpus: Path, contact: str) -> "Settings":
    """Those of the corpus, where the folder is one; else the defaults."""
    from dataclasses import replace

    from facecorpus.corpus import Corpus
    from facecorpus.settings import Settings

    settings = Corpus(corpus).settings if (corpus / "corpus.toml").is_file() else Settings()
    return replace(settings, crawl=replace(settings.crawl, contact=contact)) if contact else settings


def _show(summary: "CheckSummary") -> None:
    """The differences as a table, contradictions marked."""
    from rich.console import Console
    from rich.table import Table

    from facecorpus.system.escape import for_terminal

    if not summary.differences:
        return
    table = Table("", "person", "field", "manifest", "Wikidata")
    for row in summary.differences:
        cells = (row.identity_id, row.field, row.manifest or "–", row.wikidata)
        table.add_row("!!" if row.contradicts else "", *map(for_terminal, cells))
    console = Console()
    if not console.is_terminal:
        console.width = max(console.width, 160)  # a pipe has no width; nothing may be cut
    console.print(table, markup=False)
