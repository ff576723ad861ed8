"""COCO: `images/` and one `annotations_<split>.json` each (https://cocodataset.org/#format-data).

A category is a person, a box the face; what else is known stands under `attributes`, as CVAT has it.
"""

import json
from pathlib import Path
from typing import Any

from facecorpus.export.pictures import attributes, framed
from facecorpus.export.reading import Shards
from facecorpus.system.console import Tracker


def write_coco(shards: Shards, folder: Path, progress: Tracker) -> int:
    """Write the pictures and the annotations; return how many files."""
    (folder / "images").mkdir()
    people = {name: number for number, name in enumerate(shards.classes["identity"], 1)}
    splits: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for number, row in enumerate(shards, 1):
        frame = framed(row, shards.whole)
        (folder / "images" / row["image"]["path"]).write_bytes(row["image"]["bytes"])
        found = splits.setdefault(row["split"], {"images": [], "annotations": []})
        found["images"].append(
            {"id": number, "file_name": row["image"]["path"], "width": frame.width, "height": frame.height}
        )
        if row["identity"] is not None:
            found["annotations"].append(
                {
                    "id": number,
                    "image_id": number,
                    "category_id": people[row["identity"]],
                    "bbox": frame.box,
                    "area": frame.box[2] * frame.box[3],
                    "iscrowd": 0,
                    "attributes": {"face_id": row["face_id"], **attributes(row)},
                }
            )
        progress.advance()
    categories = [{"id": number, "name": name, "supercategory": "face"} for name, number in people.items()]
    for split, found in splits.items():
        document = {"info": {"description": f"{split} faces"}, "licenses": [], **found, "categories": categories}
        text = json.dumps(document, ensure_ascii=False)
        (folder / f"annotations_{split}.json").write_text(text + "\n", encoding="utf-8")
    return shards.rows + len(splits)
