"""Write docs/commands.md from the commands themselves: python scripts/commands_doc.py"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from facecorpus.cli import app

HEAD = """# Commands

Made by `python scripts/commands_doc.py` from what `--help` says. Every command ends with exit code
0 where all went well, and with one sentence and exit code 2 where something is to be mended first.
Where nobody foresaw a failure it is 1.

With `--json` a command prints one document on stdout, and nothing else there. It has the fields of
what the command sums up. Those of `crawl`, `fetch` and `dedup` stand below the names of the stages.
`next` is the command that a person would be told to run next. The demo alone has no `--json`. An
error is a document, too: `{"error": "the sentence", "hint": "what to do next"}`. The exit code stays
the same.

Commands that work in a corpus keep `facecorpus.log` there: when each began and ended, its counts,
warnings and errors, and the traceback of what nobody foresaw. It is as private as the corpus. Older
parts are `facecorpus.log.1` to `.3` of 1 MB each. `forget` deletes them all. `--verbose`, before or
behind any command, shows the log on the screen, with each try to download a picture.
"""


def commands(command: Any, words: str) -> Iterator[tuple[str, Any]]:
    """The command and those below it, each with the words that call it; a group that only holds others is left out."""
    below = getattr(command, "commands", {})
    if not below or command.invoke_without_command:
        yield words, command
    for name, one in below.items():
        yield from commands(one, f"{words} {name}")


def page() -> str:
    """The whole page as Markdown."""
    tree: Any = typer.main.get_command(app)
    top = f"\n## facecorpus\n\n{tree.help}\n" + "".join(_table(tree.params, typer.Context(tree)))
    told = (_section(words, one) for words, one in commands(tree, "facecorpus") if one is not tree)
    return HEAD + top + "".join(told)


def _section(words: str, command: Any) -> str:
    """Title, what it does, how it is called, an example, and what can be said to it."""
    context = typer.Context(command, info_name=words)
    help_, _, example = re.sub(r"\s+", " ", command.help).partition("Example: ")
    usage = " ".join([words, *command.collect_usage_pieces(context)])
    lines = [f"\n## {words}\n", help_.strip() + "\n", "```", usage, "```\n"]
    if example:
        lines.append(f"Example: `{example.strip()}`\n")
    return "\n".join(lines) + "".join(_table(command.params, context))


def _table(params: list[Any], context: typer.Context) -> Iterator[str]:
    """Arguments first, then options, a row each."""
    told = [one.get_help_record(context) for one in sorted(params, key=lambda one: one.param_type_name != "argument")]
    if told:
        yield "\n| argument or option | meaning |\n|---|---|\n"
    for name, meaning in told:
        yield f"| `{name}` | {re.sub(r' +', ' ', meaning).replace('|', '&#124;')} |\n"


if __name__ == "__main__":
    Path("docs/commands.md").write_text(page(), encoding="utf-8")
