"""A corpus whose faces another network describes: refused until all are described anew, and then used as before."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from looked_at_again import corpus_of, faces_of, look
from onnx_networks import write_little
from people import LANDMARKS, face

from facecorpus.corpus import Corpus
from facecorpus.dedup.stage import find_duplicates
from facecorpus.engines.find_faces import find_faces
from facecorpus.engines.rows import results, row, schema
from facecorpus.errors import CorpusError, ModelError
from facecorpus.face_table import face_table
from facecorpus.faces.decode import decode
from facecorpus.faces.embed import DLIB
from facecorpus.faces.onnx_descriptor import OnnxDescriptor
from facecorpus.faces.records import PhotoAnalysis
from facecorpus.judging.rank import rank_faces
from facecorpus.settings_file import documented_toml
from facecorpus.words import Verdict

LEFT = (10.0, 60.0, 40.0, 40.0)


def described_by(corpus: Corpus, model: str) -> Corpus:
    """The corpus, opened with another descriptor_model."""
    faces = replace(corpus.settings.faces, descriptor_model=model, workers=1)
    (corpus.root / "corpus.toml").write_text(documented_toml(replace(corpus.settings, faces=faces)))
    return Corpus(corpus.root)


def test_another_descriptor_is_refused_until_redo_has_described_all(tmp_path: Path) -> None:
    corpus, photographs = corpus_of(tmp_path, 2)
    look(corpus, {sha256: [LEFT] for sha256 in photographs}, "first")
    judged, other = sorted(faces_of(corpus))
    with corpus.catalog() as catalog:
        catalog.decisions.add([judged], identity_id="ada", reviewer="ann", verdict=Verdict.ACCEPT)
    little = OnnxDescriptor(write_little(corpus.root / "little.onnx"))
    model = little.model
    corpus = described_by(corpus, "little.onnx")
    before = faces_of(corpus)
    with pytest.raises(CorpusError) as error:
        find_faces(corpus)
    assert f"described by {DLIB}, and others are, or would be, by {model};" in str(error.value)
    assert str(error.value).endswith("facecorpus faces --redo")
    assert {face.descriptor for face in faces_of(corpus).values()} == {DLIB}

    find_faces(corpus, redo=True)
    # A real detector finds nobody in these pictures: the judged face stays, described where it stands.
    (found,) = faces_of(corpus).values()
    assert (found.face_id, found.descriptor, found.box) == (judged, model, before[judged].box)
    data = corpus.photos.path(found.photo_sha256).read_bytes()
    assert found.embedding.shape == (5,)
    shown = little.aligned(decode(data, 10**6).picture, LANDMARKS, np.empty((150, 150, 3), np.uint8))
    assert np.array_equal(found.embedding, little.embed([shown])[0])
    assert found.embedding.any()
    assert find_faces(corpus).analysed_now == 0
    rank_faces(corpus)
    find_duplicates(corpus)
    table = face_table(corpus, embeddings=True)
    assert str(table.schema.field("embedding").type) == "fixed_size_list<item: float>[5]"
    assert table["embedding"][0].as_py() == pytest.approx(found.embedding.tolist())
    assert other not in faces_of(corpus)


def test_a_corpus_that_holds_two_kinds_is_neither_ranked_nor_compared(tmp_path: Path) -> None:
    corpus, photographs = corpus_of(tmp_path, 3)
    look(corpus, {sha256: [LEFT] for sha256 in photographs}, "first")
    face_id = sorted(faces_of(corpus))[0]
    with corpus.catalog() as catalog:
        catalog.faces.describe(face_id, np.zeros(5, np.float32), "little, 5 numbers, sha256 00")
    with corpus.catalog() as catalog, pytest.raises(CorpusError, match="faces --redo"):
        catalog.descriptors.means()
    for stage in (rank_faces, find_duplicates):
        with pytest.raises(CorpusError, match=f"described by {DLIB}, and others .* by little, 5 numbers"):
            stage(corpus)
    with pytest.raises(CorpusError, match="faces --redo"):
        face_table(corpus, embeddings=True)
    assert face_table(corpus).num_rows == 3


def test_a_photograph_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    corpus, (one,) = corpus_of(tmp_path, 1)
    look(corpus, {one: [LEFT]}, "first")
    write_little(corpus.root / "little.onnx")
    corpus = described_by(corpus, "little.onnx")
    path = corpus.photos.path(one)
    path.chmod(0o600)
    path.write_bytes(b"no picture")
    with pytest.raises(CorpusError, match=f"cannot be read any more: 1 .the first is {one}.*verify --repair"):
        find_faces(corpus, redo=True)
    assert {face.descriptor for face in faces_of(corpus).values()} == {DLIB}


def test_a_model_that_is_not_there_is_one_sentence_before_anything_is_done(tmp_path: Path) -> None:
    corpus, _ = corpus_of(tmp_path, 1)
    for redo in (False, True):
        with pytest.raises(ModelError, match=r"none\.toml cannot be read .*descriptor_model"):
            find_faces(described_by(corpus, "none.onnx"), redo=redo)


def test_descriptors_of_any_length_travel_between_machines(tmp_path: Path) -> None:
    sha256 = "ab" * 32
    faces = (face(sha256, 0, embedding=np.arange(512, dtype=np.float32), descriptor="x, 512 numbers, sha256 0"),)
    analysis = PhotoAnalysis(sha256, 160, 160, None, bytes(32), faces, (b"",), "x")
    ((_, back),) = results(pa.Table.from_pylist([row(analysis)], schema=schema()))
    assert isinstance(back, PhotoAnalysis)
    assert np.array_equal(back.faces[0].embedding, faces[0].embedding)
    assert back.faces[0].descriptor == faces[0].descriptor
