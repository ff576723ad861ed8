"""Is it decided rightly, by race and gender, whether names that share a centre are one person, or people alike?

    python benchmarks/rank_alike.py CORPUS

CORPUS is a folder after `facecorpus crawl`, whose people are known to be different ones. *One person*: each one's
faces are shared out among two names at random, ten and the rest, ten times over. *Two people*: each two of a group
by ten faces of each, ten times over, where either can be judged alone. How near their centres lie is of all their
faces.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
from rank_fit import looked_at, subjects_of

from facecorpus.corpus import Corpus
from facecorpus.judging.rank import centres
from facecorpus.records import SubjectFace

FACES = 10
DRAWS = 10
Album = Sequence[SubjectFace]


def main() -> None:
    """Print a row for each race and gender."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    corpus = parser.parse_args().corpus
    subjects = subjects_of(corpus)
    shown = looked_at(subjects)
    albums: dict[str, list[SubjectFace]] = defaultdict(list)
    for subject in subjects:
        if shown[subject.face.face_id] == subject.identity_id:
            albums[subject.identity_id].append(subject)
    groups: dict[str, list[Album]] = defaultdict(list)
    for person in Corpus(corpus).manifest.identities:
        groups[f"{person.race} {person.gender}".replace("_", " ")].append(albums[person.identity_id])
    print("| people | number | one person: pairs | taken for one | two people: pairs | nearest | both judged |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    random = np.random.default_rng(0)
    for name, people in sorted(groups.items()):
        same = [both for album in people for both in judged(shared_out(album, random))]
        two = [both for pair in combinations(people, 2) for both in judged(drawn(*pair, random))]
        near = min((apart(one, other) for one, other in combinations(people, 2)), default=np.nan)
        print(f"| {name} | {len(people)} | {len(same)} | {same.count(False)} | {len(two)} | {near:.2f} | {sum(two)} |")


def shared_out(album: Album, random: np.random.Generator) -> Iterator[tuple[Album, Album]]:
    """One person's faces under two names, ten and the rest."""
    for _ in range(DRAWS):
        order = random.permutation(len(album))
        yield [album[place] for place in order[:FACES]], [album[place] for place in order[FACES:]]


def drawn(one: Album, other: Album, random: np.random.Generator) -> Iterator[tuple[Album, Album]]:
    """Ten faces of each of two people."""
    for _ in range(DRAWS):
        yield some(one, random), some(other, random)


def some(album: Album, random: np.random.Generator) -> Album:
    """Ten of a person's faces."""
    return [album[place] for place in random.permutation(len(album))[:FACES]]


def judged(pairs: Iterable[tuple[Album, Album]]) -> Iterator[bool]:
    """Whether both are judged where these are all there is, of the pairs of which each is judged alone."""
    for one, other in pairs:
        if centres(one) and centres(other):
            yield len(centres([*named(one, "one"), *named(other, "other")])) == 2


def apart(one: Album, other: Album) -> float:
    """Distance of the centres."""
    means = [centre.mean for album in (one, other) for centre in centres(album).values()]
    return float(np.linalg.norm(means[0] - means[1])) if len(means) == 2 else np.nan


def named(album: Album, name: str) -> list[SubjectFace]:
    """The faces under this name."""
    return [replace(subject, identity_id=name) for subject in album]


if __name__ == "__main__":
    main()
