"""Exports read back, and verdicts written, by the libraries that cannot be installed beside facecorpus.

    python benchmarks/round_trips.py [--only NAME] [--folder DIR]

Each library gets an environment of its own, by pip; FiftyOne's takes 1 GB. A small corpus of invented pictures is built
and exported. The library reads the export with its own reader, and every picture and person is held against the shards;
datumaro writes verdicts as COCO, and facecorpus reads them. One line for each says what came out.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))
from build_corpus import ready_corpus, rows_by_face, shots

from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.export.stage import export
from facecorpus.judging.annotations import read_annotations

READERS = {
    "mxnet": (
        "recordio",
        ("mxnet==1.9.1", "numpy==1.23.5"),  # the last numpy that it can be imported with
        """
from mxnet import recordio
for split in ("train", "test"):
    file = recordio.MXIndexedRecordIO(f"{out}/{split}.idx", f"{out}/{split}.rec", "r")
    begin, end = map(int, recordio.unpack(file.read_idx(0))[0].label)
    names = [line.split("\\t") for line in open(f"{out}/{split}.lst")]
    for person in range(begin, end):  # as insightface's MXFaceDataset goes through them
        first, last = map(int, recordio.unpack(file.read_idx(person))[0].label)
        for number in range(first, last):
            header, picture = recordio.unpack(file.read_idx(number))
            assert float(names[number - 1][1]) == header.label
            found(names[number - 1][2].strip(), picture, PEOPLE[int(header.label)])
""",
    ),
    "label-studio-sdk": (
        "labelstudio",
        ("label-studio-sdk",),
        """
from label_studio_sdk.label_interface import LabelInterface
interface = LabelInterface(open(f"{out}/config.xml").read())
for task in json.load(open(f"{out}/tasks.json")):
    (prediction,) = task.pop("predictions")  # validate_task calls validate_prediction wrongly
    assert interface.validate_task(task) and interface.validate_prediction(prediction, return_errors=True) == []
    path = task["data"]["image"].removeprefix("/data/local-files/?d=")
    said = {one["from_name"]: one["value"] for one in prediction["result"]}
    found(path, open(f"{out}/{path}", "rb").read(), said["identity"]["choices"][0])
""",
    ),
    "fiftyone": (
        "fiftyone",
        ("fiftyone",),
        """
from fiftyone.utils.data.importers import FiftyOneImageDetectionDatasetImporter
for split in ("train", "test"):
    importer = FiftyOneImageDetectionDatasetImporter(dataset_dir=f"{out}/{split}")  # what from_dir reads with
    with importer:
        for path, _, label in importer:
            (one,) = label.detections
            assert one.bounding_box == [0, 0, 1, 1]
            found(path, open(path, "rb").read(), one.label)
""",
    ),
}
WRITES_COCO = """
from datumaro.components.annotation import Bbox
from datumaro.components.dataset import Dataset
from datumaro.components.dataset_base import DatasetItem
from datumaro.components.media import Image
import pathlib
words = ["accept", "reject", "wrong person"]
items = [
    DatasetItem(id=file.stem, subset="done", media=Image.from_file(str(file)),
                annotations=[Bbox(0, 0, 224, 224, label=number % 3)])
    for number, file in enumerate(sorted(pathlib.Path(f"{out}/images").iterdir()))
]
Dataset.from_iterable(items, categories=words).export(f"{out}/written", "coco_instances")
for number, item in enumerate(items):
    found(item.id, b"", words[number % 3])
"""
HEAD = """
import hashlib, json, os, sys
out, PEOPLE, faces = sys.argv[1], ("ada", "ben", "cleo", "dan"), {}
def found(name, picture, person):
    faces[os.path.splitext(os.path.basename(name))[0]] = [hashlib.sha256(picture).hexdigest(), person]
"""


def main() -> None:
    """Try each library, and say what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[*READERS, "datumaro"])
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as scratch:
        corpus = ready_corpus(Path(scratch) / "corpus", shots(each=5))
        build_shards(corpus)
        for name in [given.only] if given.only else [*READERS, "datumaro"]:
            home = Path(scratch) / name
            home.mkdir()
            print(f"{name}: {writes(corpus, home) if name == 'datumaro' else reads(corpus, name, home)}", flush=True)


def reads(corpus: Corpus, name: str, home: Path) -> str:
    """Export, let the library read it, and compare."""
    layout, packages, program = READERS[name]
    export(corpus.shards, home / "out", layout)
    version, faces = run_in(home, packages, program)
    people = ("ada", "ben", "cleo", "dan")
    rows = rows_by_face(corpus.shards)
    same = {face: [row["image_sha256"], people[row["identity"]]] for face, row in rows.items()} == faces
    return f"{version} read {len(faces)} of {len(rows)} faces of `{layout}`, {'the same' if same else 'NOT the same'}"


def writes(corpus: Corpus, home: Path) -> str:
    """Let datumaro write verdicts, and read them."""
    export(corpus.shards, home / "out", "coco")
    version, faces = run_in(home, ("datumaro",), WRITES_COCO)
    (file,) = (home / "out" / "written" / "annotations").glob("*.json")
    with corpus.catalog() as catalog:
        read = read_annotations(file, catalog.known_faces.all(), "me")
    said = {one.face_id: one.reason or one.verdict for one in read.words}
    same = said == {face: word for face, (_, word) in faces.items()}
    return f"{version} wrote {len(faces)} verdicts as COCO, {len(said)} read, {'the same' if same else 'NOT the same'}"


def run_in(home: Path, packages: tuple[str, ...], program: str) -> tuple[str, dict[str, list[str]]]:
    """Run a program in an environment with these packages; their version, and the faces that it found."""
    subprocess.run([sys.executable, "-m", "venv", home / "venv"], check=True)
    python = home / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True, stderr=subprocess.DEVNULL)
    name = packages[0].split("==")[0]
    tail = f"\nfrom importlib.metadata import version\nprint(json.dumps([version({name!r}), faces]))"
    (home / "program.py").write_text(HEAD + program + tail)
    ended = subprocess.run(
        [python, home / "program.py", home / "out"],
        env={"PATH": "", "HOME": str(home), "FIFTYONE_DO_NOT_TRACK": "true"},
        check=True,
        stdout=subprocess.PIPE,
    )
    version, faces = json.loads(ended.stdout.splitlines()[-1])
    return version, faces


if __name__ == "__main__":
    main()
