"""Where the face is in the picture of a row, whichever kind of build it is from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from facecorpus.errors import PictureError, ShardsError
from facecorpus.pictures import picture_size

ATTRIBUTES = ("gender", "age_group", "race", "split", "identity_fold", "photo_id", "licence", "author", "source_url")
"""What else a layout says of a face, where it has room for more than a person and a box."""


@dataclass(frozen=True, slots=True)
class Framed:
    """The picture's size and the face in it, in pixels; an aligned crop is all face."""

    width: int
    height: int
    box: tuple[float, float, float, float]  # x, y, width, height


def framed(row: Mapping[str, Any], whole: bool) -> Framed:
    """Of a row of a build of `whole` photographs, or of one of crops; ShardsError where a crop is no picture."""
    if whole:
        x, y, width, height = map(float, row["box"])
        return Framed(row["width"], row["height"], (x, y, width, height))
    try:
        size = picture_size(row["image"]["bytes"])
    except PictureError as error:
        raise ShardsError(f"The picture of face {row['face_id']} is none ({error}); get the shards again.") from None
    return Framed(*size, (0.0, 0.0, float(size[0]), float(size[1])))


def attributes(row: Mapping[str, Any]) -> dict[str, Any]:
    """ATTRIBUTES of a row that are known."""
    return {name: row[name] for name in ATTRIBUTES if row.get(name) not in (None, "")}
