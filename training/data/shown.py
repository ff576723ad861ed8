"""The faces of the shards that a run's report shows: one with its layers, one with its variants.

Whoever draws them asks here, and so does whoever takes a person out of a run.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]

VARIANTS_AMONG = 100
"""Of so many first faces of the shards the report shows one with its variants."""


def with_layers(test: Rows) -> Rows:
    """The image of a split that is shown with its layers: its first test image; none where it tests nothing."""
    return test[:1]


def faces_perhaps_shown(tests: Iterable[Rows], variants: int) -> set[int]:
    """The rows of the shards that the report may show, given the test images of its splits."""
    shown = {int(image) // variants for test in tests for image in with_layers(test)}
    return shown | set(range(VARIANTS_AMONG))
