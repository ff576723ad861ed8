"""What faces are judged by, fitted to a descriptor by what was decided, and refused for another one's."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from calibrating import DESCRIPTOR, PEOPLE, decided_corpus, drawn
from demo_faces import portrait
from demo_photographs import world
from onnx_networks import write_little
from ranked_people import subject

from facecorpus.corpus import Corpus
from facecorpus.dedup.stage import find_duplicates
from facecorpus.errors import CorpusError, SettingsError, SourceError
from facecorpus.judging.calibrate import CalibrateSummary, at_least, calibrate
from facecorpus.judging.fitting import cases_of, fit, near_by, odds_of
from facecorpus.judging.groups import grouped
from facecorpus.judging.likeness import OF_DLIBS
from facecorpus.judging.rank import rank_faces
from facecorpus.pipeline import calibrate_stage
from facecorpus.records import Ranking
from facecorpus.settings import FacesSettings, LikenessSettings, RankSettings
from facecorpus.settings_file import read_settings, with_values
from facecorpus.words import Section
from review_ui.learning import Teacher


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Corpus, str, CalibrateSummary]:
    """A corpus whose descriptors are twice as far apart as dlib's, its corpus.toml before, and what was said."""
    corpus = decided_corpus(tmp_path_factory.mktemp("fitted"), drawn(unit=2.0))
    before = (corpus.root / "corpus.toml").read_text()
    summary = calibrate(corpus)
    return Corpus(corpus.root), before, summary


def test_the_same_faces_in_another_unit_give_the_same_odds() -> None:
    odds = []
    for unit in (1.0, 3.0):
        subjects = [subject(name, who, vector) for name, (who, vector) in drawn(unit).items() if name[-1] != "f"]
        shown = {one.face.face_id: one.identity_id for one in subjects}
        near = near_by(subjects, shown)
        cases = cases_of(subjects, shown, replace(OF_DLIBS, near=near), rounds=[(0.25, 0)])
        odds.append(odds_of(cases, fit(cases, np.full(len(cases), 1.0), near)))
    assert odds[0] == pytest.approx(odds[1], abs=0.05)
    assert np.abs(odds[0]).max() > 3


def test_it_is_written_into_the_corpus_where_nothing_else_changes(
    fitted: tuple[Corpus, str, CalibrateSummary],
) -> None:
    corpus, before, summary = fitted
    settings = corpus.settings
    assert settings.likeness == summary.likeness
    assert (settings.likeness.descriptor, settings.likeness.one_person) == (DESCRIPTOR, settings.likeness.near * 0.625)
    assert settings.dedup.face_distance == pytest.approx(settings.likeness.near * 0.4 / 0.48, rel=1e-3)
    assert (settings.rank.accept_above, settings.rank.reject_below) == (summary.accept_above, summary.reject_below)
    lines = (corpus.root / "corpus.toml").read_text().split("\n")
    changed = {line.partition(" = ")[0] for line in before.split("\n") if line not in lines}
    fields = set(LikenessSettings.__dataclass_fields__)
    assert fields <= changed <= fields | {"face_distance", "accept_above", "reject_below"}


def test_what_it_says_holds_for_people_left_out(fitted: tuple[Corpus, str, CalibrateSummary]) -> None:
    summary = fitted[2]
    assert (summary.people, summary.faces, summary.wrong) == (12, 131, 11), "a blurred face says nothing"
    assert summary.brier < summary.brier_of_share / 4
    assert sum(one.cases for one in summary.reliability) > 13 * 120
    assert summary.reliability[0].right < 0.05
    assert summary.reliability[-1].right > 0.95
    usual = RankSettings()
    assert summary.accept_above >= usual.accept_above, "so few faces prove no looser limit"
    assert summary.reject_below <= usual.reject_below
    assert 0.9 < summary.accepted_right < 0.995
    assert f"Accepted from {summary.accept_above} on: at least {summary.accepted_right:.2%} are right." in str(summary)


def test_later_commands_judge_by_it(fitted: tuple[Corpus, str, CalibrateSummary]) -> None:
    corpus = fitted[0]
    find_duplicates(corpus)
    by_it = rank_faces(corpus)
    assert by_it.not_judged == ()
    assert by_it.right > 100
    with corpus.catalog() as catalog:
        assert Teacher().order(catalog, corpus.manifest[PEOPLE[0]], corpus.settings).face_ids == ()
    corpus.settings = replace(corpus.settings, likeness=LikenessSettings(), rank=RankSettings())
    assert rank_faces(corpus).right < by_it.right / 2


def ordered(corpus: Corpus) -> object:
    with corpus.catalog() as catalog:
        return Teacher().order(catalog, corpus.manifest[PEOPLE[0]], corpus.settings)


