"""How far a corpus is: one table by subgroup, what was rejected and why, and the next command."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from statistics import median

from rich.console import Console
from rich.table import Table

from facecorpus.corpus import Corpus
from facecorpus.crawl.quota import Quota
from facecorpus.faces.unseen import Unseen, unseen, verdict
from facecorpus.judging.left import Left, left_to_people
from facecorpus.manifest import SUBGROUPS, Manifest
from facecorpus.records import Tally
from facecorpus.system.escape import for_terminal
from facecorpus.words import Outcome

_NOT_STATED = "not stated"
_NAMED = 6  # empty subgroups that are named one by one


@dataclass(frozen=True, slots=True)
class Starving:
    """A subgroup that has few photographs beside the others, and why."""

    name: str
    photographs: int
    usual: int  # photographs of the middle subgroup
    why: str


@dataclass(frozen=True, slots=True)
class Status:
    """The counts of a corpus and what to do next."""

    subgroups: tuple[Tally, ...]
    total: Tally
    outcomes: dict[str, int]  # candidates by how their download ended
    photographs: dict[str, int]
    rejected: dict[str, int]  # faces by reason
    enough: int  # candidates that wait because their person or subgroup has enough
    starving: tuple[Starving, ...]
    empty: tuple[str, ...]  # subgroups with nobody in the manifest
    mismatches: tuple[str, ...]  # why nothing is crawled for these people
    unseen: tuple[Unseen, ...]  # photographs without a face, by gender and race
    left: Left  # to a person, by the ranking
    next: str

    def __str__(self) -> str:
        lines = [
            _sentence("Candidates", {o.replace("_", " ") or "not tried": n for o, n in self.outcomes.items()}),
            _sentence("Photographs", {key.replace("_", " "): n for key, n in self.photographs.items()}),
            _sentence("Rejected faces", self.rejected),
        ]
        lines += [_without_face(self.unseen), str(self.left)]
        lines += [f"NOT CRAWLED: {sentence}" for sentence in self.mismatches]
        if self.enough:
            lines.append(f"{self.enough} candidates wait because their person or subgroup has enough photographs.")
        for one in self.starving:
            lines.append(f"Starving: {one.name} has {one.photographs} photographs, {one.usual} are usual; {one.why}.")
        if self.empty:
            named = f": {', '.join(self.empty)}" if len(self.empty) <= _NAMED else ""
            lines.append(f"Nobody in the manifest: {len(self.empty)} of {len(SUBGROUPS)} subgroups{named}.")
        return "\n".join(map(for_terminal, [*filter(None, lines), f"Next: {self.next}"]))


def status(corpus: Corpus) -> Status:
    """Count everything in the catalog."""
    people = corpus.manifest.identities
    with corpus.catalog() as catalog:
        ended = catalog.candidates.ended()
        tallies = catalog.identities.tallies(ended)
        sharing = catalog.identities.sharing()
        photographs = catalog.photos.counts()
        rejected = catalog.decisions.rejections()
        mismatches = catalog.candidates.mismatches()
        without_face = catalog.photos.without_face()
        left = catalog.faces.left()
    # Two people may share a photograph: the sum over people counts it twice.
    group_of = {person.identity_id: person.subgroup or _NOT_STATED for person in people}
    twice: Counter[str] = Counter()
    for of_one in sharing:
        groups = Counter(group_of[identity_id] for identity_id in of_one)
        twice.update({name: count - 1 for name, count in groups.items()})
    subgroups = tuple(
        replace(tally, photographs=tally.photographs - twice[tally.name])
        for tally in by_subgroup(tallies, corpus.manifest)
    )
    total = _sum("all", tallies)
    total = replace(total, photographs=total.photographs - sum(len(of_one) - 1 for of_one in sharing))
    quota = Quota(people, corpus.settings.fetch, {tally.name: tally.photographs for tally in tallies})
    enough = sum(tally.waiting for tally in tallies if quota.is_full(tally.name))
    outcomes = {name: Counter[str]() for name in (*SUBGROUPS, _NOT_STATED)}
    for one in ended:
        outcomes[group_of[one.identity_id]][one.outcome] += one.count
    return Status(
        subgroups=subgroups,
        total=total,
        outcomes=dict(sorted(sum(outcomes.values(), Counter()).items())),
        photographs=photographs,
        rejected=rejected,
        enough=enough,
        starving=starving(subgroups, outcomes),
        empty=tuple(name for name in SUBGROUPS if name not in {tally.name for tally in subgroups}),
        mismatches=tuple(mismatches.values()),
        unseen=unseen(people, without_face),
        left=left_to_people(people, left),
        next=_next_command(corpus, replace(total, waiting=total.waiting - enough), photographs["waiting"]),
    )


def _without_face(groups: Sequence[Unseen]) -> str:
    if not groups:
        return ""
    everybody, *others = groups
    single = ", ".join(f"{one.name} {one.share:.0%}" for one in others if ", " not in one.name)
    return (
        f"No face found: {everybody.without_face} of {everybody.photographs} photographs proposed"
        f" ({everybody.share:.0%}{'; ' + single if single else ''}). {verdict(groups)}"
    )


def starving(subgroups: Sequence[Tally], outcomes: Mapping[str, Mapping[str, int]]) -> tuple[Starving, ...]:
    """The subgroups with less than half of what the middle one has, and what became of their candidates."""
    usual = int(median(tally.photographs for tally in subgroups)) if subgroups else 0
    return tuple(
        Starving(tally.name, tally.photographs, usual, _why(tally, outcomes[tally.name], usual))
        for tally in subgroups
        if 2 * tally.photographs < usual
    )


def _why(tally: Tally, outcomes: Mapping[str, int], usual: int) -> str:
    people = f"{tally.identities} {'person' if tally.identities == 1 else 'people'}"
    if not tally.candidates:
        return f"no source has proposed anything for its {people}"
    lost = {o: n for o, n in outcomes.items() if o not in ("", Outcome.STORED)}
    failed = ", ".join(f"{n} {o.replace('_', ' ')}" for o, n in sorted(lost.items(), key=lambda item: -item[1]))
    counts = f"of {tally.candidates} candidates for {people} {tally.waiting} wait" + (f", {failed}" if lost else "")
    if tally.candidates < usual:
        return f"its sources propose too few: {counts}"
    return f"its candidates wait: {counts}" if 2 * tally.waiting > tally.candidates else f"most were lost: {counts}"


def by_subgroup(tallies: Sequence[Tally], manifest: Manifest) -> tuple[Tally, ...]:
    """The identities' counts summed by subgroup, in the fixed order; people with an unstated label last."""
    subgroup_of = {identity.identity_id: identity.subgroup or _NOT_STATED for identity in manifest.identities}
    groups: dict[str, list[Tally]] = {}
    for tally in tallies:
        groups.setdefault(subgroup_of[tally.name], []).append(tally)
    return tuple(_sum(name, groups[name]) for name in (*SUBGROUPS, _NOT_STATED) if name in groups)


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
    from training import RunFolder

    pages = [page for run in corpus.runs.glob("*") if (page := RunFolder(run).page).is_file()]
    reports = [page for page in pages if page.stat().st_mtime > built]
    if not reports:
        return f"facecorpus train-all {folder}"
    return f"open {max(reports, key=lambda path: path.stat().st_mtime)}"
