"""Help with writing a manifest: compare one with Wikidata, or begin one from names. Labels are left to people."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.reach import may_ask
from facecorpus.crawl.sources import understood
from facecorpus.crawl.wikidata import Item, People, Wikidata, differences, named
from facecorpus.errors import ManifestError
from facecorpus.manifest import COLUMNS, OPTIONAL_COLUMNS, Manifest
from facecorpus.settings import Settings
from facecorpus.store import write_atomically
from facecorpus.system.border import clean
from facecorpus.system.console import track
from facecorpus.system.names import plain_letters

_WITH_ITEM = re.compile(r"(.+?)\s*\|\s*(Q[1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that a manifest and Wikidata say otherwise."""

    identity_id: str
    name: str
    field: str
    manifest: str
    wikidata: str
    contradicts: bool  # or it only states more


@dataclass(frozen=True, slots=True)
class CheckSummary:
    """The comparison of a manifest with Wikidata."""

    people: int
    compared: int  # those whom the manifest names by wikidata_id or wikipedia_title
    differences: tuple[Row, ...]

    @property
    def contradictions(self) -> int:
        """How many of the differences a crawl would stop at."""
        return sum(row.contradicts for row in self.differences)

    def __str__(self) -> str:
        return (
            f"Compared {self.compared} of {self.people} people with Wikidata: {self.contradictions} contradictions,"
            f" {len(self.differences) - self.contradictions} other differences."
            + " People with a contradiction are not crawled until the manifest is right."
            * bool(self.contradictions)
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """A name that could be several people, or nobody."""

    name: str
    items: tuple[str, ...]  # "Q1: label, description, born 1970"


@dataclass(frozen=True, slots=True)
class NewSummary:
    """A manifest that was begun."""

    file: str
    people: int
    found: int
    choices: tuple[Choice, ...]

    def __str__(self) -> str:
        lines = [f"Wrote {self.file}: {self.people} people, {self.found} of them found in Wikidata."]
        for choice in self.choices:
            lines.append(f"{choice.name}: " + ("who of these? Write 'NAME | Q…'." if choice.items else "nobody found."))
            lines += [f"    {item}" for item in choice.items]
        lines.append(
            "Fill in by hand, each with its source: gender, race, age_group, photos_from and photos_until. No label is"
            " looked up or inferred."
        )
        return "\n".join(lines)


def check_manifest(manifest: Manifest, settings: Settings) -> CheckSummary:
    """Compare every person whom the manifest names by wikidata_id or wikipedia_title with what Wikidata states."""
    identities = [identity for identity in manifest.identities if named(identity)]
    rows: list[Row] = []
    with Fetcher(settings) as fetcher, track("manifest check", len(identities)) as tracker, understood("Wikidata"):
        wikidata = wikidata_of(settings, fetcher)
        people = People(wikidata, identities)
        for identity in identities:
            rows += [
                Row(identity.identity_id, identity.name, one.field, one.manifest, one.wikidata, one.contradicts)
                for one in differences(identity, people.item(identity))
            ]
            tracker.advance(note=identity.name)
    return CheckSummary(len(manifest.identities), len(identities), tuple(rows))


def new_manifest(names: Path, out: Path, settings: Settings) -> NewSummary:
    """Begin a manifest from a file of names, one a line, "NAME | Q42" where it is known who is meant.

    Filled in: identity_id, name, Wikipedia title, Wikidata id, Commons category, aliases and birth date. Raises
    ManifestError where the names cannot be read, or `out` exists.
    """
    if out.exists():
        raise ManifestError(f"{out} exists already; name a new file.")
    asked = _names(names)
    rows: list[dict[str, str]] = []
    choices: list[Choice] = []
    with Fetcher(settings) as fetcher, track("manifest new", len(asked)) as tracker, understood("Wikidata"):
        wikidata = wikidata_of(settings, fetcher)
        for name, item_id in asked:
            item, others = _who(wikidata, name, item_id)
            if item is None:
                choices.append(Choice(name, tuple(map(_shown, others))))
            rows.append(_row(name, item, [row["identity_id"] for row in rows]))
            tracker.advance(note=name)
    text = io.StringIO(newline="")
    columns = [column for column in COLUMNS if column not in OPTIONAL_COLUMNS]
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(out, text.getvalue().encode())
    return NewSummary(str(out), len(rows), len(rows) - len(choices), tuple(choices))


def wikidata_of(settings: Settings, fetcher: Fetcher) -> Wikidata:
    """Wikidata, where it may be asked and can be reached."""
    wikidata = Wikidata(settings.crawl, fetcher)
    may_ask(settings, [(wikidata.wikidata.host, wikidata.wikipedia.host)])
    return wikidata


def _names(path: Path) -> list[tuple[str, str]]:
    """Names, each with the item that is meant, or ''."""
    try:
        lines = [clean(line) for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(
            f"{path} cannot be read as a text file of names ({error}); expected one name a line, in UTF-8."
        ) from None
    matches = [(line, _WITH_ITEM.fullmatch(line)) for line in lines if line and not line.startswith("#")]
    names = [(match[1], match[2]) if match else (line, "") for line, match in matches]
    if not names:
        raise ManifestError(f"{path} holds no names; expected one a line.")
    return names


def _who(wikidata: Wikidata, name: str, item_id: str) -> tuple[Item | None, Sequence[Item]]:
    """The human being of that name, or None and those who could be meant."""
    ids = [item_id] if item_id else wikidata.search(name)
    people = [item for item in wikidata.items(ids).values() if item.is_human]
    exact = [item for item in people if item.label.casefold() == name.casefold()]
    for sure in (people, exact):
        if len(sure) == 1:
            return sure[0], ()
    return None, people


def _row(name: str, item: Item | None, taken: Sequence[str]) -> dict[str, str]:
    known = item or Item("")
    born = known.born[0] if known.born else ""
    return {
        "identity_id": free_id(name, known.item_id, taken),
        "name": name,
        "wikipedia_title": known.wikipedia_title,
        "wikidata_id": known.item_id,
        "commons_category": known.categories[0] if known.categories else "",
        "aliases": "|".join(alias for alias in known.aliases if "|" not in alias),
        "birth_date": born if len(born) == 10 else born[:4],
    }


def free_id(name: str, item_id: str, taken: Sequence[str]) -> str:
    """The name in a-z, 0-9 and _, or the item's id where it has no such letters; numbered where it is taken."""
    plain = plain_letters(name)[:56] or item_id.lower() or "person"
    return next(candidate for n in range(1, len(taken) + 2) if (candidate := plain + f"_{n}" * (n > 1)) not in taken)


def _shown(item: Item) -> str:
    born = f", born {' or '.join(item.born)}" if item.born else ""
    return f"{item.item_id}: {item.label}, {item.description}{born}"
