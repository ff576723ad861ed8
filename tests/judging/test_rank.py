"""Ranking and the automatic policy: who is surely right, who is surely wrong, why, and what --auto makes of it."""

import tracemalloc
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from people import person

from facecorpus.corpus import Corpus
from facecorpus.errors import SettingsError
from facecorpus.judging.likeness import FEWEST, members
from facecorpus.judging.policy import auto_review
from facecorpus.judging.rank import NOT_ENOUGH, centres, judgements, rank, rank_faces
from facecorpus.records import Candidate, Download, Face, Ranking, SubjectFace
from facecorpus.settings import RankSettings
from facecorpus.words import Outcome
from review_ui.learning import Teacher

PEOPLE = {identity_id: person(identity_id, name=identity_id.title()) for identity_id in ("ada", "ben", "cleo")}
AXES = {"ada": 0, "ben": 1, "cleo": 2, "stranger": 3}
SPREAD = 0.3 / np.sqrt(128)  # photographs of one person are about 0.3 away from their middle, as dlib's are
LIMITS = RankSettings()


def embedding(who: str, number: int = 0) -> NDArray[np.float32]:
    """A descriptor of somebody: people are 0.85 apart, their photographs lie around their middle."""
    noise = np.random.default_rng((AXES[who], number)).normal(scale=SPREAD, size=128)
    noise[AXES[who]] += 0.6
    return np.asarray(noise, np.float32)


def between(share: float, number: int = 0) -> NDArray[np.float32]:
    """A face between ada's (0) and ben's (1)."""
    return np.asarray((1 - share) * embedding("ada", number) + share * embedding("ben", number), np.float32)


def subject(name: str, identity_id: str, descriptor: NDArray[np.float32], **changes: object) -> SubjectFace:
    """A good face that stands for a person; name any field of SubjectFace or Face to change it."""
    fields: dict[str, object] = {
        "box": (0.0, 0.0, 100.0, 100.0),
        "sharpness": 200.0,
        "score": 1.0,
        "yaw": 5.0,
        "kept": True,
        "faces_in_photo": 1,
        "taken_on": None,
        "verdict": None,
    }
    assert changes.keys() <= fields.keys()
    fields |= changes
    face = Face(
        face_id=name,
        photo_sha256=name,
        box=fields["box"],  # type: ignore[arg-type]
        landmarks=np.zeros((5, 2), np.float32),
        detector="hog",
        score=fields["score"],  # type: ignore[arg-type]
        embedding=descriptor,
        sharpness=fields["sharpness"],  # type: ignore[arg-type]
        brightness=120,
        contrast=50,
        yaw=fields["yaw"],  # type: ignore[arg-type]
        phash=bytes(32),
        dhash=bytes(32),
    )
    return SubjectFace(
        face=face,
        identity_id=identity_id,
        kept=fields["kept"],  # type: ignore[arg-type]
        cluster_id=name,
        photo_width=400,
        photo_height=300,
        faces_in_photo=fields["faces_in_photo"],  # type: ignore[arg-type]
        taken_on=fields["taken_on"],  # type: ignore[arg-type]
        verdict=fields["verdict"],  # type: ignore[arg-type]
    )


def album(identity_id: str, count: int = 10) -> list[SubjectFace]:
    """Photographs that show whom they should."""
    return [subject(f"{identity_id}-{n}", identity_id, embedding(identity_id, n)) for n in range(count)]


def ranked(subjects: Sequence[SubjectFace], limits: RankSettings = LIMITS) -> dict[str, Ranking]:
    return {ranking.face_id: ranking for ranking in rank(subjects, PEOPLE, limits)}


def rank_one(descriptor: NDArray[np.float32], **changes: object) -> Ranking:
    """The ranking of one more face of ada, beside ten good ones of ada and of ben."""
    return ranked([*album("ada"), *album("ben"), subject("x", "ada", descriptor, **changes)])["x"]


def test_faces_of_the_right_person_are_surely_right_without_a_word() -> None:
    for ranking in ranked([*album("ada"), *album("ben")]).values():
        assert (ranking.section, ranking.reasons) == ("right", ())


def test_another_listed_persons_face_is_surely_wrong_and_the_reviewer_is_told_whose_it_is() -> None:
    found = rank_one(embedding("ben", 99))
    assert found.section == "wrong"
    assert found.reasons[0] == "closer to Ben"


