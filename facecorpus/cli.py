"""The command line: every command of ``commands/`` under one name, and one way to end."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from facecorpus import __version__
from facecorpus.commands import APPS
from facecorpus.commands.corpus import where_it_stands
from facecorpus.errors import FacecorpusError
from facecorpus.system.escape import lines_for_terminal

app = typer.Typer(
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    help="Face datasets from the web, with provenance, and proof of what they are worth."
    " Alone inside of a corpus folder, it says where that stands and what comes next.",
    epilog="Begin with: facecorpus demo",
)
for commands in APPS:
    app.add_typer(commands)


def _show_version(asked: bool) -> None:
    if asked:
        print(f"facecorpus {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        if Path("corpus.toml").is_file():
            where_it_stands()
        else:
            print(context.get_help())


def _stopped_by_ctrl_c(end: SystemExit) -> bool:
    """Whether Typer ends the program because of a KeyboardInterrupt, which it makes an Abort of."""
    return end.__context__ is not None and isinstance(end.__context__.__cause__, KeyboardInterrupt)


def main() -> None:
    """Run the command line; what a user can mend ends as one sentence and exit code 2."""
    try:
        app(prog_name="facecorpus")
    except SystemExit as end:
        if _stopped_by_ctrl_c(end):
            from facecorpus.system.console import stopped

            stopped(sys.argv[1:])
        raise
    except FacecorpusError as error:
        print(lines_for_terminal(f"facecorpus: {error}"), file=sys.stderr)
        sys.exit(2)
    except Exception as error:
        from facecorpus.system.trouble import sentence_of

        if (sentence := sentence_of(error)) is None:
            raise
        print(lines_for_terminal(f"facecorpus: {sentence}"), file=sys.stderr)
        sys.exit(2)
