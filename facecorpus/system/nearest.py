"""What was meant by a name that nobody has: the known ones that look like it."""

from collections.abc import Collection
from difflib import get_close_matches


def nearest(name: str, known: Collection[str], most: int = 3) -> list[str]:
    """The known names most like this one, the likeliest first; case, spaces and signs between words do not count."""
    plain = {_plain(one): one for one in reversed(list(known))}
    return [plain[one] for one in get_close_matches(_plain(name), plain, most, cutoff=0.7)]


def did_you_mean(name: str, known: Collection[str], otherwise: str = "") -> str:
    """ "did you mean 'per_identity'?", or `otherwise` where no known name is like it."""
    found = nearest(name, known, most=1)
    return f"did you mean {found[0]!r}?" if found else otherwise


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
