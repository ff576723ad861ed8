"""Read the shards: Parquet files with one face a row, as `facecorpus build` writes them.

Only the columns named here are looked at; any other may be there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from training.errors import TrainingError
from training.publication import ATTRIBUTES, TASKS, placebo_of

if TYPE_CHECKING:
    import pyarrow.parquet as pq

SUBGROUP = "subgroup"
"""The name of gender, age group and race taken as one label."""

_INSIDE = "data"  # where a build has its files; earlier ones have them beside the card
_STRINGS = ("photo_id", "face_id", "group_id", "split")
_COLUMNS = ("image", *TASKS, *_STRINGS)


@dataclass(frozen=True)
class Shards:
    """All rows of a folder of shards but their images, in the order of the files.

    `classes` names the tasks that can be learned, in the order of TASKS; `left_out` says of the others why not.
    `labels` is (N, tasks) int64 in the same order, -1 where unknown; classes nobody belongs to are left out, and
    named in `empty`. `subgroups` is (N,) in the order of `subgroup_names` (gender, age group, race), -1 where one of
    the three is unknown. `folds` is (N,) the fold of the row's person, -1 without one. `descriptors` is (N, width)
    float32 of column `embedding`, which shards need not have. `placebo` is (N, attributes), see placebo.py.
    """

    files: tuple[Path, ...]
    file_rows: tuple[int, ...]  # how many each file has
    sha256: str
    classes: dict[str, tuple[str, ...]]
    empty: dict[str, tuple[str, ...]]
    left_out: dict[str, str]
    labels: NDArray[np.int64]
    photo_ids: NDArray[np.str_]
    face_ids: NDArray[np.str_]
    group_ids: NDArray[np.str_]
    in_train: NDArray[np.bool_]
    subgroup_names: tuple[str, ...]
    subgroups: NDArray[np.int64]
    folds: NDArray[np.int64]
    descriptors: NDArray[np.float32] | None
    placebo: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def files_of(self, start: int, stop: int) -> tuple[tuple[Path, ...], int]:
        """The files that hold rows `start` to `stop` (not included), and how many rows those before them have."""
        ends = np.cumsum(self.file_rows)
        first, last = np.searchsorted(ends, [start, stop - 1], side="right")
        return self.files[first : last + 1], int(ends[first]) - self.file_rows[first]

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that these shards have labels for."""
        return tuple(self.classes)

    @property
    def targets(self) -> dict[str, tuple[str, ...]]:
        """The class names of all that can be learned: tasks, subgroups where there are some, placebos."""
        subgroups = {SUBGROUP: self.subgroup_names} if len(self.subgroup_names) > 1 else {}
        dealt = [] if self.placebo is None else [self.tasks[column] for column in self.attribute_columns]
        return self.classes | subgroups | {placebo_of(task): self.classes[task] for task in dealt}

    @property
    def target_labels(self) -> NDArray[np.int64]:
        """The labels of `targets`, (N, targets)."""
        columns = [self.labels]
        if len(self.subgroup_names) > 1:
            columns.append(self.subgroups[:, None])
        if self.placebo is not None:
            columns.append(self.placebo)
        return np.concatenate(columns, axis=1)

    @property
    def attribute_columns(self) -> list[int]:
        """The columns of `labels` that are attributes."""
        return [column for column, task in enumerate(self.tasks) if task in ATTRIBUTES]

    @property
    def people(self) -> NDArray[np.int64]:
        """The person of each row, -1 where unknown."""
        return self.labels[:, self.tasks.index("identity")]

    def unknown(self) -> dict[str, int]:
        """How many rows each task must leave out, because their label is unknown."""
        return {task: int((self.labels[:, column] < 0).sum()) for column, task in enumerate(self.tasks)}


def shard_files(folder: Path) -> tuple[Path, ...]:
    """The Parquet files of a folder, sorted by name; raises TrainingError where there are none."""
    if not folder.is_dir():
        raise TrainingError(
            f"There is no folder {folder}; run `facecorpus build` first, or give the folder that it wrote."
        )
    inside = folder / _INSIDE
    files = tuple(sorted((inside if inside.is_dir() else folder).glob("*.parquet")))
    if not files:
        raise TrainingError(f"There is no *.parquet file in {folder}: run `facecorpus build` first.")
    return files


