"""What the commands share: the options -C and --json, and how a result is shown."""

import dataclasses
import inspect
import json
import math
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from facecorpus import __version__, pipeline
from facecorpus.system.logfile import LOG, name_log, write_log

if TYPE_CHECKING:
    from facecorpus.corpus import Corpus


def _named(context: typer.Context, corpus: Path) -> Path:
    """Let the log say which command it is."""
    name_log(context.command_path.partition(" ")[2])
    return corpus


Folder = Annotated[
    Path,
    typer.Option("--corpus", "-C", help="The corpus folder.", show_default="this folder", callback=_named),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]


@contextmanager
def working_in(corpus: Path) -> "Iterator[Corpus]":
    """Hold the corpus, as `pipeline.working_in` does, and keep a log in it."""
    _keep_log(corpus)
    with pipeline.working_in(corpus) as opened:
        yield opened


@contextmanager
def reading_in(corpus: Path) -> "Iterator[Corpus]":
    """Open the corpus for what changes nothing in it, as `pipeline.reading_in` does, and keep a log where it can be."""
    _keep_log(corpus)
    with pipeline.reading_in(corpus) as opened:
        yield opened


def beside_others(corpus: Path) -> "Corpus":
    """Open the corpus without holding it, as `pipeline.beside_others` does, and keep a log in it."""
    _keep_log(corpus)
    return pipeline.beside_others(corpus)


def folder_of_run(run: str, corpus: Path) -> Path:
    """A name stands for a run of the corpus; a folder may be anywhere, then no corpus is needed."""
    from facecorpus.corpus import Corpus

    return Path(run) if Path(run).is_dir() else Corpus(corpus).runs / run


def _keep_log(corpus: Path) -> None:
    if (corpus / "corpus.toml").is_file():
        write_log(corpus)
        LOG.info("begun, facecorpus %s, Python %s", __version__, platform.python_version())


def report(summary: Any, as_json: bool) -> None:
    """Print a stage's summary: its sentences, or its fields as JSON."""
    _log_counts(summary)
    if as_json:
        print_json(dataclasses.asdict(summary))
    else:
        from facecorpus.system.console import say

        say(str(summary))


def report_each(summaries: Iterable[Any], as_json: bool) -> None:
    """Print the summaries of several stages as each ends; as JSON one document, by the names of the stages."""
    document = {}
    for summary in summaries:
        if not as_json:
            report(summary, as_json)
            continue
        _log_counts(summary)
        document[type(summary).__name__.removesuffix("Summary").lower()] = dataclasses.asdict(summary)
    if as_json:
        print_json(document)


def print_json(document: Any) -> None:
    """Print the one document of a command; a number that JSON has not is null."""
    print(json.dumps(_plain(document), allow_nan=False), flush=True)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _log_counts(summary: Any) -> None:
    """The numbers of a summary alone: its sentences may name people."""
    values = {one.name: getattr(summary, one.name) for one in dataclasses.fields(summary)}
    counts = (f"{key} {value}" for key, value in values.items() if isinstance(value, int | float))
    LOG.info("%s: %s", type(summary).__name__, ", ".join(counts))


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
