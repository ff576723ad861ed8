"""MXNet's RecordIO as insightface trains on it: `<split>.rec`, `.idx`, `.lst` and `property`.

A record is its magic number, its length and its bytes, filled to four; the bytes are the header flag, label, id, id2
and the picture (https://mxnet.apache.org/versions/1.9.1/api/architecture/note_data_loading). Record 0 says where the
people begin and end; each of them, which records are theirs.
"""

import struct
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from facecorpus.export.pictures import framed
from facecorpus.export.reading import Shards
from facecorpus.system.console import Tracker

_MAGIC = 0xCED7230A
_HEADER = struct.Struct("<IfQQ")  # flag, label, id, id2; as many floats as the flag says follow it


def write_recordio(shards: Shards, folder: Path, progress: Tracker) -> int:
    """Write the files of each split, of the people who are named; return how many."""
    people = {name: number for number, name in enumerate(shards.classes["identity"])}
    size = (0, 0)
    splits = 0
    for split, rows in groupby(shards, key=lambda row: str(row["split"])):
        splits += 1
        ranges: list[tuple[int, int]] = []
        with _Records(folder / split) as records:
            rest = 4 + 4 + _HEADER.size + 8  # what record 0 takes, which is known when the others are
            records.skip(rest)
            for person, faces in groupby(rows, key=lambda row: row["identity"]):
                first = records.number
                for row in faces:
                    progress.advance()
                    if person is None:
                        continue
                    frame = framed(row, shards.whole)
                    size = (frame.height, frame.width)
                    name = f"{person}/{row['image']['path']}"
                    records.picture(float(people[person]), row["image"]["bytes"], name)
                if records.number > first:
                    ranges.append((first, records.number))
            begin = records.number
            for one in ranges:
                records.add(records.number, one, b"")
            records.head((begin, records.number))
    (folder / "property").write_text(f"{len(people)},{size[0]},{size[1]}\n", encoding="utf-8")
    return 3 * splits + 1


class _Records:
    """The three files of a split, written side by side."""

    def __init__(self, stem: Path) -> None:
        self.number = 1
        self._rec: BinaryIO = stem.with_suffix(".rec").open("xb")
        self._idx = stem.with_suffix(".idx").open("w", encoding="utf-8", newline="\n")
        self._lst = stem.with_suffix(".lst").open("w", encoding="utf-8", newline="\n")

    def __enter__(self) -> "_Records":
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self._rec, self._idx, self._lst):
            file.close()

    def skip(self, size: int) -> None:
        """Leave room for record 0."""
        self._rec.write(bytes(size))
        self._idx.write("0\t0\n")

    def head(self, people: tuple[int, int]) -> None:
        """Write record 0: from where to where the records of people are."""
        self._rec.seek(0)
        self._put(0, people, b"")

    def picture(self, label: float, data: bytes, name: str) -> None:
        """Add a picture."""
        self._lst.write(f"{self.number}\t{label:.6f}\t{name}\n")
        self.add(self.number, label, data)

    def add(self, number: int, label: "float | tuple[int, int]", data: bytes) -> None:
        """Add a record."""
        self._idx.write(f"{number}\t{self._rec.tell()}\n")
        self._put(number, label, data)
        self.number += 1

    def _put(self, number: int, label: "float | tuple[int, int]", data: bytes) -> None:
        if isinstance(label, tuple):
            body = _HEADER.pack(2, 0.0, number, 0) + struct.pack("<2f", *label) + data
        else:
            body = _HEADER.pack(0, label, number, 0) + data
        self._rec.write(struct.pack("<II", _MAGIC, len(body)) + body + bytes(-len(body) % 4))
