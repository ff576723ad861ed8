"""The command `export`: a folder of another layout, whole or not at all, the same shards giving the same bytes."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from facecorpus.errors import ExportError
from facecorpus.export.coco import write_coco
from facecorpus.export.fiftyone import write_fiftyone
from facecorpus.export.imagefolder import write_imagefolder
from facecorpus.export.label_studio import write_label_studio
from facecorpus.export.lfw import write_lfw
from facecorpus.export.reading import Shards, open_shards
from facecorpus.export.recordio import write_recordio
from facecorpus.export.webdataset import write_webdataset
from facecorpus.system.console import Tracker, duration, track
from facecorpus.system.folder import replaced_folder

MARK = ".facecorpus-export.json"
"""The file by which a folder is known as an export, that a new one may replace."""

LAYOUTS: dict[str, Callable[[Shards, Path, Tracker], int]] = {
    "webdataset": write_webdataset,
    "imagefolder": write_imagefolder,
    "lfw": write_lfw,
    "coco": write_coco,
    "fiftyone": write_fiftyone,
    "labelstudio": write_label_studio,
    "recordio": write_recordio,
}


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """What was exported."""

    path: Path
    layout: str
    faces: int
    files: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"Exported {self.faces} faces as {self.layout} to {self.path} ({self.files} files),"
            f" in {duration(self.seconds)}."
        )


def export(shards: Path, target: Path, layout: str) -> ExportSummary:
    """Write the shards of a folder in another layout; the target appears, or is replaced, as a whole.

    Raises ExportError where there is no such layout, the shards cannot be read, the target holds anything but an
    earlier export, or the disk does not take the files.
    """
    import pyarrow as pa

    begun = time.monotonic()
    if layout not in LAYOUTS:
        raise ExportError(f"There is no layout {layout!r}; there are: {', '.join(LAYOUTS)}.")
    opened = open_shards(shards)
    if target.exists() and not (target.is_dir() and ((target / MARK).is_file() or not any(target.iterdir()))):
        raise ExportError(f"{target} exists and is no earlier export; choose a new folder, or move that one away.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with track(f"export {layout}", opened.rows) as progress, replaced_folder(target) as folder:
            files = LAYOUTS[layout](opened, folder, progress)
            (folder / MARK).write_text(json.dumps({"layout": layout, "faces": opened.rows}) + "\n", encoding="utf-8")
    except pa.ArrowException as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise ExportError(f"The shards in {shards} cannot be read to their end ({reason}); build them again.") from None
    except OSError as error:
        raise ExportError(f"{target} could not be written ({error}); make room or choose another folder.") from None
    return ExportSummary(target, layout, opened.rows, files, time.monotonic() - begun)
