"""The shipped manifest of 77 public figures, held against its own rules and against a public list of people.

`data/people_reference_paper77.csv` holds the rows of a merged public list (Pantheon and lists of actors) for
our 77 names; the full list is not part of the repository. Whoever has it writes the extract anew with

    python tests/manifests/test_paper77.py people_reference.csv > tests/data/people_reference_paper77.csv

and has the whole list checked by setting FACECORPUS_PEOPLE_REFERENCE to its path; without that, a file
`shared/people_reference.csv` beside the checkout is taken, if there is one.
"""

import csv
import os
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import manifests
from facecorpus.errors import ManifestError
from facecorpus.manifest import COLUMNS, SUBGROUPS, Identity, read_manifest
from facecorpus.words import AgeGroup, Gender, Race

PAPER77 = read_manifest(manifests.find_shipped("paper77")).identities
README = (Path(manifests.__file__).parent / "README.md").read_text(encoding="utf-8")
EXTRACT = Path(__file__).parents[1] / "data" / "people_reference_paper77.csv"
BESIDE = Path(__file__).parents[3] / "shared" / "people_reference.csv"
FULL_LIST = Path(os.environ.get("FACECORPUS_PEOPLE_REFERENCE", BESIDE))
LAST_YEAR = 2026
"""The year in which paper77 was written; no period in it may reach further."""


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """One row of the public list; dates are cut to what the list knows."""

    name: str
    birth_date: str
    birth_year: str
    gender: str


def read_people(path: Path) -> list[ListedPerson]:
    columns = ("name", "birth_date", "birth_year", "gender")
    with path.open(encoding="utf-8", newline="") as file:
        return [ListedPerson(*(row[column] for column in columns)) for row in csv.DictReader(file)]


def folded(name: str) -> str:
    """A name without case, accents, hyphens, dots and spaces, as the lists differ in these."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if letter.isalnum())


def listed_rows(person: Identity, people: Iterable[ListedPerson]) -> list[ListedPerson]:
    """The rows of the list that carry the person's name or an alias."""
    names = {folded(name) for name in (person.name, *person.aliases)}
    return [row for row in people if folded(row.name) in names]


def disagreements(person: Identity, people: Iterable[ListedPerson]) -> list[str]:
    """What the list says otherwise than the manifest about birth and gender; blanks say nothing."""
    found = []
    for row in listed_rows(person, people):
        if row.birth_year and int(row.birth_year) != person.birth_year:
            found.append(f"{row.name}: born {row.birth_year} in the list, {person.birth_year} here")
        if row.birth_date and row.birth_date != person.birth_date:
            found.append(f"{row.name}: born {row.birth_date} in the list, {person.birth_date} here")
        if row.gender and row.gender != person.gender:
            found.append(f"{row.name}: {row.gender} in the list, {person.gender} here")
    return found


def youngest(person: Identity) -> int:
    """Age on the first day of the period, before that year's birthday."""
    return person.photos_from - 1 - person.birth_year


def oldest(person: Identity) -> int:
    """Age on the last day of the period."""
    assert person.photos_until is not None
    return person.photos_until - person.birth_year


def test_it_holds_77_people() -> None:
    assert len(PAPER77) == 77


def test_each_of_the_24_subgroups_holds_three_or_four_people_and_five_hold_four() -> None:
    sizes = Counter(person.subgroup for person in PAPER77)
    assert set(sizes) == set(SUBGROUPS)
    assert Counter(sizes.values()) == {3: 19, 4: 5}


def test_people_stand_in_the_order_of_the_subgroups() -> None:
    positions = [SUBGROUPS.index(person.subgroup or "") for person in PAPER77]
    assert positions == sorted(positions)


@pytest.mark.parametrize("column", ["identity_id", "name", "wikipedia_title", "commons_category"])
def test_nobody_is_listed_twice(column: str) -> None:
    values = [value for person in PAPER77 if (value := getattr(person, column))]
    assert len(set(values)) == len(values)


def test_no_two_people_answer_to_the_same_name_or_alias() -> None:
    names = [name for person in PAPER77 for name in {folded(n) for n in (person.name, *person.aliases)}]
    assert len(set(names)) == len(names)


def test_a_wikidata_item_stands_for_one_person() -> None:
    items = [person.wikidata_id for person in PAPER77 if person.wikidata_id]
    assert len(set(items)) == len(items)


def test_nobody_is_a_minor_on_any_day_of_the_period() -> None:
    assert [p.identity_id for p in PAPER77 if youngest(p) < 18] == []


def test_the_age_group_holds_on_every_day_of_the_period() -> None:
    bounds = {AgeGroup.YOUNG: (18, 29), AgeGroup.ADULT: (30, 59), AgeGroup.OLD: (60, 120)}
    for person in PAPER77:
        assert person.age_group is not None
        low, high = bounds[person.age_group]
        assert low <= youngest(person) < oldest(person) <= high, person.identity_id


def test_periods_are_long_enough_for_hundreds_of_photographs_and_end_in_the_past() -> None:
    for person in PAPER77:
        assert person.photos_until is not None, person.identity_id
        assert person.photos_from + 5 <= person.photos_until <= LAST_YEAR, person.identity_id


def test_every_label_says_where_it_comes_from() -> None:
    for person in PAPER77:
        assert person.gender is not None and len(person.gender_source) > 20, person.identity_id
        assert person.race is not None and len(person.race_source) > 20, person.identity_id


