"""Label Studio: `tasks.json`, the labelling interface `config.xml`, and `images/` (https://labelstud.io/guide/tasks).

Whoever serves the folder as local files sets LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT to it. Labels are predictions:
people confirm or correct them.
"""

import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from facecorpus.export.pictures import attributes, framed
from facecorpus.export.reading import Shards
from facecorpus.system.console import Tracker

_LABELS = ("identity", "gender", "age_group", "race")


def write_label_studio(shards: Shards, folder: Path, progress: Tracker) -> int:
    """Write pictures, tasks and interface; return how many files."""
    (folder / "images").mkdir()
    tasks = []
    for row in shards:
        frame = framed(row, shards.whole)
        (folder / "images" / row["image"]["path"]).write_bytes(row["image"]["bytes"])
        x, y, width, height = frame.box
        box = {
            "x": 100 * x / frame.width,
            "y": 100 * y / frame.height,
            "width": 100 * width / frame.width,
            "height": 100 * height / frame.height,
            "rotation": 0,
            "rectanglelabels": ["face"],
        }
        results: list[dict[str, Any]] = [
            {"from_name": "face", "to_name": "image", "type": "rectanglelabels", "value": box}
        ]
        results += [
            {"from_name": label, "to_name": "image", "type": "choices", "value": {"choices": [row[label]]}}
            for label in _LABELS
            if row.get(label) is not None
        ]
        for result in results:
            result |= {"original_width": frame.width, "original_height": frame.height}
        data = {"image": f"/data/local-files/?d=images/{row['image']['path']}", "face_id": row["face_id"]}
        tasks.append({"data": data | attributes(row), "predictions": [{"result": results}]})
        progress.advance()
    (folder / "tasks.json").write_text(json.dumps(tasks, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "config.xml").write_text(_interface(shards), encoding="utf-8")
    return shards.rows + 2


def _interface(shards: Shards) -> str:
    lines = ['  <Image name="image" value="$image"/>', '  <RectangleLabels name="face" toName="image">']
    lines += ['    <Label value="face"/>', "  </RectangleLabels>"]
    for label in _LABELS:
        lines.append(f'  <Choices name="{label}" toName="image">')
        lines += [f"    <Choice value={quoteattr(name)}/>" for name in shards.classes.get(label, ())]
        lines.append("  </Choices>")
    return "\n".join(["<View>", *lines, "</View>", ""])
