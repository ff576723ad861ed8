"""How much each host may be asked: what is known of the great ones, what the settings say, and the general values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from facecorpus.errors import SettingsError
from facecorpus.settings import FetchSettings


@dataclass(frozen=True, slots=True)
class Limit:
    """Requests under way at once to one host, and begun in a minute."""

    at_once: int
    a_minute: int


KNOWN: Mapping[str, Limit] = {
    # https://wikitech.wikimedia.org/wiki/Robot_policy: media at most 2 at a time and 25 Mbit/s; 300 pictures of 960
    # pixels in a minute are about 10 Mbit/s. The APIs: 200 requests a minute for whoever says who asks.
    "upload.wikimedia.org": Limit(2, 300),
    "thumb.wikimedia.org": Limit(2, 300),
    "*.wikimedia.org": Limit(2, 200),
    "*.wikipedia.org": Limit(2, 200),
    "*.wikidata.org": Limit(2, 200),
    # https://www.mediawiki.org/wiki/Wikidata_Query_Service/User_Manual#Query_limits: 60 s of computing in 60 s.
    "query.wikidata.org": Limit(1, 30),
    # https://api.openverse.org/v1/: 20 a minute for whoever is not registered.
    "api.openverse.org": Limit(1, 20),
    # https://www.flickr.com/services/developer/api/: under 3,600 an hour for one key.
    "*.flickr.com": Limit(1, 60),
    "*.staticflickr.com": Limit(2, 200),
}

_LINE = re.compile(r"(?P<host>\S+): (?P<at_once>[1-9]\d*) at once, (?P<a_minute>[1-9]\d*) a minute")


class Limits:
    """Looks up a host's limits: the settings come before what is known, and a full name before a pattern."""

    def __init__(self, settings: FetchSettings) -> None:
        self._general = Limit(settings.per_host, settings.requests_per_minute)
        self._own = dict(map(_read, settings.hosts))

    def of(self, host: str) -> Limit:
        """The limits of a host (host or host:port)."""
        for table in (self._own, KNOWN):
            for name in (host, host.rpartition(":")[0] or host):
                if name in table:
                    return table[name]
                labels = name.split(".")
                for start in range(1, len(labels)):
                    pattern = ".".join(["*", *labels[start:]])
                    if pattern in table:
                        return table[pattern]
        return self._general


def _read(line: str) -> tuple[str, Limit]:
    read = _LINE.fullmatch(line)
    if read is None:
        raise SettingsError(
            f"hosts in [fetch] holds {line!r}; expected a line like 'photos.example.org: 1 at once, 30 a minute'"
            " (*.example.org means all hosts below it)."
        )
    return read["host"].lower(), Limit(int(read["at_once"]), int(read["a_minute"]))
