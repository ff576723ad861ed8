"""How the list of removals names what was taken down: by a keyed hash, which without the key tells nothing."""

import hashlib
import re
from collections.abc import Set
from dataclasses import dataclass

_KEY_BYTES = 20
_KEY = re.compile(rf"[0-9a-f]{{{2 * _KEY_BYTES}}}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def removal_key(name: str, secret: bytes) -> str:
    """The key (40 hex digits) of an address, an author_name or a photograph's sha256; a key is its own.

    BLAKE2b (RFC 7693) with the secret as its key, over a photograph's sha256, or over the sha256 of any other name.
    """
    if _KEY.fullmatch(name):
        return name
    digest = name if _SHA256.fullmatch(name) else hashlib.sha256(name.encode()).hexdigest()
    return hashlib.blake2b(digest.encode(), key=secret, digest_size=_KEY_BYTES).hexdigest()


def author_name(author: str) -> str:
    """Under which name an author stands on the list, however the name is spaced or capitalised."""
    return f"author:{' '.join(author.split()).casefold()}"


@dataclass(frozen=True, slots=True)
class TakenDown:
    """What must never be fetched or kept again, to be asked from any thread: `url in taken_down`."""

    keys: Set[str]
    secret: bytes

    def __contains__(self, name: str) -> bool:
        return bool(self.keys) and removal_key(name, self.secret) in self.keys

    def forbids(self, url: str, author: str, file_id: str = "") -> bool:
        """Whether an address, or all of an author's, or a file of a source under any address, was taken down."""
        return url in self or (author != "" and author_name(author) in self) or (file_id != "" and file_id in self)

    def has_row(self, photo_id: str, source_url: str | None, author: str | None) -> bool:
        """Whether a row of shards, by these columns, is of what was taken down."""
        return photo_id in self or self.forbids(source_url or "", author or "")


NOTHING = TakenDown(frozenset(), b"")
"""The list of a corpus that has taken down nothing."""
