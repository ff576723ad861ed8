"""What a source is: something that proposes photographs of a person."""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any, Protocol

from facecorpus.catalog.removal_keys import NOTHING, TakenDown
from facecorpus.errors import SourceError
from facecorpus.manifest import Identity
from facecorpus.records import Candidate
from facecorpus.system.border import address_of, text_of, whole
from facecorpus.system.console import notice
from facecorpus.system.dates import certain
from facecorpus.system.nearest import nearest
from facecorpus.words import shortened

MOST = 50_000
"""Photographs of one person that a source may propose; whatever proposes more has lost its way."""

MOST_NAMES = 5  # of people, in one sentence
_ADDRESSES = ("url", "page_url", "licence_url")
_TEXTS = tuple(one.name for one in fields(Candidate) if one.type is str and one.name not in _ADDRESSES)
_NUMBER = r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?(?:e[+-][0-9]{2})?"
_FORMS = {"box": re.compile(f"{_NUMBER}(?:,{_NUMBER}){{3}}"), "sha256": re.compile("[0-9a-f]{64}")}
"""What these fields are; another is left out."""


class NoPhotographs(SourceError):
    """A source has nothing for one person, and why; the others are not concerned."""


class WrongPerson(SourceError):
    """What a source knows of a person contradicts the manifest: nothing may be crawled for that person."""


_ODD_SHAPE = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
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


@contextmanager
def understood(name: str) -> Iterator[None]:
    """Raise SourceError where an answer that is read here has another shape than is known."""
    try:
        yield
    except _ODD_SHAPE as error:
        raise SourceError(
            f"{name} answered in a shape that is not known ({type(error).__name__}: {error}); keep its answers with"
            " 'facecorpus crawl --check --record DIR' and report them."
        ) from None


def proposals(source: Source, identity: Identity, taken_down: TakenDown = NOTHING) -> Iterator[Candidate]:
    """The candidates of a source, cleaned: the border that all of them pass.

    What has no address that can be asked is left out, and counted in a notice; so is, without a word, an author who
    was taken down under the uncleaned name by an earlier version. Raises as Source.candidates does, and
    SourceError for an answer of another shape than is known and for one without an end.
    """
    left_out = 0
    with understood(source.name):
        for number, candidate in enumerate(source.candidates(identity)):
            if number == MOST:
                raise SourceError(
                    f"{source.name} proposes more than {MOST} photographs of {identity.name}; check its address in"
                    " corpus.toml."
                )
            cleaned = _cleaned(candidate, identity.identity_id, source.name)
            if candidate.author != cleaned.author and taken_down.forbids("", whole(str(candidate.author))):
                continue
            if cleaned.url:
                yield cleaned
            left_out += not cleaned.url
    if left_out:
        notice(f"{source.name}: {left_out} proposals for {identity.name} name no address; they are left out.")


def _cleaned(candidate: Candidate, identity_id: str, source: str) -> Candidate:
    """As whose picture and by whom it is proposed is not for the source to say: by its name a file may be read."""
    told: dict[str, Any] = {name: text_of(getattr(candidate, name)) for name in _TEXTS}
    told |= {name: address_of(getattr(candidate, name)) for name in _ADDRESSES}
    told |= {name: told[name] if form.fullmatch(told[name]) else "" for name, form in _FORMS.items()}
    told |= {"identity_id": identity_id, "source": source, "taken_on": certain(candidate.taken_on)}
    return replace(candidate, **told)


def strangers(source: str, folders: Collection[str], people: Collection[str]) -> tuple[str, ...]:
    """The warning where a source has folders of people whom the manifest does not know, with the nearest ids."""
    unknown = sorted(set(folders) - set(people))
    if not unknown:
        return ()
    near = [f"{name} (nearest: {', '.join(found)})" if (found := nearest(name, people)) else name for name in unknown]
    return (
        f"NOT TAKEN: {len(unknown)} folders of source '{source}' are no identity_id of the manifest:"
        f" {shortened(near, MOST_NAMES)}; rename them, or add the people to manifest.csv.",
    )
