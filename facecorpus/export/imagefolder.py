"""A folder of images with metadata.jsonl in each split (https://huggingface.co/docs/datasets/image_dataset).

`train/<identity>/<face_id>.jpg`: so tools that take a folder's name for the class, as torchvision does, read it, too.
"""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from facecorpus.export.reading import Shards
from facecorpus.system.console import Tracker

UNKNOWN = "unknown"
"""The folder of faces of people who are not named."""


def write_imagefolder(shards: Shards, folder: Path, progress: Tracker) -> int:
    """Write the images and the metadata; return how many files."""
    tables: dict[str, TextIO] = {}
    with ExitStack() as stack:
        for row in shards:
            split = folder / row["split"]
            if row["split"] not in tables:
                split.mkdir()
                tables[row["split"]] = stack.enter_context((split / "metadata.jsonl").open("w", encoding="utf-8"))
            image = row.pop("image")
            person = split / (row["identity"] or UNKNOWN)
            person.mkdir(exist_ok=True)
            (person / image["path"]).write_bytes(image["bytes"])
            values = {"file_name": f"{person.name}/{image['path']}", **row}
            tables[row["split"]].write(json.dumps(values, ensure_ascii=False) + "\n")
            progress.advance()
    return shards.rows + len(tables)
