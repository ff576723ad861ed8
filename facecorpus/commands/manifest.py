"""Help with manifests: `facecorpus manifest check`, `new` and `propose`."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facecorpus.commands.common import AsJson, Folder, report, this_next, with_options
from facecorpus.errors import SettingsError
from facecorpus.words import Gender

if TYPE_CHECKING:
    from facecorpus.crawl.lookup import CheckSummary
    from facecorpus.settings import Settings

app = typer.Typer()
manifest = typer.Typer(no_args_is_help=True, help="Compare a manifest with Wikidata, or begin one.")
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


@dataclass(frozen=True)
class _Kind:
    """Whom to propose."""

    gender: Annotated[Gender | None, typer.Option(help="Those whose sex or gender (P21) Wikidata states so.")] = None
    born: Annotated[str | None, typer.Option(help="The years of birth, like 1955..1964.")] = None
    country: Annotated[
        str, typer.Option(help="Their country of citizenship: its English name, or its id like Q17.")
    ] = ""
    occupation: Annotated[str, typer.Option(help="What they do: an English name, or its id like Q33999.")] = ""
    limit: Annotated[int, typer.Option(help="How many people; with --fill, in each subgroup.", min=1, max=1000)] = 40
    fill: Annotated[
        bool, typer.Option("--fill", help="As many as the corpus lacks, by gender and age group, in place of --born.")
    ] = False


@manifest.command()
@with_options(_Kind)
def propose(
    out: Annotated[Path, typer.Argument(help="The manifest to write.")],
    kind: _Kind,
    corpus: Folder = Path(),
    contact: Contact = "",
    as_json: AsJson = False,
) -> None:
    """Propose people: ask Wikidata for adults with pictures on Commons; race is left for a person to fill in.

    Example: facecorpus manifest propose people.csv --gender female --born 1955..1964 --country Japan --limit 40
    """
    from facecorpus.corpus import Corpus
    from facecorpus.crawl.propose import Wanted, lacking
    from facecorpus.crawl.propose import propose as ask

    settings = _settings(corpus, contact)
    here = Corpus(corpus) if (corpus / "corpus.toml").is_file() else None
    years = re.fullmatch(r"((?:1[89]|20)\d\d)\.\.((?:1[89]|20)\d\d)", kind.born or "")
    if kind.fill:
        if kind.born or here is None:
            raise SettingsError("--fill goes by the people of a corpus: name it with -C, and leave out --born.")
        wanted = lacking(here, kind.limit, kind.gender)
        if not wanted:
            raise SettingsError(f"Every subgroup has {kind.limit} people; ask for more with --limit.")
    elif not years or years[1] > years[2]:
        raise SettingsError(f"--born is {kind.born!r}; it must be two years, like 1955..1964.")
    else:
        wanted = (Wanted(kind.limit, kind.gender, (int(years[1]), int(years[2]))),)
    known = {name for who in here.manifest.identities for name in (who.wikidata_id, who.name)} if here else set()
    about = {"P27": kind.country, "P106": kind.occupation}
    report(ask(out, wanted, about, settings, known), as_json, this_next(f"fill in race in {out}, with its source"))


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
