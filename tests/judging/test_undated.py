"""Who may be a minor in photographs that do not say when they were taken is counted, once a person."""

from dataclasses import replace

from people import person
from ranked_people import embedding, face_id, subject

from facecorpus.corpus import Corpus
from facecorpus.judging.rank import rank_faces
from facecorpus.judging.undated import said_of_undated, undated, youngest_first

PEOPLE = {
    one.identity_id: one
    for one in (
        person("ada", birth_date="1970"),
        person("ben", birth_date="1999-05"),
        person("cleo", birth_date="2000", dated_only=True),
        person("dan"),
    )
}


def test_undated_photographs_that_nobody_has_looked_at_are_counted_the_youngest_person_first() -> None:
    some = embedding("ada")
    subjects = [
        subject("a1", "ada", some),
        replace(subject("a1", "ada", some), also_stands_for=("ben",)),  # two faces of one photograph
        subject("a2", "ada", some),
        subject("a3", "ada", some, taken_on="2010"),
        subject("a4", "ada", some, verdict="accept"),
        subject("a5", "ada", some, kept=False),
        subject("b1", "ben", some),
        subject("c1", "cleo", some),
        subject("d1", "dan", some, taken_on="2015-01-01"),
    ]
    found = youngest_first(
        name for one in PEOPLE for name in undated(PEOPLE[one], [s for s in subjects if s.identity_id == one])
    )
    assert [(one.name, one.born, one.photographs) for one in found] == [("Ben", 1999, 1), ("Ada", 1970, 2)]
    said = said_of_undated(found, 18)
    assert "3 photographs of 2 people have no date" in said
    assert "before they were 18" in said
    assert "Ben (born 1999: 1), Ada (born 1970: 2)" in said
    assert said_of_undated((), 18) == ""
    assert said_of_undated(found * 5, 18).endswith(", ….")


def test_the_summary_of_a_crawl_says_so_until_somebody_has_looked(filled: Corpus) -> None:
    summary = rank_faces(filled)
    assert [(one.name, one.photographs) for one in summary.undated] == [("Ada", 8), ("Ben", 6)]
    assert "\n14 photographs of 2 people have no date" in str(summary)
    with filled.catalog() as catalog:
        everything = {one: [f"{one}{n}" for n in range(1, 7)] for one in ("ada", "ben")}
        everything["ada"] += ["wrong", "unsure"]
        for who, names in everything.items():
            catalog.decisions.add([face_id(n) for n in names], identity_id=who, reviewer="eve", verdict="reject")
    summary = rank_faces(filled)
    assert summary.undated == ()
    assert "date" not in str(summary)
