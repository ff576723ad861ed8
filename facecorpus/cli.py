"""The command line: every command of ``commands/`` under one name, and one way to end."""

import sys

import typer

from facecorpus.commands import APPS
from facecorpus.errors import FacecorpusError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Face datasets from the web, with provenance, and proof of what they are worth.",
    epilog="Begin with: facecorpus demo",
)
for commands in APPS:
    app.add_typer(commands)


def main() -> None:
    """Run the command line; what a user can mend ends as one sentence and exit code 2."""
    try:
        app()
    except FacecorpusError as error:
        print(f"facecorpus: {error}", file=sys.stderr)
        sys.exit(2)
    except Exception as error:
        from facecorpus.system.trouble import sentence_of

        if (sentence := sentence_of(error)) is None:
            raise
        print(f"facecorpus: {sentence}", file=sys.stderr)
        sys.exit(2)
