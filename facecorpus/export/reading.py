"""The shards as a reader sees them: rows with class names, in the order of the files, some at a time."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facecorpus.errors import ExportError

_AT_ONCE = 100


@dataclass(frozen=True)
class Shards:
    """The files of a build and what their schema says."""

    files: tuple[Path, ...]
    rows: int
    image_bytes: int
    classes: Mapping[str, tuple[str, ...]]  # the names of each label column

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Every row by column, labels as the names of their classes (None where unknown).

        The faces' descriptors are left out: an export is made to be handed on, and they are biometric templates.
        """
        import pyarrow.parquet as pq

        for file in self.files:
            with pq.ParquetFile(file) as parquet:
                columns = [name for name in parquet.schema_arrow.names if name != "embedding"]
                for batch in parquet.iter_batches(_AT_ONCE, columns=columns):
                    yield from map(self._named, batch.to_pylist())

    def _named(self, row: dict[str, Any]) -> dict[str, Any]:
        for column, names in self.classes.items():
            row[column] = names[row[column]] if row[column] >= 0 else None
        return row


def open_shards(folder: Path) -> Shards:
    """The shards of a folder; raises ExportError where there are none, or none with pictures."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = tuple(sorted(folder.glob("*.parquet")))
    if not files:
        raise ExportError(f"There is no shard (*.parquet) in {folder}; write them with: facecorpus build")
    try:
        heads = [pq.read_metadata(file) for file in files]
        schema = pq.read_schema(files[0])
        features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    except (pa.ArrowInvalid, OSError, KeyError, TypeError, ValueError) as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise ExportError(f"The shards in {folder} cannot be read ({reason}); build them again.") from None
    if "image" not in schema.names:
        raise ExportError(f"The shards in {folder} were built without images, so there is nothing to export.")
    return Shards(
        files=files,
        rows=sum(head.num_rows for head in heads),
        image_bytes=sum(map(_image_bytes, heads)),
        classes={name: tuple(one["names"]) for name, one in features.items() if one["_type"] == "ClassLabel"},
    )


def _image_bytes(head: Any) -> int:
    columns = (head.row_group(group).column(0) for group in range(head.num_row_groups))
    return sum(column.total_uncompressed_size for column in columns)
