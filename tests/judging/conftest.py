"""A corpus of two people's faces, for the stages that rank and judge."""

import pytest
from ranked_people import between, embedding, fill

from facecorpus.corpus import Corpus


@pytest.fixture
def filled(corpus: Corpus) -> Corpus:
    """Six good faces of ada and ben, and as ada's also one of ben and one that could be either."""
    good = {f"{who}{n}": (who, embedding(who, n)) for who in ("ada", "ben") for n in range(1, 7)}
    fill(corpus, {**good, "wrong": ("ada", embedding("ben", 99)), "unsure": ("ada", between(0.45, 50))})
    return corpus
