"""How far reviewers agree: Cohen's kappa of each two of them, over the faces that both judged."""

from collections import defaultdict
from dataclasses import dataclass

from facecorpus.catalog.standing import Said
from facecorpus.corpus import Corpus
from facecorpus.system.escape import for_terminal
from facecorpus.words import Verdict


@dataclass(frozen=True, slots=True)
class Pair:
    """Two reviewers, and how they agree."""

    one: str
    two: str
    faces: int  # judged by both
    same: int  # judged the same: accepted as the same person's picture, or rejected
    kappa: float | None  # 1: always, 0: as by chance; None where both only ever said one and the same thing


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement of each two reviewers, and what is left to settle."""

    pairs: tuple[Pair, ...]
    disputed: int  # faces on which people disagree, not settled yet
    settled: int

    def __str__(self) -> str:
        if not self.pairs:
            return "No face has been judged by two people yet; set overlap in [review] of corpus.toml."
        lines = [
            f"{pair.one} and {pair.two}: {pair.same} of {pair.faces} faces the same,"
            + (" kappa not defined (both said one thing only)." if pair.kappa is None else f" kappa {pair.kappa:.3f}.")
            for pair in self.pairs
        ]
        return "\n".join(
            [
                *map(for_terminal, lines),
                f"{self.disputed} disagreements are left to settle, {self.settled} are settled.",
            ]
        )


def measure_agreement(corpus: Corpus) -> Agreement:
    """Compare the latest own verdicts of people; what settled a disagreement does not count as one."""
    with corpus.reading() as catalog:
        twice = catalog.review.judged_twice()
        disputes = catalog.review.disputes()
    labels: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for one, two in twice:
        labels[one.reviewer, two.reviewer].append((_label(one), _label(two)))
    settled = sum(dispute.settled for dispute in disputes)
    return Agreement(
        tuple(_pair(names, said) for names, said in sorted(labels.items())), len(disputes) - settled, settled
    )


def _label(word: Said) -> str:
    """What is compared: accepted as whose picture, or rejected."""
    return f"{word.verdict} {word.identity_id}" if word.verdict == Verdict.ACCEPT else word.verdict


def _pair(names: tuple[str, str], said: list[tuple[str, str]]) -> Pair:
    from sklearn.metrics import cohen_kappa_score

    one, two = [list(column) for column in zip(*said, strict=True)]
    kappa = None if len({*one, *two}) == 1 else float(cohen_kappa_score(one, two))
    return Pair(*names, len(said), sum(first == second for first, second in said), kappa)
