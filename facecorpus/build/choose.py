"""Which accepted faces enter a build, and why the others do not: period, licence, copies, balance."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from facecorpus.build.labels import age_at_capture, age_group_of, labels_of
from facecorpus.licences import refusal, terms_of
from facecorpus.manifest import SUBGROUPS, Identity, Manifest
from facecorpus.records import AcceptedFace
from facecorpus.settings import Settings
from facecorpus.words import AgeGroup

MINOR = "taken when the person was a minor"
OUTSIDE_PERIOD = "taken when the person's labels do not hold"
NOT_DATED = "without the certain date that dated_only in the manifest asks for"
CONSENT_ENDED = "of people whose consent was withdrawn or has ended"
COPIES = "near-duplicates of a better copy"
NO_SUBGROUP = "without a subgroup, which --balance needs"
OVER_QUOTA = "above the quota of their {}"

_FRONT, _HALF = 15, 40  # degrees of yaw up to which a face looks ahead, or shows both eyes

NO_AGES: Mapping[tuple[str, str], str] = MappingProxyType({})
"""No reviewer has seen another age group than the manifest states."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """An accepted face with its person and its labels."""

    face: AcceptedFace
    identity: Identity
    number: int  # of the identity, in the manifest's order
    age: int | None  # on the day of the photograph
    outside_period: bool
    labels: dict[str, int]
    seen_age: AgeGroup | None = None  # what a reviewer saw, where it is not the manifest's

    @property
    def subgroup(self) -> str | None:
        """gender/age_group/race as the face is labelled, or None."""
        number = self.labels["subgroup"]
        return SUBGROUPS[number] if number >= 0 else None

    @property
    def pose(self) -> str:
        """How far the face is turned to either side: front, half or profile."""
        turned = abs(self.face.yaw)
        return "front" if turned < _FRONT else "half" if turned < _HALF else "profile"


BALANCED: Mapping[str, Callable[[Labelled], str | None]] = MappingProxyType(
    {
        "subgroup": lambda face: face.subgroup,
        "person": lambda face: face.face.identity_id,
        "pose": lambda face: face.pose,
    }
)
"""What a build can be balanced by."""


def choose(
    accepted: Iterable[AcceptedFace],
    manifest: Manifest,
    settings: Settings,
    *,
    changed: bool,
    seen_ages: Mapping[tuple[str, str], str] = NO_AGES,
) -> tuple[list[Labelled], dict[str, int]]:
    """The faces that enter, in their order, and how many do not, by reason; each is counted once.

    `changed` says that the build will hold crops, which some licences do not allow, as they allow no blurred bystander;
    `seen_ages` are the reviewers' age groups by photo_sha256 and identity_id.
    """
    build = settings.build
    left_out: Counter[str] = Counter()

    def without(faces: list[Labelled], reason_of: Callable[[Labelled], str | None]) -> list[Labelled]:
        reasons = [reason_of(face) for face in faces]
        left_out.update(reason for reason in reasons if reason)
        return [face for face, reason in zip(faces, reasons, strict=True) if not reason]

    faces = labelled(accepted, manifest, settings, seen_ages)
    faces = without(faces, lambda face: CONSENT_ENDED if face.identity.consent.ended else None)
    faces = without(faces, lambda face: _refused_by_date(face, settings))
    faces = without(faces, lambda face: _refused_by_licence(face, build.licences, changed))
    best = one_a_cluster((face.face for face in faces), build.crop)
    faces = without(faces, lambda face: None if face.face.face_id in best else COPIES)
    if part_of := BALANCED.get(build.balance):
        faces = without(faces, lambda face: None if part_of(face) else NO_SUBGROUP)
        within = within_quota(faces, part_of, build.quota, build.crop)
        over = OVER_QUOTA.format(build.balance)
        faces = without(faces, lambda face: None if face.face.face_id in within else over)
    return faces, dict(left_out)


def can_be_built(accepted: Iterable[AcceptedFace], manifest: Manifest, settings: Settings) -> bool:
    """Whether one of the accepted faces may enter a build; no more of them are read than that takes."""
    return any(choose([face], manifest, settings, changed=True)[0] for face in accepted)


def labelled(
    accepted: Iterable[AcceptedFace], manifest: Manifest, settings: Settings, seen_ages: Mapping[tuple[str, str], str]
) -> list[Labelled]:
    """Each face with its person, labelled as the settings say."""
    numbers = {identity.identity_id: number for number, identity in enumerate(manifest.identities)}
    faces = []
    for face in map(_without_paths, accepted):
        number = numbers[face.identity_id]
        identity = manifest.identities[number]
        age = age_at_capture(identity.birth_date, face.taken_on)
        said = seen_ages.get((face.photo_sha256, face.identity_id))
        seen = AgeGroup(said) if said else None
        group = age_group_of(identity, age, settings.build.age_labels, settings.labels, seen)
        outside = not identity.holds_on(face.taken_on)
        faces.append(Labelled(face, identity, number, age, outside, labels_of(identity, group), seen))
    return faces


def _without_paths(face: AcceptedFace) -> AcceptedFace:
    """The face without addresses of files on this machine: they lead nobody anywhere, and name its owner's folders."""
    return replace(face, source_url=_public(face.source_url), page_url=_public(face.page_url))