def test_a_strangers_face_is_surely_wrong_and_the_distance_says_why() -> None:
    found = rank_one(embedding("stranger"))
    assert found.section == "wrong"
    assert any(reason.startswith("far from this person's other faces (0.") for reason in found.reasons)


def test_a_face_that_could_be_either_is_left_to_look_at_with_a_reason() -> None:
    found = rank_one(between(0.5, 50))
    assert found.section == "look"
    assert found.reasons[0] in ("almost as close to Ben", "closer to Ben")


def test_the_likelihood_falls_on_the_way_from_one_person_to_another() -> None:
    likely = [rank_one(between(share, 50)).likely for share in np.linspace(0.2, 1, 9)]
    assert likely == sorted(likely, reverse=True)
    assert likely[0] > 0.9 and likely[-1] < 0.1


def test_an_only_person_is_judged_by_distance_alone() -> None:
    found = ranked([*album("ada"), subject("x", "ada", embedding("stranger"))])
    assert found["ada-0"].section == "right"
    assert found["x"].likely < found["ada-0"].likely


def test_wrong_people_among_the_photographs_do_not_move_the_centre() -> None:
    clean = centres(album("ada"))["ada"]
    wrong = [subject(f"w-{n}", "ada", embedding(("ben", "cleo", "stranger")[n % 3], n)) for n in range(8)]
    assert centres([*wrong, *album("ada")])["ada"].weights == clean.weights


def test_a_face_does_not_vouch_for_itself() -> None:
    subjects = album("ada", FEWEST)
    middle = centres(subjects)
    judged = judgements(subjects, middle)[0]
    others = np.mean([s.face.embedding for s in subjects[1:]], axis=0)
    assert judged is not None
    assert judged.distance == pytest.approx(np.linalg.norm(subjects[0].face.embedding - others), abs=1e-6)


def test_a_person_with_too_few_photographs_cannot_be_judged() -> None:
    found = ranked([*album("ada", FEWEST - 1), *album("ben")])
    assert (found["ada-0"].section, found["ada-0"].reasons) == ("look", (NOT_ENOUGH,))
    assert found["ben-0"].section == "right"


def test_a_person_with_no_majority_of_like_faces_cannot_be_judged() -> None:
    halves = [*album("ada", 5), *(subject(f"b-{n}", "ada", embedding("ben", n)) for n in range(5))]
    assert {ranking.section for ranking in ranked(halves).values()} == {"look"}


def test_accepted_faces_settle_who_a_person_is_even_against_a_majority() -> None:
    accepted = [replace(s, verdict="accept") for s in album("ada", FEWEST)]
    majority = [subject(f"b-{n}", "ada", embedding("ben", n)) for n in range(9)]
    found = ranked([*accepted, *majority])
    assert {found[s.face.face_id].section for s in accepted} == {"right"}
    assert all(found[s.face.face_id].likely < 0.5 for s in majority)


def test_rejected_faces_never_count() -> None:
    rejected = [subject(f"b-{n}", "ada", embedding("ben", n), verdict="reject") for n in range(20)]
    assert centres([*rejected, *album("ada")])["ada"].weights == centres(album("ada"))["ada"].weights


def test_copies_do_not_count_and_are_left_to_look_at() -> None:
    duplicates = [replace(s, kept=False, face=replace(s.face, face_id=f"copy-{s.face.face_id}")) for s in album("ben")]
    found = ranked([*album("ada"), *album("ben"), *duplicates])
    assert not any(face_id.startswith("copy") for face_id in centres([*album("ben"), *duplicates])["ben"].weights)
    assert found["copy-ben-0"].section == "look"
    assert found["copy-ben-0"].reasons[0] == "copy of a better photograph"
    assert found["copy-ben-0"].likely > 0.9  # the person is right


def test_a_face_from_outside_the_period_is_never_surely_right() -> None:
    assert rank_one(embedding("ada", 50), taken_on="2010-05").section == "right"
    found = rank_one(embedding("ada", 50), taken_on="2003-05-01")
    assert (found.section, found.reasons) == ("look", ("outside the period",))


def test_without_a_date_a_face_of_somebody_with_dated_only_is_never_surely_right() -> None:
    dated = PEOPLE | {"ada": person("ada", name="Ada", dated_only=True)}
    faces = [*album("ada"), *album("ben"), subject("x", "ada", embedding("ada", 50), taken_on=None)]
    found = rank(faces, dated, LIMITS)[-1]
    assert (found.section, found.reasons) == ("look", ("no certain date",))


