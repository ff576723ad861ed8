"""What the commands share: the options -C and --json, and how a result is shown."""

import dataclasses
import inspect
import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

Folder = Annotated[Path, typer.Option("--corpus", "-C", help="The corpus folder.", show_default="this folder")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def report(summary: Any, as_json: bool) -> None:
    """Print a stage's summary: its sentences, or its fields as JSON."""
    if as_json:
        print(json.dumps(dataclasses.asdict(summary), default=str), flush=True)
    else:
        from facecorpus.system.console import say

        say(str(summary))


def next_step(command: str, as_json: bool = False) -> None:
    """Say what to run next, to a person."""
    if not as_json:
        from facecorpus.system.console import TO_PASTE, say

        say(f"{TO_PASTE}{command}")


def what_next(corpus: Path, as_json: bool = False, done: str = "") -> None:
    """Say what to run next by the state of the corpus; `done` is the command that has come to its end."""
    if not as_json:
        from facecorpus.corpus import Corpus
        from facecorpus.system.console import say
        from facecorpus.upkeep.next_step import next_step as following

        say(str(following(Corpus(corpus), done)))


def with_options(kind: type[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let a command take the fields of a dataclass as its options; its parameter of that type gets them as one."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(command).parameters.values()
        (taker,) = (one.name for one in own if one.annotation is kind)
        names, hints = [one.name for one in dataclasses.fields(kind)], get_type_hints(kind, include_extras=True)

        @wraps(command)
        def called(**given: Any) -> None:
            options = kind(**{name: given.pop(name) for name in names})
            command(**given, **{taker: options})

        options = [
            inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=one.default, annotation=hints[one.name])
            for one in dataclasses.fields(kind)
        ]
        # Typer reads what a command takes from its signature and its annotations.
        signature = inspect.Signature([*(one for one in own if one.name != taker), *options])
        called.__signature__ = signature  # type: ignore[attr-defined]
        called.__annotations__ = {one.name: one.annotation for one in signature.parameters.values()}
        return called

    return decorate