def fingerprint(folder: Path) -> str:
    """The shards' identity: sha256 over the sorted sha256 of the files.

    Takes the hashes that checksums.txt lists and computes the others, so that a finished run is recognised at once.
    """
    listed = _listed_hashes(folder)
    hashes = sorted(listed.get(file.name) or _hash(file) for file in shard_files(folder))
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def read_shards(folder: Path) -> Shards:
    """Read and check everything but the images.

    Raises TrainingError for files that are damaged, not listed as they are in checksums.txt, or of another schema.
    """
    files = shard_files(folder)
    _verify(folder, files)
    names: dict[str, list[str]] = {}
    tables = []
    for file in files:
        with _open(file) as parquet:
            found = _class_names(parquet, file)
            if names and found != names:
                raise TrainingError(f"{file.name} and {files[0].name} name different classes: build them together.")
            names = found
            tables.append(_read_columns(parquet, file))
    shared = set.intersection(*[set(table) for table in tables])
    columns = {key: np.concatenate([table[key] for table in tables]) for key in tables[0] if key in shared}
    left_out = _without_labels(names, columns)
    classes, empty, labels = _present_classes(names, columns, [task for task in TASKS if task not in left_out])
    subgroup_names, subgroups = _subgroups(classes, labels)
    return Shards(
        files=files,
        file_rows=tuple(len(table["split"]) for table in tables),
        sha256=fingerprint(folder),
        classes=classes,
        empty=empty,
        left_out=left_out,
        labels=labels,
        photo_ids=columns["photo_id"],
        face_ids=columns["face_id"],
        group_ids=columns["group_id"],
        in_train=_train_side(columns["split"], folder),
        subgroup_names=subgroup_names,
        subgroups=subgroups,
        folds=columns["identity_fold"],
        descriptors=columns.get("embedding"),
    )


def photo_ids(folder: Path) -> list[str]:
    """The photograph of each row, in the order of `read_shards`; TrainingError for files that cannot be read."""
    found: list[str] = []
    for file in shard_files(folder):
        with _open(file) as parquet:
            _class_names(parquet, file)
            found += [photo or "" for photo in parquet.read(columns=["photo_id"])["photo_id"].to_pylist()]
    return found


def encoded_images(files: Sequence[Path], start: int, stop: int) -> Iterator[bytes | None]:
    """The JPEG bytes of rows `start` to `stop` (not included) of all files together, in their order."""
    row = 0
    for file in files:
        with _open(file) as parquet:
            for group in range(parquet.metadata.num_row_groups):
                first, row = row, row + parquet.metadata.row_group(group).num_rows
                if first < stop and row > start:
                    images = parquet.read_row_group(group, columns=["image"]).column("image")
                    for image in images.slice(max(0, start - first), stop - max(first, start)):
                        yield image["bytes"].as_py()


@contextmanager
def _open(file: Path) -> Iterator[pq.ParquetFile]:
    """A shard; TrainingError where what is read of it shows that it holds other bytes than a build writes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as parquet:
            yield parquet
    except (pa.ArrowException, OSError, LookupError, TypeError, AttributeError, ValueError, OverflowError) as error:
        reason = str(error).split("\n")[0].rstrip(".")
        raise TrainingError(
            f"{file} cannot be read as Parquet ({reason}): copy it again, or build the shards again."
        ) from error


def _class_names(parquet: pq.ParquetFile, file: Path) -> dict[str, list[str]]:
    missing = [name for name in _COLUMNS if name not in parquet.schema_arrow.names]
    if missing:
        raise TrainingError(
            f"{file} is not a shard of faces, it lacks the column '{missing[0]}': run `facecorpus build`."
        )
    metadata = parquet.schema_arrow.metadata or {}
    if json.loads(metadata.get(b"facecorpus", b"{}")).get("kind") == "original":
        raise TrainingError(
            f"{file} holds whole photographs (built with --original), and training needs aligned crops:"
            " run `facecorpus build` without --original and give that folder."
        )
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        return {task: list(features[task]["names"]) for task in TASKS}
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingError(
            f"{file} does not name the classes of {', '.join(TASKS)} in its 'huggingface' metadata: "
            "run `facecorpus build`."
        ) from error


def _read_columns(parquet: pq.ParquetFile, file: Path) -> dict[str, NDArray[Any]]:
    optional = [name for name in ("identity_fold", "embedding") if name in parquet.schema_arrow.names]
    table = parquet.read(columns=[*TASKS, *_STRINGS, *optional])
    columns: dict[str, NDArray[Any]] = {}
    for name in (*TASKS, "identity_fold"):
        known = table[name].to_pylist() if name in table.column_names else [None] * len(table)
        columns[name] = np.array([-1 if x is None else x for x in known], dtype=np.int64)
    for name in _STRINGS:
        columns[name] = np.array([x or "" for x in table[name].to_pylist()], dtype=np.str_)
    if "embedding" in optional and len(table):
        columns["embedding"] = _vectors(table["embedding"].to_pylist(), file)
    return columns


def _vectors(rows: list[list[float] | None], file: Path) -> NDArray[np.float32]:
    widths = {len(row or ()) for row in rows}
    if len(widths) > 1 or 0 in widths:
        raise TrainingError(f"{file} has embeddings of different lengths or without numbers: build the shards again.")
    return np.array(rows, dtype=np.float32)


def _subgroups(
    classes: dict[str, tuple[str, ...]], labels: NDArray[np.int64]
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Gender, age group and race as one label, numbered in this order; nothing where one of them is left out."""
    parts = ("gender", "age_group", "race")
    if not set(parts) <= set(classes):
        return (), np.full(len(labels), -1, dtype=np.int64)
    columns = [labels[:, list(classes).index(part)] for part in parts]
    known = np.all([column >= 0 for column in columns], axis=0)
    sizes = tuple(len(classes[part]) for part in parts)
    codes = np.ravel_multi_index(tuple(np.maximum(column, 0) for column in columns), sizes)
    present, numbers = np.unique(codes[known], return_inverse=True)
    subgroups = np.full(len(labels), -1, dtype=np.int64)
    subgroups[known] = numbers
    places = np.unravel_index(present, sizes)
    names = [" ".join(classes[part][i] for part, i in zip(parts, at, strict=True)) for at in zip(*places, strict=True)]
    return tuple(names), subgroups


