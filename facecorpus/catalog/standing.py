"""What reviewers said of a face, and how it stands after all of it for one of them: plain functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from facecorpus.settings import ReviewSettings
from facecorpus.words import AUTO, JUDGING, Kind


@dataclass(frozen=True, slots=True)
class Said:
    """A reviewer's latest word on a face, of one kind, that is not withdrawn."""

    face_id: str
    kind: str
    identity_id: str
    reviewer: str
    verdict: str
    reason: str
    decided_at: str
    decision_id: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How a face stands for one reviewer: the verdict that counts, or None where this reviewer is to give one."""

    verdict: str | None = None  # a Verdict: accept, reject
    reason: str = ""
    reviewer: str = ""
    identity_id: str = ""  # as whose picture; '' without a verdict
    disputed: bool = False  # people disagree, and nobody has settled it
    second: bool = False  # another person has judged it; this reviewer does so without seeing how
    age: str = ""  # the corrected age group of the photograph
    removed: bool = False  # its photograph is marked for removal


def stand(face_id: str, words: Sequence[Said], reviewer: str, sharing: ReviewSettings) -> Standing:
    """How a face stands for a reviewer, given everybody's latest words on it.

    The verdict is the view's: what settled a disagreement, else a person's, else the automatic policy's; of these what
    was received last. But of a face that two people shall judge, the second does not see what the first said; and of a
    settled one that is a honeypot, who had no part in it sees their own verdict alone.
    """
    word = words[0] if len(words) == 1 else None
    if word and word.kind == Kind.VERDICT and (word.reviewer in (reviewer, AUTO) or not sharing.overlap):
        # Nearly all faces: nothing to weigh.
        return Standing(word.verdict, word.reason, word.reviewer, word.identity_id)
    verdicts = [word for word in words if word.kind in JUDGING]
    ages = [word for word in words if word.kind == Kind.AGE]
    by_people = [word for word in verdicts if word.reviewer != AUTO]
    people = {word.reviewer for word in by_people}
    settled = max((word.decision_id for word in verdicts if word.kind == Kind.SETTLE), default=0)
    own = max((word for word in verdicts if word.reviewer == reviewer), key=_weight, default=None)
    tested = settled and is_honeypot(face_id, sharing) and (own is None or own.decision_id > settled)
    second = len(people) == 1 and reviewer not in people and not settled and face_id < overlap_limit(sharing.overlap)
    best = own if tested else None if second else max(verdicts, key=_weight, default=None)
    return Standing(
        verdict=best.verdict if best else None,
        reason=best.reason if best else "",
        reviewer=best.reviewer if best else "",
        identity_id=best.identity_id if best else "",
        disputed=not settled and differ(by_people),
        second=second,
        age=max(ages, key=_weight).verdict if ages else "",
        removed=any(word.kind == Kind.REMOVAL for word in words),
    )


def differ(words: Iterable[Said]) -> bool:
    """Whether people's own verdicts are not the same: accepted or not, and as whose picture."""
    return len({(word.verdict, word.identity_id) for word in words if word.kind == Kind.VERDICT}) > 1


def overlap_limit(share: float) -> str:
    """The text below which the ids of that share of all faces sort: an id begins with a photograph's hash."""
    return "g" if share >= 1 else f"{int(share * 16**8):08x}"


def is_honeypot(face_id: str, sharing: ReviewSettings) -> bool:
    """Whether a settled face is judged by everybody else, too: by other figures of the hash than the overlap's."""
    return face_id[8:] < overlap_limit(sharing.honeypots)


def _weight(word: Said) -> tuple[bool, bool, int]:
    return (word.reviewer != AUTO, word.kind == Kind.SETTLE, word.decision_id)
