"""Every face of a corpus as a row of an Arrow table, and every person of it."""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from itertools import islice
from typing import TYPE_CHECKING, Any

from facecorpus.corpus import Corpus
from facecorpus.errors import CorpusError
from facecorpus.manifest import Identity
from facecorpus.records import KnownFace, Tally

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_AT_ONCE = 4096
_LABELS = ("gender", "age_group", "race", "subgroup")
_KNOWN = tuple(field.name for field in fields(KnownFace))
_COUNTS = tuple(field.name for field in fields(Tally) if field.name not in ("name", "identities"))


def face_schema(*, dimension: int = 0) -> "pa.Schema":
    """The columns of a table of faces, with embeddings of that many numbers (0: none); docs/library.md lists them."""
    import pyarrow as pa

    text, number, real, yes = pa.string(), pa.int32(), pa.float32(), pa.bool_()
    columns = [
        *((name, text) for name in ("face_id", "photo_id", "group_id", "identity", *_LABELS)),
        ("kept", yes),
        ("likely", real),
        *((name, text) for name in ("section", "verdict", "reason", "reviewed_by", "reviewed_at")),
        ("box", pa.list_(real, 4)),
        ("landmarks", pa.list_(pa.list_(real, 2), 5)),
        ("detector", text),
        *((name, real) for name in ("score", "sharpness", "brightness", "contrast", "yaw", "pitch", "roll")),
        *((name, real) for name in ("dark", "light", "chroma")),
        ("width", number),
        ("height", number),
        *((name, text) for name in ("taken_on", "source", "source_url", "page_url", "title")),
        *((name, text) for name in ("licence", "licence_url", "author", "crop")),
    ]
    return pa.schema([*columns, ("embedding", pa.list_(real, dimension))] if dimension else columns)


def face_table(
    corpus: Corpus, *, accepted: bool | None = None, person: str | None = None, embeddings: bool = False
) -> "pa.Table":
    """A row a face, as the catalog's known_faces gives them; raises CorpusError for a person who is not listed."""
    import pyarrow as pa

    people = {one.identity_id: one for one in corpus.manifest.identities}
    if person is not None and person not in people:
        raise CorpusError(f"There is nobody {person!r} in {corpus.root}: take an identity from corpus.people().")
    with corpus.catalog() as catalog:
        schema = face_schema(dimension=catalog.descriptors.dimension() if embeddings else 0)
        known = catalog.known_faces.all(accepted=accepted, person=person, embeddings=embeddings)
        rows = (_row(face, people, corpus) for face in known)
        batches = [pa.RecordBatch.from_pylist(part, schema=schema) for part in _parts(rows)]
    return pa.Table.from_batches(batches, schema=schema)


def people_table(corpus: Corpus) -> "pa.Table":
    """A row a person of the manifest, in its order: who it is, the labels, and the counts of `facecorpus status`."""
    import pyarrow as pa

    with corpus.catalog() as catalog:
        tallies = {tally.name: tally for tally in catalog.identities.tallies(catalog.candidates.ended())}
    text = pa.string()
    schema = pa.schema(
        [("identity", text), ("name", text), *((name, text) for name in _LABELS)]
        + [(count, pa.int32()) for count in _COUNTS]
    )
    rows = [
        {"identity": one.identity_id, "name": one.name}
        | _labels(one)
        | {count: getattr(tallies[one.identity_id], count) for count in _COUNTS}
        for one in corpus.manifest.identities
    ]
    return pa.Table.from_pylist(rows, schema=schema)


def _row(face: KnownFace, people: dict[str, Identity], corpus: Corpus) -> dict[str, Any]:
    labels = _labels(people[face.identity]) if face.identity is not None else {}
    known = {name: getattr(face, name) for name in _KNOWN}
    return known | labels | {"crop": str(corpus.crops.path(face.face_id)), "landmarks": face.landmarks.tolist()}


def _labels(identity: Identity) -> dict[str, str | None]:
    return {name: getattr(identity, name) for name in _LABELS}


def _parts(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    rows = iter(rows)
    while part := list(islice(rows, _ROWS_AT_ONCE)):
        yield part
