"""Every word that two rooms share, once: as it stands in the catalog, in files that travel, and on the review page.

The catalog's CHECKs are tested against these lists, and the page gets them as JSON: a new word is one line here.
"""

from collections.abc import Sequence
from enum import StrEnum

AUTO = "auto"
"""The reviewer's name under which the automatic policy decides."""


PERSON = "person"
"""The detector of a face that a person drew."""


def score_kind(detector: str) -> str:
    """What a detector's score is: a probability, the margin above a threshold, or 1 that a person stated."""
    return {"yunet": "probability", PERSON: "stated"}.get(detector.split(maxsplit=1)[0], "margin")


class Gender(StrEnum):
    """The paper's two gender classes."""

    FEMALE = "female"
    MALE = "male"


class AgeGroup(StrEnum):
    """The paper's three age groups; their years are in the settings."""

    YOUNG = "young"
    ADULT = "adult"
    OLD = "old"


class Race(StrEnum):
    """The paper's four race classes: a social category, assigned by people."""

    ASIAN = "asian"
    LATIN_AMERICAN = "latin_american"
    AFRICAN = "african"
    WHITE = "white"


class Layout(StrEnum):
    """How a dataset is laid out."""

    LFW = "lfw"
    VGGFACE2 = "vggface2"
    CELEBA = "celeba"
    FAIRFACE = "fairface"
    IMDB_WIKI = "imdb-wiki"
    FOLDER = "folder"  # one sub-folder per person


class Change(StrEnum):
    """What became of a face from one build to another."""

    ADDED = "added"
    REMOVED = "removed"
    RELABELLED = "relabelled"
    MOVED = "moved"  # to the other side of the split


class Kind(StrEnum):
    """What a row of the journal is about."""

    VERDICT = "verdict"  # whether a face is a person's picture
    SETTLE = "settle"  # the same, and it ends a disagreement
    AGE = "age"  # the person's age group in this photograph
    REMOVAL = "removal"  # the photograph is to be taken down
    BOX = "box"  # where a person drew a face that no detector found
    PHOTOGRAPH = "photograph"  # whether a photograph in which none was found shows one


class Verdict(StrEnum):
    """What is said of a face; of kind AGE it is an age group, or UNDECIDED."""

    ACCEPT = "accept"
    REJECT = "reject"
    UNDECIDED = "undecided"  # takes back what the reviewer said before
    REMOVE = "remove"
    DRAWN = "drawn"
    NO_FACE = "no_face"


JUDGING = (Kind.VERDICT, Kind.SETTLE)
"""The kinds of which a verdict that counts may be."""


class Reason(StrEnum):
    """Why a face is rejected, with the key of the page that says so after 'r'."""

    key: str

    def __new__(cls, text: str, key: str) -> "Reason":
        made = str.__new__(cls, text)
        made._value_ = text
        made.key = key
        return made

    WRONG_PERSON = "wrong person", "w"
    NOT_A_FACE = "not a face", "n"
    DUPLICATE = "duplicate", "d"
    QUALITY = "quality", "q"
    AGE_LABEL = "age label", "g"
    OTHER = "other", "o"


def shortened(names: Sequence[str], most: int) -> str:
    """The first of the names in one line, with an ellipsis where there are more."""
    return ", ".join(names[:most]) + ", …" * (len(names) > most)


class Doubt(StrEnum):
    """What ranking says of a face, with what it names and measures in braces."""

    COPY = "copy of a better photograph"
    ALSO = "stands for {other}, too"
    OUTSIDE = "outside the period"
    NO_DATE = "no certain date"
    NOT_ENOUGH = "not enough to judge: too few photographs, or no majority of them, show one and the same person"
    CLOSER = "closer to {other}"
    NEARLY = "almost as close to {other}"
    FAR = "far from this person's other faces ({distance:.2f})"
    UNLIKE = "not quite like this person's other faces ({distance:.2f})"
    TINY = "tiny ({width:.0f} px)"
    BLURRED = "blurred"
    TURNED = "turned away ({degrees:.0f}°)"
    GROUP = "in a group ({count} faces)"


def naming(other: str) -> tuple[str, ...]:
    """What ranking may say of a face that names this other person."""
    return tuple(doubt.format(other=other) for doubt in (Doubt.CLOSER, Doubt.NEARLY, Doubt.ALSO))


class Section(StrEnum):
    """Where a reviewer sees a face; copies of better photographs have a section of their own on the page."""

    LOOK = "look"
    RIGHT = "right"
    WRONG = "wrong"
    COPIES = "copies"  # of the page alone: no ranking puts a face there

    @property
    def letter(self) -> str:
        """How the page is told of it, a face a letter."""
        return self.value[0]


class CandidateState(StrEnum):
    """How far a candidate is."""

    PENDING = "pending"
    RETRY = "retry"  # a later try may succeed
    STORED = "stored"
    FAILED = "failed"


WAITING = (CandidateState.PENDING, CandidateState.RETRY)
"""The states in which a candidate waits to be fetched."""


class PhotoState(StrEnum):
    """How far a photograph is."""

    STORED = "stored"
    ANALYSED = "analysed"
    UNREADABLE = "unreadable"


class Outcome(StrEnum):
    """How a try to download ended."""

    STORED = "stored"
    GONE = "gone"  # 404, 410
    REFUSED = "refused"  # 401, 403 and other 4xx
    OPTED_OUT = "opted_out"  # robots.txt, X-Robots-Tag, TDM reservation, usage preferences
    SYNTHETIC = "synthetic"  # the file says that an algorithm made it
    REMOVED = "removed"  # on this corpus's removal list
    OUTSIDE_PERIOD = "outside_period"  # taken when the labels do not hold
    NOT_DATED = "not_dated"  # without a certain date, of a person with dated_only
    RATE_LIMITED = "rate_limited"  # 429
    SERVER_ERROR = "server_error"  # 5xx
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    TOO_BIG = "too_big"  # in bytes or in pixels
    NOT_A_PICTURE = "not_a_picture"  # or one that breaks off
    BLOCKED_ADDRESS = "blocked_address"  # not http(s), or a private address
    BAD_REDIRECT = "bad_redirect"
    NOT_AS_LISTED = "not_as_listed"  # other bytes than the list's sha256 says
    UNCHANGED = "unchanged"  # asked again: the same photograph is still there
    CHANGED = "changed"  # asked again: another photograph is there now; the one stored first stays

    @property
    def can_pass(self) -> bool:
        """Whether a later try may succeed."""
        return self in (Outcome.RATE_LIMITED, Outcome.SERVER_ERROR, Outcome.TIMEOUT, Outcome.CONNECTION)
