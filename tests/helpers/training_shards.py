"""Small shards in the documented schema, written without the toolkit, for the tests of training."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

TASKS = ("identity", "age_group", "race", "gender")
CLASSES = {
    "age_group": ["young", "adult", "old"],
    "race": ["asian", "latin_american", "african", "white"],
    "gender": ["female", "male"],
}


@dataclass(frozen=True)
class Row:
    """One row of a shard; labels are numbers of classes."""

    image: bytes
    identity: int
    gender: int
    age_group: int
    race: int
    face_id: str
    split: str
    group_id: str
    identity_fold: int = 0

    @property
    def photo_id(self) -> str:
        return hashlib.sha256(self.image).hexdigest()


def coloured_rows(people: int = 6, photographs: int = 8, seed: int = 0) -> list[Row]:
    """Faces anybody could learn: each person is a colour and a pattern, and the attributes follow the person.

    The first 12 people are of 12 subgroups and fold 0, the next 12 of the same subgroups and fold 1, and so on.
    """
    random = np.random.default_rng(seed)
    return [
        Row(
            image=jpeg(_coloured_face(person, random)),
            identity=person,
            gender=person % 2,
            age_group=person % 3,
            race=person % 4,
            face_id=f"face-{person}-{number}",
            split="test" if number % 4 == 3 else "train",
            group_id=f"group-{person}-{number}",
            identity_fold=person // 12,
        )
        for person in range(people)
        for number in range(photographs)
    ]


def jpeg(image: NDArray[np.uint8]) -> bytes:
    """An image (H, W, 3) uint8 RGB as JPEG bytes."""
    return cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1].tobytes()


def write_shards(
    folder: Path,
    rows: Sequence[Row],
    *,
    people: Sequence[str] | None = None,
    files: int = 2,
    checksums: bool = True,
    descriptors: bool = False,
) -> Path:
    """Write the rows as `files` shards, and checksums.txt beside them; `descriptors` adds the column `embedding`."""
    folder.mkdir(parents=True, exist_ok=True)
    if people is None:
        people = [f"Person {n}" for n in range(max(row.identity for row in rows) + 1)]
    lines = []
    for number in range(files):
        path = folder / f"faces-{number:05d}-of-{files:05d}.parquet"
        pq.write_table(_table(rows[number::files], list(people), descriptors), path, row_group_size=100)
        lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n")
    if checksums:
        (folder / "checksums.txt").write_text("".join(lines), encoding="utf-8")
    return folder


def relabel(rows: Sequence[Row], **labels: int | str) -> list[Row]:
    """The same rows with some fields set."""
    return [replace(row, **labels) for row in rows]  # type: ignore[arg-type]


def _table(rows: Sequence[Row], people: list[str], descriptors: bool) -> pa.Table:
    classes = {**CLASSES, "identity": people}
    features = {task: {"names": classes[task], "_type": "ClassLabel"} for task in TASKS}
    metadata = {b"huggingface": json.dumps({"info": {"features": {"image": {"_type": "Image"}, **features}}}).encode()}
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    columns: dict[str, pa.Array] = {
        "image": pa.array([{"bytes": row.image, "path": f"{row.face_id}.jpg"} for row in rows], image)
    }
    for task in TASKS:
        columns[task] = pa.array([getattr(row, task) for row in rows], pa.int64())
    for name in ("photo_id", "face_id", "group_id", "split"):
        columns[name] = pa.array([getattr(row, name) for row in rows], pa.string())
    columns["identity_fold"] = pa.array([row.identity_fold for row in rows], pa.int32())
    if descriptors:  # as good as a face descriptor could be: one direction for each person
        columns["embedding"] = pa.array([np.eye(32)[row.identity].tolist() for row in rows], pa.list_(pa.float32(), 32))
    columns["source"] = pa.array(["somewhere"] * len(rows), pa.string())
    return pa.table(columns).replace_schema_metadata(metadata)


def _coloured_face(person: int, random: np.random.Generator) -> NDArray[np.uint8]:
    look = np.random.default_rng(person + 1000)
    image = np.empty((224, 224, 3), dtype=np.uint8)
    image[:] = look.integers(40, 215, 3)
    centre = np.array([112, 112]) + random.integers(-15, 16, 2)
    cv2.circle(image, centre.tolist(), 60 + int(random.integers(-5, 6)), look.integers(0, 256, 3).tolist(), -1)
    for _ in range(3):
        spot = centre + look.integers(-45, 46, 2)
        cv2.circle(image, spot.tolist(), 12, look.integers(0, 256, 3).tolist(), -1)
    noise = random.normal(0, 6, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)
