"""The shard schema: what one row of a build holds, for training and for every other reader.

Images and labels follow Hugging Face `datasets`: their feature types stand as JSON under the schema's metadata key
`huggingface`, so that a reader needs no loading script. The key `facecorpus` says which kind of picture a row has.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from facecorpus.build.kind import Kind
from facecorpus.build.labels import CLASSES

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_PER_GROUP = 100
"""Rows of one row group: few enough that the Hugging Face viewer shows a page without reading a whole shard."""

BYTES_PER_GROUP = 100_000_000
"""Bytes of the pictures of one row group, at most (but one row): whole photographs can be large."""


def shard_schema(identity_ids: Sequence[str], kind: Kind = Kind.CROPS, *, dimension: int = 0) -> "pa.Schema":
    """The Arrow schema of the shards; identity_ids name the classes of `identity`, in the manifest's order.

    A build without images lacks the column `image` and is otherwise the same. `dimension` adds the faces'
    descriptors, of that many numbers.
    """
    import pyarrow as pa

    text, number, real, label = pa.string(), pa.int32(), pa.float32(), pa.int64()
    columns = [
        ("image", pa.struct([("bytes", pa.binary()), ("path", text)])),
        ("identity", label),
        ("gender", label),
        ("age_group", label),
        ("race", label),
        ("subgroup", label),
        ("photo_id", text),
        ("face_id", text),
        ("group_id", text),
        ("image_sha256", text),
        ("identity_fold", number),
        ("split", text),
        ("box", pa.list_(real, 4)),
        ("landmarks", pa.list_(pa.list_(real, 2), 5)),
        ("detector", text),
        ("score", real),
        ("score_kind", text),
        ("sharpness", real),
        ("brightness", real),
        ("contrast", real),
        ("yaw", real),
        ("pitch", real),
        ("roll", real),
        ("taken_on", text),
        ("age_at_capture", number),
        ("outside_period", pa.bool_()),
        ("source", text),
        ("source_url", text),
        ("page_url", text),
        ("title", text),
        ("licence", text),
        ("licence_url", text),
        ("author", text),
        ("width", number),
        ("height", number),
        ("reviewed_by", text),
        ("reviewed_at", text),
        ("embedding_model", text),
    ]
    if dimension:
        columns.append(("embedding", pa.list_(real, dimension)))
    if kind is Kind.WITHOUT_IMAGES:
        columns = columns[1:]
    metadata = {
        "huggingface": json.dumps({"info": {"features": _features(identity_ids, kind)}}, ensure_ascii=False),
        "facecorpus": json.dumps({"kind": kind}),
    }
    return pa.schema(columns, metadata=metadata)


def _features(identity_ids: Sequence[str], kind: Kind) -> dict[str, object]:
    """Only what Arrow's own types do not say; a reader infers the rest from them."""
    classes = {"identity": tuple(identity_ids), **CLASSES}
    image = {} if kind is Kind.WITHOUT_IMAGES else {"image": {"_type": "Image"}}
    return image | {column: {"names": list(names), "_type": "ClassLabel"} for column, names in classes.items()}
