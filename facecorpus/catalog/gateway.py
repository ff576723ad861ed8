"""What every gateway shares: the catalog it belongs to, and the clock."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facecorpus.catalog import Catalog


class Gateway:
    """A group of tables of one catalog."""

    def __init__(self, catalog: "Catalog") -> None:
        self._catalog = catalog


def now() -> str:
    """This moment as ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
