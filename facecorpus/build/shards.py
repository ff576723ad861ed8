"""Rows -> one Parquet shard: small row groups, image bytes as they are, everything else compressed, a page index."""

import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facecorpus.build.plan import Row
from facecorpus.build.schema import BYTES_PER_GROUP, ROWS_PER_GROUP
from facecorpus.words import score_kind

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_IMAGE_BYTES = "image.bytes"  # JPEG: to compress it again takes time and gains nothing
_OTHERS = "SNAPPY"  # ZSTD would save 1 % of a file and take half as long again
_SUFFIXES = {"image/jpeg": "jpg", "image/tiff": "tif"}  # else the type's own name

Values = dict[str, Any]
"""A row by column; its picture is at image → bytes."""


def write_shard(path: Path, rows: Iterable[Values], schema: "pa.Schema") -> None:
    """Write the rows in their order; the file appears under its name when it is whole and on disk."""
    import pyarrow as pa

    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        with _writer(file, schema) as writer:
            for group in _row_groups(rows):
                # Keys that the schema does not name, as `image` in a build without images, are left out.
                writer.write_table(pa.Table.from_pylist(group, schema))
        file.flush()
        os.fsync(file.fileno())
    os.rename(partial, path)


def _row_groups(rows: Iterable[Values]) -> Iterator[list[Values]]:
    group: list[Values] = []
    size = 0
    for row in rows:
        more = len(row["image"]["bytes"]) if "image" in row else 0
        if group and (len(group) == ROWS_PER_GROUP or size + more > BYTES_PER_GROUP):
            yield group
            group, size = [], 0
        group.append(row)
        size += more
    if group:
        yield group


def _writer(file: Any, schema: "pa.Schema") -> "pq.ParquetWriter":
    import pyarrow.parquet as pq

    others = [path for path in _leaf_paths(schema) if path != _IMAGE_BYTES]
    return pq.ParquetWriter(
        file,
        schema,
        compression={**dict.fromkeys(others, _OTHERS), _IMAGE_BYTES: "NONE"},
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


def row_values(row: Row, picture: bytes, cropped: bool = True) -> Values:
    """The row with its picture as a file's bytes, by column: a JPEG of ours, or a photograph in a type of its own."""
    face, one = row.face, row.labelled
    suffix = (
        "jpg" if cropped or face.bystanders else _SUFFIXES.get(face.media_type, face.media_type.removeprefix("image/"))
    )
    return {
        "image": {"bytes": picture, "path": f"{face.face_id}.{suffix}"},
        "identity": one.number,
        **one.labels,
        "photo_id": face.photo_sha256,
        "face_id": face.face_id,
        "group_id": row.group,
        "image_sha256": hashlib.sha256(picture).hexdigest(),
        "identity_fold": row.fold,
        "split": row.split,
        "box": face.box,
        "landmarks": face.landmarks.tolist(),
        "detector": face.detector,
        "score": face.score,
        "score_kind": score_kind(face.detector),
        **{name: getattr(face, name) for name in ("sharpness", "brightness", "contrast", "yaw", "pitch", "roll")},
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
        "embedding_model": face.descriptor,
        "embedding": face.embedding,
    }
