"""What travels between the stages and the catalog: small frozen dataclasses, in the words of the field."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]
"""x, y, width, height in pixels of the upright photograph."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A URL that a source proposes as a photograph of an identity."""

    identity_id: str
    source: str
    url: str
    page_url: str = ""
    rank: int = 0
    title: str = ""
    licence: str = ""
    licence_url: str = ""
    author: str = ""
    taken_on: str | None = None  # ISO date, may be cut to the month or year


class Outcome(StrEnum):
    """How a try to download ended."""

    STORED = "stored"
    GONE = "gone"  # 404, 410
    REFUSED = "refused"  # 401, 403 and other 4xx
    OPTED_OUT = "opted_out"  # robots.txt, X-Robots-Tag
    REMOVED = "removed"  # on this corpus's removal list
    OUTSIDE_PERIOD = "outside_period"  # taken when the labels do not hold
    RATE_LIMITED = "rate_limited"  # 429
    SERVER_ERROR = "server_error"  # 5xx
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    TOO_BIG = "too_big"
    NOT_A_PICTURE = "not_a_picture"
    BLOCKED_ADDRESS = "blocked_address"  # not http(s), or a private address
    BAD_REDIRECT = "bad_redirect"

    @property
    def can_pass(self) -> bool:
        """Whether a later try may succeed."""
        return self in (Outcome.RATE_LIMITED, Outcome.SERVER_ERROR, Outcome.TIMEOUT, Outcome.CONNECTION)


@dataclass(frozen=True, slots=True)
class Download:
    """One try to download a URL."""

    url: str
    tried_at: str
    seconds: float
    status: int | None
    outcome: Outcome
    detail: str = ""
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Face:
    """One face of a photograph, as the analysis measured it."""

    face_id: str
    photo_sha256: str
    box: Box
    landmarks: NDArray[np.float32]  # (5, 2), pixels of the upright photograph
    detector: str
    score: float
    embedding: NDArray[np.float32]  # (128,)
    sharpness: float  # variance of the Laplacian of the grey aligned crop
    brightness: float  # mean grey of the aligned crop, 0..255
    contrast: float  # standard deviation of the grey aligned crop
    yaw: float  # degrees, from the landmarks; 0 looks at the camera
    phash: bytes  # 32 bytes
    dhash: bytes  # 32 bytes


@dataclass(frozen=True, slots=True)
class SubjectFace:
    """What ranking needs of a face that stands for a person."""

    face: Face
    identity_id: str
    kept: bool
    cluster_id: str
    photo_width: int
    photo_height: int
    faces_in_photo: int
    taken_on: str | None
    verdict: str | None  # accept, reject, or None


@dataclass(frozen=True, slots=True)
class Ranking:
    """How likely a subject face is right, in which section a reviewer sees it, and why."""

    face_id: str
    likely: float
    section: str  # right, look, wrong
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What one reviewer says of one face."""

    face_id: str
    identity_id: str  # as whose picture the face is judged
    reviewer: str
    verdict: str  # accept, reject; of kind 'age': young, adult, old; of 'removal': remove; or undecided
    reason: str
    decided_at: str
    kind: str = "verdict"  # or settle, age, removal
    shown_as: str = ""  # on whose page it was said


@dataclass(frozen=True, slots=True)
class AcceptedFace:
    """A face that a build exports, with everything that travels with it."""

    face_id: str
    photo_sha256: str
    identity_id: str
    box: Box
    landmarks: NDArray[np.float32]
    detector: str
    score: float
    sharpness: float
    cluster_id: str
    width: int
    height: int
    taken_on: str | None
    source: str
    source_url: str
    page_url: str
    licence: str
    licence_url: str
    author: str
    reviewed_by: str
    reviewed_at: str
    title: str = ""
    bytes: int = 0  # of the photograph's file
    media_type: str = "image/jpeg"  # of the photograph's file


@dataclass(frozen=True, slots=True)
class ReviewFace:
    """What the review page shows of a face."""

    face_id: str
    photo_sha256: str
    identity_id: str
    box: Box
    photo_width: int
    photo_height: int
    likely: float
    section: str
    reasons: tuple[str, ...]
    kept: bool
    cluster_id: str
    verdict: str | None
    reason: str | None
    reviewer: str | None
    page_url: str
    licence: str
    author: str
    title: str


@dataclass(frozen=True, slots=True)
class Tally:
    """One line of `status`: a subgroup's, or an identity's, counts."""

    name: str
    identities: int
    candidates: int
    waiting: int  # candidates not fetched yet
    photographs: int
    faces: int  # subject faces, near-duplicates left out
    accepted: int
    rejected: int
    pending: int
