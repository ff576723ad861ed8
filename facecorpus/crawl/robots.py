"""robots.txt by RFC 9309: read once for each host, and what its absence or failure means."""

import codecs
from collections.abc import Callable
from dataclasses import dataclass

from protego import Protego

from facecorpus.crawl.failure import Failure
from facecorpus.crawl.origins import PerOrigin
from facecorpus.crawl.polite import BOT
from facecorpus.crawl.usage import Preferences
from facecorpus.words import Outcome

MAX_BYTES = 500 * 1024
"""RFC 9309 §2.5: a crawler reads at least 500 KiB; what follows is ignored."""


LONGEST_DELAY = 60.0
"""Seconds between two requests, at most, that a Crawl-delay is obeyed for; with more, no host could be crawled."""


def checked(body: bytes) -> bytes:
    """A robots.txt's body. Raises Failure, as for a server that fails, where it is not UTF-8 (§2.3) but UTF-16 or so:
    read as if it were, it would allow everything.
    """
    if b"\0" in body or body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Failure(Outcome.SERVER_ERROR, "it is not text in UTF-8")
    return body


@dataclass(frozen=True, slots=True)
class _Rules:
    access: Protego
    usage: Preferences


class Robots:
    """May a URL be fetched? `read` returns the body of a robots.txt, at most MAX_BYTES of it, or raises Failure.

    slow_down(url, seconds) is told the pace that a robots.txt asks for with Crawl-delay, an extension that many write.
    """

    def __init__(self, read: Callable[[str], bytes], slow_down: Callable[[str, float], None]) -> None:
        self._read = read
        self._slow_down = slow_down
        self._rules = PerOrigin(self._read_rules)

    def allow(self, url: str) -> bool:
        """Whether the host's robots.txt allows this crawler the URL.

        Raises Failure where it cannot be reached: RFC 9309 §2.3.1.4 forbids to go on then.
        """
        return bool(self._rules.of(url).access.can_fetch(url, BOT))

    def reserving(self, url: str) -> str | None:
        """The words by which the host's robots.txt reserves the URL from training; None where it does not."""
        return self._rules.of(url).usage.reserving(url)

    def _read_rules(self, origin: str) -> _Rules:
        text = self._text(f"{origin}/robots.txt")
        access = Protego.parse(text)
        delay = access.crawl_delay(BOT)
        if delay:
            self._slow_down(origin, min(delay, LONGEST_DELAY))
        return _Rules(access, Preferences(text))

    def _text(self, url: str) -> str:
        try:
            return self._read(url).decode("utf-8-sig", errors="replace")
        except Failure as failure:
            # §2.3.1.3: no such file (any 4xx), or a chain of redirects without an end, forbids nothing. "Too many
            # requests" is a 4xx by number only: it comes and goes like the 5xx.
            if failure.outcome in (Outcome.GONE, Outcome.REFUSED, Outcome.BAD_REDIRECT):
                return ""
            raise
