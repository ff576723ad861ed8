"""Time the stage `faces` beside the usual face_recognition loop, and measure how well both find and tell people apart.

    python benchmarks/faces.py speed WORLD_OR_PHOTOS [--limit 48] [--detector hog]
    python benchmarks/faces.py cpu WORLD_OR_PHOTOS [--limit 48] [--detector hog]
    python benchmarks/faces.py recall WORLD [--limit 150] [--detector hog]
    python benchmarks/faces.py people PHOTOS [--limit 844] [--detector hog]
    python benchmarks/faces.py subject WORLD_OR_PHOTOS [--limit 12] [--detector hog]
    python benchmarks/faces.py attributes FOLDER [--limit 1920] [--detector hog]

WORLD holds photos/ and truth.csv as tools of the demo world write them; PHOTOS one folder a person and labels.csv with
the columns file, identity, gender, race; FOLDER labels.csv with file, gender, race, age_group. The peer makes the calls
of face_recognition's face_locations(number_of_times_to_upsample=1) and face_encodings with dlib itself, on the whole
picture: HOG, five landmarks, compute_face_descriptor. `people` needs scikit-learn.
"""

import argparse
import csv
import hashlib
import random
import re
import resource
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import dlib
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import binomtest

from facecorpus.boxes import iou
from facecorpus.catalog.records import Box, Face
from facecorpus.console import track
from facecorpus.cores import available_cores
from facecorpus.engines.local import analyze_all
from facecorpus.errors import PictureError
from facecorpus.faces.analyze import describe, see
from facecorpus.faces.decode import decode
from facecorpus.faces.models import DESCRIPTOR, LANDMARKS, Models, load_models, model_file
from facecorpus.faces.records import PhotoAnalysis, Picture
from facecorpus.faces.subject import LIKELY, choose_subjects
from facecorpus.settings import FacesSettings

MAX_PIXELS = 80_000_000
SAME_BOX = 0.4  # intersection over union
ROUNDS = 3
TOGETHER = 8  # pictures
WORLD_PEOPLE = 24  # of a world, for `subject`
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif")
Row = dict[str, str]
Vector = NDArray[Any]


def main() -> None:
    """Run one of the measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    runs = {
        "speed": speed,
        "cpu": cpu,
        "recall": recall,
        "people": people,
        "subject": subject,
        "attributes": attributes,
    }
    parser.add_argument("what", choices=runs)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=0, help="pictures; 0: as many as take a few minutes at the most")
    parser.add_argument("--detector", default="hog", choices=("hog", "mmod"))
    options = parser.parse_args()
    settings = FacesSettings(detector=options.detector)
    runs[options.what](options.folder, settings, options.limit)


# The peer


_peer: "FaceRecognition | None" = None


class FaceRecognition:
    """What face_recognition does with a picture, by the same calls."""

    def __init__(self) -> None:
        self.detector = dlib.get_frontal_face_detector()
        self.landmarks = dlib.shape_predictor(str(model_file(LANDMARKS)))
        self.network = dlib.face_recognition_model_v1(str(model_file(DESCRIPTOR)))

    def __call__(self, path: Path) -> list[Box]:
        try:
            picture = decode(path.read_bytes(), MAX_PIXELS).picture
        except PictureError:
            return []
        boxes = self.detector(picture, 1)
        for box in boxes:
            np.array(self.network.compute_face_descriptor(picture, self.landmarks(picture, box), 1))
        return [(box.left(), box.top(), box.width(), box.height()) for box in boxes]


def peer(path: Path) -> list[Box]:
    """The peer's boxes; its models are loaded once a process."""
    global _peer  # noqa: PLW0603  # a process pool offers no other place
    if _peer is None:
        cv2.setNumThreads(1)
        _peer = FaceRecognition()
    return _peer(path)


# Speed


def speed(folder: Path, settings: FacesSettings, count: int) -> None:
    """Pictures a second and CPU seconds of three ways, in turn over the same pictures; workers' starts not counted."""
    paths = pictures_of(folder)
    random.Random(0).shuffle(paths)
    paths = paths[: count or 48]
    cores = available_cores()
    ours, loop, pool = (
        Total("facecorpus faces"),
        Total("face_recognition loop"),
        Total(f"the same in {cores} processes"),
    )
    peer(paths[0])
    with ProcessPoolExecutor(cores) as executor:
        list(executor.map(peer, paths[: 2 * cores]))
        for number in range(ROUNDS):
            part = paths[number::ROUNDS]
            ours.add(part, lambda part=part: faces_of(part, settings))
            loop.add(part, lambda part=part: [peer(path) for path in part])
            pool.add(part, lambda part=part: list(executor.map(peer, part)))
    print(f"{len(paths)} pictures, {cores} cores, detector {settings.detector}")
    print("| | pictures a second | faces | ours |\n|---|---:|---:|---:|")
    for total in (ours, loop, pool):
        print(f"| {total.name} | {total.rate:.1f} | {total.faces} | {ours.rate / total.rate:.1f} × |")
    print(f"largest worker: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB")