def _without_labels(names: dict[str, list[str]], columns: dict[str, NDArray[Any]]) -> dict[str, str]:
    """The tasks that nothing can be learned about, and why; people to tell apart are needed."""
    left_out = {}
    for task in TASKS:
        column = columns[task]
        if len(column) and column.max() >= len(names[task]):
            raise TrainingError(
                f"A row has {task} = {column.max()}, but the shards name {len(names[task])} classes: build them again."
            )
        present = np.unique(column[column >= 0])
        if len(present) < 2:
            have = f"only '{names[task][present[0]]}'" if len(present) else "no known label"
            left_out[task] = f"the shards hold {have}, at least 2 are needed"
    if "identity" in left_out:
        raise TrainingError(f"Nothing can be learned about identity: {left_out['identity']}.")
    return left_out


def _present_classes(
    names: dict[str, list[str]], columns: dict[str, NDArray[Any]], tasks: Sequence[str]
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]], NDArray[np.int64]]:
    """Number the classes that have a row from 0 on, in their old order."""
    classes, empty, labels = {}, {}, []
    for task in tasks:
        column = columns[task]
        present = np.unique(column[column >= 0])
        number = np.full(len(names[task]) + 1, -1, dtype=np.int64)  # the last place answers label -1
        number[present] = np.arange(len(present))
        classes[task] = tuple(names[task][i] for i in present)
        empty[task] = tuple(name for i, name in enumerate(names[task]) if i not in present)
        labels.append(number[np.maximum(column, -1)])
    return classes, empty, np.stack(labels, axis=1)


def _train_side(split: NDArray[np.str_], folder: Path) -> NDArray[np.bool_]:
    if odd := sorted(set(split.tolist()) - {"train", "test"}):
        raise TrainingError(f"The shards in {folder} have split = '{odd[0]}': expected 'train' or 'test'.")
    return np.array(split == "train", dtype=np.bool_)


def _listed_hashes(folder: Path) -> dict[str, str]:
    path = folder / "checksums.txt"
    if not path.is_file():
        return {}
    lines = [line.split(maxsplit=1) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    if any(len(line) != 2 for line in lines):
        raise TrainingError(f"{path} is not in the format of sha256sum: delete it, or build the shards again.")
    return {Path(name.lstrip("*")).name: sha256 for sha256, name in lines if name.endswith(".parquet")}


def _verify(folder: Path, files: tuple[Path, ...]) -> None:
    listed = _listed_hashes(folder)
    if lost := sorted(set(listed) - {file.name for file in files}):
        raise TrainingError(f"checksums.txt lists {lost[0]}, which is not in {folder}: copy it there.")
    for file in files:
        if file.name in listed and _hash(file) != listed[file.name]:
            raise TrainingError(
                f"{file} is not the file that checksums.txt lists: copy it again, or build the shards again."
            )


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
