"""What a corpus is: make one, count it, try the demo."""

from pathlib import Path
from typing import Annotated

import typer

from facecorpus.commands.common import AsJson, Folder, end_with, report, what_next
from facecorpus.errors import SettingsError
from facecorpus.system.escape import for_terminal
from facecorpus.words import Layout

app = typer.Typer()


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make.")],
    manifest: Annotated[
        str | None,
        typer.Option(help="A manifest file, or the name of one that comes with facecorpus.", show_default="paper77"),
    ] = None,
    from_folder: Annotated[
        Path | None, typer.Option(help="Photographs that you have: a folder with one sub-folder per person.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a corpus folder: documented corpus.toml and a copy of the manifest, or one of the names of your folders.

    Example: facecorpus init mycorpus --manifest paper77
    """
    from facecorpus.corpus import init_corpus, init_from_folder
    from facecorpus.crawl.sources.folder import people_in
    from manifests import find_manifest

    if manifest is not None and from_folder is not None:
        raise SettingsError("--manifest and --from-folder both say who is in the corpus; use one of them.")
    if from_folder is None:
        made = init_corpus(folder, find_manifest(manifest or "paper77"))
        said = [f"Made {folder}."]
    else:
        people = people_in(from_folder)
        made = init_from_folder(folder, people, from_folder)
        said = [
            f"Made {folder} with {len(people)} people, by the names of the folders in {from_folder}.",
            "No label is stated: fill in gender, race, birth_date and age_group in manifest.csv where you know them.",
            "crawl --auto decides and builds without anybody looking; then train-all makes the report.",
        ]
    if not as_json:
        print(*map(for_terminal, said), sep="\n")
    end_with({"path": folder, "people": len(made.manifest.identities)}, as_json, what_next(folder))


@app.command("import")
def import_set(
    layout: Annotated[Layout, typer.Argument(help="How it is laid out; folder: one sub-folder per person.")],
    source: Annotated[Path, typer.Argument(help="Where the set was unpacked; its pictures stay there.")],
    folder: Annotated[Path, typer.Argument(help="The corpus folder to make.")],
    as_json: AsJson = False,
) -> None:
    """Make a corpus of a face dataset that you have: its people, pictures and labels, each label with its origin.

    Example: facecorpus import celeba CelebA mycorpus
    """
    from facecorpus.importing.stage import import_dataset

    report(import_dataset(layout, source, folder), as_json, what_next(folder))


def where_it_stands() -> None:
    """What `facecorpus` alone says inside of a corpus folder."""
    from facecorpus.corpus import Corpus
    from facecorpus.system.console import say
    from facecorpus.upkeep import status as counting

    say(counting.status(Corpus(Path())).in_short())


@app.command()
def status(
    corpus: Folder = Path(),
    wide: Annotated[bool, typer.Option("--wide", help="All columns, also where the terminal is narrower.")] = False,
    as_json: AsJson = False,
) -> None:
    """Count candidates, photographs, faces and verdicts by subgroup, and name the next command.

    Example: facecorpus status -C mycorpus
    """
    from facecorpus.corpus import Corpus
    from facecorpus.upkeep import status as counting

    state = counting.status(Corpus(corpus))
    if as_json:
        report(state, as_json)
    else:
        counting.show(state, wide)


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
