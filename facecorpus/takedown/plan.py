"""What one takedown will do, written down before anything is done, so that a killed one can be finished."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Self

from facecorpus.catalog.removals import Marked


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a takedown removes."""

    photographs: int
    crops: int
    faces: int  # each with its embedding
    decisions: int
    candidates: int


@dataclass(frozen=True, slots=True)
class HeldBy:
    """A build that holds something of it."""

    kind: str
    shards: tuple[str, ...]  # file names
    version: str = ""  # the name under which it is kept; '': the last build
    sound: frozenset[str] | None = None  # files as the build wrote them; None: to be looked at, as after a kill


@dataclass(frozen=True, slots=True)
class TrainedRun:
    """A run under runs/ that learned from it."""

    name: str
    surely: bool  # False: it was trained on an earlier build, of which nobody knows any more what it held
    pictured: bool  # its report shows the face


@dataclass(frozen=True, slots=True)
class Plan:
    """One takedown."""

    asked: str  # by which option
    begun_at: str  # ISO 8601, UTC
    marked: Marked
    counts: Counts
    builds: tuple[HeldBy, ...]
    runs: tuple[TrainedRun, ...]

    def to_json(self) -> str:
        """The plan as text."""
        kept = replace(self, builds=tuple(replace(one, sound=None) for one in self.builds))
        return json.dumps(asdict(kept), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The plan of that text."""
        values = json.loads(text)
        marked = values["marked"]
        return cls(
            asked=values["asked"],
            begun_at=values["begun_at"],
            marked=Marked(tuple(marked["photographs"]), tuple(marked["urls"]), marked["identity_id"], marked["author"]),
            counts=Counts(**values["counts"]),
            builds=tuple(HeldBy(one["kind"], tuple(one["shards"]), one.get("version", "")) for one in values["builds"]),
            runs=tuple(TrainedRun(**one) for one in values["runs"]),
        )
