"""What the automatic policy's limits are worth on real photographs: its precision, and how much of it is proven.

    python benchmarks/rank_policy.py WORLDCORPUS WORLD PHOTOCORPUS

The corpora are rank_fit.py's. In twelve rounds 5 to 40 % of the real faces are handed to other people, as strangers;
each half of the real people is judged by constants fitted on the world and the other half. Rounds are not independent:
the same faces come again. So the bounds (95 %, one-sided, Clopper and Pearson) are given for the cases of all rounds
together, and for faces, each counted once and as a mistake if any round made one.

The third table asks for more: of all right faces, how many are lost to a limit of rejection, at most? From that follows
the precision at any share of wrong faces. The last is of the photographs as they are, ranked all together: what each
gender and race is left with at the limits of the settings, each person judged by constants fitted without them.
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rank_fit import crossed, fit, looked_at, real_halves, subjects_of, world_cases
from scipy.special import expit

from facecorpus.corpus import Corpus
from facecorpus.judging import rank
from facecorpus.judging.calibrate import at_least, faces_among
from facecorpus.judging.fitting import NOBODY, Case, rights
from facecorpus.judging.likeness import Mask
from facecorpus.judging.section import Known, section
from facecorpus.settings import LikenessSettings
from facecorpus.words import Section

ACCEPT, REJECT = (0.9, 0.93, 0.95), (0.02, 0.01, 0.005)
SHARES = (0.05, 0.125, 0.25, 0.4)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("world_corpus", "world", "photo_corpus"):
        parser.add_argument(name, type=Path)
    options = parser.parse_args()
    world, halves = world_cases(options.world_corpus, options.world), real_halves(options.photo_corpus)
    likely = expit(crossed(world, halves))
    every = [*halves[0], *halves[1]]
    counted = np.array([case.right or case.stranger for case in every])
    cases, likely = [case for case, counts in zip(every, counted, strict=True) if counts], likely[counted]
    right, share = rights(cases), np.array([case.share for case in cases])
    for what, limits, correct in (("accepted above", ACCEPT, right), ("rejected up to", REJECT, ~right)):
        print(
            f"\n| {what} | handed to others | cases | mistakes | precision | at least | faces | mistaken | at least |"
        )
        print("|---:" * 9 + "|")
        for limit in limits:
            chosen = likely >= limit if what.startswith("accepted") else likely <= limit
            for part in (*SHARES, None):
                among = chosen & (share == part if part else True)
                print(f"| {limit} | {f'{part:.1%}' if part else 'all'} | " + line(cases, among, correct))
    print(
        "\n| rejected up to | right faces lost | at most | wrong faces found | precision at 12.5 % wrong | at least |"
    )
    print("|---:|---:|---:|---:|---:|---:|")
    for limit in REJECT:
        print(f"| {limit} | " + lost(cases, likely <= limit, right))
    show_groups(Corpus(options.photo_corpus), [fit(world, half) for half in halves])


def show_groups(corpus: Corpus, constants: Sequence[LikenessSettings]) -> None:
    """What is left to a person, and what is decided wrongly, of the photographs as they are.

    `constants` were fitted on either half of the people, and judge the other.
    """
    limits = corpus.settings.rank
    subjects = subjects_of(corpus.root)
    shown = looked_at(subjects)
    person_of = {person.identity_id: person for person in corpus.manifest.identities}
    people = sorted(person_of)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for subject, judged in rank.judgements(subjects, rank.centres(subjects)):
        of, who = subject.identity_id, shown[subject.face.face_id]
        if judged is None:
            said = "not judged"
        else:
            likely = judged.likely(constants[1 - people.index(of) % 2])
            said = str(section(likely, Known(claimed=bool(subject.also_stands_for)), limits))
        person = person_of[of]
        for group in ("all", f"{person.race}, {person.gender}".replace("_", " ")):
            counts[group].update(["faces", said])
            if (said, who) == (Section.RIGHT, NOBODY) or (said, who) == (Section.WRONG, of):
                counts[group][f"{said} mistaken"] += 1
    print("\n| people | faces | left to a person | accepted, of them wrong | rejected, of them right |")
    print("|---|---:|---:|---:|---:|")
    for group, count in sorted(counts.items()):
        left = count[Section.LOOK] + count["not judged"]
        decided = (f"{count[one]}, {count[f'{one} mistaken']}" for one in (Section.RIGHT, Section.WRONG))
        print(f"| {group} | {count['faces']} | {left} ({left / count['faces']:.1%}) | {' | '.join(decided)} |")


def line(cases: Sequence[Case], chosen: Mask, correct: Mask) -> str:
    """The precision by cases and by faces."""
    count, mistakes = int(chosen.sum()), int((chosen & ~correct).sum())
    faces, mistaken = faces_among(cases, chosen), faces_among(cases, chosen & ~correct)
    return (
        f"{count:,} | {mistakes} | {1 - mistakes / count:.2%} | {at_least(count, mistakes):.2%} | {faces} | {mistaken}"
        f" | {at_least(faces, mistaken):.2%} |"
    )


def lost(cases: Sequence[Case], rejected: Mask, right: Mask) -> str:
    """The right faces that any round rejected, and what follows for the precision where one face in eight is wrong."""
    faces, gone = faces_among(cases, right), faces_among(cases, right & rejected)
    most, found, wrong = 1 - at_least(faces, gone), rejected[~right].mean(), 0.125
    precision = [wrong * found / (wrong * found + (1 - wrong) * rate) for rate in (gone / faces, most)]
    return f"{gone} of {faces} | {most:.2%} | {found:.1%} | {precision[0]:.2%} | {precision[1]:.2%} |"


if __name__ == "__main__":
    main()