def test_reasons_say_what_a_reviewer_would_see() -> None:
    found = rank_one(embedding("ada", 50), box=(0.0, 0.0, 34.0, 34.0), sharpness=3.0, yaw=-55.0, faces_in_photo=5)
    assert found.reasons == ("tiny (34 px)", "blurred", "turned away (55°)", "in a group of 5")


@settings(max_examples=60, deadline=None)
@given(
    share=st.floats(0, 1),
    number=st.integers(100, 999),
    width=st.floats(10, 400),
    sharpness=st.floats(0, 500),
    limits=st.sampled_from([LIMITS, RankSettings(accept_above=0.99, reject_below=0.01)]),
)
def test_a_flaw_is_told_but_says_nothing_of_whose_face_it_is_and_whatever_is_not_right_has_a_reason(
    share: float, number: int, width: float, sharpness: float, limits: RankSettings
) -> None:
    albums = [*album("ada"), *album("ben")]
    good = ranked([*albums, subject("x", "ada", between(share, number))], limits)["x"]
    flawed = ranked(
        [*albums, subject("x", "ada", between(share, number), box=(0.0, 0.0, width, width), sharpness=sharpness)],
        limits,
    )["x"]
    assert flawed.likely == good.likely
    assert ("blurred" in flawed.reasons) == (sharpness < 15)
    for ranking in (good, flawed):
        assert ranking.section == "right" or ranking.reasons


@pytest.mark.parametrize("hard", [{"yaw": -45.0}, {"score": 0.0}])
def test_a_face_that_is_turned_away_or_barely_found_is_given_the_benefit_of_the_doubt(hard: dict[str, float]) -> None:
    assert rank_one(between(0.5, 50), **hard).likely > rank_one(between(0.5, 50)).likely


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(16)))
def test_the_order_of_the_faces_does_not_matter(order: list[int]) -> None:
    subjects = [*album("ada", 6), *album("ben", 6), *(subject(f"x-{n}", "ada", between(0.5, n)) for n in range(4))]
    shuffled = ranked([subjects[place] for place in order])
    for face_id, ranking in ranked(subjects).items():
        assert shuffled[face_id].section == ranking.section
        assert shuffled[face_id].likely == pytest.approx(ranking.likely)


def fill(corpus: Corpus, descriptors: Mapping[str, tuple[str, NDArray[np.float32]]]) -> None:
    """Store a photograph with one face for each entry: name -> (identity_id, descriptor)."""
    with corpus.catalog() as catalog:
        assigned = {}
        for name, (identity_id, vector) in descriptors.items():
            sha256 = name.ljust(64, "0")
            url = f"http://h/{name}.jpg"
            catalog.candidates.propose([Candidate(identity_id, "commons", url)])
            catalog.candidates.record(
                Download(url, "2026-01-01", 0.1, 200, Outcome.STORED, bytes=9), "image/jpeg", sha256
            )
            face = replace(subject(name, identity_id, vector).face, face_id=face_id(name), photo_sha256=sha256)
            catalog.photos.analysed(sha256, width=400, height=300, taken_on=None, phash=bytes(32), faces=[face])
            assigned[face.face_id] = identity_id
        catalog.faces.assign(assigned)


def face_id(name: str) -> str:
    return f"{name.ljust(24, '0')}-0"


@pytest.fixture
def filled(corpus: Corpus) -> Corpus:
    """Six good faces of ada and ben, and as ada's also one of ben and one that could be either."""
    good = {f"{who}{n}": (who, embedding(who, n)) for who in ("ada", "ben") for n in range(1, 7)}
    fill(corpus, {**good, "wrong": ("ada", embedding("ben", 99)), "unsure": ("ada", between(0.45, 50))})
    return corpus


def standing(corpus: Corpus) -> dict[str, tuple[str | None, str | None]]:
    """(verdict, reviewer) by the name of the face, where there is one."""
    with corpus.catalog() as catalog:
        faces = [face for who in ("ada", "ben") for face in catalog.faces.for_review(who)]
    return {face.face_id.split("-")[0].rstrip("0"): (face.verdict, face.reviewer) for face in faces if face.verdict}


def rows(corpus: Corpus) -> int:
    with corpus.catalog() as catalog:
        return len(catalog.decisions.all())


