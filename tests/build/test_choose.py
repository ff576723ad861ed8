"""Which accepted faces enter a build: by date, licence and quota; what each row is labelled."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from build_corpus import Shot, ready_corpus, rows_of, set_build, sha256, shots
from people import person
from typer.testing import CliRunner

from facecorpus.build.stage import build_shards
from facecorpus.cli import app
from facecorpus.corpus import Corpus
from facecorpus.errors import BuildError
from facecorpus.words import AgeGroup, Race

PEOPLE = (
    person("ada", birth_date="1970-06-15"),
    person("eve", birth_date="1970-06-15"),
    person("ben", race=Race.WHITE),
    person("dan", gender=None),
)


def test_only_licences_that_are_asked_for_enter(tmp_path: Path) -> None:
    names = ["CC0", "CC BY 4.0", "CC BY-ND 2.0", "CC BY-NC 2.0", ""]
    photographs = [replace(shot, licence=name) for shot, name in zip(shots(("ada",), 5), names, strict=True)]
    corpus = ready_corpus(tmp_path / "c", photographs, licences="free")
    summary = build_shards(corpus)
    assert {row["licence"] for row in rows_of(corpus.shards)} == {"CC0", "CC BY 4.0"}
    assert summary.left_out == {
        "under a licence that forbids changes, as a crop is one": 1,
        "under a licence that 'free' does not let in": 1,
        "without a licence that is known": 1,
    }
    record = json.loads((corpus.shards / "build.json").read_text())
    assert record["counts"]["licences"] == {"BY": 1, "CC0 or public domain": 1}


def test_a_copy_with_a_licence_stands_in_for_a_better_one_without(tmp_path: Path) -> None:
    better, free, *rest = (replace(shot, group=f"group{shot.number // 2}") for shot in shots(("ada",), 4))
    corpus = ready_corpus(
        tmp_path / "c", [replace(better, licence="", side=90), replace(free, licence="CC0"), *rest], licences="free"
    )
    build_shards(corpus)
    assert free.url in {row["source_url"] for row in rows_of(corpus.shards)}


def test_balance_takes_the_best_of_each_person_in_turn_as_many_as_the_smallest_subgroup_has(tmp_path: Path) -> None:
    photographs = [
        *(replace(shot, sharpness=shot.number) for shot in shots(("ada",), 9)),
        *(replace(shot, sharpness=shot.number) for shot in shots(("eve",), 3)),
        *shots(("ben",), 4),
        *shots(("dan",), 2),
    ]
    corpus = ready_corpus(tmp_path / "c", photographs, PEOPLE, balance="subgroup")
    summary = build_shards(corpus)
    assert summary.subgroups == {"female/adult/asian": 4, "female/adult/white": 4}
    assert summary.left_out == {
        "without a subgroup, which --balance needs": 2,
        "above the quota of their subgroup": 8,
    }
    taken = {(row["identity"], row["sharpness"]) for row in rows_of(corpus.shards) if row["identity"] < 2}
    assert taken == {(0, 8), (0, 7), (1, 2), (1, 1)}


def test_a_quota_is_the_same_however_small_the_smallest_subgroup_is(tmp_path: Path) -> None:
    corpus = ready_corpus(
        tmp_path / "c", [*shots(("ada",), 9), *shots(("ben",), 2)], PEOPLE, balance="subgroup", quota=6
    )
    assert build_shards(corpus).subgroups == {"female/adult/asian": 6, "female/adult/white": 2}


AGES = (
    person("ada", birth_date="1985-01-01", age_group=AgeGroup.YOUNG, photos_from=2005, photos_until=2014),
    person("ben", birth_date="1985", age_group=AgeGroup.YOUNG, photos_from=2005, photos_until=2014),
)
DATED = [
    Shot("ada", 0, taken_on="2010-05-01"),  # young, as the manifest says
    Shot("ada", 1, taken_on="2020-05-01"),  # adult, and outside of the period
    Shot("ada", 2, taken_on=None),
    Shot("ada", 3, taken_on="2002-05-01"),  # a minor
    Shot("ben", 0, taken_on="2020-05-01"),  # outside, and the day leaves the age open
    Shot("ben", 1, taken_on="2012-05-01"),
]


def test_by_the_manifest_a_face_from_outside_the_period_has_no_true_age_group_and_stays_out(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", DATED, AGES)
    summary = build_shards(corpus)
    assert {(row["age_group"], row["outside_period"]) for row in rows_of(corpus.shards)} == {(0, False)}
    assert summary.left_out == {
        "taken when the person was a minor": 1,
        "taken when the person's labels do not hold": 2,
    }


def test_by_the_day_of_the_photograph_it_enters_with_the_age_group_of_that_day_and_is_flagged(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", DATED, AGES, age_labels="capture")
    summary = build_shards(corpus)
    rows = {row["source_url"]: row for row in rows_of(corpus.shards)}
    assert {url: (row["age_group"], row["outside_period"]) for url, row in rows.items()} == {
        DATED[0].url: (0, False),
        DATED[1].url: (1, True),
        DATED[2].url: (0, False),
        DATED[5].url: (0, False),
    }
    assert summary.subgroups == {"female/young/asian": 3, "female/adult/asian": 1}
    assert summary.left_out == {
        "taken when the person was a minor": 1,
        "taken when the person's labels do not hold": 1,
    }
    counts = json.loads((corpus.shards / "build.json").read_text())["counts"]
    assert (counts["ages_known"], counts["ages_that_differ_from_the_label"], counts["outside_period"]) == (2, 1, 1)
    overview = (corpus.shards / "overview.html").read_text()
    assert "is known for 2 faces; for 1 of them it is" in overview
    assert "it says another age group" in (corpus.shards / "README.md").read_text()


@pytest.mark.parametrize("age_labels", ["identity", "capture"])
def test_without_a_certain_date_a_face_of_somebody_with_dated_only_stays_out(tmp_path: Path, age_labels: str) -> None:
    people = (replace(AGES[0], dated_only=True), AGES[1])
    corpus = ready_corpus(tmp_path / "c", [DATED[0], DATED[2], DATED[5]], people, age_labels=age_labels)
    summary = build_shards(corpus)
    assert {row["source_url"] for row in rows_of(corpus.shards)} == {DATED[0].url, DATED[5].url}
    assert "Left out: 1 without the certain date that dated_only in the manifest asks for." in str(summary)


def test_a_date_in_exif_is_as_good_as_one_that_a_source_states(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", [DATED[0], DATED[2]], (replace(AGES[0], dated_only=True),))
    with corpus.catalog() as catalog, catalog.transaction() as connection:
        connection.execute("UPDATE photo SET taken_on = '2011-01-02' WHERE sha256 = ?", (sha256(DATED[2]),))
    assert not build_shards(corpus).left_out
    assert {row["taken_on"] for row in rows_of(corpus.shards)} == {"2010-05-01", "2011-01-02"}


def test_a_minor_never_enters_whatever_the_labels_follow(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", [DATED[3]], AGES, age_labels="capture")
    with pytest.raises(BuildError, match=r"left out \(1 taken when the person was a minor\)"):
        build_shards(corpus)


def test_the_command_stands_above_the_settings_and_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    photographs = [replace(shot, licence="CC0" if shot.number else "") for shot in shots(("ada",), 4)]
    corpus = ready_corpus(tmp_path / "c", photographs, licences="any")
    ended = CliRunner().invoke(app, ["build", "-C", str(corpus.root), "--licences", "cc0", "--json"])
    assert ended.exit_code == 0, ended.output
    assert json.loads(ended.stdout)["faces"] == 3
    assert json.loads((corpus.shards / "build.json").read_text())["settings"]["build"]["licences"] == "cc0"
    refused = CliRunner().invoke(app, ["build", "-C", str(corpus.root), "--licences", "cheap"])
    assert "--licences is 'cheap'; it must be one of any, no-nc, free, cc0." in str(refused.exception)
    both = CliRunner().invoke(app, ["build", "-C", str(corpus.root), "--original", "--without-images"])
    assert "two different builds" in str(both.exception)


def test_the_overview_counts_everything_and_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    photographs = [*shots(("ada", "ben"), 6), *shots(("dan",), 2)]
    corpus = ready_corpus(tmp_path / "c", photographs, PEOPLE, title="<Faces> & more")
    build_shards(corpus)
    text = (corpus.shards / "overview.html").read_text(encoding="utf-8")
    assert "<h1>&lt;Faces&gt; &amp; more</h1>" in text
    assert "14 faces of 3 people" in text
    for heading in ("Subgroups", "Faces per person", "Years of the photographs", "Ages on the day", "Sources", "Sizes"):
        assert f"<h2>{heading}</h2>" in text
    assert text.count('role="img" aria-label="') == text.count("<svg ") == 7
    assert 'aria-label="Subgroups, faces by subgroup: 3 bars, from 2 (not stated) to 6 (female/adult/asian)."' in text
    for outside in ('src="', "http://", "https://", "@import", "url("):
        assert outside not in text


def test_the_attribution_page_names_what_the_licences_want_named(tmp_path: Path) -> None:
    by = [replace(shot, licence_url="https://creativecommons.org/licenses/by/4.0/") for shot in shots(("ada",), 3)]
    free = [replace(shot, licence="CC0") for shot in shots(("ben",), 2)]
    unknown = [replace(shot, licence="") for shot in shots(("dan",), 1)]
    corpus = ready_corpus(tmp_path / "c", [*by, *free, *unknown], PEOPLE)
    build_shards(corpus)
    text = (corpus.shards / "attribution.html").read_text(encoding="utf-8")
    assert text.count("<li ") == 3
    for shot in by:
        assert f'<a href="{shot.url.removesuffix(".png")}">“ada in picture {shot.number}”</a>' in text
    assert (
        text.count('by Ann, Photographer, <a rel="license" href="https://creativecommons.org/licenses/by/4.0/">') == 3
    )
    assert "cropped to the face" in text
    assert "2 faces from photographs under CC0 or in the public domain" in text
    assert "1 faces from photographs whose licence is not known" in text


def test_no_row_and_no_page_names_a_folder_of_the_operator(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(("ada",), 3))
    with corpus.catalog() as catalog, catalog.transaction() as connection:
        connection.execute("UPDATE candidate SET url = replace(url, 'https:', 'file:'), page_url = ''")
    build_shards(corpus)
    assert {(row["source_url"], row["page_url"]) for row in rows_of(corpus.shards)} == {("", "")}
    assert not [path for path in corpus.shards.rglob("*.*") if b"file:/" in path.read_bytes()]


def test_what_a_source_states_cannot_break_the_card_or_the_pages(tmp_path: Path) -> None:
    odd = "CC BY\n| <script>alert(1)</script> |"
    address = "https://creativecommons.org/licenses/by/4.0/"
    photographs = [replace(shot, licence=odd, licence_url=address) for shot in shots(("ada",), 3)]
    corpus = ready_corpus(tmp_path / "c", photographs)
    build_shards(corpus)
    for name in ("README.md", "overview.html", "attribution.html"):
        assert "<script>" not in (corpus.shards / name).read_text(encoding="utf-8")
    assert (
        "\n| CC BY \\| &lt;script&gt;alert(1)&lt;/script&gt; \\| | 3 |\n" in (corpus.shards / "README.md").read_text()
    )


def test_a_setting_that_changes_what_enters_is_a_change(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(("ada",), 4))
    build_shards(corpus)
    set_build(corpus, balance="subgroup", quota=3)
    assert build_shards(Corpus(corpus.root)).faces == 3


def test_the_age_group_that_a_reviewer_saw_stands_above_the_manifests_and_is_counted(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(("ada", "ben"), 4), age_labels="capture")
    with corpus.catalog() as catalog:
        seen = next(face for face in catalog.faces.accepted() if face.identity_id == "ada")
        catalog.decisions.add([seen.face_id], identity_id="ada", reviewer="me", verdict="old", kind="age")
    summary = build_shards(corpus)
    ages = {row["face_id"]: list(AgeGroup)[row["age_group"]] for row in rows_of(corpus.shards) if row["identity"] == 0}
    assert ages.pop(seen.face_id) == "old"
    assert set(ages.values()) == {"adult"}
    assert summary.ages_corrected == 1
    assert "Age group as reviewers saw it, not as the manifest says: 1 faces." in str(summary)
    assert "for 1 faces, the age group that a reviewer saw" in " ".join(
        (corpus.shards / "README.md").read_text().split()
    )


def test_descriptors_are_in_the_shards_only_if_asked_for_and_never_without_images(tmp_path: Path) -> None:
    from facecorpus.build.kind import Kind
    from facecorpus.export.stage import export

    corpus = ready_corpus(tmp_path / "c", shots(("ada",), 4))
    build_shards(corpus)
    assert "embedding" not in rows_of(corpus.shards)[0]
    set_build(corpus, embeddings=True)
    corpus = Corpus(corpus.root)
    assert build_shards(corpus).changed
    with corpus.catalog() as catalog:
        known = {face.face_id: face.embedding.tolist() for face in catalog.faces.accepted(embeddings=True)}  # type: ignore[union-attr]
    assert {row["face_id"]: row["embedding"] for row in rows_of(corpus.shards)} == known
    assert "biometric template" in (corpus.shards / "README.md").read_text()
    without = build_shards(corpus, kind=Kind.WITHOUT_IMAGES)
    assert "embedding" not in pq.read_schema(next(without.path.glob("data/*.parquet"))).names
    export(corpus.shards, tmp_path / "images", "imagefolder")
    lines = (tmp_path / "images" / "train" / "metadata.jsonl").read_text().splitlines()
    assert not any("embedding" in json.loads(line) for line in lines)
