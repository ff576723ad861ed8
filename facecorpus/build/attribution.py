"""Whose the photographs are: attribution.csv for programs, attribution.html with every line that a licence demands."""

import csv
import io
from dataclasses import dataclass
from itertools import groupby

from facecorpus.build.kind import Kind
from facecorpus.build.pages import page
from facecorpus.build.plan import Plan
from facecorpus.licences import UNKNOWN, Terms, family_of, terms_of
from facecorpus.records import AcceptedFace
from facecorpus.system.escape import for_csv

COLUMNS = ("face_id", "title", "author", "source_url", "page_url", "licence", "licence_url")


@dataclass(frozen=True, slots=True)
class Credit:
    """One photograph as a licence wants it named."""

    title: str
    author: str
    page: str  # where it is described, or the file's own address
    licence: str
    licence_url: str
    faces: tuple[str, ...]


def attribution_csv(plan: Plan, kind: Kind) -> bytes:
    """For each face where its photograph is from, whose it is, under which licence, and what was changed.

    A text that a spreadsheet would take for a formula stands behind a '.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS, "licence_family", "changes"])
    for row in plan.rows:
        family = family_of(row.face.licence, row.face.licence_url)
        texts = [getattr(row.face, column) for column in COLUMNS]
        writer.writerow([*map(for_csv, texts), family, changes(kind, bool(row.face.bystanders))])
    return text.getvalue().encode()


def changes(kind: Kind, blurred: bool) -> str:
    """What was done to photographs, in the words of an attribution; `blurred`: with faces of others in them."""
    if kind is Kind.ORIGINAL:
        return "the faces of others blurred, turned upright, encoded again as JPEG" if blurred else "none"
    return "turned upright, cropped to the face, scaled, encoded again as JPEG"


def attribution_page(plan: Plan, kind: Kind) -> bytes:
    """attribution.html: the photographs whose licence demands it, each with all that it demands, by licence."""
    demanded = [row.face for row in plan.rows if _demands(row.face)]
    demanded.sort(key=lambda face: (face.licence, face.licence_url, face.page_url, face.photo_sha256, face.face_id))
    sections = [
        (licence, address, [_credit(list(faces)) for _, faces in groupby(same, key=lambda face: face.photo_sha256)])
        for (licence, address), same in groupby(demanded, key=lambda face: (face.licence, face.licence_url))
    ]
    families = [family_of(row.face.licence, row.face.licence_url) for row in plan.rows]
    return page(
        "attribution.html.j2",
        title=plan.settings.build.title,
        sections=sections,
        changes=changes(kind, any(row.face.bystanders for row in plan.rows)),
        free=families.count(Terms().family),
        unknown=families.count(UNKNOWN),
    )


def _demands(face: AcceptedFace) -> bool:
    terms = terms_of(face.licence, face.licence_url)
    return terms is not None and terms.attribution


def _credit(faces: list[AcceptedFace]) -> Credit:
    first = faces[0]
    return Credit(
        title=first.title or f"photograph {first.photo_sha256[:12]}",
        author=first.author or "an author whom the source does not name",
        page=first.page_url or first.source_url,
        licence=first.licence,
        licence_url=first.licence_url,
        faces=tuple(face.face_id for face in faces),
    )
