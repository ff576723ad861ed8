"""Labeled Faces in the Wild: `lfw/<person>/<person>_0001.jpg` and `pairs.txt` (https://vis-www.cs.umass.edu/lfw/).

A fold of pairs.txt has people of one `identity_fold` alone, so that no person is in two of them.
"""

from collections import defaultdict
from itertools import combinations, islice
from pathlib import Path
from random import Random

from facecorpus.export.reading import Shards
from facecorpus.system.console import Tracker

_PAIRS = 300  # of one person, and as many of two, in a fold at most


def write_lfw(shards: Shards, folder: Path, progress: Tracker) -> int:
    """Write the pictures of the people who are named, and the pairs; return how many files."""
    counts: dict[str, int] = {}
    folds: dict[int, set[str]] = defaultdict(set)
    for row in shards:
        if person := row["identity"]:
            number = counts[person] = counts.get(person, 0) + 1
            home = folder / "lfw" / person
            home.mkdir(parents=True, exist_ok=True)
            suffix = Path(row["image"]["path"]).suffix
            (home / f"{person}_{number:04d}{suffix}").write_bytes(row["image"]["bytes"])
            folds[row.get("identity_fold") or 0].add(person)
        progress.advance()
    (folder / "pairs.txt").write_text(_pairs(counts, [folds[fold] for fold in sorted(folds)]), encoding="utf-8")
    return sum(counts.values()) + 1


def _pairs(counts: dict[str, int], folds: list[set[str]]) -> str:
    """As many pairs in each fold that has two people and one with two pictures; first those of one person."""
    random = Random(0)
    same = [_of_one_person(counts, sorted(people), random) for people in folds if len(people) > 1]
    people = [sorted(fold) for fold in folds if len(fold) > 1]
    usable = [(lines, names) for lines, names in zip(same, people, strict=True) if lines]
    each = min((len(lines) for lines, _ in usable), default=0)
    text = [f"{len(usable)}\t{each}"]
    for lines, names in usable:
        text += lines[:each]
        for _ in range(each):
            one, other = sorted(random.sample(names, 2))
            text.append(f"{one}\t{random.randint(1, counts[one])}\t{other}\t{random.randint(1, counts[other])}")
    return "\n".join(text) + "\n"


def _of_one_person(counts: dict[str, int], people: list[str], random: Random) -> list[str]:
    lines = []
    for person in people:
        numbers = random.sample(range(1, counts[person] + 1), counts[person])
        lines += [(person, *sorted(pair)) for pair in islice(combinations(numbers, 2), _PAIRS)]
    random.shuffle(lines)
    return [f"{person}\t{one}\t{other}" for person, one, other in lines[:_PAIRS]]
