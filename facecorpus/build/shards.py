"""Rows -> one Parquet shard: small row groups, image bytes as they are, everything else compressed, a page index."""

import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facecorpus.build.plan import Row
from facecorpus.build.schema import BYTES_PER_GROUP, ROWS_PER_GROUP

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_IMAGE_BYTES = "image.bytes"  # JPEG: to compress it again takes time and gains nothing
_SUFFIXES = {"image/jpeg": "jpg", "image/tiff": "tif"}  # else the type's own name

Pictured = tuple[Row, bytes]
"""A row and its picture as a file's bytes."""


def write_shard(path: Path, rows: Iterable[Pictured], schema: "pa.Schema", cropped: bool = True) -> None:
    """Write the rows in their order; the file appears under its name when it is whole and on disk.

    `cropped` says that the pictures are JPEG crops and not photographs in a type of their own.
    """
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        with _writer(file, schema) as writer:
            for group in _row_groups(rows):
                writer.write_table(_table(group, schema, cropped))
        file.flush()
        os.fsync(file.fileno())
    os.rename(partial, path)


def _row_groups(rows: Iterable[Pictured]) -> Iterator[list[Pictured]]:
    group: list[Pictured] = []
    size = 0
    for row in rows:
        if group and (len(group) == ROWS_PER_GROUP or size + len(row[1]) > BYTES_PER_GROUP):
            yield group
            group, size = [], 0
        group.append(row)
        size += len(row[1])
    if group:
        yield group


def _writer(file: Any, schema: "pa.Schema") -> "pq.ParquetWriter":
    import pyarrow.parquet as pq

    others = [path for path in _leaf_paths(schema) if path != _IMAGE_BYTES]
    return pq.ParquetWriter(
        file,
        schema,
        compression={**dict.fromkeys(others, "ZSTD"), _IMAGE_BYTES: "NONE"},
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


def _table(group: list[Pictured], schema: "pa.Schema", cropped: bool) -> "pa.Table":
    import pyarrow as pa

    # Keys that the schema does not name, as `image` in a build without images, are left out.
    return pa.Table.from_pylist([_values(row, picture, cropped) for row, picture in group], schema)


def _values(row: Row, picture: bytes, cropped: bool) -> dict[str, object]:
    """The row by column; every column of the schema is there."""
    face, one = row.face, row.labelled
    suffix = "jpg" if cropped else _SUFFIXES.get(face.media_type, face.media_type.removeprefix("image/"))
    return {
        "image": {"bytes": picture, "path": f"{face.face_id}.{suffix}"},
        "identity": one.number,
        **one.labels,
        "photo_id": face.photo_sha256,
        "face_id": face.face_id,
        "group_id": face.cluster_id,
        "image_sha256": hashlib.sha256(picture).hexdigest(),
        "identity_fold": row.fold,
        "split": row.split,
        "box": face.box,
        "landmarks": face.landmarks.tolist(),
        "detector": face.detector,
        "score": face.score,
        "sharpness": face.sharpness,
        "taken_on": face.taken_on,
        "age_at_capture": one.age,
        "outside_period": one.outside_period,
        "source": face.source,
        "source_url": face.source_url,
        "page_url": face.page_url,
        "title": face.title,
        "licence": face.licence,
        "licence_url": face.licence_url,
        "author": face.author,
        "width": face.width,
        "height": face.height,
        "reviewed_by": face.reviewed_by,
        "reviewed_at": face.reviewed_at,
    }
