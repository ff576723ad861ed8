"""Perceptual hashes by the definitions of imagehash, as bytes; Hamming distances between them are in bits of 256."""

import imagehash
import numpy as np
from PIL import Image

from facecorpus.faces.records import Picture

_SIDE = 16  # 16 × 16 bits


def phash(picture: Picture) -> bytes:
    """32 bytes: which low frequencies of the cosine transform lie above their median."""
    return _packed(imagehash.phash(Image.fromarray(picture), hash_size=_SIDE))


def dhash(picture: Picture) -> bytes:
    """32 bytes: where brightness rises from one column to the next."""
    return _packed(imagehash.dhash(Image.fromarray(picture), hash_size=_SIDE))


def _packed(bits: imagehash.ImageHash) -> bytes:
    return np.packbits(bits.hash).tobytes()
