"""The command line: every command of ``commands/`` under one name, and one way to end."""

import json
import re
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from facecorpus import __version__
from facecorpus.commands import APPS
from facecorpus.commands.corpus import where_it_stands
from facecorpus.errors import FacecorpusError, hint_of
from facecorpus.system.escape import lines_for_terminal
from facecorpus.system.logfile import LOG, end_log, show_log

app = typer.Typer(
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    help="Face datasets from the web, with provenance, and proof of what they are worth."
    " Alone inside of a corpus folder, it says where that stands and what comes next.",
    epilog="Begin with: facecorpus demo",
)
for commands in APPS:
    app.add_typer(commands)

_UsageError: Any = typer.BadParameter.__base__  # of Typer's own copy of click
_AGAIN = "run the same command again to go on"


def _show_version(asked: bool) -> None:
    if asked:
        print(f"facecorpus {__version__}")
        raise typer.Exit


def _show_log(asked: bool) -> None:
    if asked:
        show_log()


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and end.")
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", callback=_show_log, help="Show the log on the screen; may stand after any command."),
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        if Path("corpus.toml").is_file():
            where_it_stands()
        else:
            print(context.get_help())


def main() -> None:
    """Run the command line."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code.

    What a user can mend ends as one sentence on stderr, or with --json as one document on stdout, and with 2; what
    nobody foresaw with 1, and its traceback in the log.
    """
    begun = time.monotonic()
    code, sentence, hint = _ended(sorted(arguments, key=lambda one: one != "--verbose"))
    if sentence:
        # What was to be forgotten stands in its sentence.
        LOG.error("%s", "refused" if "forget" in arguments else sentence)
        if "--json" in arguments:
            print(json.dumps({"error": sentence, "hint": hint}), flush=True)
        else:
            print(lines_for_terminal(f"facecorpus: {sentence}"), file=sys.stderr)
    LOG.info("ended with %s after %.1f s", code, time.monotonic() - begun)
    end_log()
    return code


def _ended(arguments: Sequence[str]) -> tuple[int, str, str]:
    """Exit code, the sentence of an error, and what to do next; '' where there is none."""
    try:
        code = app(arguments, prog_name="facecorpus", standalone_mode=False) or 0
        return (code, *_stopped(arguments)) if code == 130 else (code, "", "")
    except typer.Abort:
        return 1, "Nothing was done; it was not confirmed.", "say yes, or leave the question out with an option"
    except _UsageError as error:
        return 2, *_of_usage(error)
    except FacecorpusError as error:
        return 2, str(error), error.hint
    except Exception as error:
        from facecorpus.system.trouble import sentence_of

        if sentence := sentence_of(error):
            return 2, sentence, hint_of(sentence)
        LOG.error("%s", traceback.format_exc())
        if "--json" not in arguments:
            traceback.print_exc()
        what = f"facecorpus failed where nobody foresaw it ({type(error).__name__}: {error})"
        return 1, f"{what}; please report it with the log.", "please report it with the log"


def _stopped(arguments: Sequence[str]) -> tuple[str, str]:
    """What is said after Ctrl-C: with --json in its document, else by itself."""
    if "--json" in arguments:
        return "Stopped.", _AGAIN
    from facecorpus.system.console import stopped

    stopped(arguments)
    return "", ""


def _of_usage(error: Any) -> tuple[str, str]:
    """What is wrong with a command as it was typed, and which command's help says more."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        return "", ""
    help_ = f"{error.ctx.command_path if error.ctx else 'facecorpus'} --help"
    said = re.sub(r"Input should be (.*?)(, unable.*)?$", r"it must be \1", error.format_message())
    said = said.replace("a valid integer", "a whole number")
    return f"{said.rstrip('.?')}; {help_} shows what it takes.", help_
