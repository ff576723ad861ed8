"""Faces to decisions."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from facecorpus.commands.common import AsJson, Folder, beside_others, end_with, report, what_next, working_in
from facecorpus.errors import FacecorpusError

app = typer.Typer()
group = typer.Typer()
app.add_typer(group, name="review")

PASSWORD = "FACECORPUS_REVIEW_PASSWORD"


@group.callback(invoke_without_command=True)
def review(
    context: typer.Context,
    corpus: Folder = Path(),
    auto: Annotated[
        bool, typer.Option("--auto", help="Decide by rank's two limits instead; leave what lies between.")
    ] = False,
    reviewer: Annotated[str, typer.Option(help="Your name, kept with each decision.")] = "me",
    host: Annotated[
        str, typer.Option(help=f"Address to serve at; one that others reach needs a password (asked, or {PASSWORD}).")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes a free one.", min=0, max=65535)] = 8732,
    browser: Annotated[bool, typer.Option(help="Open the page in your browser.")] = True,
    as_json: AsJson = False,
) -> None:
    """Open the page on which you accept or reject faces, a person at a time.

    Example: facecorpus review -C mycorpus --reviewer ada
    """
    if context.invoked_subcommand is not None:
        return
    if as_json and not auto:
        raise FacecorpusError("The review page is no JSON document; use --json with --auto.")
    if auto:
        from facecorpus.judging.policy import auto_review

        with working_in(corpus) as opened:
            report(auto_review(opened), as_json, what_next(corpus, "review"))
    else:
        from review_ui import LOOPBACK, serve

        opened = beside_others(corpus)
        password = None if host in LOOPBACK else _password()
        serve(opened, host=host, port=port, reviewer=reviewer, open_browser=browser, password=password)
        end_with({}, as_json, what_next(corpus, "review"))


@group.command("export")
def export_decisions(
    file: Annotated[Path, typer.Argument(help="Where to write: .csv or .jsonl.")],
    corpus: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Write what every reviewer says last of each face, keyed by face and photograph hash.

    Example: facecorpus review export -C mycorpus decisions.csv
    """
    from facecorpus.corpus import Corpus
    from facecorpus.judging.exchange import export_decisions as export

    report(export(Corpus(corpus), file), as_json, what_next(corpus))


@group.command("import")
def import_decisions(
    file: Annotated[
        Path,
        typer.Argument(help="What facecorpus review export wrote; .json: COCO's or Label Studio's annotations."),
    ],
    corpus: Folder = Path(),
    reviewer: Annotated[str, typer.Option(help="Whose words a COCO file has, which names nobody.")] = "coco",
    own_name: Annotated[
        bool, typer.Option("--own-name", help="Also what is said in the name of somebody who reviews here.")
    ] = False,
    settled: Annotated[bool, typer.Option("--settled", help="Also what settles disagreements.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show who says what, and take over nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take over decisions from another machine or tool; a second time changes nothing.

    Example: facecorpus review import -C mycorpus decisions.csv
    """
    from facecorpus.corpus import Corpus
    from facecorpus.judging.exchange import import_decisions as take_over

    taken = take_over(Corpus(corpus), file, own_name=own_name, settled=settled, dry_run=dry_run, reviewer=reviewer)
    report(taken, as_json, what_next(corpus))


@group.command("withdraw")
def withdraw_decisions(
    reviewer: Annotated[str | None, typer.Argument(help="Whose words to take back.", show_default=False)] = None,
    number: Annotated[int | None, typer.Option("--import", help="Or all of one import, by its number.")] = None,
    corpus: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Take back all that a reviewer said, or all of one import; nothing is deleted.

    Without a name it lists whom and what there is. Example: facecorpus review withdraw bob -C mycorpus
    """
    from facecorpus.corpus import Corpus
    from facecorpus.judging.exchange import withdraw_decisions as take_back

    report(take_back(Corpus(corpus), reviewer, number), as_json, what_next(corpus))


@group.command("agreement")
def agreement(corpus: Folder = Path(), as_json: AsJson = False) -> None:
    """Say how far each two reviewers agree beyond chance (Cohen's kappa), and how many faces are disputed.

    Example: facecorpus review agreement -C mycorpus
    """
    from facecorpus.corpus import Corpus
    from facecorpus.judging.agreement import measure_agreement

    report(measure_agreement(Corpus(corpus)), as_json, what_next(corpus))


def _password() -> str | None:
    """The password from the environment, or asked for in a terminal; never from the command line, which others see."""
    given = os.environ.get(PASSWORD)
    if given is not None or not sys.stdin.isatty():
        return given
    return str(typer.prompt("Password for the page", hide_input=True, confirmation_prompt=True))
