"""FiftyOne: for each split a FiftyOneImageDetectionDataset, `data/` and `labels.json`.

https://docs.voxel51.com/user_guide/import_datasets.html#fiftyoneimagedetectiondataset
"""

import json
from pathlib import Path
from typing import Any

from facecorpus.export.pictures import attributes, framed
from facecorpus.export.reading import Shards
from facecorpus.system.console import Tracker

_PICTURES = "data"


def write_fiftyone(shards: Shards, folder: Path, progress: Tracker) -> int:
    """Write the pictures and the labels; return how many files."""
    people = list(shards.classes["identity"])
    numbers = {name: number for number, name in enumerate(people)}
    splits: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for row in shards:
        data = folder / row["split"] / _PICTURES
        if row["split"] not in splits:
            data.mkdir(parents=True)
        frame = framed(row, shards.whole)
        x, y, width, height = frame.box
        (data / row["image"]["path"]).write_bytes(row["image"]["bytes"])
        splits.setdefault(row["split"], {})[row["face_id"]] = [
            {
                "label": numbers[row["identity"]],
                "bounding_box": [x / frame.width, y / frame.height, width / frame.width, height / frame.height],
                "attributes": attributes(row),
            }
            for _ in range(row["identity"] is not None)
        ]
        progress.advance()
    for split, labels in splits.items():
        text = json.dumps({"classes": people, "labels": labels}, ensure_ascii=False)
        (folder / split / "labels.json").write_text(text + "\n", encoding="utf-8")
    return shards.rows + len(splits)
