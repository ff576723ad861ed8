"""The layout of the shards: which rows lie together, and that a change moves no other shard's bounds."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from facecorpus.build.layout import fine, parted

FEW = settings(max_examples=80, deadline=None)
PEOPLE = 77


@dataclass(frozen=True)
class Row:
    """What the layout looks at: the person's number and the face."""

    number: int
    face_id: str
    size: int = 10

    @property
    def face(self) -> Any:
        return SimpleNamespace(face_id=self.face_id)


ROWS = st.lists(
    st.builds(Row, st.integers(0, PEOPLE - 1), st.integers(0, 2**96 - 1).map("{:024x}-0".format), st.integers(1, 40)),
    max_size=120,
    unique_by=lambda row: row.face_id,
).map(lambda rows: sorted(rows, key=lambda row: (row.number, row.face_id)))


def parts(rows: list[Row], limit: int = 100) -> list[list[Row]]:
    return [list(part) for _, part in parted(rows, lambda row: row.size, limit, PEOPLE)]  # type: ignore[arg-type,attr-defined]


def fits(part: list[Row]) -> bool:
    """Whether it is small enough, or of one place: of one person, and of face_ids that begin alike."""
    return sum(row.size for row in part) <= 100 or len({(row.number, row.face_id[:8]) for row in part}) == 1


@FEW
@given(ROWS)
def test_every_row_is_in_one_shard_in_order_and_no_shard_is_too_large(rows: list[Row]) -> None:
    found = parts(rows)
    assert [row for part in found for row in part] == rows
    assert all(part and fits(part) for part in found)


@FEW
@given(ROWS.filter(bool), st.data())
def test_a_row_less_changes_the_shard_that_held_it_or_makes_two_one(rows: list[Row], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(rows))
    before = {tuple(part) for part in parts(rows)}
    after = {tuple(part) for part in parts([row for row in rows if row != gone])}
    assert all(gone in part for part in before - after) or len(after) < len(before)
    assert len(after - before) <= 1


def test_a_file_that_stays_keeps_its_name() -> None:
    rows = [Row(number, f"{face:08x}-0") for number in range(9) for face in range(0, 2**32, 2**28)]
    for place in range(len(rows)):
        names = [
            {tuple(part): first for first, part in parted(some, lambda row: 10, 200, people)}  # type: ignore[arg-type]
            for some, people in ((rows, 9), ([*rows[:place], *rows[place + 1 :]], 900))
        ]
        assert [one for one in names[0] if one in names[1] and names[0][one] != names[1][one]] == []
        assert len(names[0].keys() - names[1].keys()) == 1
        assert [*names[1].values()] == sorted(names[1].values())


def test_more_people_in_the_manifest_move_nothing() -> None:
    rows = [Row(number, f"{face:08x}-0") for number in range(9) for face in range(0, 2**32, 2**28)]
    few, many = (list(parted(rows, lambda row: 10, 200, people)) for people in (9, 900))  # type: ignore[arg-type]
    assert few == many


def test_a_file_is_a_small_part_of_the_build_and_its_size_goes_by_steps() -> None:
    for total in (10**6, 10**8, 24_000 * 50_676, 10**10, 10**12):
        assert fine(total) >= max(total / 2_000, 700_000)
        assert fine(total) <= max(1.42 * total / 2_000, 710_000)
        assert fine(int(total * 0.999)) in (fine(total), round(fine(total) / 2**0.5))
    assert len({fine(total) for total in range(24_000 * 50_676, 23_000 * 50_676, -10_000)}) <= 2
