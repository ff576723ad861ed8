"""What a picture's bytes say of themselves: that a generator made it, or that its owner reserves it from training.

Both stand in the file as plain text, in XMP and in the manifests of C2PA (https://spec.c2pa.org), which nobody
compresses in JPEG, PNG and WebP. A file is believed without a look at who signed it.
"""

import re

_SYNTHETIC = re.compile(
    rb"digitalsourcetype/"
    rb"(trainedAlgorithmicMedia|compositeWithTrainedAlgorithmicMedia|algorithmicMedia|compositeSynthetic)\b"
)
"""IPTC's digital source types (https://cv.iptc.org/newscodes/digitalsourcetype/) of what no camera saw."""

_RESERVED = re.compile(rb"(?:c2pa|cawg)\.(ai_training|data_mining)[\xa1\xa2\xbf]cusejnotAllowed")
"""An entry of the assertion training-and-mining, {"cawg.ai_training": {"use": "notAllowed"}}, as CBOR writes it: a map
(RFC 8949 §3.1), and before each text its length, where c is 3 and j is 10."""


def synthetic(data: bytes) -> str:
    """The word by which a picture calls itself made by an algorithm; '' where it does not."""
    found = _SYNTHETIC.search(data)
    return found[1].decode() if found else ""


def reserved(data: bytes) -> str:
    """The use that a picture's C2PA manifest does not allow: ai_training or data_mining; '' where it says nothing."""
    found = _RESERVED.search(data)
    return found[1].decode() if found else ""