def test_the_stage_ranks_every_face_and_counts_the_sections(filled: Corpus) -> None:
    summary = rank_faces(filled)
    assert (summary.faces, summary.right, summary.look, summary.wrong) == (14, 12, 1, 1)
    with filled.catalog() as catalog:
        first = catalog.faces.for_review("ada")[0]
    assert (first.face_id, first.section, first.reasons[0]) == (face_id("wrong"), "wrong", "closer to Ben")


def test_a_second_ranking_is_the_same(filled: Corpus) -> None:
    first = rank_faces(filled)
    with filled.catalog() as catalog:
        before = catalog.faces.for_review("ada")
    assert rank_faces(filled) == first
    with filled.catalog() as catalog:
        assert catalog.faces.for_review("ada") == before


def test_an_empty_corpus_is_ranked_and_reviewed_without_a_word(corpus: Corpus) -> None:
    assert rank_faces(corpus).faces == 0
    assert auto_review(corpus).changed == 0


def test_limits_that_contradict_each_other_are_one_sentence(filled: Corpus) -> None:
    filled.settings = replace(filled.settings, rank=RankSettings(accept_above=0.2, reject_below=0.8))
    with pytest.raises(SettingsError, match=r"reject_below \(0.8\) in \[rank\] must be smaller than accept_above"):
        rank_faces(filled)


def test_the_policy_accepts_the_right_rejects_the_wrong_and_leaves_the_rest(filled: Corpus) -> None:
    rank_faces(filled)
    summary = auto_review(filled)
    assert (summary.accepted, summary.rejected, summary.left, summary.judged_by_people) == (12, 1, 1, 0)
    found = standing(filled)
    assert found["wrong"] == ("reject", "auto")
    assert found["ada1"] == ("accept", "auto")
    assert "unsure" not in found
    with filled.catalog() as catalog:
        assert {d.reason for d in catalog.decisions.all() if d.verdict == "reject"} == {"wrong person"}


def test_the_policy_says_nothing_of_people_who_cannot_be_judged(corpus: Corpus) -> None:
    three = {f"ben{n}": ("ben", embedding("ben", n)) for n in range(3)}
    mostly_wrong = {f"ada{n}": ("ada", embedding("ada", n)) for n in range(4)} | {
        f"x{n}": ("ada", np.random.default_rng(n).normal(scale=0.08, size=128).astype(np.float32)) for n in range(8)
    }
    fill(corpus, three | mostly_wrong | {f"cleo{n}": ("cleo", embedding("cleo", n)) for n in range(6)})
    outcome = rank_faces(corpus)
    assert outcome.not_judged == ("ada", "ben")
    assert str(outcome).endswith(" Not enough to judge the faces of 2 people by: ada, ben.")
    summary = auto_review(corpus)
    assert summary.not_judged == ("ada", "ben")
    assert (summary.accepted, summary.rejected) == (6, 0)
    assert not standing(corpus)  # of ada and ben
    with corpus.catalog() as catalog:
        reasons = {face.reasons for who in ("ada", "ben") for face in catalog.faces.for_review(who)}
    assert reasons == {(NOT_ENOUGH,)}


def test_the_policy_adds_nothing_a_second_time(filled: Corpus) -> None:
    rank_faces(filled)
    first = auto_review(filled)
    before = rows(filled)
    assert replace(first, changed=0) == auto_review(filled)
    rank_faces(filled)  # its own verdicts do not teach the ranking
    auto_review(filled)
    assert rows(filled) == before


def test_the_policy_never_touches_a_face_that_a_person_judged_or_took_back(filled: Corpus) -> None:
    rank_faces(filled)
    with filled.catalog() as catalog:
        for name, verdict in (("wrong", "accept"), ("ada1", "reject"), ("ada2", "accept"), ("ada2", "undecided")):
            catalog.decisions.add([face_id(name)], identity_id="ada", reviewer="grace", verdict=verdict)
    assert auto_review(filled).judged_by_people == 3
    found = standing(filled)
    assert found["wrong"] == ("accept", "grace")
    assert found["ada1"] == ("reject", "grace")
    assert "ada2" not in found


