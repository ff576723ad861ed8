"""How far a corpus is: one table by subgroup, what was rejected and why, and the next command."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from rich.console import Console
from rich.table import Table

from facecorpus.catalog.records import Tally
from facecorpus.corpus import Corpus
from facecorpus.manifest import SUBGROUPS, Manifest


@dataclass(frozen=True, slots=True)
class Status:
    """The counts of a corpus and what to do next."""

    subgroups: tuple[Tally, ...]
    total: Tally
    outcomes: dict[str, int]  # candidates by how their download ended
    photographs: dict[str, int]
    rejected: dict[str, int]  # faces by reason
    next: str

    def __str__(self) -> str:
        lines = [
            _sentence("Candidates", {outcome or "not tried": n for outcome, n in self.outcomes.items()}),
            _sentence("Photographs", {key.replace("_", " "): n for key, n in self.photographs.items()}),
            _sentence("Rejected faces", self.rejected),
        ]
        return "\n".join([line for line in lines if line] + [f"Next: {self.next}"])


def status(corpus: Corpus) -> Status:
    """Count everything in the catalog."""
    with corpus.catalog() as catalog:
        tallies = catalog.identities.tallies()
        outcomes = catalog.candidates.outcomes()
        photographs = catalog.photos.counts()
        rejected = catalog.decisions.rejections()
    total = _sum("all", tallies)
    return Status(
        subgroups=by_subgroup(tallies, corpus.manifest),
        total=total,
        outcomes=outcomes,
        photographs=photographs,
        rejected=rejected,
        next=_next_command(corpus, total, photographs["waiting"]),
    )


def by_subgroup(tallies: Sequence[Tally], manifest: Manifest) -> tuple[Tally, ...]:
    """The identities' counts summed by subgroup, in the fixed order; people with an unstated label last."""
    subgroup_of = {identity.identity_id: identity.subgroup or "not stated" for identity in manifest.identities}
    groups: dict[str, list[Tally]] = {}
    for tally in tallies:
        groups.setdefault(subgroup_of[tally.name], []).append(tally)
    return tuple(_sum(name, groups[name]) for name in (*SUBGROUPS, "not stated") if name in groups)


def show(state: Status) -> None:
    """Print the table and the sentences under it on stdout."""
    counts = [field.name for field in fields(Tally) if field.name != "name"]
    table = Table(title="faces by subgroup: near-duplicates are left out", title_justify="left")
    table.add_column("subgroup", no_wrap=True)
    for count in counts:
        table.add_column(count, justify="right")
    for tally in state.subgroups:
        table.add_row(tally.name, *(str(getattr(tally, count)) for count in counts))
    table.add_section()
    table.add_row("all", *(str(getattr(state.total, count)) for count in counts), style="bold")
    console = Console()
    if not console.is_terminal:
        console.width = max(console.width, 120)  # a pipe has no width; nothing may be cut
    console.print(table)
    console.print(str(state), highlight=False, markup=False, soft_wrap=True)


def _sum(name: str, tallies: Sequence[Tally]) -> Tally:
    sums = {field.name: sum(getattr(tally, field.name) for tally in tallies) for field in fields(Tally)[1:]}
    return replace(Tally(name, 0, 0, 0, 0, 0, 0, 0, 0), **sums)


def _sentence(what: str, counts: dict[str, int]) -> str:
    parts = ", ".join(f"{n} {key}" for key, n in counts.items() if n)
    return f"{what}: {parts}" if parts else ""


def _next_command(corpus: Corpus, total: Tally, unanalysed: int) -> str:
    folder = f"-C {corpus.root}"
    if not total.candidates or total.waiting or unanalysed:
        return f"facecorpus crawl {folder}"
    if total.pending:
        return f"facecorpus review {folder}   ({total.pending} faces wait)"
    if not (corpus.shards / "build.json").exists():
        return f"facecorpus build {folder}"
    built = (corpus.shards / "build.json").stat().st_mtime
    reports = [path for path in corpus.runs.glob("*/report.html") if path.stat().st_mtime > built]
    if not reports:
        return f"facecorpus train-all {folder}"
    return f"open {max(reports, key=lambda path: path.stat().st_mtime)}"
