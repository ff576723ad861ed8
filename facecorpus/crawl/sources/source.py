"""What a source is: something that proposes photographs of a person."""

from collections.abc import Collection, Iterator
from typing import Protocol

from facecorpus.errors import SourceError
from facecorpus.manifest import Identity
from facecorpus.records import Candidate
from facecorpus.system.nearest import nearest

MOST_NAMES = 5  # of people, in one sentence


class NoPhotographs(SourceError):
    """A source has nothing for one person, and why; the others are not concerned."""


class WrongPerson(SourceError):
    """What a source knows of a person contradicts the manifest: nothing may be crawled for that person."""


ODD_SHAPE = (AttributeError, LookupError, TypeError, ValueError)
"""What reading an answer raises where it has another shape than its service documents."""


class Source(Protocol):
    """Proposes photographs of a person, the best first, each URL once; ranks count from 0.

    Asked again it proposes the same in the same order, as far as the world has not changed. It answers bit by
    bit: whoever has enough stops asking.
    """

    name: str
    checks: bool = False  # whether it knows people: then it is asked to check each one before anything is proposed
    hosts: tuple[str, ...]  # that it asks, host or host:port; none where it reads files of this machine
    warnings: tuple[str, ...] = ()  # what a person must know of the source as a whole

    def check(self, identity: Identity) -> bool | None:
        """Whether the manifest's person was checked against what the source knows; None where it knows nobody.

        Raises WrongPerson where the two contradict each other.
        """
        return None

    def candidates(self, identity: Identity) -> Iterator[Candidate]:
        """Raises NoPhotographs where there are none, and SourceError where nothing more can be asked at all."""
        ...

    def requests(self, identity: Identity, wanted: int) -> int:
        """About how many requests it takes to be proposed so many photographs of a person."""
        ...


def strangers(source: str, folders: Collection[str], people: Collection[str]) -> tuple[str, ...]:
    """The warning where a source has folders of people whom the manifest does not know, with the nearest ids."""
    unknown = sorted(set(folders) - set(people))
    if not unknown:
        return ()
    near = {name: f" (nearest: {', '.join(found)})" if (found := nearest(name, people)) else "" for name in unknown}
    told = ", ".join(f"{name}{near[name]}" for name in unknown[:MOST_NAMES]) + ", …" * (len(unknown) > MOST_NAMES)
    return (
        f"NOT TAKEN: {len(unknown)} folders of source '{source}' are no identity_id of the manifest: {told}; rename"
        " them, or add the people to manifest.csv.",
    )


def not_understood(source: Source, error: Exception) -> SourceError:
    """The error of a source whose answer has another shape than is known; the other sources are not concerned."""
    return SourceError(
        f"{source.name} answered in a shape that is not known ({type(error).__name__}: {error}); keep its answers with"
        " 'facecorpus crawl --check --record DIR' and report them."
    )
