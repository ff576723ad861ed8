"""A picture drawn by hand, in any format of the web."""

import io
from functools import cache

from PIL import Image


@cache
def scene() -> Image.Image:
    """40 × 30 pixels: red, with a green top left and a blue bottom right corner."""
    image = Image.new("RGB", (40, 30), (200, 30, 40))
    image.paste((20, 180, 60), (0, 0, 16, 16))
    image.paste((30, 40, 190), (24, 16, 40, 30))
    return image


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
