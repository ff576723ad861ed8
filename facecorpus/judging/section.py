"""Which section a reviewer sees a face in: the one rule, for the ranking and for the page, which ranks anew."""

from dataclasses import dataclass

from facecorpus.settings import RankSettings
from facecorpus.words import Section

NO_IDEA = 0.5
"""How likely a face is of which nothing is known."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a face beside how likely it is right."""

    kept: bool = True  # no copy of a better photograph
    judged: bool = True  # there is enough of its person to judge by
    claimed: bool = False  # a copy of this very face stands for somebody else
    outside: bool = False  # its labels do not hold on its photograph's date

    @property
    def doubtful(self) -> bool:
        """Whether two people claim it, or its labels do not hold: it is never surely right then."""
        return self.claimed or self.outside


def capped(likely: float, known: Known) -> float:
    """How likely a face is right, with what is known of it."""
    if not known.judged:
        return NO_IDEA
    return min(likely, NO_IDEA) if known.doubtful else likely


def section(likely: float, known: Known, limits: RankSettings) -> Section:
    """The section in which a reviewer sees a face."""
    if not known.kept or not known.judged:
        return Section.LOOK
    if likely >= limits.accept_above and not known.doubtful:
        return Section.RIGHT
    if known.claimed:  # one of two people is wrong, and a reviewer should see both
        return Section.LOOK
    return Section.WRONG if likely <= limits.reject_below else Section.LOOK
