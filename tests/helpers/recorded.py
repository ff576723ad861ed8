"""Recorded answers of the real services, kept beside the checkout: they belong to others and enter no repository.

The folder is `shared/answers` beside the checkout, or what FACECORPUS_ANSWERS names; SOURCES.csv in it says where each
file is from. Tests that read it are skipped where it is absent.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

BESIDE = Path(__file__).parents[3] / "shared" / "answers"
FOLDER = Path(os.environ.get("FACECORPUS_ANSWERS", BESIDE))

needs_answers = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason="no recorded answers here; put them in shared/answers beside the checkout, or set FACECORPUS_ANSWERS",
)
"""Marks a test that reads recorded answers."""


def recorded(name: str) -> bytes:
    """The bytes of one answer."""
    return (FOLDER / name).read_bytes()


def recorded_json(name: str) -> Any:
    """One answer as JSON."""
    return json.loads(recorded(name))
