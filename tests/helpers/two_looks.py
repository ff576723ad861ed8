"""A ranked corpus in which a few verdicts change what a person looks like."""

from pathlib import Path

import numpy as np
from review_corpus import ADA, BEN, face_ids, make_corpus

from facecorpus.corpus import Corpus
from facecorpus.judging.rank import rank_faces


def two_looks(root: Path) -> Corpus:
    """Ada has two looks; the twelve faces of the second are left to look at until somebody says that they are hers.

    The first of these stands for Ben, too; the second is from outside Ada's period.
    """
    corpus = make_corpus(root, {ADA: 33, BEN: 10})
    second_look = face_ids(corpus, ADA)[:12]
    claimed, outside = second_look[:2]
    with corpus.catalog() as catalog, catalog.transaction() as connection:
        for number, (face_id, who) in enumerate(connection.execute("SELECT face_id, identity_id FROM face").fetchall()):
            descriptor = np.random.default_rng(number).normal(scale=0.05 / np.sqrt(128), size=128)
            descriptor[0 if who == ADA else 1] += 0.6
            descriptor[2] += 0.5 * (face_id in second_look)
            embedding = descriptor.astype(np.float32).tobytes()
            connection.execute("UPDATE face SET embedding = ? WHERE face_id = ?", (embedding, face_id))
        (bens,) = connection.execute("SELECT min(face_id) FROM face WHERE identity_id = ?", (BEN,)).fetchone()
        connection.executemany(
            "INSERT INTO conflict (face_id, other_id) VALUES (?, ?)", [(claimed, bens), (bens, claimed)]
        )
        too_early = "UPDATE photo SET taken_on = '2001-05-01' WHERE substr(sha256, 1, 24) = ?"
        connection.execute(too_early, (outside.split("-")[0],))
    rank_faces(corpus)
    return corpus
