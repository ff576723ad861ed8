"""Rows -> Parquet shards: small row groups, image bytes as they are, everything else compressed, a page index."""

import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facecorpus.build.labels import age_at_capture, labels_of
from facecorpus.build.schema import ROWS_PER_GROUP
from facecorpus.catalog.records import AcceptedFace
from facecorpus.manifest import Identity

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_IMAGE_BYTES = "image.bytes"  # JPEG: to compress it again takes time and gains nothing


@dataclass(frozen=True, slots=True)
class Row:
    """One face of a build with everything but its picture."""

    face: AcceptedFace
    identity: Identity
    number: int  # of the identity, in the manifest's order
    fold: int
    split: str


Pictured = tuple[Row, bytes]
"""A row and its crop as JPEG."""


def write_split(
    folder: Path, split: str, rows: Iterable[Pictured], schema: "pa.Schema", max_bytes: int
) -> tuple[Path, ...]:
    """Write the rows in their order as `<split>-00000-of-0000N.parquet`, and return the files.

    A shard holds whole row groups with at most max_bytes of pictures, but at least one row group.
    """
    written: list[Path] = []
    for number, groups in groupby(_numbered(_row_groups(rows), max_bytes), key=itemgetter(0)):
        written.append(folder / f"{split}-{number:05d}.partial")
        with written[-1].open("wb") as file, _writer(file, schema) as writer:
            for _, group in groups:
                writer.write_table(_table(group, schema))
    # How many shards there are stands in each one's name, and is known only now.
    shards = tuple(folder / f"{path.stem}-of-{len(written):05d}.parquet" for path in written)
    for path, shard in zip(written, shards, strict=True):
        os.rename(path, shard)
    return shards


def _row_groups(rows: Iterable[Pictured]) -> Iterator[list[Pictured]]:
    remaining = iter(rows)
    while group := list(islice(remaining, ROWS_PER_GROUP)):
        yield group


def _numbered(groups: Iterable[list[Pictured]], max_bytes: int) -> Iterator[tuple[int, list[Pictured]]]:
    """Each row group with the number of the shard that it goes to."""
    shard = filled = 0
    for group in groups:
        size = sum(len(jpeg) for _, jpeg in group)
        if filled and filled + size > max_bytes:
            shard, filled = shard + 1, 0
        filled += size
        yield shard, group


def _writer(file: Any, schema: "pa.Schema") -> "pq.ParquetWriter":
    import pyarrow.parquet as pq

    others = [path for path in _leaf_paths(schema) if path != _IMAGE_BYTES]
    return pq.ParquetWriter(
        file,
        schema,
        compression={_IMAGE_BYTES: "NONE", **dict.fromkeys(others, "ZSTD")},
        use_dictionary=others,
        write_statistics=others,
        write_page_index=True,
    )


def _leaf_paths(schema: "pa.Schema") -> list[str]:
    """The names under which Parquet knows the columns, as in "landmarks.list.element.list.element"."""
    import pyarrow.parquet as pq

    empty = io.BytesIO()
    pq.write_table(schema.empty_table(), empty)
    columns = pq.ParquetFile(empty).schema
    return [columns.column(place).path for place in range(len(columns))]


def _table(group: list[Pictured], schema: "pa.Schema") -> "pa.Table":
    import pyarrow as pa

    return pa.Table.from_pylist([_values(row, jpeg) for row, jpeg in group], schema)


def _values(row: Row, jpeg: bytes) -> dict[str, object]:
    """The row by column; every column of the schema is there."""
    face = row.face
    return {
        "image": {"bytes": jpeg, "path": f"{face.face_id}.jpg"},
        "identity": row.number,
        **labels_of(row.identity),
        "photo_id": face.photo_sha256,
        "face_id": face.face_id,
        "group_id": face.cluster_id,
        "identity_fold": row.fold,
        "split": row.split,
        "box": face.box,
        "landmarks": face.landmarks.tolist(),
        "detector": face.detector,
        "score": face.score,
        "sharpness": face.sharpness,
        "taken_on": face.taken_on,
        "age_at_capture": age_at_capture(row.identity.birth_date, face.taken_on),
        "source": face.source,
        "source_url": face.source_url,
        "page_url": face.page_url,
        "licence": face.licence,
        "licence_url": face.licence_url,
        "author": face.author,
        "width": face.width,
        "height": face.height,
        "reviewed_by": face.reviewed_by,
        "reviewed_at": face.reviewed_at,
    }
