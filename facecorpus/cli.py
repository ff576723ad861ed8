"""The command line: every command of ``commands/`` under one name, and one way to end."""

import sys
from typing import Annotated

import typer

from facecorpus import __version__
from facecorpus.commands import APPS
from facecorpus.errors import FacecorpusError
from facecorpus.system.escape import lines_for_terminal

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Face datasets from the web, with provenance, and proof of what they are worth.",
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
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; what a user can mend ends as one sentence and exit code 2."""
    try:
        app(prog_name="facecorpus")
    except FacecorpusError as error:
        print(lines_for_terminal(f"facecorpus: {error}"), file=sys.stderr)
        sys.exit(2)
    except Exception as error:
        from facecorpus.system.trouble import sentence_of

        if (sentence := sentence_of(error)) is None:
            raise
        print(lines_for_terminal(f"facecorpus: {sentence}"), file=sys.stderr)
        sys.exit(2)
