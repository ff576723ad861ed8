"""Verdicts that were given in another tool: COCO's JSON (which CVAT and FiftyOne write, too) and Label Studio's.

See cocodataset.org, "Data format", and labelstud.io/guide/export, "Raw JSON format of completed tasks". A face is
known by the face_id or the sha256 of its photograph in the name of the file, of a whole photograph also by the box.
What is said is a category, choice, label or attribute that is called accept, reject, or as a reason to reject is.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from facecorpus.catalog.exchange import Exchanged
from facecorpus.errors import FacecorpusError
from facecorpus.faces.boxes import SAME_PLACE, iou
from facecorpus.records import Box, KnownFace
from facecorpus.system.border import clean, read_json, text_of
from facecorpus.words import Kind, Reason, Verdict

_NAMED = re.compile(r"(?<![0-9a-f])(?:([0-9a-f]{24}-\d{1,9})(?!\d)|([0-9a-f]{64}))(?![0-9a-f])")
_SAID = {"accept": (Verdict.ACCEPT, ""), "reject": (Verdict.REJECT, "")} | {
    str(reason): (Verdict.REJECT, str(reason)) for reason in Reason
}
_CHOSEN = ("choices", "rectanglelabels", "labels")  # kinds of Label Studio's results that say a word


@dataclass(frozen=True, slots=True)
class _Annotation:
    """What somebody said of a file, or of a box in it."""

    names: str  # wherein the file's name stands
    words: tuple[str, ...]
    reviewer: str
    at: str
    box: Box | None = None  # in shares of the picture's sides


@dataclass(frozen=True, slots=True)
class Annotations:
    """The verdicts of a file."""

    words: tuple[Exchanged, ...]
    unknown: int  # verdicts of pictures in which no face of this corpus is recognised


def read_annotations(file: Path, faces: Iterable[KnownFace], reviewer: str) -> Annotations:
    """The verdicts that a file has of these faces; `reviewer` said what the file says in nobody's name.

    Raises FacecorpusError for a file of neither tool, and for one without any verdict.
    """
    try:
        document = read_json(file.read_bytes())
        said = list(_label_studio(document) if isinstance(document, list) else _coco(document, file, reviewer))
    except (OSError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise FacecorpusError(
            f"{file} is neither COCO's JSON nor Label Studio's ({type(error).__name__}: {error}); export it there as"
            " COCO or as JSON."
        ) from None
    spoken = [(one, found) for one in said if (found := _verdict(one.words))]
    if not spoken:
        raise FacecorpusError(
            f"{file} says of no picture 'accept', 'reject' or a reason to reject ({', '.join(Reason)}); name a"
            " category, choice or label so."
        )
    by_id: dict[str, KnownFace] = {}
    by_photo: dict[str, list[KnownFace]] = defaultdict(list)
    for face in faces:
        by_id[face.face_id] = face
        by_photo[face.photo_id].append(face)
    words = []
    for one, (verdict, reason) in spoken:
        name = _NAMED.search(one.names)
        meant = name and (by_id.get(name[1]) or _in_photograph(by_photo.get(name[2], ()), one.box))
        if meant and meant.identity is not None:
            who = meant.identity
            about = (meant.face_id, meant.photo_id, who, who, one.reviewer)
            words.append(Exchanged(*about, Kind.VERDICT, verdict, reason, one.at))
    return Annotations(tuple(words), len(spoken) - len(words))


def _verdict(words: Iterable[str]) -> tuple[Verdict, str] | None:
    """The verdict among the words; one with its reason stands above a plain one."""
    said = [_SAID[plain] for word in words if (plain := word.strip().lower().replace("_", " ")) in _SAID]
    return max(said, key=lambda one: one[1], default=None)


def _in_photograph(faces: Iterable[KnownFace], box: Box | None) -> KnownFace | None:
    """The face of a whole photograph that is meant: at the box, or else the only one that stands for a person."""
    known = [face for face in faces if face.identity is not None]
    if box is None:
        return known[0] if len(known) == 1 else None

    def overlap(face: KnownFace) -> float:
        left, top, width, height = box
        return iou(face.box, (left * face.width, top * face.height, width * face.width, height * face.height))

    best = max(known, key=overlap, default=None)
    return best if best is not None and overlap(best) >= SAME_PLACE else None


def _coco(document: Any, file: Path, reviewer: str) -> Iterator[_Annotation]:
    """Its annotations have no author, and no time but the file's."""
    stated = (
        document.get("info", {}).get("date_created") or datetime.fromtimestamp(file.stat().st_mtime, UTC).isoformat()
    )
    at = _moment(str(stated).replace("/", "-"))
    categories = {one["id"]: text_of(one["name"]) for one in document["categories"]}
    images = {one["id"]: one for one in document["images"]}
    for one in document["annotations"]:
        image = images[one["image_id"]]
        attributes = [value for value in one.get("attributes", {}).values() if isinstance(value, str)]
        width, height = float(image["width"]), float(image["height"])
        box = tuple(map(float, one["bbox"])) if one.get("bbox") else None
        if box is not None and (len(box) != 4 or min(width, height, *box[2:]) <= 0):
            raise ValueError(f"annotation {one['id']} has no box of a picture")
        yield _Annotation(
            text_of(image["file_name"]),
            (categories[one["category_id"]], *attributes),
            reviewer,
            at,
            (box[0] / width, box[1] / height, box[2] / width, box[3] / height) if box else None,
        )


def _label_studio(tasks: list[Any]) -> Iterator[_Annotation]:
    """A task has a picture, and of each annotator a list of results; those of one region share their id."""
    for task in tasks:
        names = " ".join(value for value in task["data"].values() if isinstance(value, str))
        for annotation in task["annotations"]:
            if annotation.get("was_cancelled"):
                continue
            at = _moment(annotation.get("updated_at") or annotation["created_at"])
            who = annotation.get("completed_by")
            name = who.get("email") or who["id"] if isinstance(who, dict) else who
            reviewer = clean(f"label studio {name}", 64)
            regions: dict[str, list[Any]] = defaultdict(list)
            for result in annotation["result"]:
                regions[str(result.get("id")) if "x" in result["value"] else ""].append(result)
            for results in regions.values():
                words = [
                    word
                    for one in results
                    for kind in _CHOSEN
                    for word in one["value"].get(kind, ())
                    if isinstance(word, str)
                ]
                value = results[0]["value"]
                sides = [float(value[side]) / 100 for side in ("x", "y", "width", "height")] if "x" in value else None
                yield _Annotation(
                    names, tuple(words), reviewer, at, (sides[0], sides[1], sides[2], sides[3]) if sides else None
                )


def _moment(text: str) -> str:
    """An ISO time with its zone; UTC where it states none."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()
