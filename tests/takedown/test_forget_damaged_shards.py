"""Shards that are damaged: what is to be forgotten leaves them all the same, and no damage is a traceback."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from build_corpus import Shot, picture, ready_corpus, rows_of, sha256, shots

from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.shards import shard_files
from facecorpus.takedown.stage import forget

ADA = Shot("ada", 0)


@pytest.fixture
def built(tmp_path: Path) -> Corpus:
    corpus = ready_corpus(tmp_path / "c", shots(each=3))
    build_shards(corpus)
    return corpus


def damage(corpus: Corpus, edit: Callable[[dict[str, Any]], None]) -> None:
    """Write the shard that holds Ada's first photograph anew with her row changed, as a flipped bit would."""
    for file in shard_files(corpus.shards):
        table = pq.read_table(file)
        rows = table.to_pylist()
        for row in rows:
            if row["photo_id"] == sha256(ADA):
                edit(row)
                pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), file)
                return
    raise AssertionError("no shard holds the photograph")


def invalid_text(corpus: Corpus, column: str) -> None:
    """Put a byte that is no UTF-8 into a text column of every shard."""
    for file in shard_files(corpus.shards):
        table = pq.read_table(file)
        texts = [(text or "").encode() for text in table[column].to_pylist()]
        texts[0] = b"\xff" + texts[0][1:]
        offsets = [0]
        for text in texts:
            offsets.append(offsets[-1] + len(text))
        buffers = [None, pa.array(offsets, pa.int32()).buffers()[1], pa.py_buffer(b"".join(texts))]
        broken = pa.Array.from_buffers(pa.string(), len(texts), buffers)
        pq.write_table(table.set_column(table.schema.get_field_index(column), column, broken), file)


@pytest.mark.parametrize("column", ["author", "source_url", "photo_id", "face_id"])
def test_text_that_is_no_text_is_no_traceback(column: str, built: Corpus) -> None:
    invalid_text(built, column)
    forget(built, photo=sha256(ADA))
    assert sha256(ADA) not in {row["photo_id"] for row in rows_of(built.shards)}
    assert not any(picture(ADA) in path.read_bytes() for path in built.root.rglob("*") if path.is_file())


def test_a_photograph_under_a_damaged_name_leaves_its_shard(built: Corpus) -> None:
    damage(built, lambda row: row.update(photo_id="0" + row["photo_id"][1:], source_url="", author=""))
    pixels = {row["image"]["bytes"] for row in rows_of(built.shards) if row["photo_id"][1:] == sha256(ADA)[1:]}
    forget(built, photo=sha256(ADA))
    assert not pixels & {row["image"]["bytes"] for row in rows_of(built.shards)}
