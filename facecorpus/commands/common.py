"""What the commands share: the options -C and --json, and how a result is shown."""

import dataclasses
import inspect
import json
import math
import platform
import sys
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
    from facecorpus.upkeep.next_step import NextStep

    Following = Callable[[], NextStep]
    """What to run next; asked when a command has shown what it did."""


def _named(context: typer.Context, corpus: Path) -> Path:
    """Let the log say which command it is."""
    name_log(context.command_path.partition(" ")[2])
    return corpus


Folder = Annotated[
    Path,
    typer.Option("--corpus", "-C", help="The corpus folder.", show_default="this folder", callback=_named),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking, as a script must.")]


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


def report(summary: Any, as_json: bool, following: "Following | None" = None) -> None:
    """Print a stage's summary and what to run next: as sentences, or as one JSON document of its fields and `next`."""
    report_each([summary], as_json, following, by_stage=False)


def report_each(
    summaries: Iterable[Any], as_json: bool, following: "Following | None" = None, by_stage: bool = True
) -> None:
    """Print the summaries of several stages as each ends; as JSON one document, by the names of the stages."""
    from facecorpus.system.console import say

    document: dict[str, Any] = {}
    for summary in summaries:
        _log_counts(summary)
        if as_json:
            values = dataclasses.asdict(summary)
            document |= {type(summary).__name__.removesuffix("Summary").lower(): values} if by_stage else values
        else:
            say(str(summary))
    end_with(document, as_json, following)


def end_with(document: Mapping[str, Any], as_json: bool, following: "Following | None") -> None:
    """End a command that has shown its result to a person, or now shows it as JSON, with what to run next."""
    from facecorpus.system.console import say

    step = following() if following else None
    if as_json:
        print_json({**document, **({"next": step.command} if step else {})})
    elif step:
        say(str(step))


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


def confirm(preview: object, question: str, done: str) -> None:
    """Show what a command would do, and ask; typer.Abort unless yes, CorpusError where nobody can be asked."""
    from facecorpus.errors import CorpusError
    from facecorpus.system.escape import lines_for_terminal

    print(lines_for_terminal(str(preview)), file=sys.stderr)
    if not sys.stdin.isatty():
        raise CorpusError(f"Nothing was {done}, for nobody can be asked here: add --yes.")
    typer.confirm(question, abort=True, err=True)


def this_next(command: str) -> "Following":
    """That command, whatever the state of a corpus."""
    from facecorpus.upkeep.next_step import NextStep

    return lambda: NextStep(command, "")


def what_next(corpus: Path, done: str = "") -> "Following":
    """What the state of the corpus then asks for; `done` is the command that has come to its end."""
    from facecorpus.corpus import Corpus
    from facecorpus.upkeep.next_step import next_step

    return lambda: next_step(Corpus(corpus), done)


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