def cpu(folder: Path, settings: FacesSettings, count: int) -> None:
    """CPU milliseconds a picture on one thread, eight pictures by each in turn: a busy machine slows both alike."""
    paths = pictures_of(folder)
    random.Random(0).shuffle(paths)
    paths = paths[: count or 48]
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    models = load_models(settings)
    describe([see(paths[0].read_bytes(), "first", models, settings, MAX_PIXELS)], models)
    peer(paths[0])
    ours = theirs = 0.0
    found = [0, 0]
    for start in range(0, len(paths), TOGETHER):
        times = [time.process_time()]
        seen = []
        for path in paths[start : start + TOGETHER]:
            with suppress(PictureError):
                seen.append(see(path.read_bytes(), path.name, models, settings, MAX_PIXELS))
        found[0] += sum(len(analysis.faces) for analysis in describe(seen, models))
        times.append(time.process_time())
        found[1] += sum(len(peer(path)) for path in paths[start : start + TOGETHER])
        times.append(time.process_time())
        ours += times[1] - times[0]
        theirs += times[2] - times[1]
    print(f"{len(paths)} pictures, one thread, detector {settings.detector}")
    print("| | CPU ms a picture | faces | ratio |\n|---|---:|---:|---:|")
    print(f"| facecorpus faces | {ours / len(paths) * 1000:.1f} | {found[0]} | {theirs / ours:.1f} × |")
    print(f"| face_recognition loop | {theirs / len(paths) * 1000:.1f} | {found[1]} | 1.0 × |")


class Total:
    """Wall time and faces of one way over all rounds."""

    def __init__(self, name: str) -> None:
        self.name, self.seconds, self.pictures, self.faces = name, 0.0, 0, 0

    def add(self, paths: Sequence[Path], work: Callable[[], "list[list[Box]] | Timed"]) -> None:
        begun = time.perf_counter()
        done = work()
        seconds = time.perf_counter() - begun
        if isinstance(done, Timed):
            done, seconds = done.boxes, done.seconds
        self.seconds += seconds
        self.pictures += len(paths)
        self.faces += sum(map(len, done))

    @property
    def rate(self) -> float:
        return self.pictures / self.seconds


class Timed:
    """Boxes of each picture, and the seconds from the first result on."""

    def __init__(self, boxes: list[list[Box]], seconds: float) -> None:
        self.boxes, self.seconds = boxes, seconds


def faces_of(paths: Sequence[Path], settings: FacesSettings) -> Timed:
    """Run the engine; the clock starts when every worker has done its first group, which is not counted as work."""
    warm = [(f"warm{number}", paths[0]) for number in range(16 * available_cores())]
    results = analyze_all([*warm, *((str(path), path) for path in paths)], settings, MAX_PIXELS)
    begun, boxes = 0.0, []
    for key, result in results:
        if key.startswith("warm"):
            begun = time.perf_counter()
        else:
            boxes.append([face.box for face in result.faces] if isinstance(result, PhotoAnalysis) else [])
    return Timed(boxes, time.perf_counter() - begun)


def pictures_of(folder: Path) -> list[Path]:
    """All pictures of the folder by name; files that are none count as pictures, as they do on the web."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


# Recall


def recall(folder: Path, settings: FacesSettings, count: int) -> None:
    """Subjects found at IoU 0.4 and boxes where nobody is, by kind, yaw, roll and width; ours beside the peer's."""
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] in ("photo", "group", "tiny", "no_face")]
    random.Random(0).shuffle(rows)
    rows = rows[: count or 150]
    tally: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    false, seconds = [0, 0], [0.0, 0.0]
    paths = [folder / row["file"] for row in rows]
    with ProcessPoolExecutor(available_cores()) as executor, track("recall", len(rows)) as tracker:
        results = executor.map(both, paths, [settings] * len(rows))
        for row, (found, times) in zip(rows, results, strict=True):
            tracker.advance()
            truth = boxes_of(row)
            for number, boxes in enumerate(found):
                false[number] += sum(all(iou(box, true) < 0.1 for true in truth) for box in boxes)
                seconds[number] += times[number]
            if truth:
                for group in groups_of(row):
                    hits = (any(iou(box, truth[0]) >= SAME_BOX for box in boxes) for boxes in found)
                    tally[group] = [a + b for a, b in zip(tally[group], (1, *hits), strict=True)]
    ours, theirs = (1000 * total / len(rows) for total in seconds)
    print(f"{len(rows)} pictures, detector {settings.detector}; boxes on nobody: {false[0]} (peer {false[1]})")
    print(f"CPU ms a picture for detection alone: {ours:.1f} (peer {theirs:.1f})")
    print("| subjects | number | found | peer |\n|---|---:|---:|---:|")
    for group in sorted(tally):
        number, ours_hit, peer_hit = tally[group]
        print(f"| {group} | {number} | {ours_hit / number:.1%} | {peer_hit / number:.1%} |")


