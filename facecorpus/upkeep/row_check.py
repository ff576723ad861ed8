"""Part of `verify`: the rows of the catalog, held against their seals."""

from collections.abc import Callable, Iterator

from facecorpus.catalog import Catalog
from facecorpus.catalog.checks import BrokenRow

SOURCE = "row"
"""The kind of what is found."""


def row_problems(catalog: Catalog) -> Iterator[tuple[str, str, Callable[[], bool] | None, str]]:
    """Rows that are not as they were written: the name, a sentence, what mends it here, and the command that does."""
    for row in catalog.checks.broken_rows():
        repair, mend, how = _mending(catalog, row)
        yield str(row), f"the catalog does not hold what was written; {how}.", repair, mend


def _mending(catalog: Catalog, row: BrokenRow) -> tuple[Callable[[], bool] | None, str, str]:
    match row.table:
        case "identity":
            return lambda: _accept(catalog, row), "", "verify --repair takes it from manifest.csv"
        case "decision_log":
            return lambda: _log_again(catalog), "", "verify --repair writes it anew from decisions.jsonl"
        case "face":
            face_id = str(row.key[0])
            return lambda: catalog.checks.analyse_again(face_id), "faces", "its photograph can be analysed again"
        case "ranking":
            return None, "dedup", "facecorpus dedup makes it again"
        case _:
            return None, "", "put back a copy (facecorpus restore)"


def _accept(catalog: Catalog, row: BrokenRow) -> bool:
    catalog.checks.accept_listed()
    return row not in catalog.checks.broken_rows()


def _log_again(catalog: Catalog) -> bool:
    if catalog.log is None:
        return False
    catalog.log.repair()
    return True
