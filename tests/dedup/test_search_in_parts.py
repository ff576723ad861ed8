"""The search for duplicates holds hashes alone, and finds in parts what it would find with everything in memory."""

import tracemalloc
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_copies import LIMITS, InMemory, album, descriptor, face, photo, random_hash
from people import face as a_face

from facecorpus.catalog import Catalog
from facecorpus.catalog.hashed import Album, hashed
from facecorpus.corpus import Corpus
from facecorpus.dedup import cluster as clusters
from facecorpus.dedup import match
from facecorpus.dedup.match import Matcher, candidates
from facecorpus.dedup.stage import looker


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    shown=st.lists(st.lists(st.sampled_from(["ada", "ben", "cleo", None]), max_size=3), max_size=12),
    block=st.integers(1, 9),
)
def test_a_persons_near_descriptors_are_found_whatever_the_parts(
    seed: int, shown: list[list[str | None]], block: int
) -> None:
    random = np.random.default_rng(seed)
    near = match.NEAR * LIMITS.face_distance
    photos = [
        photo(
            f"{n:02}",
            n,
            *(
                face(
                    f"{n:02}-{m}", 100 * n + m, identity_id=who, embedding=descriptor(1, near * random.integers(5) / 2)
                )
                for m, who in enumerate(faces)
            ),
        )
        for n, faces in enumerate(shown)
    ]
    wanted = {
        (one, other)
        for one, other in combinations(range(len(photos)), 2)
        for a in photos[one].faces
        for b in photos[other].faces
        if a.identity_id == b.identity_id is not None and np.linalg.norm(b.embedding - a.embedding) <= near
    }
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(match, "_BLOCK", block)
        found = candidates(album(*photos), LIMITS)
    assert set(map(tuple, found.tolist())) == wanted


def test_what_is_held_stays_and_what_was_asked_for_longest_ago_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    class Noted(InMemory):
        def read(self, photographs):  # type: ignore[no-untyped-def]
            read.extend(photographs)
            return super().read(photographs)

    monkeypatch.setattr("facecorpus.catalog.hashed._HELD", 3)
    photos = Album(Noted([photo(str(n), n) for n in range(6)]))
    photos.hold([0, 1, 2])
    photos.hold([1, 3])
    assert [photos[n].sha256 for n in (3, 1, 2)] == ["3", "1", "2"] and read == [0, 1, 2, 3]
    assert photos[0].sha256 == "0" and read == [0, 1, 2, 3, 0]
    photos.hold(range(6))  # more than usual, as long as they are asked for together
    assert [photo.sha256 for photo in photos] == list("012345")


def fill(catalog: Catalog, begin: int, end: int) -> None:
    """Photographs of one person with a face each, unlike all others."""
    with catalog.transaction() as connection:
        for number in range(begin, end):
            sha256 = f"{number:064x}"
            connection.execute("INSERT INTO photo (sha256, media_type, bytes) VALUES (?, '', 1)", (sha256,))
            hashes = {"phash": random_hash(3 * number).tobytes(), "dhash": random_hash(3 * number + 1).tobytes()}
            embedding = np.random.default_rng(number).normal(size=128).astype(np.float32)
            found = a_face(sha256, face_id=f"{sha256[-24:]}-0", embedding=embedding, **hashes)
            phash = random_hash(3 * number + 2).tobytes()
            catalog.photos.analysed(sha256, width=9, height=9, taken_on=None, phash=phash, faces=[found])


def test_memory_grows_by_hashes_alone(corpus: Corpus) -> None:
    def most_in_use() -> int:
        tracemalloc.start()
        try:
            photos = hashed(catalog)
            matcher = Matcher(photos, looker(corpus), LIMITS)
            found = clusters.cluster(photos, candidates(photos, LIMITS), matcher)
            assert len(set(found.tolist())) == len(photos)
            assert list(clusters.crowds(photos, found)) == []
            catalog.photos.cluster(((name, name) for name in photos.sha256(found)), [])
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    with corpus.catalog() as catalog:
        fill(catalog, 0, 1000)
        most_in_use()  # compiles
        with pytest.MonkeyPatch.context() as patched:
            for module, name in ((match, "_BLOCK"), (clusters, "_PART")):
                patched.setattr(module, name, 100)
            patched.setattr("facecorpus.catalog.hashed._ROWS", 100)
            few = most_in_use()
            fill(catalog, 1000, 3000)
            many = most_in_use()
    assert many - few < 2000 * 1000  # bytes; a photograph with a face takes 3,000 as objects
