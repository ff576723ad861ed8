"""What a photograph's licence asks for, read from its name and its address as sources state them.

Known are the Creative Commons licences of all versions, CC0 and the public domain, and a few other free ones; what is
not understood is unknown, and never taken for free. Where name and address disagree, the conditions of both count.
Sources: https://creativecommons.org/share-your-work/cclicenses/, https://spdx.org/licenses/,
https://commons.wikimedia.org/wiki/Commons:Copyright_tags.
"""

import re
from dataclasses import dataclass

WANTED = ("any", "no-nc", "free", "cc0")
"""What a build may be restricted to, each a part of the one before: everything, also unknown; known licences without
the condition "non-commercial"; of those the ones that allow changes, as free cultural works do; no condition at all."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The conditions of a licence that is understood; none at all for CC0 and the public domain."""

    attribution: bool = False
    share_alike: bool = False
    non_commercial: bool = False
    no_derivatives: bool = False

    def __or__(self, other: "Terms") -> "Terms":
        """The conditions of both."""
        return Terms(
            self.attribution or other.attribution,
            self.share_alike or other.share_alike,
            self.non_commercial or other.non_commercial,
            self.no_derivatives or other.no_derivatives,
        )

    @property
    def family(self) -> str:
        """The name in the manner of Creative Commons, without a version: "BY-SA", "CC0 or public domain"."""
        parts = {
            "BY": self.attribution,
            "NC": self.non_commercial,
            "ND": self.no_derivatives,
            "SA": self.share_alike,
        }
        return "-".join(part for part, present in parts.items() if present) or "CC0 or public domain"


UNKNOWN = "not known"
"""The family of a licence that is not stated or not understood."""


def terms_of(name: str, address: str = "") -> Terms | None:
    """The conditions of a licence by its name and its address; None where they do not say."""
    words = " ".join(re.findall(r"[a-z0-9]+", name.lower()))
    if re.search(_RESERVED, words):
        return None
    by_name, by_address = _terms_by_name(words), _terms_by_address(address.strip().lower())
    if by_name is None or by_address is None:
        return by_name or by_address
    return by_name | by_address


def family_of(name: str, address: str = "") -> str:
    """The family of a licence, or UNKNOWN."""
    terms = terms_of(name, address)
    return UNKNOWN if terms is None else terms.family


def refusal(terms: Terms | None, wanted: str, *, changed: bool) -> str | None:
    """Why a photograph under these terms does not enter a build restricted to `wanted`; None: it enters.

    A crop is a changed photograph, which a licence without derivatives does not let anybody pass on.
    """
    if wanted == "any":
        return None
    if terms is None:
        return "without a licence that is known"
    if terms.no_derivatives and (changed or wanted != "no-nc"):
        return "under a licence that forbids changes, as a crop is one"
    if terms.non_commercial or (wanted == "cc0" and terms != Terms()):
        return f"under a licence that '{wanted}' does not let in"
    return None


_CONDITIONS = {
    "by": Terms(attribution=True),
    "sa": Terms(share_alike=True),
    "nc": Terms(non_commercial=True),
    "nd": Terms(no_derivatives=True),
}
_SPELLED_OUT = (
    (r"\bcreative commons\b", "cc"),
    (r"\bccby\b", "cc by"),
    (r"\battribution\b", "by"),
    (r"\bnon ?commercial\b", "nc"),
    (r"\bno ?deriv(ative)?s?( works?)?\b", "nd"),
    (r"\bshare ?alike\b", "sa"),
    (r"\blicen[sc]es?\b", ""),
    (r"\b(international|unported|generic|universal|igo|only)\b", ""),
)
_RESERVED = r"\ball rights reserved\b|\bfair use\b|\bnon free\b"
_CC = re.compile(r"(?:cc )?((?:by|sa|nc|nd)(?: (?:by|sa|nc|nd))*)(?:(?: \d+)+(?: [a-z]{2,4})?)?")
_FREE = re.compile(
    r"cc ?0( \d+)*|cc zero( \d+)*|public domain( mark| dedication| work)?( \d+)*|cc public domain.*|pdm( \d+)*"
    r"|pd( [a-z0-9]+)*|united states government work|no rights reserved|copyrighted free use"
)
_OTHERS = (
    (re.compile(r"gfdl.*|gnu free documentation.*|fal( \d+)*|free art( \d+)*"), Terms(True, True)),
    (re.compile(r"ogl.*|open government.*|kogl type 1|godl india|mit|apache( \d+)*|bsd.*"), Terms(True)),
)
_CC_ADDRESS = re.compile(r"creativecommons\.org/(licenses|publicdomain)/([a-z-]+)")
_OTHER_ADDRESSES = (
    (re.compile(r"gnu\.org/(copyleft|licenses)/fdl|artlibre\.org"), Terms(True, True)),
    (re.compile(r"nationalarchives\.gov\.uk/doc/open-government-licence"), Terms(True)),
)


def _terms_by_name(words: str) -> Terms | None:
    for pattern, short in _SPELLED_OUT:
        words = re.sub(pattern, short, words)
    words = " ".join(words.split())
    if _FREE.fullmatch(words):
        return Terms()
    if found := _CC.fullmatch(words):
        return _joined(found[1].split())
    return next((terms for pattern, terms in _OTHERS if pattern.fullmatch(words)), None)


def _terms_by_address(address: str) -> Terms | None:
    if found := _CC_ADDRESS.search(address):
        if found[1] == "publicdomain" or found[2] == "publicdomain":
            return Terms()
        codes = found[2].split("-")
        return _joined(codes) if set(codes) <= _CONDITIONS.keys() else None
    return next((terms for pattern, terms in _OTHER_ADDRESSES if pattern.search(address)), None)


def _joined(codes: list[str]) -> Terms:
    terms = Terms()
    for code in codes:
        terms |= _CONDITIONS[code]
    return terms
