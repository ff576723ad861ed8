"""What a source is: something that proposes photographs of a person."""

from collections.abc import Iterator
from typing import Protocol

from facecorpus.catalog.records import Candidate
from facecorpus.errors import SourceError
from facecorpus.manifest import Identity


class NoPhotographs(SourceError):
    """A source has nothing for one person, and why; the others are not concerned."""


class Source(Protocol):
    """Proposes photographs of a person, the best first, each URL once; ranks count from 0.

    Asked again it proposes the same in the same order, as far as the world has not changed. It answers bit by
    bit: whoever has enough stops asking.
    """

    name: str

    def candidates(self, identity: Identity) -> Iterator[Candidate]:
        """Raises NoPhotographs where there are none, and SourceError where nothing more can be asked at all."""
        ...