def _public(address: str) -> str:
    return "" if address.startswith("file:") else address


def one_a_cluster(faces: Iterable[AcceptedFace], side: int) -> set[str]:
    """The face_ids of the best face of each near-duplicate cluster and person; `side` of the crops, in pixels."""
    best: dict[tuple[str, str], AcceptedFace] = {}
    for face in faces:
        key = face.cluster_id, face.identity_id
        best[key] = max(best.get(key, face), face, key=lambda one: merit(one, side))
    return {face.face_id for face in best.values()}


def merit(face: AcceptedFace, side: int) -> tuple[float, bool, float, float, str]:
    """What makes one picture of a face better than another, greatest first.

    Size, as far as a crop of that side can show it; a licence that is known; sharpness; the rest of the size.
    """
    pixels = min(face.box[2:])
    known = terms_of(face.licence, face.licence_url) is not None
    return (min(pixels, side), known, face.sharpness, pixels, face.face_id)


def within_quota(
    faces: Sequence[Labelled], part_of: Callable[[Labelled], str | None], quota: int, side: int
) -> set[str]:
    """The face_ids of the best `quota` faces of each part (a subgroup, person or pose), dealt to its people in turn.

    Quota 0 means as many as the smallest part has. Each person's faces stand in the order of their merit.
    """
    parts: dict[str | None, list[Labelled]] = defaultdict(list)
    for face in faces:
        parts[part_of(face)].append(face)
    limit = quota or min(map(len, parts.values()), default=0)
    within: set[str] = set()
    for members in parts.values():
        members.sort(key=lambda one: merit(one.face, side), reverse=True)
        taken: Counter[int] = Counter()
        turns = []
        for face in members:
            turns.append((taken[face.number], face.number, face.face.face_id))
            taken[face.number] += 1
        within |= {face_id for _, _, face_id in sorted(turns)[:limit]}
    return within


def _refused_by_date(face: Labelled, settings: Settings) -> str | None:
    if face.age is not None and face.age < settings.labels.young_from:
        return MINOR
    if not face.identity.dated_enough(face.face.taken_on):
        return NOT_DATED
    # With the age on the day known, the label holds outside of the period, too; the row says that it is outside.
    known = settings.build.age_labels == "capture" and face.age is not None
    return OUTSIDE_PERIOD if face.outside_period and not known else None


def _refused_by_licence(face: Labelled, wanted: str, changed: bool) -> str | None:
    changes = changed or bool(face.face.bystanders)
    return refusal(terms_of(face.face.licence, face.face.licence_url), wanted, changed=changes)
