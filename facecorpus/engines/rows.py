"""Results of an analysis as an Arrow table, one row a photograph, and back: how they travel through files."""

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from facecorpus.faces.records import Failure, PhotoAnalysis
from facecorpus.records import Box, Face

if TYPE_CHECKING:
    import pyarrow as pa

Result = tuple[str, PhotoAnalysis | Failure]

_ARRAYS = {"landmarks": (5, 2), "embedding": (-1,)}  # float32; rows hold them flat


def row(result: PhotoAnalysis | Failure) -> dict[str, Any]:
    """One result as plain values, as `schema` names them."""
    if isinstance(result, Failure):
        return {field.name: None for field in fields(PhotoAnalysis)} | asdict(result)
    plain = {field.name: getattr(result, field.name) for field in fields(result)}
    plain["faces"] = [_face_row(face) for face in result.faces]
    plain["crops"] = list(result.crops)
    return plain | {"sentence": None, "retry": None}


def results(table: "pa.Table") -> Iterable[Result]:
    """The results in a table of rows."""
    for plain in table.to_pylist():
        sentence, retry = plain.pop("sentence"), plain.pop("retry")
        sha256 = plain["sha256"]
        if sentence is not None:
            yield sha256, Failure(sha256, sentence, retry)
        else:
            plain["faces"] = tuple(_face(face) for face in plain["faces"])
            plain["crops"] = tuple(plain["crops"])
            yield sha256, PhotoAnalysis(**plain)


def schema() -> "pa.Schema":
    """The columns of the rows: those of PhotoAnalysis with its faces as structs, and a failure's own."""
    import pyarrow as pa

    text, real = pa.string(), pa.float64()
    kinds: dict[object, pa.DataType] = {str: text, str | None: text, float: real, float | None: real}
    kinds |= {int: pa.int64(), bytes: pa.binary(), bool: pa.bool_(), Box: pa.list_(real)}
    face = [
        (field.name, pa.list_(pa.float32()) if field.name in _ARRAYS else kinds[field.type]) for field in fields(Face)
    ]
    nested = {"faces": pa.list_(pa.struct(face)), "crops": pa.list_(pa.binary())}
    columns = [(field.name, nested.get(field.name) or kinds[field.type]) for field in fields(PhotoAnalysis)]
    return pa.schema([*columns, ("sentence", pa.string()), ("retry", pa.bool_())])


def _face_row(face: Face) -> dict[str, Any]:
    plain = {field.name: getattr(face, field.name) for field in fields(face)}
    return plain | {name: plain[name].ravel() for name in _ARRAYS} | {"box": list(face.box)}


def _face(plain: dict[str, Any]) -> Face:
    arrays = {name: np.array(plain[name], np.float32).reshape(shape) for name, shape in _ARRAYS.items()}
    return Face(**(plain | arrays | {"box": tuple(plain["box"])}))
