"""The section that a face is shown in: one rule, which the ranking and the page's new order follow alike."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from people import face, person
from review_corpus import ADA, face_ids
from two_looks import two_looks

from facecorpus.catalog.descriptors import Described
from facecorpus.judging.likeness import OF_DLIBS
from facecorpus.judging.rank import Centre, centres, rank, rank_faces
from facecorpus.judging.section import Known, capped, section
from facecorpus.manifest import Identity
from facecorpus.records import SubjectFace
from facecorpus.settings import RankSettings
from facecorpus.words import Section, Verdict
from review_ui.learning import Taught, Teacher, rerank

TOO_EARLY = "2001-05-01"


@pytest.mark.parametrize("limits", [RankSettings(), RankSettings(accept_above=0.3, reject_below=0.1)])
def test_only_a_kept_face_that_nothing_speaks_against_is_surely_right(limits: RankSettings) -> None:
    for kept, judged, claimed, outside in product([True, False], repeat=4):
        known = Known(kept, judged, claimed, outside)
        found = section(capped(0.99, known), known, limits)
        assert (found == Section.RIGHT) == (kept and judged and not claimed and not outside)


def test_of_a_face_that_two_people_claim_both_are_shown_however_wrong_it_looks() -> None:
    assert section(0.0, Known(claimed=True), RankSettings()) == Section.LOOK
    assert section(0.0, Known(outside=True), RankSettings()) == Section.WRONG


def _subject(number: int, who: str, look: float) -> SubjectFace:
    """A face of ada, of ben, or of something between."""
    descriptor = np.random.default_rng((number, who == "ada")).normal(scale=0.2 / np.sqrt(128), size=128)
    descriptor[0] += 0.6 * (1 - look)
    descriptor[1] += 0.6 * look
    made = face(f"{number:02}{who}".encode().hex().ljust(64, "0"), embedding=descriptor.astype(np.float32))
    return SubjectFace(made, who, True, made.photo_sha256, 400, 300, 1, None, None)


def _described(subjects: list[SubjectFace], likely: list[float], ada: Identity) -> Described:
    return Described(
        face_ids=tuple(one.face.face_id for one in subjects),
        descriptors=np.array([one.face.embedding for one in subjects]),
        likely=np.array(likely),
        claimed=np.array([bool(one.also_stands_for) for one in subjects]),
        outside=np.array([not ada.holds_on(one.taken_on) for one in subjects]),
    )


def _one_person(middle: dict[str, Centre]) -> bool:
    """Whether ada's centre may be ben's."""
    return "ada" in middle and bool(np.linalg.norm(middle["ada"].mean - middle["ben"].mean) < OF_DLIBS.one_person)


@settings(max_examples=60, deadline=None)
@given(
    looks=st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.3, 0.45, 0.6, 1.0]), min_size=2, max_size=14),
    data=st.data(),
    limits=st.sampled_from([RankSettings(), RankSettings(accept_above=0.4, reject_below=0.2)]),
)
def test_the_ranking_and_the_new_order_put_every_face_into_the_same_section(
    looks: list[float], data: st.DataObject, limits: RankSettings
) -> None:
    def drawn(one: SubjectFace) -> SubjectFace:
        return replace(
            one,
            face=replace(
                one.face, score=data.draw(st.sampled_from([0.1, 1.0])), yaw=data.draw(st.sampled_from([0, 40]))
            ),
            also_stands_for=data.draw(st.sampled_from([(), ("ben",)])),
            taken_on=data.draw(st.sampled_from([None, TOO_EARLY, "2010-05"])),
        )

    ada = person("ada", dated_only=data.draw(st.booleans()))
    people = {"ada": ada, "ben": person("ben")}
    adas = [drawn(_subject(number, "ada", look)) for number, look in enumerate(looks)]
    bens = [_subject(number, "ben", 1.0) for number in range(8)]
    verdicts = [data.draw(st.sampled_from([None, None, *(Verdict.ACCEPT, Verdict.REJECT)])) for _ in adas]
    before = rank([*adas, *bens], people, limits)
    judged = [replace(one, verdict=verdict) for one, verdict in zip(adas, verdicts, strict=True)]
    whole = rank([*judged, *bens], people, limits)[: len(adas)]
    first, middle = centres([*adas, *bens]), centres([*judged, *bens])
    # Of two people with the same centre the page asks the last ranking, which did not know what was said since.
    assume("ben" in middle and "ben" in first)
    assume(not _one_person(middle) or _one_person(first))
    assume(
        not any(
            min(abs(one.likely - limits.accept_above), abs(one.likely - limits.reject_below)) < 1e-4 for one in whole
        )
    )

    said = [np.array([verdict == word for verdict in verdicts]) for word in (Verdict.ACCEPT, Verdict.REJECT)]
    faces = _described(adas, [one.likely for one in before[: len(adas)]], ada)
    likely, sections = rerank(faces, Taught(*said), middle["ben"].mean[None], limits)
    for place, one in enumerate(whole):
        if verdicts[place] is None:
            assert (sections[place], likely[place]) == (one.section, pytest.approx(one.likely, abs=1e-4))


def test_the_page_reads_from_the_catalog_who_claims_a_face_and_when_it_was_taken(tmp_path: Path) -> None:
    corpus = two_looks(tmp_path / "review")
    accepted = face_ids(corpus, ADA, "look")[2:10]
    with corpus.catalog() as catalog:
        catalog.decisions.add(accepted, identity_id=ADA, reviewer="grace", verdict=Verdict.ACCEPT)
        order = Teacher().order(catalog, corpus.manifest[ADA], corpus.settings)
    rank_faces(corpus)
    with corpus.catalog() as catalog:
        whole = {one.face_id: one.section.letter for one in catalog.faces.for_review(ADA)}
    assert {face_id: whole[face_id] for face_id in order.face_ids} == dict(
        zip(order.face_ids, order.sections, strict=True)
    )
    assert set(order.sections) == {"l", "r"}
