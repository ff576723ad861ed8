"""WebDataset: tar files in which the files of one name are one sample (https://github.com/webdataset/webdataset).

Each face is `<face_id>.jpg` and `<face_id>.json`. Faces are dealt to the tars by their id, so that each tar is a
sample of the whole split; the shards themselves are sorted by person, which a shuffle buffer would not undo.
"""

import io
import json
import tarfile
from contextlib import ExitStack
from pathlib import Path

from facecorpus.export.reading import Shards
from facecorpus.system.console import Tracker

_TAR_BYTES = 100_000_000


def write_webdataset(shards: Shards, folder: Path, progress: Tracker) -> int:
    """Write `train-000000.tar` and so on; return how many."""
    parts = -(-shards.image_bytes // _TAR_BYTES) or 1
    tars: dict[str, tarfile.TarFile] = {}
    with ExitStack() as stack:
        for row in shards:
            name = f"{row['split']}-{int(row['face_id'][:8], 16) % parts:06d}.tar"
            if name not in tars:
                tars[name] = stack.enter_context(tarfile.open(folder / name, "w", format=tarfile.USTAR_FORMAT))
            image = row.pop("image")
            _add(tars[name], image["path"], image["bytes"])
            text = json.dumps(row, ensure_ascii=False)
            _add(tars[name], f"{row['face_id']}.json", text.encode())
            progress.advance()
    return len(tars)


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    """One member with no time and no owner, so that the same shards give the same tar."""
    member = tarfile.TarInfo(name)
    member.size = len(data)
    member.mode = 0o644
    tar.addfile(member, io.BytesIO(data))