def test_a_verdict_of_the_policy_is_taken_back_when_the_face_leaves_its_section(filled: Corpus) -> None:
    rank_faces(filled)
    auto_review(filled)
    with filled.catalog() as catalog:  # a better copy of ada1 turned up
        catalog.photos.cluster({}, [face_id("ada1")])
    rank_faces(filled)
    summary = auto_review(filled)
    assert (summary.accepted, summary.changed) == (11, 1)
    assert "ada1" not in standing(filled)
    with filled.catalog() as catalog:  # and went away again
        catalog.photos.cluster({}, [])
    rank_faces(filled)
    assert auto_review(filled).changed == 1
    assert standing(filled)["ada1"] == ("accept", "auto")


def test_a_face_that_now_stands_for_somebody_else_is_judged_anew(filled: Corpus) -> None:
    rank_faces(filled)
    auto_review(filled)
    with filled.catalog() as catalog:
        assigned = {s.face.face_id: s.identity_id for s in catalog.faces.subjects()}
        catalog.faces.assign(assigned | {face_id("wrong"): "ben"})
    rank_faces(filled)
    assert auto_review(filled).changed == 1
    with filled.catalog() as catalog:
        latest = catalog.decisions.all()[-1]
    assert (latest.face_id, latest.identity_id, latest.verdict) == (face_id("wrong"), "ben", "accept")


def test_a_person_whose_photographs_are_mostly_somebody_elses_cannot_be_judged_but_that_one_can() -> None:
    borrowed = [subject(f"b-{n}", "ada", embedding("ben", 50 + n)) for n in range(6)]
    found = ranked([*album("ada", 4), *borrowed, *album("ben")])
    assert {found[s.face.face_id].reasons for s in borrowed} == {(NOT_ENOUGH,)}
    assert found["ben-0"].section == "right"


def test_accepted_faces_settle_which_of_two_like_albums_is_whose() -> None:
    borrowed = [subject(f"b-{n}", "ada", embedding("ben", 50 + n)) for n in range(9)]
    accepted = [replace(s, verdict="accept") for s in album("ben", FEWEST)]
    found = ranked([*album("ada", 3), *borrowed, *accepted])
    assert found["ben-0"].section == "right"
    assert found["b-0"].section == "look"


def test_a_picture_that_stands_for_two_people_is_shown_to_a_reviewer_whatever_it_looks_like() -> None:
    in_conflict = replace(album("ada")[0], also_stands_for=("ben",))
    found = ranked([in_conflict, *album("ada")[1:], *album("ben")])["ada-0"]
    assert (found.section, found.reasons) == ("look", ("stands for Ben, too",))
    assert found.likely <= 0.5


@pytest.mark.parametrize("verdicts", [{}, {1: "accept", 2: "accept", 3: "accept", 4: "accept", 7: "reject"}])
def test_the_page_ranks_what_is_left_as_the_whole_ranking_would(corpus: Corpus, verdicts: dict[int, str]) -> None:
    good = {f"{who}{n}": (who, embedding(who, n)) for who in ("ada", "ben", "cleo") for n in range(8)}
    odd = {f"odd{n}": ("ada", between(share, 50 + n)) for n, share in enumerate((0.4, 0.5, 0.6, 1.0))}
    fill(corpus, good | odd)
    rank_faces(corpus)
    with corpus.catalog() as catalog:
        for number, verdict in verdicts.items():
            catalog.decisions.add([face_id(f"ada{number}")], identity_id="ada", reviewer="grace", verdict=verdict)
        order = Teacher().order(catalog, corpus.manifest["ada"], corpus.settings.rank)
    rank_faces(corpus)
    with corpus.catalog() as catalog:
        whole = {face.face_id: face for face in catalog.faces.for_review("ada")}
    assert len(order.face_ids) == 12 - len(verdicts)
    for one, likely, section in zip(order.face_ids, order.likely, order.sections, strict=True):
        assert likely == pytest.approx(1000 * whole[one].likely, abs=1)
        assert whole[one].section.startswith(section)


def test_an_album_of_many_thousands_finds_its_centre_in_little_memory() -> None:
    generator = np.random.default_rng(0)
    many = generator.normal(scale=SPREAD, size=(20_000, 128)).astype(np.float32)
    many[::3, 0] += 0.9  # a third is somebody else
    nobody = np.zeros(len(many), np.bool_)
    tracemalloc.start()
    found = members(many, nobody, nobody)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found is not None and found[1::3].all() and found[2::3].all() and not found[::3].any()
    assert peak < 40e6  # all pairs would be 3.2 GB
