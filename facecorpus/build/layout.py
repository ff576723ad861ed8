"""Which rows lie in which shard: a pure function of the rows, in which a change moves no other shard's bounds.

Rows are ordered by person and face_id. The range of all places in this order is halved, and its halves again, until
the rows of a part fit into one shard; so a part's bounds depend on no row, and whoever takes out one row changes the
one shard that held it (and two that are half empty become one). Filling one shard after the other would move
everything that follows. The size of a crop is taken from its pixels, not from its bytes, so that the layout is
known before anything is cut.

A changed face rewrites its file, and versions share the files that are the same. So a large build is cut into 2,000 to
3,000 files: a hundred changes anywhere leave nine tenths of them as they were. Their size goes by steps, so that it
stays the same while a build grows or shrinks by little. A file is named by where its range begins, so that one that
stays the same keeps its name, whatever becomes of the others.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from itertools import accumulate
from math import ceil, log2

from facecorpus.build.kind import Kind
from facecorpus.build.plan import Plan, Row
from facecorpus.build.splits import TEST, TRAIN
from facecorpus.records import AcceptedFace
from facecorpus.settings import BuildSettings
from facecorpus.shards import SUFFIX

_PLAIN = tuple(
    field.name
    for field in fields(AcceptedFace)
    if field.name not in ("landmarks", "embedding", "descriptor", "bystanders")
)
_FACE_DIGITS = 8  # hexadecimal; the places of one person are these of the face_id
_TEXT_BYTES = 500  # a row without its picture, about
_BYTES_PER_PIXEL = 1.0  # of a JPEG up to quality 95 without halved colour; photographs have about half of that
_FINE_BYTES_PER_PIXEL = 2.5  # above
_MEGABYTE = 1_000_000
_MOST_FILES = 2_000  # if all were full


@dataclass(frozen=True, slots=True)
class Shard:
    """One file to write: its rows, and a key (hex) that the same rows, settings and versions alone give."""

    name: str
    rows: tuple[Row, ...]
    key: str

    @property
    def scratch(self) -> str:
        """The name under which it is written, before all are there."""
        return f"{self.key}{SUFFIX}"


def layout(plan: Plan, kind: Kind, people: int, recipe: str) -> tuple[Shard, ...]:
    """The shards of a build, in their order; `people` counts the manifest, `recipe` stands for all that rows share."""
    shards: list[Shard] = []

    def size(row: Row) -> int:
        return row_size(row, kind, plan.settings.build)

    limit = min(_MEGABYTE * plan.settings.build.shard_megabytes, fine(sum(map(size, plan.rows))))

    for split in (TRAIN, TEST):
        for first, rows in parted(plan.side(split), size, limit, people):
            shards.append(Shard(f"{split}-{first:016x}{SUFFIX}", tuple(rows), _key(rows, recipe)))
    return tuple(shards)


def fine(size: int) -> int:
    """How large one file of a build of so many bytes may be, in bytes: a step of √2, and 0.7 MB at least."""
    return round(_MEGABYTE * 2 ** (max(-1, ceil(2 * log2(max(size, 1) / _MOST_FILES / _MEGABYTE))) / 2))


def parted(
    rows: Sequence[Row], size_of: Callable[[Row], int], limit: int, people: int
) -> list[tuple[int, Sequence[Row]]]:
    """Cut sorted rows into parts of at most `limit` bytes each, or of one place, as the head of this module says.

    With each part goes the first place of its range.
    """
    places = [_place(row) for row in rows]
    sums = [0, *accumulate(map(size_of, rows))]

    def parts(low: int, high: int) -> list[tuple[int, Sequence[Row]]]:
        first, last = bisect_left(places, low), bisect_left(places, high)
        if first == last:
            return []
        if sums[last] - sums[first] <= limit or high - low == 1:
            return [(low, rows[first:last])]
        middle = (low + high) // 2
        return parts(low, middle) + parts(middle, high)

    return parts(0, 1 << (max(people - 1, 0).bit_length() + 4 * _FACE_DIGITS))


def row_size(row: Row, kind: Kind, build: BuildSettings) -> int:
    """About how many bytes a row takes in a shard; more than that is rare.

    Without images it counts as with crops: so each file has the rows of the one that its pictures would complete.
    """
    if kind is Kind.ORIGINAL:
        return _TEXT_BYTES + row.face.bytes
    return _TEXT_BYTES + round(build.crop**2 * (_BYTES_PER_PIXEL if build.quality <= 95 else _FINE_BYTES_PER_PIXEL))


def _place(row: Row) -> int:
    return (row.number << 4 * _FACE_DIGITS) + int(row.face.face_id[:_FACE_DIGITS], 16)


def _key(rows: Sequence[Row], recipe: str) -> str:
    digest = hashlib.sha256(recipe.encode())
    for row in rows:
        one = row.labelled
        values = [getattr(one.face, name) for name in _PLAIN]
        points = one.face.landmarks.tolist()
        digest.update(
            repr((row.split, row.fold, row.group, one.age, one.outside_period, one.labels, values, points)).encode()
        )
        if one.face.embedding is not None:
            digest.update(one.face.embedding.tobytes())
        if one.face.bystanders:
            digest.update(repr(one.face.bystanders).encode())
    return digest.hexdigest()
