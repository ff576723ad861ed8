"""What the commands share: the options -C and --json, how a corpus is opened, and how a result is shown."""

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facecorpus.system.escape import for_terminal, lines_for_terminal

if TYPE_CHECKING:
    from facecorpus.corpus import Corpus

Folder = Annotated[Path, typer.Option("--corpus", "-C", help="The corpus folder.", show_default="this folder")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@contextmanager
def working_in(root: Path) -> "Iterator[Corpus]":
    """Open the corpus in that folder and hold its lock; what a killed forget had begun is finished first."""
    from facecorpus.corpus import locked_corpus

    with locked_corpus(root) as corpus:
        if _forget_was_killed(corpus):
            from facecorpus.takedown.stage import finish

            finish(corpus)
        yield corpus


def beside_others(root: Path) -> "Corpus":
    """Open the corpus for a command that takes no lock; what a killed forget had begun is finished first."""
    from facecorpus.corpus import Corpus

    corpus = Corpus(root)
    if _forget_was_killed(corpus):
        with working_in(root):
            pass
    return corpus


def _forget_was_killed(corpus: "Corpus") -> bool:
    if not (corpus.root / "catalog.sqlite").exists():
        return False
    with corpus.catalog() as catalog:
        return bool(catalog.removals.unfinished())


def report(summary: Any, as_json: bool) -> None:
    """Print a stage's summary: its sentences, or its fields as JSON."""
    if as_json:
        print(json.dumps(dataclasses.asdict(summary), default=str), flush=True)
    else:
        print(lines_for_terminal(str(summary)), flush=True)


def next_step(command: str, as_json: bool = False) -> None:
    """Say what to run next, to a person."""
    if not as_json:
        print(for_terminal(f"Next: {command}"), flush=True)
