"""The order of the stages that `facecorpus crawl` runs; each stage knows the catalog and no other stage."""

from collections.abc import Iterator

from facecorpus.corpus import Corpus


def crawl_all(corpus: Corpus, retry: str | None = None) -> Iterator[object]:
    """Run every stage up to the review; yield each one's summary as it ends. retry as fetch_stage takes it."""
    from facecorpus.engines.find_faces import find_faces

    yield from fetch_stage(corpus, retry)
    yield find_faces(corpus)
    yield from dedup_stage(corpus)


def fetch_stage(corpus: Corpus, retry: str | None = None) -> Iterator[object]:
    """Ask the sources, then download what is new; with retry only what failed before, and no source is asked."""
    from facecorpus.crawl.discover import discover
    from facecorpus.crawl.stage import fetch_candidates

    if retry is None:
        yield discover(corpus)
    yield fetch_candidates(corpus, retry)


def dedup_stage(corpus: Corpus) -> Iterator[object]:
    """Cluster near-duplicates, then rank what is left for review."""
    from facecorpus.dedup.stage import find_duplicates
    from facecorpus.judging.rank import rank_faces

    yield find_duplicates(corpus)
    yield rank_faces(corpus)
