"""What the networks and heads of a run answered, and the figures with intervals that follow, of one seed or of several.

Over several seeds a figure is the mean of the seeds', with its deviation (of the sample), lowest and highest beside it;
claims and gaps are judged on these means, with people and seeds drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.protocols import group_numbers
from training.data.shards import Shards
from training.evidence.bootstrap import Answered, Resampled
from training.evidence.claims import judge
from training.evidence.gaps import GAPS, Key, gaps_of
from training.evidence.measures import Measures, read_ablations, read_measures
from training.folder import RunFolder
from training.plan.ablations import ABLATIONS, PHOTOGRAPHS, STEPS, photo_split
from training.plan.plan import Plan
from training.presets import Preset

Results = dict[str, Any]
Units = NDArray[np.int64]


@dataclass(frozen=True)
class Drawn:
    """Accuracies by protocol, row and target, and their resamples by photograph group and by person."""

    accuracies: Mapping[Key, float]
    images: Mapping[Key, int]
    groups: Resampled[Key]
    people: Resampled[Key]

    def rows(self, protocol: str) -> Results:
        """The cells of a protocol by row and target, as results.json has them."""
        rows: Results = {}
        for key in self.accuracies:
            name, row, target = key
            if name == protocol:
                rows.setdefault(row, {})[target] = {
                    "accuracy": self.accuracies[key],
                    "images": self.images[key],
                    "photographs": self.groups.units[key],
                    "people": self.people.units[key],
                    "by_group": list(self.groups.interval(key)),
                    "by_person": list(self.people.interval(key)),
                }
        return rows

    def ablations(self) -> Results:
        """The cells of the ablations: of other heads, and of each number of photographs or steps; {} without any."""
        names = dict.fromkeys(name for name, _, _ in self.accuracies)
        found: Results = {}
        for name in names:
            kind, _, amount = name.partition(" ")
            if name == ABLATIONS:
                found["heads"] = self.rows(name)
            elif kind in (PHOTOGRAPHS, STEPS) and amount.isdigit():
                found.setdefault(kind, {})[amount] = self.rows(name)
        return found


@dataclass(frozen=True)
class Outcome:
    """The measures of one seed by protocol; `groups` and `people` are the units of each face."""

    measures: Mapping[str, Measures]
    groups: Units
    people: Units

    @classmethod
    def read(cls, run: RunFolder, shards: Shards, preset: Preset, plan: Plan) -> Outcome:
        """Read what the jobs of a run's plan left in its folder."""
        measures = {
            name: read_measures(run, plan.of(name), plan.halves_of(name), shards, preset) for name in plan.protocols
        }
        for one in plan.variations:
            measures[one.name] = read_measures(run, [one.split], [], shards, preset)
        if plan.variations:
            measures[ABLATIONS] = read_ablations(run, photo_split(plan.splits), shards, preset)
        groups = group_numbers(shards)
        # A face of an unknown person is a person of its group's own.
        people = np.where(shards.people >= 0, shards.people, len(shards.classes["identity"]) + groups)
        for gap in GAPS:
            if gap.same_people and {gap.easier, gap.harder} <= set(measures):
                measures[gap.first] = of_people(measures[gap.easier], measures[gap.harder], people)
        return cls(measures, groups, people)

    def drawn(self, seed: int) -> Drawn:
        """The figures of this seed alone."""
        return _drawn([self], list(self.accuracies), seed)

    @property
    def accuracies(self) -> dict[Key, float]:
        """Share of the right answers of every measure."""
        return {
            (name, *key): float(measure.right.mean())
            for name, some in self.measures.items()
            for key, measure in some.items()
        }

    def answered(self, units: Units, keys: Sequence[Key]) -> dict[Key, Answered]:
        """The measures of `keys`, each image with its unit."""
        found = {key: self.measures[key[0]][key[1:]] for key in keys}
        return {key: Answered(units[measure.faces], measure.right) for key, measure in found.items()}


def over_seeds(runs: Sequence[Results], outcomes: Sequence[Outcome]) -> Results:
    """The cells, claims and gaps of the means over several seeds, for the protocols and rows that all of them have.

    `runs` are the results of each seed, `outcomes` what they were made of.
    """
    single = [one.accuracies for one in outcomes]
    keys = [key for key in single[0] if all(key in found for found in single[1:])]
    drawn = _drawn(outcomes, keys, runs[0]["seed"])
    protocols: Results = {}
    for name in runs[0]["protocols"]:
        rows = drawn.rows(name)
        for row, cells in rows.items():
            for target, cell in cells.items():
                found = [accuracies[name, row, target] for accuracies in single]
                cell |= {"deviation": float(np.std(found, ddof=1)), "lowest": min(found), "highest": max(found)}
        claims = judge(name, drawn.people, drawn.accuracies)
        for claim in claims:
            claim["by_seed"] = [_verdict(run, name, claim["claim"]) for run in runs]
        protocols[name] = {"rows": rows, "claims": claims}
    return {
        "seeds": [run["seed"] for run in runs],
        "ablations": drawn.ablations(),
        "protocols": protocols,
        "gaps": gaps_of(list(protocols), drawn.accuracies, drawn.people),
    }


def of_people(easier: Measures, harder: Measures, people: Units) -> Measures:
    """The measures that two protocols share, of the easier one's images that show a person of the harder one's."""
    made = {}
    for key in [key for key in easier if key in harder]:
        kept = np.isin(people[easier[key].faces], people[harder[key].faces])
        if kept.any():
            made[key] = easier[key].of(kept)
    return made


def _verdict(run: Results, protocol: str, claim: str) -> str:
    """What a single seed says of a claim."""
    judged = run["protocols"][protocol]["claims"]
    return next(str(one["verdict"]) for one in judged if one["claim"] == claim)


def _drawn(outcomes: Sequence[Outcome], keys: Sequence[Key], seed: int) -> Drawn:
    single = [one.accuracies for one in outcomes]
    first = outcomes[0]
    return Drawn(
        accuracies={key: float(np.mean([accuracies[key] for accuracies in single])) for key in keys},
        images={key: len(first.measures[key[0]][key[1:]].faces) for key in keys},
        groups=Resampled(*(one.answered(one.groups, keys) for one in outcomes), seed=seed),
        people=Resampled(*(one.answered(one.people, keys) for one in outcomes), seed=seed),
    )
