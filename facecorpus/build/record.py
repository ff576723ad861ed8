"""What stands beside the shards for programs: build.json, checksums.txt and attribution.csv."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from facecorpus import __version__
from facecorpus.build.plan import Plan
from facecorpus.build.splits import TEST, TRAIN
from facecorpus.catalog.records import AcceptedFace
from facecorpus.settings import Settings

RECORD = "build.json"
_SECTIONS = ("faces", "dedup", "rank", "labels", "build")  # crawl and fetch hold addresses and paths of the operator


def settings_of_build(settings: Settings) -> dict[str, Any]:
    """The settings that decide what a build holds; the number of workers does not."""
    sections = {name: asdict(getattr(settings, name)) for name in _SECTIONS}
    return {name: {key: keys[key] for key in keys if key != "workers"} for name, keys in sections.items()}


def versions() -> dict[str, str]:
    """The versions of everything that has a say in the bytes."""
    import cv2

    return {"facecorpus": __version__, "opencv": cv2.__version__, "pyarrow": version("pyarrow")}


def fingerprint(plan: Plan, settings: Settings, manifest: bytes) -> str:
    """sha256 (hex) over everything that goes into a build: the same inputs give the same files."""
    digest = hashlib.sha256(manifest)
    head = [settings_of_build(settings), settings.crawl.contact, versions(), plan.left_out]
    digest.update(json.dumps(head, sort_keys=True).encode())
    for row in plan.rows:
        digest.update(json.dumps([row.split, row.fold, *_face_values(row.face)]).encode())
    return digest.hexdigest()


def _face_values(face: AcceptedFace) -> list[Any]:
    values = asdict(face)
    return [value.tolist() if name == "landmarks" else value for name, value in values.items()]


def build_record(plan: Plan, settings: Settings, inputs: str, files: Sequence[Path]) -> bytes:
    """build.json: settings, versions, counts, the fingerprint of the inputs, and every file with its size.

    It holds no time and no path of this machine, so that the same decisions give the same bytes.
    """
    counts = {
        "faces": len(plan.rows),
        "identities": plan.identities,
        "photographs": len({row.face.photo_sha256 for row in plan.rows}),
        "train": len(plan.side(TRAIN)),
        "test": len(plan.side(TEST)),
        "groups": len({row.face.cluster_id for row in plan.rows}),
        "groups_of_several_people": plan.shared_groups,
        "subgroups": plan.subgroups,
        "left_out": plan.left_out,
    }
    record = {
        "fingerprint": inputs,
        "versions": versions(),
        "settings": settings_of_build(settings),
        "counts": counts,
        "files": {path.name: path.stat().st_size for path in sorted(files)},
    }
    return (json.dumps(record, indent=2, ensure_ascii=False) + "\n").encode()


def recorded(folder: Path) -> dict[str, Any]:
    """The build.json of a folder; one without a fingerprint and files where there is none that can be read."""
    nothing: dict[str, Any] = {"fingerprint": "", "files": {}}
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return nothing
    return record if isinstance(record, dict) and isinstance(record.get("files"), dict) else nothing


def is_whole(folder: Path, record: Mapping[str, Any]) -> bool:
    """Whether every file that the record names is there in its size."""
    paths = {folder / name: size for name, size in record["files"].items()}
    return all(path.is_file() and path.stat().st_size == size for path, size in paths.items())


def sha256_of(path: Path) -> str:
    """The sha256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checksums(sums: Mapping[Path, str]) -> bytes:
    """checksums.txt, as `sha256sum --check checksums.txt` reads it, of files with their sha256."""
    return "".join(f"{sha256}  {path.name}\n" for path, sha256 in sums.items()).encode()


def attribution(plan: Plan) -> bytes:
    """attribution.csv: for each face where its photograph is from, whose it is, and under which licence."""
    columns = ("face_id", "source_url", "page_url", "author", "licence", "licence_url")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([getattr(row.face, column) for column in columns] for row in plan.rows)
    return text.getvalue().encode()
