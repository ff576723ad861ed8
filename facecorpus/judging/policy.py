"""The stated automatic policy: what is surely right is accepted, what is surely wrong is rejected, the rest waits.

Its verdicts are rows of the reviewer 'auto' like any other's. A face on which a person ever said anything, an undone
verdict included, is left to people.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from facecorpus.catalog import Catalog
from facecorpus.catalog.decisions import WITHDRAWN
from facecorpus.corpus import Corpus
from facecorpus.judging.rank import said_of_not_judged
from facecorpus.records import Decision, RankedFace
from facecorpus.words import AUTO, JUDGING, Doubt, Reason, Section, Verdict

Judged = tuple[str, str]
"""identity_id as whose picture the face was judged, and a Verdict."""

_VERDICT_OF_SECTION = {Section.RIGHT: Verdict.ACCEPT, Section.WRONG: Verdict.REJECT}


@dataclass(frozen=True)
class AutoSummary:
    """What the automatic policy holds of the faces that are no copies, and what this run changed."""

    accepted: int
    rejected: int
    left: int  # for people to look at
    judged_by_people: int  # not touched
    changed: int  # verdicts that this run added or took back
    not_judged: tuple[str, ...]  # people of whom there is not enough to judge by

    def __str__(self) -> str:
        return (
            f"The automatic policy accepts {self.accepted} faces and rejects {self.rejected};"
            f" {self.left} are left to look at, {self.judged_by_people} were judged by people."
            f" {self.changed} verdicts changed in this run." + said_of_not_judged(self.not_judged)
        )


def auto_review(corpus: Corpus) -> AutoSummary:
    """Accept the kept faces in 'right', reject those in 'wrong', take back what no longer holds.

    A second run adds nothing, unless the ranking or the clusters changed.
    """
    with corpus.catalog() as catalog, catalog.transaction():
        people = [identity.identity_id for identity in corpus.manifest.identities]
        faces = [face for identity_id in people for face in catalog.faces.for_review(identity_id) if face.kept]
        decisions = [one for one in catalog.decisions.all() if one.kind in JUDGING]
        by_people = _judged_by_people(decisions)
        wanted = verdicts(faces, by_people)
        changes = changed(wanted, _said(decisions), set(people), by_people)
        _add(catalog, changes)
    counts = [verdict for _, verdict in wanted.values()]
    judged = sum(face.face_id in by_people for face in faces)
    return AutoSummary(
        accepted=counts.count(Verdict.ACCEPT),
        rejected=counts.count(Verdict.REJECT),
        left=len(faces) - len(counts) - judged,
        judged_by_people=judged,
        changed=len(changes),
        not_judged=tuple(sorted({face.identity_id for face in faces if Doubt.NOT_ENOUGH in face.reasons})),
    )


def verdicts(faces: Sequence[RankedFace], by_people: set[str]) -> dict[str, Judged]:
    """What the policy says, by face_id, of the kept faces that no person decided."""
    return {
        face.face_id: (face.identity_id, _VERDICT_OF_SECTION[face.section])
        for face in faces
        if face.kept and face.section in _VERDICT_OF_SECTION and face.face_id not in by_people
    }


def changed(
    wanted: Mapping[str, Judged], said: Mapping[str, Judged], people: set[str], by_people: set[str]
) -> dict[str, Judged]:
    """The verdicts to add, by face_id, so that `wanted` holds where `said` was the policy's latest word.

    Faces judged as somebody who left the manifest keep their verdict, in case the person comes back.
    """
    changes = {face_id: verdict for face_id, verdict in wanted.items() if said.get(face_id) != verdict}
    for face_id, (identity_id, verdict) in said.items():
        stands = verdict == Verdict.UNDECIDED or face_id in wanted or face_id in by_people or identity_id not in people
        if not stands:
            changes[face_id] = (identity_id, Verdict.UNDECIDED)
    return changes


def _judged_by_people(decisions: Sequence[Decision]) -> set[str]:
    """The faces on which a person said anything, but for words that were taken back as a whole."""
    said: set[tuple[str, str]] = set()
    for decision in decisions:
        one = (decision.face_id, decision.reviewer)
        if decision.reviewer != AUTO:
            (said.discard if decision.reason == WITHDRAWN else said.add)(one)
    return {face_id for face_id, _ in said}


def _said(decisions: Sequence[Decision]) -> dict[str, Judged]:
    """The policy's latest word on each face."""
    return {d.face_id: (d.identity_id, d.verdict) for d in decisions if d.reviewer == AUTO}


def _add(catalog: Catalog, changes: Mapping[str, Judged]) -> None:
    faces_of: dict[Judged, list[str]] = defaultdict(list)
    for face_id, change in changes.items():
        faces_of[change].append(face_id)
    for (identity_id, verdict), face_ids in faces_of.items():
        catalog.decisions.add(
            face_ids,
            identity_id=identity_id,
            reviewer=AUTO,
            verdict=verdict,
            reason=Reason.WRONG_PERSON if verdict == Verdict.REJECT else "",
        )
