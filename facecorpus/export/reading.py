"""The shards as a reader sees them: rows with class names, in the order of the files, some at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facecorpus.errors import ExportError, ShardsError
from facecorpus.shards import (
    RECORD,
    checked_row,
    class_names,
    foreign_record,
    reading,
    shard_files,
    sound_files,
    whole_number,
)
from facecorpus.system.border import read_json
from facecorpus.system.console import track

_AT_ONCE = 100


@dataclass(frozen=True)
class Shards:
    """The files of a build and what their schema says."""

    files: tuple[Path, ...]
    rows: int
    image_bytes: int
    classes: Mapping[str, tuple[str, ...]]  # the names of each label column
    whole: bool  # whether the pictures are whole photographs

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Every row by column, labels as the names of their classes (None where unknown); ShardsError for a bad one.

        The faces' descriptors are left out: an export is made to be handed on, and they are biometric templates.
        """
        import pyarrow.parquet as pq

        for file in self.files:
            with reading(file), pq.ParquetFile(file) as parquet:
                columns = [name for name in parquet.schema_arrow.names if name != "embedding"]
                for batch in parquet.iter_batches(_AT_ONCE, columns=columns):
                    for row in batch.to_pylist():
                        checked_row(row, file)
                        yield self._named(row, file)

    def _named(self, row: dict[str, Any], file: Path) -> dict[str, Any]:
        for column, names in self.classes.items():
            number = row.get(column)
            if number is not None:
                whole_number(number, -1, len(names) - 1, f"The {column} of a row of {file.name}")
            row[column] = names[number] if number is not None and number >= 0 else None
        return row


def open_shards(folder: Path) -> Shards:
    """The shards of a folder.

    Raises ExportError where there are none, or none with pictures; ShardsError where they are not the bytes that their
    build.json names, or hold what no build writes.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = tuple(shard_files(folder))
    if not files:
        raise ExportError(f"There is no shard (*.parquet) in {folder}; write them with: facecorpus build")
    try:
        heads = [pq.read_metadata(file) for file in files]
        schema = pq.read_schema(files[0])
        columns, kind = schema.names, read_json((schema.metadata or {}).get(b"facecorpus", b"{}"))
        classes = class_names(files[0])
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise ExportError(f"The shards in {folder} cannot be read ({reason}); build them again.") from None
    _check_bytes(folder, files)
    if "image" not in columns:
        raise ExportError(f"The shards in {folder} were built without images, so there is nothing to export.")
    return Shards(
        files=files,
        rows=sum(head.num_rows for head in heads),
        image_bytes=sum(map(_image_bytes, heads)),
        classes=classes,
        whole=isinstance(kind, dict) and kind.get("kind") == "original",
    )


def _check_bytes(folder: Path, files: tuple[Path, ...]) -> None:
    """Raise ShardsError for a shard whose bytes are not those that build.json names; without one nobody can tell."""
    record = foreign_record(folder)
    if not record["files"]:
        return
    with track("checksums", len(record["files"])) as progress:
        sound = sound_files(folder, record, progress.advance)
    for file in files:
        if file.name not in sound:
            raise ShardsError(
                f"{file} is damaged: its bytes are not those that {RECORD} names; build the shards again, or get that"
                " file again. Nothing was exported."
            )


def _image_bytes(head: Any) -> int:
    columns = (head.row_group(group).column(0) for group in range(head.num_row_groups))
    return sum(column.total_uncompressed_size for column in columns)
