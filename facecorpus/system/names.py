"""Ids that are made of names."""

import hashlib
import re
import unicodedata

ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
"""What an identity_id is."""

_LENGTH = 50  # of an id that is made of a name


def identity_id_of(name: str) -> str:
    """The identity_id of somebody of whom nothing but a name is known; the name itself where it can be one."""
    if ID.fullmatch(name):
        return name
    plain = plain_letters(name)
    mark = hashlib.sha256(name.encode()).hexdigest()[:8]
    return plain if 0 < len(plain) <= _LENGTH else f"{plain[:_LENGTH] or 'person'}_{mark}"


def plain_letters(name: str) -> str:
    """The name in a-z, 0-9 and _; '' where it has no such letters, as in other scripts."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", ascii_name).strip("_")
