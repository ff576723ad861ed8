"""How far a corpus is: one table by subgroup, what was rejected and why, and the next command."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from statistics import median

from rich.console import Console
from rich.table import Table

from facecorpus.corpus import Corpus
from facecorpus.crawl.quota import Quota
from facecorpus.faces.shares import Share, shares, verdict
from facecorpus.judging.left import Left, left_to_people
from facecorpus.manifest import SUBGROUPS, Manifest
from facecorpus.records import Tally
from facecorpus.system.console import say
from facecorpus.system.escape import for_terminal
from facecorpus.upkeep.next_step import NextStep, next_step_by
from facecorpus.words import Outcome

_NOT_STATED = "not stated"
_NAMED = 6  # empty subgroups that are named one by one
_COUNTS = ("faces", "accepted", "pending", "photographs", "identities", "rejected", "candidates", "waiting")
"""The columns, the most important first."""
_ALWAYS = 3  # of them are shown on the narrowest terminal
_LEAST_BAR = 6  # characters
_ALL = 120  # characters that all columns need


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
    unseen: tuple[Share, ...]  # photographs without a face, by gender and race
    faceless: int  # photographs without a face that nobody has looked at; one of two people counts twice
    left: Left  # to a person, by the ranking
    next: str  # the command that brings the corpus on
    next_why: str

    def __str__(self) -> str:
        lines = [
            _sentence("Candidates", {o.replace("_", " ") or "not tried": n for o, n in self.outcomes.items()}),
            _sentence("Photographs", {key.replace("_", " "): n for key, n in self.photographs.items()}),
            _sentence("Rejected faces", self.rejected),
        ]
        lines += [_without_face(self.unseen), _faceless(self.faceless), str(self.left)]
        lines += [f"NOT CRAWLED: {sentence}" for sentence in self.mismatches]
        if self.enough:
            lines.append(f"{self.enough} candidates wait because their person or subgroup has enough photographs.")
        for one in self.starving:
            lines.append(f"Starving: {one.name} has {one.photographs} photographs, {one.usual} are usual; {one.why}.")
        if self.empty:
            named = f": {', '.join(self.empty)}" if len(self.empty) <= _NAMED else ""
            lines.append(f"Nobody in the manifest: {len(self.empty)} of {len(SUBGROUPS)} subgroups{named}.")
        lines += str(NextStep(self.next, self.next_why)).splitlines()
        return "\n".join(map(for_terminal, filter(None, lines)))

    def in_short(self) -> str:
        """One sentence, and what comes next."""
        total = self.total
        return (
            f"{total.identities} people, {total.photographs} photographs, {total.faces} faces:"
            f" {total.accepted} accepted, {total.rejected} rejected, {total.pending} to be reviewed.\n"
            f"{NextStep(self.next, self.next_why)}"
        )


def status(corpus: Corpus) -> Status:
    """Count everything in the catalog."""
    people = corpus.manifest.identities
    with corpus.reading() as catalog:
        ended = catalog.candidates.ended()
        tallies = catalog.identities.tallies(ended)
        sharing = catalog.identities.sharing()
        photographs = catalog.photos.counts()
        rejected = catalog.decisions.rejections()
        mismatches = catalog.candidates.mismatches()
        without_face = catalog.photos.without_face()
        faceless = sum(catalog.drawn.left().values())
        left = catalog.faces.left()
        step = next_step_by(corpus, catalog)
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
    total = Tally.sum("all", tallies)
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
        unseen=shares(people, without_face),
        faceless=faceless,
        left=left_to_people(people, left),
        next=step.command,
        next_why=step.why,
    )


def _without_face(groups: Sequence[Share]) -> str:
    if not groups:
        return ""
    everybody, *others = groups
    single = ", ".join(f"{one.name} {one.share:.0%}" for one in others if ", " not in one.name)
    return (
        f"No face found: {everybody.counted} of {everybody.number} photographs proposed"
        f" ({everybody.share:.0%}{'; ' + single if single else ''}). {verdict(groups)}"
    )


def _faceless(count: int) -> str:
    return f"Without a face, and nobody has looked at them: {count} (key 5 in facecorpus review)." if count else ""


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
    return tuple(Tally.sum(name, groups[name]) for name in (*SUBGROUPS, _NOT_STATED) if name in groups)


def show(state: Status, wide: bool = False) -> None:
    """Print the table and the sentences under it on stdout: the columns that there is room for, or all."""
    console = Console()
    narrow = console.is_terminal and not wide
    widths = {"": max(len(tally.name) for tally in (*state.subgroups, state.total))}
    widths |= {count: max(len(count), len(str(getattr(state.total, count)))) + 1 for count in _COUNTS}
    shown = _columns(widths, console.width if narrow else None)
    bar = console.width - sum(widths[column] for column in ("", *shown)) - 1 if narrow else 0
    table = Table(title="Faces by subgroup, near-duplicates left out", title_justify="left", box=None, padding=(0, 0))
    table.add_column("subgroup", no_wrap=True)
    for column in shown:
        table.add_column(f" {column}", justify="right", no_wrap=True)
    most = max((tally.faces for tally in state.subgroups), default=0)
    for tally in (*state.subgroups, state.total):
        row = [str(getattr(tally, column)) for column in shown]
        if bar >= _LEAST_BAR and tally is not state.total:
            row.append(f" {_bar(tally, most, bar)}")
        table.add_row(tally.name, *row, style="bold" if tally is state.total else None)
    if not narrow:
        console.width = max(console.width, _ALL)  # a pipe has no width; nothing may be cut
    console.print(table)
    if hidden := len(_COUNTS) - len(shown):
        console.print(f"█ accepted ░ other · {hidden} more columns: status --wide", style="dim", highlight=False)
    say(str(state))


def _columns(widths: Mapping[str, int], room: int | None) -> list[str]:
    """The counts that are shown, in the order of Tally: as many as leave room for a bar, the most important first."""
    shown = list(_COUNTS[:_ALWAYS])
    for column in _COUNTS[_ALWAYS:]:
        if room is None or sum(widths[one] for one in ("", *shown, column)) + 2 * _LEAST_BAR <= room:
            shown.append(column)
    return [field.name for field in fields(Tally) if field.name in shown]


def _bar(tally: Tally, most: int, width: int) -> str:
    """A bar as long as the subgroup has faces beside the largest one's, filled as far as they are accepted."""
    whole = round(width * tally.faces / most) if most else 0
    filled = round(whole * min(tally.accepted, tally.faces) / tally.faces) if tally.faces else 0
    return "█" * filled + "░" * (whole - filled)


def _sentence(what: str, counts: dict[str, int]) -> str:
    parts = ", ".join(f"{n} {key}" for key, n in counts.items() if n)
    return f"{what}: {parts}" if parts else ""
