"""What is read of files that others made, and of the page's requests, for the fuzzer."""

import asyncio
import io
import json
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from drawn_pictures import encoded, scene
from fuzzing import Parser, of_file, simple
from people import person
from PIL import Image
from scipy.io import savemat
from starlette.exceptions import HTTPException
from starlette.requests import Request

from facecorpus.crawl.inspection import inspected
from facecorpus.crawl.sources import NoPhotographs, proposals
from facecorpus.crawl.sources.archive import Archive, read_member
from facecorpus.crawl.sources.folder_list import read as read_folder_list
from facecorpus.crawl.sources.url_list import ListOfAddresses
from facecorpus.faces.decode import decode
from facecorpus.importing.layouts import READERS, as_documented
from facecorpus.judging.annotations import read_annotations
from facecorpus.judging.exchange import _read as read_decisions
from facecorpus.manifest import read_manifest, write_manifest
from facecorpus.settings import FetchSettings
from facecorpus.settings_file import documented_toml, read_settings
from facecorpus.takedown.feed import FORMAT, read_feed
from facecorpus.takedown.wanted import _entries as read_list
from facecorpus.words import Layout
from review_ui.bodies import read_step, read_verdicts, whole_number
from training.errors import TrainingError
from training.presets import PRESETS, load_preset

ADA = person("ada")
DATED = person("dan", dated_only=True)
_DECISION = {
    **{"face_id": "ab" * 12 + "-0", "photo_sha256": "ab" * 32, "identity_id": "ada", "shown_as": "ada"},
    **{"reviewer": "bob", "kind": "verdict", "verdict": "accept", "reason": ""},
    "decided_at": "2026-01-31T12:00:00.000+00:00",
}
_LISTED = {
    **{"name": "Ada", "url": "https://h/1.jpg", "bbox": "1,2,30,40", "sha256": "ab" * 32, "taken_on": "2011-09-25"},
    **{"title": "A", "author": "B", "license": "CC0", "left": 1.5, "top": 2},
}
_FACESCRUB = f"Ada Doe\t1\t2\thttps://h/1.jpg\t10,20,30,40\t{'ab' * 32}\n"
_VGGFACE = "00001 https://h/1.jpg 10.5 20 30 40 1.00 2.9 1\n"
_PUBFIG = f"# a remark\n#\tperson\timagenum\turl\trect\tmd5sum\nAda\t1\thttps://h/1.jpg\t1,2,3,4\t{'ab' * 16}\n"
_TABLE = "name,url,bbox,taken_on\n" + '"Doe, Ada",https://h/1.jpg,"1,2,3,4",1990/1999\n'

_FACE = "ab" * 12 + "-0"
_COCO = {
    "info": {"date_created": "2026/01/05"},
    "categories": [{"id": 1, "name": "accept"}],
    "images": [{"id": 7, "file_name": f"{_FACE}.jpg", "width": 320, "height": 200}],
    "annotations": [{"id": 1, "image_id": 7, "category_id": 1, "bbox": [1, 2, 30, 40], "attributes": {"a": "reject"}}],
}
_TASK = {
    "data": {"image": f"/data/{_FACE}.jpg"},
    "annotations": [
        {
            "completed_by": {"id": 3, "email": "a@b"},
            "updated_at": "2026-01-05T11:00:00.123456Z",
            "result": [{"id": "r", "value": {"x": 1, "y": 2, "width": 30, "height": 40, "choices": ["quality"]}}],
        }
    ],
}


def _matlab(path: Path) -> None:
    columns = {"dob": [719529.0], "photo_taken": [2004], "gender": [0.0], "celeb_id": [1]}
    names = {"full_path": np.array(["1.jpg"], object), "name": np.array(["Ada"], object)}
    boxes = np.empty(1, object)
    boxes[0] = np.array([1.0, 2.0, 3.0, 4.0])
    savemat(path, {"wiki": columns | names | {"face_location": boxes}})


def _labels_of(layout: Layout) -> Callable[[Path], object]:
    def read(path: Path) -> object:
        with as_documented(layout, path.parent):
            return list(READERS[layout](path.parent))

    return read


