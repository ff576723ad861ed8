"""The last build as a store of what need not be made again: whole shards, and crops of single faces."""

from collections.abc import Mapping, Set
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from facecorpus.build.layout import Shard
from facecorpus.records import AcceptedFace
from facecorpus.shards import file_in
from facecorpus.system.folder import link

_GROUPS_IN_MEMORY = 4


class Previous:
    """The sound shards of an earlier build in `folder`; a damaged or foreign file is as if it were not there.

    `crops` is the recipe by which the pictures are made now: pictures made by another are not used.
    """

    def __init__(self, folder: Path, record: Mapping[str, Any], sound: Set[str], crops: Mapping[str, Any]) -> None:
        self._folder = folder
        self._shards: dict[str, dict[str, Any]] = {
            name: shard for name, shard in record.get("shards", {}).items() if name in sound
        }
        self.names = set(self._shards)
        self._has_crops = record.get("crops") == crops and record.get("kind") != "without-images"
        self._places: dict[str, tuple[str, int, int]] | None = None
        self._group = lru_cache(maxsize=_GROUPS_IN_MEMORY)(self._read_group)

    def take(self, shard: Shard, target: Path) -> bool:
        """Put the very file of an unchanged shard at target, as a second name of it; False where there is none."""
        for name, recorded in self._shards.items():
            if recorded["key"] == shard.key:
                link(file_in(self._folder, name), target)
                return True
        return False

    def holds(self, face: AcceptedFace) -> bool:
        """Whether it has the picture that the face would have now; it does not know whom an earlier one blurred."""
        return (
            self._has_crops
            and not face.bystanders
            and _name(face.face_id, face.photo_sha256, face.landmarks) in self._index()
        )

    def picture(self, face: AcceptedFace) -> bytes:
        """The picture of a face that it holds."""
        name, group, place = self._index()[_name(face.face_id, face.photo_sha256, face.landmarks)]
        return bytes(self._group(name, group)[place].as_py())

    def _index(self) -> dict[str, tuple[str, int, int]]:
        """Where each picture is: file, row group, row; by all that the picture follows from."""
        if self._places is None:
            import pyarrow.parquet as pq

            self._places = {}
            for name in self._shards:
                with pq.ParquetFile(file_in(self._folder, name)) as parquet:
                    for group in range(parquet.num_row_groups):
                        table = parquet.read_row_group(group, columns=["face_id", "photo_id", "landmarks"])
                        faces, photos = table["face_id"].to_pylist(), table["photo_id"].to_pylist()
                        points = table["landmarks"].combine_chunks().flatten().flatten().to_numpy().reshape(-1, 5, 2)
                        for place, face_id in enumerate(faces):
                            self._places[_name(face_id, photos[place], points[place])] = name, group, place
        return self._places

    def _read_group(self, name: str, group: int) -> Any:
        import pyarrow.parquet as pq

        with pq.ParquetFile(file_in(self._folder, name)) as parquet:
            return parquet.read_row_group(group, columns=["image"])["image"].combine_chunks().field("bytes")


def _name(face_id: str, photo_sha256: str, landmarks: Any) -> str:
    return f"{face_id}/{photo_sha256}/{np.asarray(landmarks, np.float32).tobytes().hex()}"
