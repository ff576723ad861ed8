"""Faces that people drew: from the box and the photograph to landmarks, descriptor and crop, as any other face.

A box is a decision. Its face is made where it is missing: by the stage `faces`, and by the review's server in a process
of its own (`python -m facecorpus.engines.drawn FOLDER`), which then holds no models.
"""

import sys
from dataclasses import replace
from pathlib import Path

from facecorpus.catalog import Catalog
from facecorpus.corpus import Corpus
from facecorpus.errors import FacecorpusError, PictureError


def make_drawn(corpus: Corpus, catalog: Catalog) -> list[str]:
    """Make every face that was drawn and is missing; sha256 of the photographs that cannot be read.

    May be killed at any moment: a crop is written before its row. Raises ModelError as load_models does.
    """
    waiting = catalog.drawn.waiting()
    if not waiting:
        return []
    from facecorpus.faces.drawn import Pen

    pen = Pen(corpus.faces_settings)
    lost = []
    for one in waiting:
        try:
            data = corpus.photos.path(one.photo_sha256).read_bytes()
            size = one.photo_width, one.photo_height
            seen = pen.see(data, one.photo_sha256, one.box, size, corpus.settings.fetch.max_pixels)
        except (OSError, PictureError):
            lost.append(one.photo_sha256)
            continue
        crop = corpus.crops.put(one.face_id, seen.crops[0])
        catalog.photos.add_faces([replace(seen.faces[0], face_id=one.face_id)], {one.face_id: crop})
    return lost


def _main(folder: Path) -> str | None:
    """Make what is missing; what is wrong, in a sentence, or None."""
    corpus = Corpus(folder)
    try:
        with corpus.catalog() as catalog:
            lost = make_drawn(corpus, catalog)
    except FacecorpusError as error:
        return str(error)
    return lost_sentence(lost) if lost else None


def lost_sentence(lost: list[str]) -> str:
    """What to do about drawn faces whose photographs cannot be read."""
    return (
        f"Photographs with drawn faces that cannot be read: {len(lost)} (the first is {lost[0]}). The boxes are kept;"
        " run facecorpus verify --repair and facecorpus fetch, then facecorpus faces."
    )


if __name__ == "__main__":
    sys.exit(_main(Path(sys.argv[1])))
