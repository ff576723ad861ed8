"""Decisions to shards, and taking photographs back."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from facecorpus.commands.common import (
    AsJson,
    DryRun,
    Folder,
    Yes,
    confirm,
    reading_in,
    report,
    this_next,
    what_next,
    with_options,
    working_in,
)
from facecorpus.pipeline import build_stage

app = typer.Typer()
export = typer.Typer(no_args_is_help=True, help="Write the shards in the layout of another tool.")
app.add_typer(export, name="export")

Out = Annotated[Path, typer.Argument(help="The folder to write; an earlier export there is replaced.")]
ShardsFolder = Annotated[Path | None, typer.Option("--shards", help="Any folder of shards, instead of the corpus's.")]


@dataclass(frozen=True)
class _Asked:
    """What this build is to be; what is not said is as the section build of corpus.toml has it."""

    licences: Annotated[str | None, typer.Option(help="Photographs that enter: any, no-nc, free or cc0.")] = None
    balance: Annotated[str | None, typer.Option(help="subgroup, person or pose: none gives more; or none.")] = None
    quota: Annotated[int | None, typer.Option(help="With --balance: faces of each, at most.")] = None
    age_labels: Annotated[str | None, typer.Option(help="identity (the manifest's) or capture (on the day).")] = None
    original: Annotated[bool, typer.Option("--original", help="Whole photographs, to shards-original.")] = False
    without_images: Annotated[
        bool, typer.Option("--without-images", help="Addresses, hashes and boxes only, to shards-without-images.")
    ] = False
    tag: Annotated[str | None, typer.Option(help="Keep this build under a name, in versions/TAG.")] = None


@app.command()
@with_options(_Asked)
def build(what: _Asked, corpus: Folder = Path(), as_json: AsJson = False) -> None:
    """Write the accepted faces as Parquet shards with a dataset card.

    What is not said here is as the section build of corpus.toml has it.

    Example: facecorpus build -C mycorpus
    """
    with working_in(corpus) as opened:
        summary = build_stage(opened, **vars(what))
        report(summary, as_json, what_next(corpus, "build"))


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help="A version that build --tag kept, or the folder of a build, as shards.")],
    new: Annotated[str, typer.Argument(help="Another one [default: the last build].")] = "shards",
    corpus: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """List the faces added, removed, relabelled and moved to the other side of the split, from OLD to NEW.

    The table has the subgroups and the people of whom most changed; --json all, and the faces.

    Example: facecorpus diff v1 v2 -C mycorpus
    """
    from facecorpus.build.compare import compare
    from facecorpus.build.kept import named_build

    with reading_in(corpus) as opened:  # a build would exchange the shards while they are read
        before, after = named_build(opened, old), named_build(opened, new)
        report(compare(before.folder, after.folder, old, new), as_json)


def _export(out: Path, corpus: Path, shards: Path | None, layout: str, as_json: bool) -> None:
    from facecorpus.export.stage import export

    if shards is not None:
        report(export(shards, out, layout), as_json)
        return
    with reading_in(corpus) as opened:  # a build would exchange the shards while they are read
        report(export(opened.shards, out, layout), as_json, what_next(corpus))


def _layout(layout: str, what: str) -> None:
    """Make the command of one layout."""

    def command(out: Out, corpus: Folder = Path(), shards: ShardsFolder = None, as_json: AsJson = False) -> None:
        _export(out, corpus, shards, layout, as_json)

    text = f"Write the shards as {what} to OUT.\n\nExample: facecorpus export {layout} out -C mycorpus"
    export.command(layout, help=text)(command)


for _name, _what in {
    "webdataset": "WebDataset tars",
    "imagefolder": "a folder of images with metadata.jsonl",
    "lfw": "folders of people with pairs.txt, as Labeled Faces in the Wild",
    "coco": "images with COCO annotations",
    "fiftyone": "FiftyOne image detection datasets",
    "labelstudio": "Label Studio tasks",
    "recordio": "the .rec, .idx and .lst that insightface trains on",
}.items():
    _layout(_name, _what)


@dataclass(frozen=True)
class _Publishing:
    """What of a version is handed on, and to whom; what is not said is kept back."""

    with_images: Annotated[bool, typer.Option("--with-images", help="A version that has images.")] = False
    public: Annotated[bool, typer.Option("--public", help="Let everybody see the repository; else it is private.")] = (
        False
    )
    ungated: Annotated[
        bool, typer.Option("--ungated", help="Let in whoever asks; else you let in each person by hand.")
    ] = False


@app.command()
@with_options(_Publishing)
def publish(
    repository: Annotated[str, typer.Argument(help="The dataset repository, like somebody/faces.")],
    what: _Publishing,
    version: Annotated[
        str | None, typer.Argument(help="A version that build --tag kept.", show_default="the newest one")
    ] = None,
    corpus: Folder = Path(),
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Send a kept version to the Hugging Face Hub, where its name becomes a tag.

    Says what would leave the machine, and asks. A run that was stopped goes on: only what is missing is sent.
    Example: facecorpus publish somebody/faces v1 -C mycorpus
    """
    from facecorpus.publish.hub import Visibility
    from facecorpus.publish.stage import Publication

    with reading_in(corpus) as opened:
        visibility = Visibility(private=not what.public, gated=not what.ungated)
        publication = Publication(opened, repository, version, what.with_images, visibility)
        if dry_run:
            report(publication.preview, as_json)
            return
        if not yes:
            confirm(publication.preview, "Send it?", "sent")
        report(publication.send(), as_json, what_next(corpus))


