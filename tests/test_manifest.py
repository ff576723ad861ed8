"""Reading a manifest, and what it says when a rule is broken."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import person

from facecorpus.errors import FacecorpusError, ManifestError
from facecorpus.manifest import COLUMNS, SUBGROUPS, Identity, read_manifest, write_manifest
from facecorpus.system.border import clean
from facecorpus.words import AgeGroup, Gender, Race


def broken(tmp_path: Path, **changes: str) -> str:
    """The message about a manifest of one person with those fields replaced."""
    write_manifest(tmp_path / "m.csv", [person("ada")])
    header, line = (tmp_path / "m.csv").read_text().splitlines()
    fields = dict(zip(header.split(","), line.split(","), strict=True)) | changes
    (tmp_path / "m.csv").write_text(f"{header}\n{','.join(fields.values())}\n")
    with pytest.raises(ManifestError) as error:
        read_manifest(tmp_path / "m.csv")
    return str(error.value)


def test_there_are_24_subgroups_in_the_order_gender_age_race() -> None:
    assert len(SUBGROUPS) == 24
    assert SUBGROUPS[0] == "female/young/asian"
    assert SUBGROUPS[1] == "female/young/latin_american"
    assert SUBGROUPS[4] == "female/adult/asian"
    assert SUBGROUPS[-1] == "male/old/white"


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("gender", "Female", "one of female, male"),
        ("race", "caucasian", "one of asian, latin_american, african, white"),
        ("age_group", "senior", "one of young, adult, old"),
        ("birth_date", "1970-13-01", "a date like 1981-09-26, a year like 1981, or empty for 'not stated'"),
        ("photos_from", "recently", "the first year of the photographs"),
        ("identity_id", "../etc", "1 to 64 of a-z, 0-9, _ and -"),
        ("wikidata_id", "42", "like Q42"),
        ("race_source", "", "where the statement of race comes from"),
        ("dated_only", "yes", "'yes' must be one of true, false, or empty for 'false'"),
    ],
)
def test_a_wrong_value_is_named_with_file_line_column_and_what_is_allowed(
    tmp_path: Path, column: str, value: str, expected: str
) -> None:
    message = broken(tmp_path, **{column: value})
    assert message.startswith(f"{tmp_path / 'm.csv'}, line 2, column {column}: ")
    assert expected in message


def test_nobody_is_collected_from_years_in_which_they_may_have_been_a_minor(tmp_path: Path) -> None:
    message = broken(tmp_path, birth_date="2000", photos_from="2018", age_group="young")
    assert "no minors are collected: the earliest year is 2019" in message


def test_an_age_group_must_hold_in_the_whole_period(tmp_path: Path) -> None:
    message = broken(tmp_path, birth_date="1980", photos_from="2005", photos_until="2020")
    assert "'adult' is 30–59 years" in message
    assert "25–40" in message


def test_a_period_that_runs_backwards_is_refused(tmp_path: Path) -> None:
    assert "correct one of the two" in broken(tmp_path, photos_until="2001")


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("identity_id,name,colour\nada,Ada,red\n")
    with pytest.raises(
        ManifestError, match=r"column 'wikipedia_title' is missing.* and 9 more are.*column 'colour' is not known"
    ):
        read_manifest(tmp_path / "m.csv")


def test_a_column_that_stands_there_twice_is_named(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(f"{','.join(COLUMNS)},dated_only\n")
    with pytest.raises(ManifestError, match="line 1: column 'dated_only' stands there more than once"):
        read_manifest(tmp_path / "m.csv")


def test_a_line_with_too_many_fields_is_named(tmp_path: Path) -> None:
    write_manifest(tmp_path / "m.csv", [person("ada")])
    columns = (tmp_path / "m.csv").read_text().splitlines()[0].count(",") + 1
    with (tmp_path / "m.csv").open("a") as file:
        file.write("x," * 20 + "\n")
    with pytest.raises(ManifestError, match=f"line 3, column .all.: the line must have {columns} fields"):
        read_manifest(tmp_path / "m.csv")


def test_two_people_may_not_share_an_id(tmp_path: Path) -> None:
    write_manifest(tmp_path / "m.csv", [person("ada"), person("ada", name="Other")])
    with pytest.raises(ManifestError, match="line 3, column identity_id: 'ada' stands in line 2 already"):
        read_manifest(tmp_path / "m.csv")


def test_labels_left_empty_are_not_stated(tmp_path: Path) -> None:
    write_manifest(tmp_path / "m.csv", [person("ada", race=None, age_group=None)])
    identity = read_manifest(tmp_path / "m.csv")["ada"]
    assert identity.race is None
    assert identity.subgroup is None


@pytest.mark.parametrize(
    ("taken_on", "holds"),
    [
        (None, True),
        ("2005", True),
        ("2020-12-31", True),
        ("2004-12-31", False),
        ("2021", False),
        ("2000/2005", True),
        ("2021/2029", False),
    ],
)
def test_labels_hold_in_the_period_and_where_no_date_is_known(taken_on: str | None, holds: bool) -> None:
    assert person("ada").holds_on(taken_on) is holds


@pytest.mark.parametrize(
    ("taken_on", "holds"),
    [
        (None, False),
        ("", False),
        ("2005", True),
        ("2010-07", True),
        ("2020-12-31", True),
        ("2004-12-31", False),
        ("2021", False),
        ("2005/2012", True),
        ("2000/2004-06", False),
    ],
)
def test_where_only_dated_photographs_count_the_year_must_be_certain(taken_on: str | None, holds: bool) -> None:
    assert person("ada", dated_only=True).holds_on(taken_on) is holds


@pytest.mark.parametrize("taken_on", [None, "", "2004/2005", "2020-06/2021", "1990/2029", "2010?", "201"])
def test_a_date_that_may_lie_outside_the_period_is_not_certain(taken_on: str | None) -> None:
    dated = person("ada", dated_only=True)
    assert not dated.dated_enough(taken_on) and not dated.holds_on(taken_on)
    assert person("ada").dated_enough(taken_on)


def test_dated_only_may_be_left_empty_or_out(tmp_path: Path) -> None:
    people = [person("ada"), person("ben", dated_only=True)]
    write_manifest(tmp_path / "m.csv", people)
    assert read_manifest(tmp_path / "m.csv").identities == tuple(people)
    (header, ada, ben) = (tmp_path / "m.csv").read_text().splitlines()
    assert (ada[-1], ben.rpartition(",")[2]) == (",", "true")
    (tmp_path / "m.csv").write_text(f"{header}\n{ada}false\n")
    assert read_manifest(tmp_path / "m.csv").identities == (people[0],)
    (tmp_path / "m.csv").write_text(f"{header.removesuffix(',dated_only')}\n{ada.removesuffix(',')}\n")
    assert read_manifest(tmp_path / "m.csv").identities == (people[0],)


def test_a_line_too_short_is_told_how_many_fields_its_own_header_has(tmp_path: Path) -> None:
    header = ",".join(column for column in COLUMNS if column != "dated_only")
    (tmp_path / "m.csv").write_text(f"{header}\nada,Ada\n")
    with pytest.raises(ManifestError, match=f"must have {len(COLUMNS) - 1} fields"):
        read_manifest(tmp_path / "m.csv")


def test_many_problems_are_listed_and_then_counted(tmp_path: Path) -> None:
    write_manifest(tmp_path / "m.csv", [person(f"p{n}", birth_date="x") for n in range(25)])
    with pytest.raises(ManifestError) as error:
        read_manifest(tmp_path / "m.csv")
    lines = str(error.value).splitlines()
    assert len(lines) == 21
    assert lines[-1].startswith("… and 5 more problems")


texts = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=20).map(clean)


@settings(max_examples=40, deadline=None)
@given(
    name=texts.filter(bool),
    title=texts,
    aliases=st.lists(texts.filter(bool).filter(lambda text: "|" not in text), max_size=3).map(tuple),
    gender=st.sampled_from([*Gender, None]),
    race=st.sampled_from([*Race, None]),
    age_group=st.sampled_from([AgeGroup.ADULT, None]),
    dated_only=st.booleans(),
)
def test_what_is_written_reads_back_the_same(tmp_path_factory: pytest.TempPathFactory, **fields: object) -> None:
    identity: Identity = person("ada", wikipedia_title=fields.pop("title"), **fields)
    path = tmp_path_factory.mktemp("m") / "m.csv"
    write_manifest(path, [identity])
    assert read_manifest(path).identities == (identity,)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_a_manifest_or_a_clear_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("m") / "m.csv"
    path.write_bytes(b",".join(column.encode() for column in COLUMNS) + b"\n" + data)
    try:
        read_manifest(path)
    except FacecorpusError as error:
        assert str(path) in str(error)


def test_what_nobody_sees_in_a_cell_is_taken_away(tmp_path: Path) -> None:
    """A name that was copied from a web page often brings a mark of direction, or a character in two pieces."""
    identity = person("ada", name="Ade\u0301\u200e\u00a0Lovelace\0", aliases=("A.\tL.", "\u202eAde"))
    write_manifest(tmp_path / "m.csv", [identity])
    (read,) = read_manifest(tmp_path / "m.csv").identities
    assert (read.name, read.aliases) == ("Adé Lovelace", ("A. L.", "Ade"))


@pytest.mark.parametrize("birth_date", ["1981-W01-1", "1981-9-26", "1981-02-30", "١٩٨١-٠٩-٢٦", "\ud800"])
def test_a_birth_date_is_a_day_of_the_calendar(tmp_path: Path, birth_date: str) -> None:
    write_manifest(tmp_path / "m.csv", [person("ada")])
    text = (tmp_path / "m.csv").read_text().replace(",1970,", f",{birth_date},")
    (tmp_path / "m.csv").write_text(text, errors="replace")
    with pytest.raises(ManifestError, match="must be a date like 1981-09-26"):
        read_manifest(tmp_path / "m.csv")


def test_a_cell_without_an_end_is_named(tmp_path: Path) -> None:
    write_manifest(tmp_path / "m.csv", [person("ada", name="e\u0301" * 20_000)])
    with pytest.raises(ManifestError, match=r"line 2, column name: 'é+'… must have at most 10,000 characters"):
        read_manifest(tmp_path / "m.csv")
