"""Measure how well descriptors tell people apart, and how often the person is chosen of those in a photograph.

    python benchmarks/faces_people.py apart PHOTOS [--limit 844] [--detector hog]
    python benchmarks/faces_people.py subject WORLD_OR_PHOTOS [--limit 12] [--detector hog]

PHOTOS holds one folder a person and labels.csv with the columns file, identity, gender, race; WORLD photos/ and
truth.csv as tools of the demo world write them.
"""

import argparse
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from faces_set import MAX_PIXELS, Vector, analyses, interval, middle_of, rows_of
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score, roc_curve

from facecorpus.faces.decode import decode
from facecorpus.faces.records import PhotoAnalysis, Picture
from facecorpus.faces.subject import LIKELY, choose_subjects
from facecorpus.records import Face
from facecorpus.settings import FacesSettings

WORLD_PEOPLE = 24  # of a world, for `subject`


def main() -> None:
    """Run one of the measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    runs = {"apart": apart, "subject": subject}
    parser.add_argument("what", choices=runs)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=0, help="photographs; 0: all, or 12 a person")
    parser.add_argument("--detector", default="hog", choices=("hog", "mmod"))
    options = parser.parse_args()
    runs[options.what](options.folder, FacesSettings(detector=options.detector), options.limit)


# Apart


def apart(folder: Path, settings: FacesSettings, count: int) -> None:
    """Same-person and different-person distances of descriptors: area under the ROC curve and misses, by subgroup.

    Of each photograph the most likely face of the person in whose folder it lies, as the stage chooses it. Folders
    hold some photographs of other people, which count as misses here. So the last columns leave out each face that is
    unlike the middle of its folder, by the descriptor itself: people who are taken for each other still show there.
    """
    rows = rows_of(folder / "labels.csv")
    random.Random(0).shuffle(rows)
    rows = rows[: count or None]
    found = analyses([folder / row["file"] for row in rows], settings)
    proposed, subgroup = [], {}
    for number, row in enumerate(rows):
        subgroup[row["identity"]] = f"{row['gender'] or 'gender unknown'}, {row['race'] or 'race unknown'}"
        for face in found[path].faces if (path := folder / row["file"]) in found else ():
            proposed.append((face, (row["identity"],), number))
    chosen = choose_subjects([(face, who) for face, who, _ in proposed])
    subjects = [(face.embedding, chosen[face.face_id]) for face, _, _ in proposed if face.face_id in chosen]
    print(
        f"{len(rows)} photographs, {sum(bool(a.faces) for a in found.values())} with a face;"
        f" detector {settings.detector}"
    )
    members = [
        (embedding, who)
        for who in subgroup
        for embedding in alike([embedding for embedding, owner in subjects if owner == who])
    ]
    print("| people | faces | AUC | FNMR at FMR 1 % | FNMR at FMR 0.1 % | at 0.48: FNMR | FMR | alike | AUC | FMR |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name in ("all", *sorted(set(subgroup.values()))):
        some = [(e, who) for e, who in subjects if name in ("all", subgroup[who])]
        if len({who for _, who in some}) < 2:
            print(f"| {name} | {len(some)} | one person only | | | | | | | |")
            continue
        distance, same = pairs(some)
        fmr, match, _ = roc_curve(same, -distance)
        missed = [1 - float(np.interp(limit, fmr, match)) for limit in (1e-2, 1e-3)]
        print(
            f"| {name} | {len(some)} | {roc_auc_score(same, -distance):.4f} | {missed[0]:.1%} | {missed[1]:.1%}"
            f" | {(distance[same] >= LIKELY).mean():.1%} | {(distance[~same] < LIKELY).mean():.2%}",
            end="",
        )
        some = [(e, who) for e, who in members if name in ("all", subgroup[who])]
        distance, same = pairs(some)
        print(f" | {len(some)} | {roc_auc_score(same, -distance):.4f} | {(distance[~same] < LIKELY).mean():.2%} |")


def alike(embeddings: Sequence[Vector]) -> list[Vector]:
    """Those nearer to the middle of the most alike ones than two faces of one person usually are."""
    if not embeddings:
        return []
    middle = middle_of(embeddings)
    return [vector for vector in embeddings if np.linalg.norm(vector - middle) < LIKELY]


def pairs(some: Sequence[tuple[Vector, str]]) -> tuple[Vector, NDArray[np.bool_]]:
    """The distance of each two faces, and whether they lie under one name."""
    vectors, owners = np.array([e for e, _ in some], float), np.array([who for _, who in some])
    rows, columns = np.triu_indices(len(some), 1)
    return np.linalg.norm(vectors[rows] - vectors[columns], axis=1), owners[rows] == owners[columns]


# Subject


@dataclass(frozen=True)
class Group:
    """A picture of several people side by side, and where in it the person stands."""

    path: Path
    person: str
    left: int  # pixels
    right: int

    def shows(self, face: Face) -> bool:
        """Whether the face is the person's."""
        return self.left <= face.box[0] + face.box[2] / 2 < self.right


