"""A version that was kept loses the rows of what was taken down, and stays what it was in all else."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from facecorpus.build.shards import write_shard
from facecorpus.corpus import Corpus
from facecorpus.shards import (
    DATA,
    RECORD,
    checksums,
    class_names,
    described,
    file_in,
    recorded,
    sealed_record,
    shard_files,
    sound_files,
)
from facecorpus.system.folder import link, replaced_folder

_KEPT = ("README.md", "attribution.csv", "croissant.json", "manifest.csv", "checksums.txt", "CITATION.cff")
"""What the version has besides its shards afterwards: the pages for browsers are made from a plan that is gone."""

Rows = list[dict[str, Any]]


def strike_out(corpus: Corpus, version: str) -> int | None:
    """Take out of a version what the list of removals forbids; how many files were written, None where none is left.

    A damaged file goes, since nobody can tell what it holds. A person whose rows are all gone, and whom the manifest
    names no more, is named no more. The files that held nothing of it stay the same files. May be done twice.
    """
    folder = corpus.versions / version
    if not folder.is_dir():
        return None
    record = recorded(folder)
    sound = sound_files(folder, record)
    with corpus.catalog() as catalog:
        taken_down = catalog.removals.taken_down()

    def stays(row: Mapping[str, Any]) -> bool:
        return not taken_down.has_row(row["photo_id"], row["source_url"], row["author"])

    files = [path for path in shard_files(folder) if path.name in sound]
    left = {path.name: _selected(path, stays) for path in files}
    gone = _nobody(corpus, files, left)
    with replaced_folder(folder) as fresh:
        (fresh / DATA).mkdir()
        written = 0
        for path in files:
            faces, all_stay = left[path.name]
            if all_stay and not gone:
                link(path, file_in(fresh, path.name))
            elif faces:
                _write(path, file_in(fresh, path.name), faces, gone)
                written += 1
        shards = {path.name: described(path) for path in shard_files(fresh)}
        faces = {face_id for found, _ in left.values() for face_id in found}
        _write_rest(folder, fresh, record, shards, faces, gone)
    if shards:
        return written
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()
    return None


def _selected(path: Path, stays: Callable[[Mapping[str, Any]], bool]) -> tuple[set[str], bool]:
    """The face_ids of the rows that stay, and whether all do."""
    import pyarrow.parquet as pq

    rows = pq.read_table(path, columns=["face_id", "photo_id", "source_url", "author"]).to_pylist()
    faces = {row["face_id"] for row in rows if stays(row)}
    return faces, len(faces) == len(rows)


def _nobody(corpus: Corpus, files: list[Path], left: Mapping[str, tuple[set[str], bool]]) -> dict[str, str]:
    """The people who have no row any more and whom the manifest names no more, each with the word in their place."""
    import pyarrow.parquet as pq

    listed = {one.identity_id for one in corpus.manifest.identities}
    names: tuple[str, ...] = ()
    there: set[int] = set()
    for path in files:
        names = class_names(path)["identity"]
        rows = pq.read_table(path, columns=["face_id", "identity"]).to_pylist()
        there |= {row["identity"] for row in rows if row["face_id"] in left[path.name][0]}
    missing = [place for place, name in enumerate(names) if place not in there and name not in listed]
    return {names[place]: f"forgotten-{place}" for place in missing if not names[place].startswith("forgotten-")}


def _write(path: Path, target: Path, faces: set[str], gone: Mapping[str, str]) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    metadata = dict(table.schema.metadata)
    features = json.loads(metadata[b"huggingface"])
    people = features["info"]["features"]["identity"]
    people["names"] = [gone.get(name, name) for name in people["names"]]
    metadata[b"huggingface"] = json.dumps(features, ensure_ascii=False).encode()
    rows = [row for row in table.to_pylist() if row["face_id"] in faces]
    write_shard(target, rows, table.schema.with_metadata(metadata))


def _write_rest(
    folder: Path,
    fresh: Path,
    record: dict[str, Any],
    shards: Mapping[str, Mapping[str, Any]],
    faces: set[str],
    gone: Mapping[str, str],
) -> None:
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in _KEPT if (folder / name).is_file()}
    before = record.get("counts", {}).get("faces", 0)
    taken = record.get("taken_down", 0) + before - len(faces)
    note = f"\n## Taken down\n\n{taken} faces were taken out of this version; its other numbers are from before.\n"
    texts["README.md"] = texts.get("README.md", "").split("\n## Taken down\n")[0] + note
    texts["attribution.csv"] = _lines(texts.get("attribution.csv", ""), lambda line: line[0] in faces)
    texts["manifest.csv"] = _lines(texts.get("manifest.csv", ""), lambda line: line[0] not in gone)
    texts["croissant.json"] = _croissant(texts["croissant.json"], shards) if "croissant.json" in texts else "{}\n"
    texts["checksums.txt"] = checksums({name: file["sha256"] for name, file in shards.items()}).decode()
    for name, text in texts.items():
        (fresh / name).write_text(text, encoding="utf-8")
    kept = {name: one for name, one in record.get("shards", {}).items() if name in shards}
    values = record | {
        "counts": record.get("counts", {}) | {"faces": len(faces)},
        "shards": kept,
        "files": {**shards, **{name: described(fresh / name) for name in texts}},
        "taken_down": taken,
    }
    values.pop("sha256", None)
    (fresh / RECORD).write_bytes(sealed_record(values))


def _lines(text: str, stays: Callable[[list[str]], bool]) -> str:
    """A CSV file with its head and the lines that stay."""
    lines = list(csv.reader(io.StringIO(text)))
    kept = io.StringIO()
    csv.writer(kept, lineterminator="\n").writerows([*lines[:1], *(line for line in lines[1:] if line and stays(line))])
    return kept.getvalue()


def _croissant(text: str, shards: Mapping[str, Mapping[str, Any]]) -> str:
    document = json.loads(text)
    kept = [one for one in document["distribution"] if one["@type"] != "cr:FileObject" or one["name"] in shards]
    for one in kept:
        if file := shards.get(one.get("name", "")):
            one |= {"contentSize": f"{file['bytes']} B", "sha256": file["sha256"]}
    return json.dumps(document | {"distribution": kept}, indent=2, ensure_ascii=False) + "\n"
