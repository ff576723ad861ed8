"""Test the attribute networks of a run on faces of strangers from another source.

    python benchmarks/strangers.py RUN FOLDER

RUN is a folder of runs/ that train-all finished with protocol photo. FOLDER holds labels.csv (file, gender, age_group,
race; one face of one person a file) and the pictures it names, cropped more loosely than the shards are. So each is
treated as a photograph: faces are found and aligned as `facecorpus crawl` and `build` do it, the largest counts, and
it is shrunk to the networks' size. Pictures without a face that the detector finds are left out and counted. A label
that the network was never taught is left out of its task.

Prints Markdown: accuracy with the 95 % interval of Wilson (each face is another person), the mean of the classes'
accuracies, chance, and each subgroup.
"""

import argparse
import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import binomtest

from facecorpus.faces.align import aligned_crop
from facecorpus.faces.decode import decode
from facecorpus.faces.models import Models, load_models
from facecorpus.settings import Settings
from facecorpus.system.console import track
from training import load_results
from training.evidence.results import Results
from training.folder import RunFolder
from training.learn.networks import as_input, make_network
from training.plan.networks_and_heads import task_networks
from training.presets import Preset
from training.publication import ATTRIBUTES, TITLES

SETTINGS = Settings()


@dataclass(frozen=True)
class Stranger:
    """A face (S, S, 3), or None where the detector found none, and its labels by task."""

    face: NDArray[np.uint8] | None
    labels: Mapping[str, str]

    @property
    def subgroup(self) -> str:
        """Gender, age group and race in words."""
        return " ".join(self.labels[task] for task in ("gender", "age_group", "race")).replace("_", " ")


def main() -> None:
    """Align the faces, let the networks answer, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    results = load_results(options.run)
    preset = Preset(**results["preset"])
    strangers = read(options.folder, preset.size)
    seen = [one for one in strangers if one.face is not None]
    print(f"{len(seen)} of {len(strangers)} pictures gave a face.\n")
    right = {}
    for task in (task for task in ATTRIBUTES if task in results["tasks"]):
        names = results["classes"][task]
        known = [one for one in seen if one.labels[task] in names]
        answers = answered(options.run, results, preset, task, known)
        right[task] = {id(one): answer == one.labels[task] for one, answer in zip(known, answers, strict=True)}
        show_task(task, names, known, answers)
    show_subgroups(strangers, right)


def read(folder: Path, size: int) -> list[Stranger]:
    """All pictures that labels.csv names, aligned and shrunk."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    models = load_models(SETTINGS.faces)
    found = []
    with track("faces", len(rows)) as progress:
        for row in rows:
            found.append(Stranger(aligned(folder / row["file"], models, size), {t: row[t] for t in ATTRIBUTES}))
            progress.advance()
    return found


def aligned(path: Path, models: Models, size: int) -> NDArray[np.uint8] | None:
    """The largest face as a build cuts it and training shrinks it."""
    picture = decode(path.read_bytes(), SETTINGS.fetch.max_pixels).picture
    faces = models.detector.detect(picture, SETTINGS.faces)
    if not faces:
        return None
    box = max((face.place for face in faces), key=lambda box: box[2] * box[3])
    crop = aligned_crop(picture, models.landmarker.landmarks(picture, box), SETTINGS.build.crop)
    return np.asarray(cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


@torch.no_grad()
def answered(run: Path, results: Results, preset: Preset, task: str, strangers: Sequence[Stranger]) -> list[str]:
    """The class that the task's network of protocol photo gives each face."""
    names = results["classes"][task]
    (wanted,) = task_networks((task,), preset)
    network = make_network(preset, wanted.width, len(names), seed=0)
    weights = RunFolder(run).split("photo").network(task).weights
    network.load_state_dict(torch.load(weights, weights_only=True, map_location="cpu"))
    images = as_input(np.stack([one.face for one in strangers if one.face is not None]), "cpu")
    return [names[number] for number in network(images).argmax(1).tolist()]


def show_task(task: str, names: Sequence[str], strangers: Sequence[Stranger], answers: Sequence[str]) -> None:
    """Accuracy, chance and confusion of one network."""
    labels = [one.labels[task] for one in strangers]
    hits = sum(label == answer for label, answer in zip(labels, answers, strict=True))
    interval = binomtest(hits, len(labels)).proportion_ci(method="wilson")
    counts, pairs = Counter(labels), Counter(zip(labels, answers, strict=True))
    recalls = [pairs[name, name] / counts[name] for name in names if counts[name]]
    print(
        f"**{TITLES[task]}**: {hits / len(labels):.1%} of {len(labels)} right ({interval.low:.1%} to "
        f"{interval.high:.1%}); mean of the classes {np.mean(recalls):.1%}; chance {1 / len(names):.1%}; always the "
        f"commonest {max(counts.values()) / len(labels):.1%}.\n"
    )
    print(f"| label | {' | '.join(f'answered {name}' for name in names)} |\n|---|{'---:|' * len(names)}")
    for label in names:
        print(f"| {label} | {' | '.join(str(pairs[label, answer]) for answer in names)} |")
    print()


def show_subgroups(strangers: Sequence[Stranger], right: Mapping[str, Mapping[int, bool]]) -> None:
    """Of each subgroup: pictures, how many gave a face, and each network's accuracy."""
    print(f"| subgroup | pictures | faces | {' | '.join(TITLES[task] for task in right)} |")
    print(f"|---|---:|---:|{'---:|' * len(right)}")
    for subgroup in sorted({one.subgroup for one in strangers}):
        members = [one for one in strangers if one.subgroup == subgroup]
        cells = []
        for hits in right.values():
            judged = [hits[id(one)] for one in members if id(one) in hits]
            cells.append(f"{np.mean(judged):.0%}" if judged else "–")
        faces = sum(one.face is not None for one in members)
        print(f"| {subgroup} | {len(members)} | {faces} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
