"""The seals of the catalog's rows: no table and no migration is without, and no update hides damage."""

from pathlib import Path

import pytest

from facecorpus.catalog import Catalog
from facecorpus.catalog.connection import Connection
from facecorpus.catalog.schema import MIGRATIONS
from facecorpus.catalog.seals import row_seal

IN_THE_LOG = {"decision", "import", "removal", "removal_secret", "removal_unlogged"}
VALUES = (
    None,
    0,
    -1,
    2**62,
    3.0,
    -0.0,
    0.1,
    1e300,
    "",
    "a",
    "a\0b",
    "ä😀",
    "12",
    b"",
    b"a",
    b"\xff\x00",
    True,
    2.0**53,
)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "catalog.sqlite")


def broken(catalog: Catalog) -> list[str]:
    return [str(row) for row in catalog.checks.broken_rows()]


def test_every_table_has_seals_or_stands_in_the_log(catalog: Catalog) -> None:
    rows = catalog.query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'").fetchall()
    sealed = {
        name
        for (name,) in rows
        if "seal" in {row[1] for row in catalog.query(f"PRAGMA table_info('{name}')").fetchall()}
    }
    assert {name for (name,) in rows} - sealed == IN_THE_LOG
    triggers = {row[0] for row in catalog.query("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()}
    assert {f"{name}_is_sealed" for name in sealed} | {f"{name}_is_sealed_again" for name in sealed} <= triggers


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize("column", ["rank", "title", "box", "taken_on"])
def test_whatever_sqlite_makes_of_a_value_its_row_is_sound(column: str, value: object, catalog: Catalog) -> None:
    catalog.query("INSERT INTO identity (identity_id, position, listed, name) VALUES ('ada', 0, 1, 'Ada')")
    if value is None and column != "taken_on":
        value = ""
    row = {"rank": 0, "title": "", "box": "", "taken_on": None} | {column: value}
    catalog.query(
        "INSERT INTO candidate (identity_id, source, url, page_url, licence, licence_url, author, rank, title, box,"
        " taken_on) VALUES ('ada', 's', 'u', '', '', '', '', :rank, :title, :box, :taken_on)",
        row,
    )
    assert broken(catalog) == []


def test_a_seal_tells_values_apart() -> None:
    rows = [
        *((value,) for value in VALUES if value is not True),
        ("a", ""),
        ("", "a"),
        ("ab",),
        (b"ab",),
        (1, 2),
        (12,),
    ]
    seals = {row_seal(*row) for row in rows}
    assert len(seals) == len(rows)


def test_a_later_migration_seals_its_new_column_and_keeps_damage_known(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    earlier = Catalog(path)
    for name in ("ada", "ben"):
        earlier.query("INSERT INTO identity (identity_id, position, listed, name) VALUES (?, 0, 1, 'X')", (name,))
    earlier.query("UPDATE identity SET seal = 5 WHERE identity_id = 'ben'")
    earlier.close()

    class Later(Connection):
        migrations = (*MIGRATIONS, "ALTER TABLE identity ADD COLUMN note TEXT NOT NULL DEFAULT '';\n")

    later = Later(path)
    seals = dict(
        later.query(
            "SELECT identity_id, seal = row_seal(identity_id, position, listed, name, subgroup, note) FROM identity"
        ).fetchall()
    )
    assert seals == {"ada": 1, "ben": 0}
    later.query("UPDATE identity SET note = 'n' WHERE identity_id = 'ada'")
    assert (
        later.query(
            "SELECT seal = row_seal(identity_id, position, listed, name, subgroup, note) FROM identity"
            " WHERE identity_id = 'ada'"
        ).fetchone()[0]
        == 1
    )
    later.close()


def test_an_older_catalog_is_sealed_when_it_is_opened(tmp_path: Path) -> None:
    class Older(Connection):
        migrations = MIGRATIONS[:8]

    path = tmp_path / "catalog.sqlite"
    older = Older(path)
    older.query("INSERT INTO identity VALUES ('ada', 0, 1, 'Ada', NULL)")
    older.close()
    catalog = Catalog(path)
    assert broken(catalog) == []
    assert catalog.query("SELECT seal FROM identity").fetchone()[0] not in (None, 0)
