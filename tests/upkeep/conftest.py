"""A corpus whose files are all there, for what is lost of it."""

from pathlib import Path

import pytest
from build_corpus import shots
from whole_corpus import whole_corpus

from facecorpus.corpus import Corpus


@pytest.fixture
def whole(tmp_path: Path) -> Corpus:
    """A corpus with every photograph and crop in its place."""
    return whole_corpus(tmp_path / "c", shots(each=2))
