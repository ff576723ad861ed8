"""What an owner lets content be used for: Content-Usage and Content-Signal in robots.txt, Content-Usage in answers.

Content-Usage is draft-ietf-aipref-attach-05, its words draft-ietf-aipref-vocab; Content-Signal is what Cloudflare
writes for its customers (https://contentsignals.org). Both say of a path, in the groups of RFC 9309, what its content
may be used for. What counts here is training.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import http_sf
from protego import Protego

from facecorpus.crawl.polite import BOT

_ANYBODY = "*"
# The categories of Content-Usage that training belongs to, narrow ones first: the first one stated counts. The others
# than train-ai are those of older drafts.
_TRAINING = ("train-ai", "ai", "tdm", "bots", "all")
_PRODUCT = re.compile(r"[a-z_-]+|\*")


@dataclass(frozen=True, slots=True)
class Preference:
    """What one line of a robots.txt says of training, and where."""

    path: str  # a pattern, as of Allow and Disallow
    reserved: bool
    words: str


class Preferences:
    """Which URLs of one host are reserved from training by its robots.txt."""

    def __init__(self, text: str) -> None:
        stated = list(_preferences(_group(text)))
        self._words = "; ".join(dict.fromkeys(one.words for one in stated if one.reserved))
        reserved = {one.path for one in stated if one.reserved}
        # The longest path decides, as with Disallow, so the same library matches; of lines of one path the strictest.
        lines = [f"Disallow: {path}" for path in reserved]
        lines += [f"Allow: {one.path}" for one in stated if one.path not in reserved]
        self._rules = Protego.parse("\n".join([f"User-agent: {BOT}", *lines])) if reserved else None

    def reserving(self, url: str) -> str | None:
        """The lines that reserve something on this host, where the URL is reserved; else None."""
        return None if self._rules is None or self._rules.can_fetch(url, BOT) else self._words


def reserved_by(headers: Sequence[str]) -> str | None:
    """What reserves an answer from training in its Content-Usage headers; None where nothing does."""
    value = ", ".join(headers)
    return value if _reserves_usage(value) else None


def _group(text: str) -> list[tuple[str, str]]:
    """The lines of a robots.txt for this crawler, as (key, value): of the groups in its name, else of everybody's."""
    lines_of: dict[str, list[tuple[str, str]]] = {}
    agents, open_ = [_ANYBODY], False  # what stands before the first group is taken as said to everybody
    for line in text.splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if key == "user-agent":
            named = _PRODUCT.match(value.lower())
            agents = [*(agents if open_ else []), named[0] if named else ""]
            open_ = True
        elif colon:
            open_ = False
            for agent in agents:
                lines_of.setdefault(agent, []).append((key, value))
        for agent in agents:
            lines_of.setdefault(agent, [])
    return lines_of.get(BOT, lines_of.get(_ANYBODY, []))


def _preferences(lines: list[tuple[str, str]]) -> Iterator[Preference]:
    """What they say of training; lines that say nothing of it are left out."""
    for key, value in lines:
        reserves = {"content-usage": _reserves_usage, "content-signal": _reserves_signal}.get(key)
        if reserves is None:
            continue
        path, said = "/", value
        if value.startswith(("/", "*")):
            path, _, said = value.partition(" ")
        reserved = reserves(said)
        if reserved is not None:
            yield Preference(path, reserved, f"{key.title()}: {value}"[:200])


def _reserves_usage(value: str) -> bool | None:
    """Whether a Content-Usage (a dictionary of RFC 9651) reserves training; None where it does not say, or is none."""
    try:
        stated: Any = http_sf.parse(value.encode(), tltype="dictionary")
    except Exception:  # the library raises what its parts raise; RFC 9651 §4.2: what fails to parse is ignored
        return None
    for category in _TRAINING:
        word = str(stated[category][0]) if isinstance(stated.get(category), tuple) else ""
        if word in ("y", "n"):
            return word == "n"
    return None


def _reserves_signal(value: str) -> bool | None:
    """Whether a Content-Signal reserves training; None where it does not say."""
    stated = dict(part.replace(" ", "").lower().partition("=")[::2] for part in value.split(","))
    return {"no": True, "yes": False}.get(stated.get("ai-train", ""))
