"""test_share = 0: everything trains."""

from pathlib import Path

import pyarrow.parquet as pq
from build_corpus import ready_corpus, shots

from facecorpus.build.stage import build_shards
from facecorpus.shards import shard_files


def test_a_share_of_none_puts_every_face_on_the_training_side(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=4), test_share=0.0)
    assert build_shards(corpus).faces > 4
    sides = {row for path in shard_files(corpus.shards) for row in pq.read_table(path)["split"].to_pylist()}
    assert sides == {"train"}