def subject(folder: Path, settings: FacesSettings, count: int) -> None:
    """How often the person is chosen of two or three people, by what else is known of the person.

    Groups are pasted of photographs with one face; `count` of each person's are seen alone, and as many in groups.
    A photograph that shows another than its folder says can only be chosen by luck; such are not sorted out.
    """
    count = count or 12
    everyone = owned(folder, 4 * count)
    found = analyses(everyone, settings)
    by_person: dict[str, list[Path]] = defaultdict(list)
    for path, analysis in found.items():
        if len(analysis.faces) == 1 and len(by_person[everyone[path]]) < 2 * count:
            by_person[everyone[path]].append(path)
    by_person = {person: paths for person, paths in by_person.items() if len(paths) == 2 * count}
    with TemporaryDirectory() as name:
        groups = pasted({person: paths[count:] for person, paths in by_person.items()}, Path(name))
        found |= analyses([group.path for group in groups], settings)
    alone = {person: paths[:count] for person, paths in by_person.items()}
    wrong, people = round(0.4 * count), list(alone)
    after = dict(zip(people, [*people[1:], people[0]], strict=True))
    one_other = {person: alone[person][wrong:] + alone[after[person]][:wrong] for person in people}
    many_others = {
        person: alone[person][wrong:] + [alone[people[(number + 2 + k) % len(people)]][k] for k in range(wrong)]
        for number, person in enumerate(people)
    }
    print(f"{len(people)} people, each {count} times alone and {count} times in a group; detector {settings.detector}")
    print("| what else there is of the person | groups | person's face found | of these chosen rightly |")
    print("|---|---:|---:|---:|")
    show_chosen("photographs alone", groups, alone, found)
    show_chosen("as many, 40 % of them of one other person", groups, one_other, found)
    show_chosen("as many, 40 % of them of several others", groups, many_others, found)
    show_chosen("none alone, the groups only", groups, {person: [] for person in people}, found)
    if (folder / "truth.csv").is_file():
        show_chosen("groups as they were rendered", *rendered(folder, settings, found))


def owned(folder: Path, limit: int) -> dict[Path, str]:
    """The person under whom each photograph lies, or in a world, who is seen alone in it; up to `limit` of each."""
    name = "truth.csv" if (folder / "truth.csv").is_file() else "labels.csv"
    rows = rows_of(folder / name)
    random.Random(0).shuffle(rows)
    if name == "truth.csv":
        people = sorted({row["true_identity"] for row in rows if row["kind"] == "photo"})[:WORLD_PEOPLE]
        rows = [row for row in rows if row["kind"] == "photo" and not row["others"] and row["true_identity"] in people]
    person = "true_identity" if name == "truth.csv" else "identity"
    taken: Counter[str] = Counter()
    chosen = {}
    for row in rows:
        taken[row[person]] += 1
        if taken[row[person]] <= limit:
            chosen[folder / row["file"]] = row[person]
    return chosen


def pasted(people: dict[str, list[Path]], place: Path) -> list[Group]:
    """Each photograph beside one or two others of other people, at a place and with companions drawn by lot."""
    draw = random.Random(0)
    groups = []
    for person, paths in people.items():
        for number, path in enumerate(paths):
            others = draw.sample([other for other in people if other != person], 1 + number % 2)
            shown = [draw.choice(people[other]) for other in others]
            where = draw.randrange(len(shown) + 1)
            panels = [panel(one) for one in (*shown[:where], path, *shown[where:])]
            left = sum(one.shape[1] for one in panels[:where])
            file = place / f"{len(groups)}.jpg"
            cv2.imwrite(str(file), cv2.cvtColor(np.hstack(panels), cv2.COLOR_RGB2BGR))
            groups.append(Group(file, person, left, left + panels[where].shape[1]))
    return groups


def panel(path: Path) -> Picture:
    """The photograph, 480 pixels high."""
    picture = decode(path.read_bytes(), MAX_PIXELS).picture
    width = max(1, round(picture.shape[1] * 480 / picture.shape[0]))
    return np.asarray(cv2.resize(picture, (width, 480), interpolation=cv2.INTER_AREA), np.uint8)


def rendered(
    folder: Path, settings: FacesSettings, found: dict[Path, PhotoAnalysis]
) -> tuple[list[Group], dict[str, list[Path]], dict[Path, PhotoAnalysis]]:
    """The world's own groups, with all that the search finds under the same people's names, dirt included."""
    rows = [row for row in rows_of(folder / "truth.csv") if row["kind"] in ("photo", "group", "wrong_person")]
    # A group that turns up under a name may be without that person.
    rows = [row for row in rows if row["kind"] != "group" or row["query_identity"] == row["true_identity"]]
    people = sorted({row["query_identity"] for row in rows if row["kind"] == "group"})[:WORLD_PEOPLE]
    rows = [row for row in rows if row["query_identity"] in people]
    found = found | analyses([path for row in rows if (path := folder / row["file"]) not in found], settings)
    shown = []
    for row in (row for row in rows if row["kind"] == "group"):
        left, width = float(row["face_x"]), float(row["face_w"])
        shown.append(Group(folder / row["file"], row["query_identity"], round(left), round(left + width)))
    others: dict[str, list[Path]] = {person: [] for person in people}
    for row in (row for row in rows if row["kind"] != "group"):
        others[row["query_identity"]].append(folder / row["file"])
    return shown, others, found


def show_chosen(
    name: str, groups: Sequence[Group], others: dict[str, list[Path]], found: dict[Path, PhotoAnalysis]
) -> None:
    """One line: how many groups, in how many the person's face was found, in how many of these it is the subject."""
    seen = right = total = 0
    for person, paths in others.items():
        own = [group for group in groups if group.person == person and group.path in found]
        shown = [found[path] for path in (*paths, *(group.path for group in own)) if path in found]
        chosen = choose_subjects([(face, (person,)) for analysis in shown for face in analysis.faces])
        for group in own:
            faces = found[group.path].faces
            total += 1
            if any(group.shows(face) for face in faces):
                seen += 1
                right += any(group.shows(face) and face.face_id in chosen for face in faces)
    print(f"| {name} | {total} | {seen / total:.1%} | {right / max(seen, 1):.1%} ± {interval(right, seen)} |")


if __name__ == "__main__":
    main()
