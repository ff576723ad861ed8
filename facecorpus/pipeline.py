"""The order of the stages that `facecorpus crawl` runs; each stage knows the catalog and no other stage."""

from collections.abc import Iterator

from facecorpus.corpus import Corpus


def crawl_all(corpus: Corpus) -> Iterator[object]:
    """Run every stage up to the review; yield each one's summary as it ends."""
    from facecorpus.faces.stage import find_faces

    yield from fetch_stage(corpus)
    yield find_faces(corpus)
    yield from dedup_stage(corpus)


def fetch_stage(corpus: Corpus) -> Iterator[object]:
    """Ask the sources, then download what is new."""
    from facecorpus.crawl.discover import discover
    from facecorpus.crawl.stage import fetch_candidates

    yield discover(corpus)
    yield fetch_candidates(corpus)


def dedup_stage(corpus: Corpus) -> Iterator[object]:
    """Cluster near-duplicates, then rank what is left for review."""
    from facecorpus.dedup.stage import find_duplicates
    from facecorpus.rank import rank_faces

    yield find_duplicates(corpus)
    yield rank_faces(corpus)
