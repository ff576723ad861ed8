"""The demo's last screen: what was made, three figures with what they mean, one picture, three commands."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from facecorpus.records import Tally
from facecorpus.system.console import duration, this_command
from facecorpus.upkeep.next_step import command_line, opening

_OWN = "own"  # the row of the tables in which a network's own features answer
_MEANINGS = {
    "photo": "gender told right by a network, in new photographs of people whom it knows",
    "identity": "the same of people whom it has never seen: the rest was knowing the person, not seeing gender",
}
"""What a figure means, by the protocol that it was measured under."""


def ending(folder: Path, files: int, total: Tally, precision: float, results: Mapping[str, Any], seconds: float) -> str:
    """The screen. `files` is how many the world has, `precision` the share of the kept faces that are right."""
    from training import RunFolder, accuracies

    run = RunFolder(folder / "runs" / "demo")
    figures = [f"  {precision:6.1%}  of the faces that were kept are right, though many files show somebody else"]
    found = [row for row in accuracies(dict(results)) if (row["features"], row["task"]) == (_OWN, "gender")]
    by_protocol = {str(row["protocol"]): row["accuracy"] for row in found}
    figures += [f"  {by_protocol[name]:6.1%}  {said}" for name, said in _MEANINGS.items() if name in by_protocol]
    lines = [
        f"The demo is done, in {duration(seconds)}. {folder} holds what it made:",
        f"  {files:,} files on the web, {total.photographs:,} photographs, {total.faces:,} faces of {total.identities}"
        f" people, {total.accepted:,} accepted; the shards, and a trained run",
        "Three figures:",
        *figures,
        "The report has the others, and what they do not say:",
        f"  {opening(run.page)}",
        f"One picture of it: {run.figures / 'overview.png'}",
        "Try next:",
        f"  {command_line(folder, 'status')}      the counts by subgroup",
        f"  {command_line(folder, 'review')}      the page on which you accept and reject faces",
        f"  {this_command()} init mycorpus --from-folder DIR      your own photographs, a folder for each person",
    ]
    return "\n".join(lines)
