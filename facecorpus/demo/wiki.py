"""The demo's wiki as MediaWiki sees it: pages with titles and ids, categories and their members."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from facecorpus.demo.thumbnails import stated_size
from facecorpus.demo.world import DemoWorld, Truth, digest_of

_FIRST_CATEGORY_ID, _FIRST_FILE_ID = 1001, 10001


@dataclass(frozen=True, slots=True)
class CategoryPage:
    """A category's page."""

    page_id: int
    title: str
    namespace: int = 14
    kind: str = "subcat"


@dataclass(frozen=True, slots=True)
class FilePage:
    """A file's page, and the truth that it hides."""

    page_id: int
    title: str
    row: Truth
    namespace: int = 6
    kind: str = "file"


Page = CategoryPage | FilePage


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a wiki records of an upload; sha1 is in hex, width and height in pixels of the upright picture."""

    size: int  # bytes
    sha1: str
    width: int
    height: int
    uploaded_at: datetime


class Wiki:
    """Every person has a category; the pictures of their busiest year are in a sub-category "X in YEAR"."""

    def __init__(self, world: DemoWorld) -> None:
        self.world = world
        self._names = {identity.identity_id: identity.name for identity in world.identities}
        self.files = files = [
            FilePage(_FIRST_FILE_ID + number, world.title_of(row.file), row) for number, row in enumerate(world.truth)
        ]
        busiest = _busiest_years(world.truth)
        subcategories = {f"{self._names[i]} in {year}": self._names[i] for i, year in busiest.items()}
        categories = [
            CategoryPage(_FIRST_CATEGORY_ID + number, f"Category:{name}")
            for number, name in enumerate((*self._names.values(), *subcategories))
        ]
        self._category_of = {page.title: self._file_under(page.row, busiest) for page in files}
        members: dict[str, list[Page]] = defaultdict(list)
        for category in categories:
            if parent := subcategories.get(category.title.removeprefix("Category:")):
                members[f"Category:{parent}"].append(category)
        for page in files:
            members[f"Category:{self._category_of[page.title]}"].append(page)
        self._members = {title: _in_category_order(pages) for title, pages in members.items()}
        pages: list[Page] = [*categories, *files]
        self._pages = {page.title: page for page in pages}
        self._by_id = {page.page_id: page for page in pages}
        self.record = lru_cache(maxsize=None)(self._record)

    def page(self, title: str) -> Page | None:
        """The page of a normalised title, or None."""
        return self._pages.get(title)

    def page_of_id(self, page_id: int) -> Page | None:
        """The page of that id, or None."""
        return self._by_id.get(page_id)

    def members(self, category: str) -> Sequence[Page]:
        """The pages in "Category:X", sub-categories first; empty where there is no such category."""
        return self._members.get(category, ())

    def person_of(self, page: FilePage) -> str:
        """Name of the person under whom a file turns up."""
        return self._names[page.row.query_identity]

    def category_of(self, page: FilePage) -> str:
        """Name of the category that a file is in."""
        return self._category_of[page.title]

    def _file_under(self, row: Truth, busiest: dict[str, int]) -> str:
        name, year = self._names[row.query_identity], busiest[row.query_identity]
        return f"{name} in {year}" if _year(row) == year else name

    def _record(self, row: Truth) -> Recorded:
        data = self.world.read(row.file)
        width, height = (row.width, row.height) if row.width and row.height else stated_size(data)
        sha1 = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        return Recorded(len(data), sha1, width, height, _uploaded_at(row))


def normalise(title: str) -> str:
    """A title as MediaWiki writes it: spaces, one spelling of the namespace, a capital at the beginning."""
    words = " ".join(title.replace("_", " ").split())
    namespace, colon, rest = words.partition(":")
    if not colon:
        return words[:1].upper() + words[1:]
    rest = rest.strip()
    return f"{namespace.strip().capitalize()}:{rest[:1].upper()}{rest[1:]}"


def sortkey(page: Page) -> str:
    """What a category orders its members by."""
    return page.title.partition(":")[2].upper()


def _in_category_order(pages: Iterable[Page]) -> list[Page]:
    return sorted(pages, key=lambda page: (page.kind != "subcat", sortkey(page)))


def _busiest_years(truth: Iterable[Truth]) -> dict[str, int]:
    """Of each person the year of most pictures, the later one of two."""
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    for row in truth:
        if year := _year(row):
            counts[row.query_identity][year] += 1
    return {person: max(years, key=lambda year: (years[year], year)) for person, years in counts.items()}


def _year(row: Truth) -> int | None:
    return int(row.taken_on[:4]) if row.taken_on else None


def _uploaded_at(row: Truth) -> datetime:
    """Some days after the photograph was taken, at a time that only the file's name decides."""
    taken = datetime.fromisoformat(row.taken_on or "2024-01-01").replace(tzinfo=UTC)
    return taken + timedelta(days=1, seconds=digest_of(row.file) % (27 * 86_400))
