"""A build of faces that a network of the user's described: its numbers, and its name in the card."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from build_corpus import ready_corpus, rows_of, set_build, shots

from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.errors import CorpusError
from facecorpus.faces.embed import DLIB
from facecorpus.shards import shard_files

OWN = "little, 5 numbers, sha256 ab with cd"


def test_the_card_names_the_network_and_the_column_has_its_length(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(("ada",), 4))
    set_build(corpus, embeddings=True)
    corpus = Corpus(corpus.root)
    build_shards(corpus)
    card = corpus.shards / "README.md"
    assert f"compared by the descriptors of {DLIB}." in unescaped(card)
    assert "tells African men apart" in unescaped(card)
    assert "128 numbers: a biometric template" in unescaped(card)

    with corpus.catalog() as catalog:
        first, *others = [face.face_id for face, _ in catalog.faces.with_proposals()]
        catalog.faces.describe(first, np.arange(5, dtype=np.float32), OWN)
    with pytest.raises(CorpusError, match="faces --redo"):
        build_shards(corpus)
    with corpus.catalog() as catalog:
        for face_id in others:
            catalog.faces.describe(face_id, np.arange(5, dtype=np.float32), OWN)
    assert build_shards(corpus).changed
    assert f"compared by the descriptors of {OWN}." in unescaped(card)
    assert "tells African men apart" not in unescaped(card)
    assert "5 numbers: a biometric template" in unescaped(card)
    (shard, *_) = shard_files(corpus.shards)
    assert pq.read_schema(shard).field("embedding").type.list_size == 5
    assert {tuple(row["embedding"]) for row in rows_of(corpus.shards)} == {(0, 1, 2, 3, 4)}


def unescaped(card: Path) -> str:
    return " ".join(card.read_text(encoding="utf-8").replace("\\", "").split())
