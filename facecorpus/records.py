"""What travels between the stages and the catalog: small frozen dataclasses, in the words of the field."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from facecorpus.words import CandidateState, Kind, Outcome, Section

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
    taken_on: str | None = None  # ISO date, may be cut to the month or year, or a span of them: 1990/1999
    found_by: str = ""  # which of its source's ways led there
    sha256: str = ""  # that the bytes must have, in hex; '' where none is stated
    box: str = ""  # x,y,width,height in pixels of where the face is said to be; '' where it is not
    file_id: str = ""  # tells the file at its source, whatever its address is; '' where the address alone does


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
    etag: str = ""  # validators of the answer, for a later conditional request
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Face:
    """One face of a photograph, as the analysis measured it."""

    face_id: str
    photo_sha256: str
    box: Box
    landmarks: NDArray[np.float32]  # (5, 2), pixels of the upright photograph
    detector: str
    score: float
    embedding: NDArray[np.float32]  # (D,)
    descriptor: str  # what gave the embedding: name, length and sha256 of the network
    sharpness: float  # variance of the Laplacian of the grey aligned crop
    brightness: float  # mean grey of the aligned crop, 0..255
    contrast: float  # standard deviation of the grey aligned crop
    yaw: float  # degrees, from the landmarks; 0 looks at the camera
    phash: bytes  # 32 bytes
    dhash: bytes  # 32 bytes
    pitch: float | None = None  # degrees, from the landmarks, coarse; above 0 looks down
    roll: float | None = None  # degrees, from the eyes; above 0 is clockwise in the picture
    dark: float | None = None  # share of the aligned crop's pixels at grey level 5 or below
    light: float | None = None  # share at grey level 250 or above
    chroma: float | None = None  # mean distance of the crop's channels in grey levels; near 0: greyscale

    def __repr__(self) -> str:
        """What a person looks for; the arrays and hashes would fill a screen."""
        left, top, width, height = self.box
        return (
            f"Face({self.face_id!r}, {width:.0f} × {height:.0f} px at ({left:.0f}, {top:.0f}),"
            f" score {self.score:.2f}, yaw {self.yaw:.0f}°)"
        )


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
    verdict: str | None  # a Verdict: accept, reject
    also_stands_for: tuple[str, ...] = ()  # identity_ids of others for whom a copy of this very face stands
    reason: str = ""  # why it is rejected: a Reason, or empty where it is somebody else's picture


@dataclass(frozen=True, slots=True)
class Conflict:
    """A face of one person that is the very picture of a face that stands for another."""

    face_id: str
    other_id: str
    other_identity_id: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """How likely a subject face is right, in which section a reviewer sees it, and why."""

    face_id: str
    likely: float
    section: Section
    reasons: tuple[str, ...]
    alike: int | None = None  # the person's faces to look at that are alike have the same number; None: like no other


@dataclass(frozen=True, slots=True)
class Decision:
    """What one reviewer says of one face."""

    face_id: str
    identity_id: str  # as whose picture the face is judged
    reviewer: str
    verdict: str  # what may be said in that kind
    reason: str
    decided_at: str
    kind: str = Kind.VERDICT
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
    embedding: NDArray[np.float32] | None = None  # (D,); only where a build asks for it
    descriptor: str = ""  # what gave the embedding, by which the face was chosen and judged
    bystanders: tuple[Box, ...] = ()  # the photograph's other faces; only where a build blurs them
    brightness: float = 0.0  # these five as KnownFace has them
    contrast: float = 0.0
    yaw: float = 0.0
    pitch: float | None = None
    roll: float | None = None


@dataclass(frozen=True, slots=True)
class KnownFace:
    """A face with everything that is known of it, in the names of the shards where those have it, too."""

    face_id: str
    photo_id: str  # sha256 of the photograph
    group_id: str  # of near-duplicates
    identity: str | None  # as whom it was judged, else whom it stands for; None: a bystander
    kept: bool  # no better copy of it is there
    likely: float | None  # 0..1: how likely it is this person; None: not ranked
    section: str | None  # right, look, wrong
    verdict: str | None  # accept, reject
    reason: str | None
    reviewed_by: str | None
    reviewed_at: str | None
    box: Box
    landmarks: NDArray[np.float32]  # (5, 2)
    detector: str
    score: float
    sharpness: float
    brightness: float
    contrast: float
    yaw: float
    pitch: float | None
    roll: float | None
    dark: float | None
    light: float | None
    chroma: float | None
    width: int  # of the photograph
    height: int
    taken_on: str | None
    source: str
    source_url: str
    page_url: str
    title: str
    licence: str
    licence_url: str
    author: str
    embedding: NDArray[np.float32] | None  # (D,); only where it is asked for


@dataclass(frozen=True, slots=True)
class RankedFace:
    """What the automatic policy is told of a face: where ranking puts it, and the verdict that counts."""

    face_id: str
    photo_sha256: str
    identity_id: str
    likely: float
    section: Section
    reasons: tuple[str, ...]
    kept: bool
    verdict: str | None
    reason: str | None
    reviewer: str | None


@dataclass(frozen=True, slots=True)
class Ended:
    """How many candidates of a person are in a state, and how their last try ended ('': none was made)."""

    identity_id: str
    state: CandidateState
    outcome: str
    count: int


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

    @classmethod
    def sum(cls, name: str, tallies: "Iterable[Tally]") -> "Tally":
        """The counts of several lines together."""
        members = tuple(tallies)
        counts = [field.name for field in fields(cls) if field.name != "name"]
        return cls(name, *(sum(getattr(one, count) for one in members) for count in counts))