def test_race_is_an_editors_assignment_with_a_page_to_review_it() -> None:
    for person in PAPER77:
        page = "/wiki/" + person.wikipedia_title.replace(" ", "_")
        assert person.race_source.startswith("Editor's assignment from "), person.identity_id
        assert "not self-identified" in person.race_source, person.identity_id
        assert person.race_source.endswith(page), person.identity_id


def test_no_gender_rests_on_a_pronoun() -> None:
    assert [person.identity_id for person in PAPER77 if "referred to" in person.gender_source] == []


def test_whoever_has_no_commons_category_is_found_by_an_item_or_an_article() -> None:
    assert all(person.wikidata_id or person.wikipedia_title for person in PAPER77 if not person.commons_category)


def test_birth_and_gender_agree_with_the_public_list() -> None:
    people = read_people(EXTRACT)
    assert [fault for person in PAPER77 for fault in disagreements(person, people)] == []


def test_at_least_fifty_people_are_in_the_public_list() -> None:
    people = read_people(EXTRACT)
    assert sum(bool(listed_rows(person, people)) for person in PAPER77) >= 50


def test_the_gender_source_names_the_public_list_for_exactly_those_who_are_in_it() -> None:
    people = read_people(EXTRACT)
    for person in PAPER77:
        claims_list = person.gender_source.startswith("Public people lists")
        assert claims_list == bool(listed_rows(person, people)), person.identity_id


@pytest.mark.skipif(not FULL_LIST.is_file(), reason=f"no full list at {FULL_LIST}")
def test_the_full_list_agrees_and_holds_nothing_that_the_extract_leaves_out() -> None:
    people = read_people(FULL_LIST)
    assert [fault for person in PAPER77 for fault in disagreements(person, people)] == []
    assert extract(people) == read_people(EXTRACT)


def test_the_check_finds_a_wrong_birth_year_birth_date_and_gender() -> None:
    people = [ListedPerson("Yu-Na KIM", "1990-09-05", "1990", "female")]
    right = next(person for person in PAPER77 if person.identity_id == "kim_yuna")
    assert disagreements(right, people) == []
    assert len(disagreements(replace(right, birth_date="1990-09-06"), people)) == 1
    assert len(disagreements(replace(right, birth_date="1991-09-05"), people)) == 2
    assert len(disagreements(replace(right, gender=Gender.MALE), people)) == 1


def test_shipped_manifests_are_found_by_name() -> None:
    assert "paper77" in manifests.list_shipped()
    for name in manifests.list_shipped():
        assert read_manifest(manifests.find_shipped(name)).identities


def test_a_name_that_is_not_shipped_is_refused_with_the_names_that_are() -> None:
    with pytest.raises(ManifestError, match=r"'paper78'.*paper77.*your own CSV"):
        manifests.find_shipped("paper78")


def test_the_readme_explains_every_column_and_every_class() -> None:
    explained = re.findall(r"^\| `(\w+)` \|", README, flags=re.MULTILINE)
    assert explained == list(COLUMNS)
    for value in (*Gender, *AgeGroup, *Race):
        assert f"`{value}`" in README


def test_the_example_in_the_readme_is_a_valid_manifest(tmp_path: Path) -> None:
    example = re.search(r"```csv\n(.*?)```", README, flags=re.DOTALL)
    assert example is not None
    file = tmp_path / "mine.csv"
    file.write_text(example[1], encoding="utf-8")
    assert len(read_manifest(file).identities) == 2


def test_the_readme_counts_what_the_manifest_holds() -> None:
    items = sum(bool(person.wikidata_id) for person in PAPER77)
    listed = sum(bool(listed_rows(person, read_people(EXTRACT))) for person in PAPER77)
    assert f"{listed} of the 77" in README
    assert f"{items} of the 77" in README


def test_the_readme_names_everybody_in_the_manifest() -> None:
    assert [person.name for person in PAPER77 if person.name not in README] == []


def test_the_readme_names_all_of_whom_only_dated_photographs_are_taken() -> None:
    paragraph = re.search(r"\*\*Dated photographs only\.\*\*(.*?)\n\n", README, flags=re.DOTALL)
    assert paragraph is not None
    told = " ".join(paragraph[1].split())
    assert {person.name for person in PAPER77 if person.dated_only} == {p.name for p in PAPER77 if p.name in told}
    assert sum(person.dated_only for person in PAPER77) == 10


def test_nobody_who_was_replaced_is_in_the_manifest() -> None:
    section = README.partition("| left | came | why |")[2].partition("\n\n")[0]
    left = [name for line in section.splitlines()[2:] for name in line.split("|")[1].strip().split(", ")]
    assert len(left) == 18
    assert [person.name for person in PAPER77 if person.name in left] == []


def extract(people: Iterable[ListedPerson]) -> list[ListedPerson]:
    """The list's rows for our 77, in the manifest's order, each once."""
    people = list(people)
    return list(dict.fromkeys(row for person in PAPER77 for row in listed_rows(person, people)))


if __name__ == "__main__":
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("name", "birth_date", "birth_year", "gender"))
    writer.writerows(
        (row.name, row.birth_date, row.birth_year, row.gender) for row in extract(read_people(Path(sys.argv[1])))
    )
