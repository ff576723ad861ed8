"""What the commands share: the options -C and --json, and how a result is shown."""

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Any

import typer

Folder = Annotated[Path, typer.Option("--corpus", "-C", help="The corpus folder.", show_default="this folder")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def report(summary: Any, as_json: bool) -> None:
    """Print a stage's summary: its sentences, or its fields as JSON."""
    print(json.dumps(dataclasses.asdict(summary), default=str) if as_json else summary, flush=True)


def next_step(command: str, as_json: bool = False) -> None:
    """Say what to run next, to a person."""
    if not as_json:
        print(f"Next: {command}", flush=True)