def both(path: Path, settings: FacesSettings) -> tuple[tuple[list[Box], list[Box]], tuple[float, float]]:
    """The boxes of our detector and of the peer's, and the CPU seconds of each; nothing for what is no picture."""
    models, theirs = detectors(settings)
    try:
        picture = decode(path.read_bytes(), MAX_PIXELS).picture
    except PictureError:
        return ([], []), (0.0, 0.0)
    times = [time.process_time()]
    ours = [found.box for found in models.detector.detect(picture, settings)]
    times.append(time.process_time())
    boxes = [(box.left(), box.top(), box.width(), box.height()) for box in theirs(picture, 1)]
    times.append(time.process_time())
    return (ours, boxes), (times[1] - times[0], times[2] - times[1])


@cache
def detectors(settings: FacesSettings) -> tuple[Models, Any]:
    """Ours and the peer's, loaded and tried once a process."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    models = load_models(settings)
    models.detector.detect(np.zeros((200, 200, 3), np.uint8), settings)
    return models, dlib.get_frontal_face_detector()


def boxes_of(row: Row) -> list[Box]:
    """The subject's box and those of everybody else in the picture."""
    if not row["face_w"]:
        return []
    x, y, width, height = (float(row[f"face_{side}"]) for side in "xywh")
    others = [tuple(map(float, box.split(","))) for box in re.findall(r":([\d.,-]+)", row["others"])]
    return [(x, y, width, height), *others]  # type: ignore[list-item]


def groups_of(row: Row) -> list[str]:
    """The lines of the table to which a subject counts."""
    yaw, roll, width = abs(float(row["yaw"])), abs(float(row["roll"])), float(row["face_w"])
    return [
        "all",
        f"kind {row['kind']}",
        f"yaw {int(yaw // 10) * 10:02d}–{int(yaw // 10) * 10 + 10}°",
        f"roll {int(roll // 10) * 10:02d}–{int(roll // 10) * 10 + 10}°",
        f"width {next((f'up to {limit:03d}' for limit in (40, 60, 80, 120) if width <= limit), 'wider')} px",
    ]


def analyses(paths: Iterable[Path], settings: FacesSettings) -> dict[Path, PhotoAnalysis]:
    """The engine's analysis of each readable picture."""
    # A face's id begins with the digest of its photograph: paths, which begin alike, would not do.
    digests = {hashlib.sha256(str(path).encode()).hexdigest(): path for path in paths}
    tasks = list(digests.items())
    found = {}
    with track("faces", len(tasks)) as tracker:
        for key, result in analyze_all(tasks, settings, MAX_PIXELS):
            tracker.advance()
            if isinstance(result, PhotoAnalysis):
                found[digests[key]] = result
    return found


# People


def people(folder: Path, settings: FacesSettings, count: int) -> None:
    """Same-person and different-person distances of descriptors: area under the ROC curve and misses, by subgroup.

    Of each photograph the most likely face of the person in whose folder it lies, as the stage chooses it. Folders
    hold some photographs of other people, which count as misses here. So the last columns leave out each face that is
    unlike the middle of its folder, by the descriptor itself: people who are taken for each other still show there.
    """
    from sklearn.metrics import roc_auc_score, roc_curve

    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
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
    vectors = np.array(embeddings, float)
    near = np.linalg.norm(vectors[:, None] - vectors, axis=2) < LIKELY
    middle = vectors[near[near.sum(axis=1).argmax()]].mean(axis=0)
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
    with (folder / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
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
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] in ("photo", "group", "wrong_person")]
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


def interval(hits: int, number: int) -> str:
    """Half of the 95 % interval of Wilson."""
    bounds = binomtest(hits, max(number, 1)).proportion_ci(method="wilson")
    return f"{(bounds.high - bounds.low) / 2:.1%}"


# Attributes


def attributes(folder: Path, settings: FacesSettings, count: int) -> None:
    """The share of pictures of one face each in which the detector sees none, by subgroup."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[: count or None]
    found = analyses([folder / row["file"] for row in rows], settings)
    tally: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        missed = folder / row["file"] not in found or not found[folder / row["file"]].faces
        for name in ("all", row["gender"], row["race"], row["age_group"], f"{row['gender']}, {row['race']}"):
            tally[name] = [tally[name][0] + 1, tally[name][1] + missed]
    print(f"detector {settings.detector}\n| people | pictures | without a face found |\n|---|---:|---:|")
    for name, (number, missed_) in tally.items():
        error = (missed_ / number * (1 - missed_ / number) / number) ** 0.5
        print(f"| {name} | {number} | {missed_ / number:.1%} ± {error:.1%} |")


if __name__ == "__main__":
    main()
