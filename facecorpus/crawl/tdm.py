"""/.well-known/tdmrep.json: which paths of a host are reserved from text and data mining.

The TDM Reservation Protocol, https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240510/,
section "TDM file on the origin server".
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from facecorpus.crawl.failure import Failure
from facecorpus.crawl.origins import PerOrigin
from facecorpus.system.border import read_json

MAX_BYTES = 500 * 1024

_RESERVED = ("1", "true")

PATH = "/.well-known/tdmrep.json"


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern of paths as in robots.txt (* any characters, $ the end), and whether they are reserved."""

    location: str
    reserved: bool

    def matches(self, path: str) -> bool:
        """Whether the pattern fits the beginning of a decoded path, or all of it where it ends with $."""
        ends = self.location.endswith("$")
        first, *others = map(unquote, self.location.removesuffix("$").split("*"))
        if not others:
            return path == first if ends else path.startswith(first)
        if not path.startswith(first):
            return False
        # Part after part at its earliest place: unlike a regular expression's, the time cannot grow beyond bounds.
        place = len(first)
        *between, last = others
        for part in between:
            found = path.find(part, place)
            if found < 0:
                return False
            place = found + len(part)
        return path.endswith(last) and len(path) - len(last) >= place if ends else path.find(last, place) >= 0


class Reservations:
    """Which URLs are reserved? `read` returns the body of a tdmrep.json, at most MAX_BYTES of it, or raises Failure."""

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self._read = read
        self._rules = PerOrigin(self._read_rules)

    def reserving(self, url: str) -> Rule | None:
        """The rule that reserves a URL, or None. Of several that match, the first in the file counts."""
        path = unquote(urlsplit(url).path or "/")
        rule = next((rule for rule in self._rules.of(url) if rule.matches(path)), None)
        return rule if rule is not None and rule.reserved else None

    def _read_rules(self, origin: str) -> tuple[Rule, ...]:
        try:
            return read_rules(self._read(origin + PATH))
        except Failure:
            return ()  # unlike a robots.txt, a file that cannot be had states nothing


def read_rules(body: bytes) -> tuple[Rule, ...]:
    """The rules of a tdmrep.json in their order; what states no reservation is left out.

    The protocol wants a list of objects with location and tdm-reservation. Owners also write one object for the whole
    host, a list below a key, and underscores: what they mean is plain, and counts as well.
    """
    try:
        document = read_json(body)
    except ValueError:
        return ()
    return tuple(_rules_in(document))


def _rules_in(document: Any) -> Iterator[Rule]:
    entries = document if isinstance(document, list) else [document]
    for entry in entries:
        told = {str(key).replace("_", "-"): value for key, value in entry.items()} if isinstance(entry, dict) else {}
        location = told.get("location", "/")
        if "tdm-reservation" in told and isinstance(location, str):
            yield Rule(location, str(told["tdm-reservation"]).strip().lower() in _RESERVED)
        elif isinstance(told.get("tdmrep"), list):
            yield from _rules_in([one for one in told["tdmrep"] if not (isinstance(one, dict) and "tdmrep" in one)])