@pytest.mark.parametrize(
    "stage",
    [
        rank_faces,
        find_duplicates,
        ordered,
    ],
)
def test_constants_of_another_descriptor_are_refused(
    stage: Callable[[Corpus], object], fitted: tuple[Corpus, str, CalibrateSummary]
) -> None:
    corpus = Corpus(fitted[0].root)
    foreign = replace(corpus.settings.likeness, descriptor="yours, 5 numbers, sha256 1a with 1b")
    corpus.settings = replace(corpus.settings, likeness=foreign)
    with pytest.raises(CorpusError) as error:
        stage(corpus)
    assert "was fitted to descriptors by yours, 5 numbers, sha256 1a with 1b, but the faces" in str(error.value)
    assert error.value.hint == "fit it to these with: facecorpus calibrate, or delete the section"
    assert foreign.of(DESCRIPTOR) == OF_DLIBS


@pytest.mark.parametrize(("near", "group"), [(0.48, None), (0.96, 0)])
def test_faces_to_look_at_are_alike_by_it(near: float, group: int | None) -> None:
    two = [subject(name, "ada", np.full(128, place, np.float32)) for name, place in (("a", 0.0), ("b", 0.6 / 128**0.5))]
    rankings = [Ranking(one.face.face_id, 0.5, Section.LOOK, ()) for one in two]
    assert {one.alike for one in grouped(two, rankings, near)} == {group}


def test_too_few_faces_are_one_sentence(tmp_path: Path) -> None:
    corpus = decided_corpus(tmp_path, {name: face for name, face in drawn().items() if not name.endswith("9")})
    before = (corpus.root / "corpus.toml").read_bytes()
    with pytest.raises(
        CorpusError, match=r"expected are 10 people of whom 10 faces or more are accepted, and .* has 0;"
    ):
        calibrate(corpus)
    assert (corpus.root / "corpus.toml").read_bytes() == before


def test_a_labelled_folder_is_described_as_the_corpus_is(corpus: Corpus, tmp_path: Path) -> None:
    write_little(corpus.root / "little.onnx")
    corpus.settings = replace(corpus.settings, faces=FacesSettings(descriptor_model="little.onnx", workers=1))
    (tmp_path / "labelled" / "ada").mkdir(parents=True)
    (tmp_path / "labelled" / "ada" / "one.jpg").write_bytes(world().read(portrait().file))
    with pytest.raises(CorpusError, match=r"10 faces or more are accepted, and .*labelled has 0;"):
        calibrate_stage(corpus, tmp_path / "labelled")
    with pytest.raises(SourceError, match="expected one sub-folder per person"):
        calibrate_stage(corpus, tmp_path / "labelled" / "ada")


def test_a_network_that_tells_nobody_apart_is_refused(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    noise = {name: (who, np.asarray(random.normal(size=128), np.float32)) for name, (who, _) in drawn().items()}
    corpus = decided_corpus(tmp_path, noise)
    before = (corpus.root / "corpus.toml").read_bytes()
    with pytest.raises(CorpusError, match=r"do not tell these people apart"):
        calibrate(corpus)
    assert (corpus.root / "corpus.toml").read_bytes() == before


def test_the_bound_is_clopper_and_pearsons() -> None:
    assert at_least(598, 0) == pytest.approx(0.995, abs=1e-4)  # the rule of three
    assert at_least(100, 5) == pytest.approx(0.8971, abs=1e-3)  # R: binom.test(95, 100, alternative = "greater")
    assert at_least(3, 3) == 0


def test_lines_of_corpus_toml_are_exchanged(tmp_path: Path) -> None:
    text = "[rank]\naccept_above=0.9 # mine\n\n# all else\n[faces]\nmin_face = 30\n"
    made = with_values(text, {"rank": {"accept_above": 0.97, "reject_below": 0.01}, "likeness": {"near": 0.5}}, "x")
    assert "# all else\n[faces]\nmin_face = 30\n" in made
    (tmp_path / "corpus.toml").write_text(made)
    settings = read_settings(tmp_path / "corpus.toml")
    assert (settings.rank, settings.likeness.near) == (RankSettings(0.97, 0.01), 0.5)
    with pytest.raises(SettingsError, match=r"write there: \[rank\] accept_above = 0.97"):
        with_values("rank = {accept_above = 0.9}", {"rank": {"accept_above": 0.97}}, "x")
    with pytest.raises(SettingsError, match=r"near in \[likeness\] is 20.0; it must be from 0.001 to 10"):
        with_values(text, {"likeness": {"near": 20.0}}, "x")
