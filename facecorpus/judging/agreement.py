"""How far reviewers agree: Cohen's kappa of each two of them, and how often each is right where the answer is known."""

from collections import defaultdict
from dataclasses import dataclass

from facecorpus.catalog import Catalog
from facecorpus.catalog.standing import Said
from facecorpus.corpus import Corpus
from facecorpus.faces.shares import Share
from facecorpus.settings import ReviewSettings
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
class Rate:
    """How often a reviewer was right on settled faces, without knowing that their answer is known."""

    reviewer: str
    faces: int
    right: int
    share: float  # 0..1
    low: float  # of the 95 % interval of the share (Wilson)
    high: float

    def __str__(self) -> str:
        return f"{self.right} of {self.faces}, {self.share:.0%} ({self.low:.0%} to {self.high:.0%})"


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement of each two reviewers, what is left to settle, and how often each is right."""

    pairs: tuple[Pair, ...]
    disputed: int  # faces on which people disagree, not settled yet
    settled: int
    rates: tuple[Rate, ...] = ()

    def __str__(self) -> str:
        lines = [f"{rate.reviewer}: {rate} known answers right." for rate in self.rates]
        if not self.pairs:
            lines.append("No face has been judged by two people yet; set overlap in [review] of corpus.toml.")
            return "\n".join(map(for_terminal, lines))
        lines += [
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
        rates = measure_rates(catalog, corpus.settings.review)
    labels: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for one, two in twice:
        labels[one.reviewer, two.reviewer].append((_label(one), _label(two)))
    settled = sum(dispute.settled for dispute in disputes)
    return Agreement(
        tuple(_pair(names, said) for names, said in sorted(labels.items())), len(disputes) - settled, settled, rates
    )


def measure_rates(catalog: Catalog, sharing: ReviewSettings) -> tuple[Rate, ...]:
    """How often each reviewer is right on honeypots, in the order of their names."""
    counted = [Share(*answers) for answers in catalog.review.known_answers(sharing)]
    return tuple(Rate(one.name, one.number, one.counted, one.share, *one.interval) for one in counted)


def _label(word: Said) -> str:
    """What is compared: accepted as whose picture, or rejected."""
    return f"{word.verdict} {word.identity_id}" if word.verdict == Verdict.ACCEPT else word.verdict


def _pair(names: tuple[str, str], said: list[tuple[str, str]]) -> Pair:
    from sklearn.metrics import cohen_kappa_score

    one, two = [list(column) for column in zip(*said, strict=True)]
    kappa = None if len({*one, *two}) == 1 else float(cohen_kappa_score(one, two))
    return Pair(*names, len(said), sum(first == second for first, second in said), kappa)
