"""What the tests of taking down look at: the photographs that go, and what is left of them anywhere."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from build_corpus import Shot, face_id, picture

from facecorpus.corpus import Corpus
from facecorpus.shards import shard_files

ADA, BEN = Shot("ada", 0), Shot("ben", 0)


def with_crops(corpus: Corpus, *cropped: Shot) -> Corpus:
    for shot in cropped:
        corpus.crops.put(face_id(shot), b"the crop of " + face_id(shot).encode())
    return corpus


def holding(corpus: Corpus, *needles: bytes, but: str = "shards") -> list[str]:
    """Files of the corpus with any of these bytes in them."""
    files = [path for path in corpus.root.rglob("*") if path.is_file() and (not but or but not in path.parts)]
    return [str(path) for path in files if any(needle in path.read_bytes() for needle in needles)]


def traces(shot: Shot) -> tuple[bytes, ...]:
    """What must be nowhere: the photograph, its address and page, and its face's name (which its crop holds, too)."""
    return picture(shot), shot.url.removesuffix(".png").encode(), face_id(shot).encode()


def rows(folder: Path) -> list[dict[str, Any]]:
    """The rows of all shards of a build."""
    return [row for path in shard_files(folder) for row in pq.read_table(path).to_pylist()]