@dataclass(frozen=True)
class _What:
    """What to forget: one of these options."""

    identity: Annotated[str | None, typer.Option(help="Everything of one person, by identity_id.")] = None
    photo: Annotated[
        str | None, typer.Option(help="One photograph: its address, path, file name, sha256 or face_id.")
    ] = None
    url: Annotated[str | None, typer.Option(help="What came from this address.")] = None
    author: Annotated[str | None, typer.Option(help="Everything that a source says this author made.")] = None
    names: Annotated[
        Path | None, typer.Option("--list", help="A file of addresses and hashes, one a line (.csv: the first column).")
    ] = None
    marked: Annotated[
        bool, typer.Option("--marked", help="All photographs that were marked for removal in the review.")
    ] = False


@app.command()
@with_options(_What)
def forget(
    what: _What,
    corpus: Folder = Path(),
    publish: Annotated[
        Path | None, typer.Option(help="Add salted hashes of it to this file, by which others check their copies.")
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Take photographs down: delete them with all that was made of them, and never fetch them again.

    Says what would go, and asks. Example: facecorpus forget -C mycorpus --identity ada_example
    """
    from facecorpus.takedown.stage import forget as take_down
    from facecorpus.takedown.stage import preview

    with working_in(corpus) as opened:
        if dry_run:
            report(preview(opened, **vars(what)), as_json)
            return
        if not yes:
            confirm(preview(opened, **vars(what)), "Remove it?", "removed")
        report(take_down(opened, publish, **vars(what)), as_json, what_next(corpus))


@app.command("check-removals")
def check_removals(
    file: Annotated[Path, typer.Argument(help="What forget --publish wrote where your copy is from.")],
    folder: Annotated[
        Path | None, typer.Argument(help="Your copy: shards, pictures, or both.", show_default="the corpus's shards")
    ] = None,
    corpus: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Find in a copy what was taken down where it is from; exit code 1 where there is something.

    Example: facecorpus check-removals removals.json /data/faces
    """
    from facecorpus.corpus import Corpus
    from facecorpus.takedown.feed import check_removals as check

    summary = check(file, folder or Corpus(corpus).shards)
    report(summary, as_json)
    raise typer.Exit(1 if summary.found else 0)


@app.command()
def verify(
    corpus: Folder = Path(),
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Mend what can be mended; move files that nothing knows to quarantine/."),
    ] = False,
    take_back: Annotated[
        bool,
        typer.Option("--take-back", help="First move what is in quarantine/ back, as beside a catalog put back."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Hash everything again and hold catalog, photographs, crops and shards against each other.

    Ends with exit code 1 where damage remains. Example: facecorpus verify -C mycorpus --repair
    """
    from facecorpus.upkeep.next_step import command_line
    from facecorpus.upkeep.verify import verify as look_through

    with (working_in if repair or take_back else reading_in)(corpus) as opened:
        if take_back:
            moved, stayed = opened.quarantine.take_back()
            sentence = f"{moved} file{' was' if moved == 1 else 's were'} taken back from quarantine/."
            if stayed:
                sentence += f" {stayed} stay there, since another file has their place."
            print(sentence, file=sys.stderr if as_json else sys.stdout)
        summary = look_through(opened, repair)
        mends = summary.next_command and this_next(command_line(corpus, *summary.next_command.split()))
        report(summary, as_json, mends or what_next(corpus))
    if not summary.sound:
        raise typer.Exit(1)


@app.command()
def rebuild(
    out: Annotated[Path, typer.Argument(help="The folder to write; a run that was stopped there goes on.")],
    shards: Annotated[
        Path | None, typer.Option("--shards", help="The build without images [default: the corpus's own].")
    ] = None,
    corpus: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Make the shards again from a build without images: fetch, prove, cut and prove each picture.

    Who you are, and how politely hosts are asked, is as corpus.toml says. Example: facecorpus rebuild out -C mycorpus
    """
    from facecorpus.build.kind import Kind
    from facecorpus.upkeep.rebuild import rebuild as make_again

    with reading_in(corpus) as opened, opened.reading() as catalog:
        taken_down = catalog.removals.taken_down()
    source = shards or Kind.WITHOUT_IMAGES.folder(opened.shards)
    report(make_again(source, out, opened.settings, taken_down), as_json)
