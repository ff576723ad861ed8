"""A real run on the shards of a small corpus, and what it keeps of single photographs."""

import re
from pathlib import Path

import numpy as np

from facecorpus.corpus import Corpus
from training import RunFolder, train_all
from training.data.shards import photo_ids

TINY = Path(__file__).parents[1] / "data" / "training_tiny.toml"
CHANGES = {"variants": 2, "iterations": 6, "head_iterations": 6, "evaluate_every": 3, "out_of_fold": 0}


def trained(corpus: Corpus, name: str) -> Path:
    """The folder of a run that came to its end, with every kind of file there is; it has learned next to nothing."""
    preset = corpus.root.with_name(f"{corpus.root.name}.toml")
    text = TINY.read_text(encoding="utf-8")
    for key, value in CHANGES.items():
        text = re.sub(rf"^{key} = .*$", f"{key} = {value}", text, flags=re.MULTILINE)
    preset.write_text(text, encoding="utf-8")
    train_all(corpus.shards, corpus.runs / name, preset=str(preset), protocols=["photo"], workers=1, device="cpu")
    return corpus.runs / name


def kept_of(run: Path, shards: Path, photo_id: str) -> tuple[bytes, ...]:
    """The pixels and features that a run keeps of a photograph: bytes that must be nowhere once it is forgotten."""
    rows = [row for row, photo in enumerate(photo_ids(shards)) if photo == photo_id]
    found = []
    for folder in RunFolder(run).seeds():
        (images,) = (np.load(path) for path in folder.data.glob("*px*.npy"))
        variants = len(images) // len(photo_ids(shards))
        numbers = [row * variants + index for row in rows for index in range(variants)]
        found += [array[number] for array in (images, np.load(folder.untrained)) for number in numbers]
        for split in folder.splits():
            with np.load(split.split) as sides:
                places = np.flatnonzero(np.isin(np.concatenate([sides["train"], sides["test"]]), numbers))
            found += [row for network in split.networks() for row in np.load(network.features)[places]]
    # A feature that never opens is 0: rows of hardly any other are nobody's.
    return tuple(row.tobytes() for row in found if np.count_nonzero(row) > 4)