def written(write: Callable[[Path], object], name: str = "file") -> bytes:
    """The bytes of the file that is written there."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write(path)
        return path.read_bytes()


def _csv(rows: Sequence[dict[str, str]]) -> bytes:
    lines = [",".join(rows[0]), *(",".join(f'"{cell}"' for cell in row.values()) for row in rows)]
    return "\n".join(lines).encode()


def _archive(kind: str) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        if kind == "zip":
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("x/ada/é.jpg", encoded(scene(), "JPEG"))
                archive.writestr("ada/2.jpg", b"2")
        else:
            with tarfile.open(path, "w") as tar:
                for name, data in (("ada/1.jpg", encoded(scene(), "JPEG")), ("ada/" + "é" * 120, b"2")):
                    info = tarfile.TarInfo(name)
                    info.size = len(data)
                    tar.addfile(info, io.BytesIO(data))

    return write


def _read_archive(path: Path) -> None:
    try:
        found = list(proposals(Archive(path, [ADA]), ADA))
    except NoPhotographs:
        return
    for candidate in found[:5]:
        read_member(candidate.url, FetchSettings(max_bytes=100_000))


def _read_addresses(path: Path) -> None:
    for entry in ListOfAddresses(path):
        for text in (entry.person, entry.url, entry.box, entry.sha256, *entry.texts.values()):
            text.encode()
        assert not entry.box or len([float(part) for part in entry.box.split(",")]) == 4


def _parquet_list(path: Path) -> None:
    pq.write_table(pa.Table.from_pylist([_LISTED | {"url": f"https://h/{number}.jpg"} for number in range(3)]), path)


def _pictures() -> list[bytes]:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    exif.get_ifd(0x8769)[0x9003] = "2019:02:22 12:00:00"
    picture, palette = scene(), scene().convert("P", palette=Image.Palette.ADAPTIVE, colors=16)
    return [
        encoded(picture, "JPEG", exif=exif),
        encoded(picture, "JPEG", progressive=True, quality=40),
        encoded(picture.convert("CMYK"), "JPEG"),
        encoded(picture.convert("L"), "JPEG", comment=b"x" * 20),
        encoded(picture, "PNG", exif=exif),
        encoded(palette, "PNG", transparency=1),
        encoded(picture.convert("I;16"), "PNG"),
        encoded(palette, "GIF", save_all=True, append_images=[palette], transparency=0),
        encoded(picture, "WEBP", lossless=True),
        encoded(picture.convert("RGBA"), "WEBP", quality=40, exif=exif),
        encoded(picture, "BMP"),
        encoded(palette, "BMP"),
        encoded(picture, "TIFF", compression="tiff_lzw"),
        encoded(picture.convert("1"), "TIFF", compression="group4"),
        encoded(picture, "TIFF", compression="jpeg"),
        b"<!DOCTYPE html><html>",
    ]


def _decode(data: bytes) -> None:
    picture = decode(data, 250_000, enough=300).picture
    assert picture.ndim == 3 and picture.shape[2] == 3 and picture.dtype == "uint8"


def _inspect(data: bytes) -> None:
    inspected("http://h/", data, "", 0.0, 200, FetchSettings(max_pixels=250_000))


@contextmanager
def _bodies(folder: Path) -> Iterator[Callable[[bytes], object]]:
    loop = asyncio.new_event_loop()

    def read(data: bytes) -> None:
        refusals = []
        for what in (read_verdicts, read_step):

            async def receive() -> dict[str, object]:
                return {"type": "http.request", "body": data, "more_body": False}

            try:
                for value in vars_of(loop.run_until_complete(what(Request({"type": "http"}, receive)))):  # type: ignore[operator]
                    str(value).encode()
            except HTTPException as error:
                refusals.append(error)
        whole_number(data.decode("utf-8", "replace"))
        if len(refusals) == 2:
            raise refusals[0]

    try:
        yield read
    finally:
        loop.close()


def vars_of(value: Any) -> list[object]:
    """The fields of a dataclass with slots."""
    return [getattr(value, name) for name in value.__slots__]


_VERDICTS = {
    "page": "ada",
    "identity_id": "ada",
    "face_ids": ["ab" * 12 + "-0"],
    "kind": "verdict",
    "verdict": "reject",
}


PARSERS = (
    Parser(
        "manifest",
        "text",
        lambda: [written(lambda path: write_manifest(path, [ADA, person("ben", aliases=("B.", "C")), DATED]))],
        of_file("manifest.csv", read_manifest),
        cost=2,
    ),
    Parser("settings", "text", lambda: [documented_toml().encode()], of_file("corpus.toml", read_settings), cost=2),
    Parser(
        "presets",
        "text",
        lambda: [path.read_bytes() for path in PRESETS.glob("*.toml")],
        of_file("preset.toml", lambda path: load_preset(str(path))),
        (TrainingError,),
    ),
    Parser(
        "imported decisions (.jsonl)",
        "json",
        lambda: [json.dumps(_DECISION).encode() + b"\n" + json.dumps(_DECISION | {"kind": "settle"}).encode()],
        of_file("d.jsonl", lambda path: list(read_decisions(path))),
    ),
    Parser(
        "imported decisions (.csv)",
        "text",
        lambda: [_csv([_DECISION, _DECISION])],
        of_file("d.csv", lambda path: list(read_decisions(path))),
    ),
    Parser(
        "annotations (COCO)",
        "json",
        lambda: [json.dumps(_COCO).encode()],
        of_file("a.json", lambda path: read_annotations(path, [], "coco")),
    ),
    Parser(
        "annotations (Label Studio)",
        "json",
        lambda: [json.dumps([_TASK, _TASK]).encode()],
        of_file("a.json", lambda path: read_annotations(path, [], "coco")),
    ),
    Parser(
        "list of removals",
        "json",
        lambda: [json.dumps({"format": FORMAT, "salt": "ab" * 16, "hashes": ["cd" * 20, "ef" * 20]}).encode()],
        of_file("f.json", read_feed),
    ),
    Parser(
        "files of a folder",
        "text",
        lambda: [b'identity_id,picture,taken_on,box\nada,a/1.jpg,2004,"1,2,3,4"\n'],
        of_file("p.csv", read_folder_list),
    ),
    Parser(
        "labels of FairFace",
        "text",
        lambda: [b"file,age,gender,race\ntrain/1.jpg,20-29,Male,White\ntrain/2.jpg,more than 70,Female,Black\n"],
        of_file("fairface_label_val.csv", _labels_of(Layout.FAIRFACE)),
    ),
    Parser(
        "labels of IMDB-WIKI",
        "bytes",
        lambda: [written(_matlab, "wiki.mat")],
        of_file("wiki.mat", _labels_of(Layout.IMDB_WIKI)),
        brief=1,  # each is read in a process of its own
    ),
    Parser("list (.csv)", "text", lambda: [_TABLE.encode(), b"Ada,https://h/1.jpg"], of_file("l.csv", _read_addresses)),
    Parser("list (.tsv)", "text", lambda: [_FACESCRUB.encode(), _PUBFIG.encode()], of_file("l.tsv", _read_addresses)),
    Parser("list (VGGFace)", "text", lambda: [_VGGFACE.encode()], of_file("Ada.txt", _read_addresses)),
    Parser(
        "list (.jsonl)",
        "json",
        lambda: [json.dumps(_LISTED).encode(), json.dumps({"name": "A", "url": "u"}).encode()],
        of_file("l.jsonl", _read_addresses),
    ),
    Parser("list (.parquet)", "bytes", lambda: [written(_parquet_list)], of_file("l.parquet", _read_addresses)),
    Parser(
        "list to forget",
        "text",
        lambda: [b"# remark\nhttps://h/1.jpg\n" + b"ab" * 32 + b"\n" + b"ab" * 12 + b"-0"],
        of_file("list.csv", read_list),
    ),
    Parser("archive (zip)", "bytes", lambda: [written(_archive("zip"))], of_file("a.zip", _read_archive)),
    Parser("archive (tar)", "bytes", lambda: [written(_archive("tar"))], of_file("a.tar", _read_archive)),
    Parser("headers of pictures", "bytes", _pictures, simple(_inspect), cost=2),
    Parser("picture decoder", "bytes", _pictures, simple(_decode), cost=6),
    Parser(
        "requests of the page",
        "json",
        lambda: [json.dumps(_VERDICTS).encode(), b'{"page": "ada", "batch": 7}'],
        _bodies,
        (HTTPException,),
        sentences=False,
    ),
)
