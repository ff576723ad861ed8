"""Verdicts from COCO's and Label Studio's files meet the faces of the corpus."""

import json
from pathlib import Path
from typing import Any

import pytest
from build_corpus import face_id, ready_corpus, sha256, shots

from facecorpus.cli import run
from facecorpus.corpus import Corpus
from facecorpus.errors import FacecorpusError
from facecorpus.judging.exchange import import_decisions

FACES = shots(("ada", "ben"), 3)
BOX = [45.0, 45.0, 72.0, 72.0]  # of each face, in pictures of 160 × 160


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return ready_corpus(tmp_path / "corpus", FACES)


def verdicts(corpus: Corpus, reviewer: str) -> dict[str, tuple[str, str]]:
    with corpus.catalog() as catalog:
        rows = catalog.query("SELECT face_id, verdict, reason FROM decision WHERE reviewer = ?", (reviewer,))
        return {row["face_id"]: (row["verdict"], row["reason"] or "") for row in rows}


def written(folder: Path, document: Any) -> Path:
    (folder / "annotations.json").write_text(json.dumps(document))
    return folder / "annotations.json"


def coco(*said: tuple[str, str, list[float]], **info: str) -> dict[str, Any]:
    """Pictures with a word and a box each."""
    words = sorted({word for _, word, _ in said})
    return {
        "info": info,
        "categories": [{"id": number, "name": word} for number, word in enumerate(words, 1)],
        "images": [{"id": n, "file_name": name, "width": 320, "height": 320} for n, (name, _, _) in enumerate(said)],
        "annotations": [
            {"id": n, "image_id": n, "category_id": 1 + words.index(word), "bbox": box, "iscrowd": 0}
            for n, (_, word, box) in enumerate(said)
        ],
    }


def task(picture: str, *results: dict[str, Any], by: Any = 7, **more: Any) -> dict[str, Any]:
    times = {"created_at": "2026-01-05T10:00:00.123456Z", "updated_at": "2026-01-05T11:00:00.123456Z"}
    annotation = {"id": 1, "completed_by": by, "was_cancelled": False, "result": list(results), **times, **more}
    return {"id": 1, "data": {"image": picture}, "annotations": [annotation]}


def chosen(*words: str) -> dict[str, Any]:
    return {"type": "choices", "from_name": "verdict", "to_name": "image", "value": {"choices": list(words)}}


def test_a_coco_file_is_known_by_face_id_by_hash_and_by_box(corpus: Corpus, tmp_path: Path) -> None:
    one, two, three, four = FACES[:4]
    wide = [2 * side for side in BOX]  # the file's pictures are twice as large
    file = written(
        tmp_path,
        coco(
            (f"crops/ab/cd/{face_id(one)}.jpg", "Accept", [0.0, 0.0, 320.0, 320.0]),
            (f"{sha256(two)}.jpg", "wrong_person", wide),
            (f"{sha256(three)}.jpg", "reject", [0.0, 0.0, 20.0, 20.0]),  # no face is there
            ("holiday.jpg", "reject", wide),
            (f"{face_id(four)}.jpg", "a tree", wide),  # no verdict
            date_created="2026/01/05",
        ),
    )
    taken = import_decisions(corpus, file, reviewer="cvat")
    assert (taken.added, taken.without_face) == (2, 2)
    assert verdicts(corpus, "cvat") == {face_id(one): ("accept", ""), face_id(two): ("reject", "wrong person")}
    assert import_decisions(corpus, file, reviewer="cvat").added == 0


def test_label_studio_names_its_annotators(corpus: Corpus, tmp_path: Path) -> None:
    one, two, three, four = FACES[:4]
    region = {"x": 28.125, "y": 28.125, "width": 45.0, "height": 45.0, "rotation": 0}
    box = {"id": "r1", "type": "rectanglelabels", "value": region | {"rectanglelabels": ["quality"]}}
    rest = {"id": "r1", "type": "choices", "value": region | {"choices": ["reject"]}}
    file = written(
        tmp_path,
        [
            task(f"/data/upload/1/0a1b2c3d-{face_id(one)}.jpg", chosen("accept")),
            task(f"/data/local-files/?d=photos/{sha256(two)}", box, rest, by={"id": 3, "email": "bob@example.org"}),
            task(f"s3://bucket/{sha256(three)}.png", chosen("reject")),
            task(f"{face_id(four)}.jpg", chosen("reject"), was_cancelled=True),
        ],
    )
    assert import_decisions(corpus, file).added == 3
    assert verdicts(corpus, "label studio 7") == {face_id(one): ("accept", ""), face_id(three): ("reject", "")}
    assert verdicts(corpus, "label studio bob@example.org") == {face_id(two): ("reject", "quality")}


@pytest.mark.parametrize(
    "document",
    [
        [],
        [{"image": "x.jpg", "choice": "accept"}],
        {"images": [], "annotations": [], "categories": []},
        coco(("x.jpg", "accept", [1.0, 2.0])),
        coco(("x.jpg", "accept", [1.0, 2.0, 0.0, 4.0])),
        {"images": {}, "annotations": 3},
        "words",
        None,
    ],
)
def test_other_json_is_one_sentence_and_nothing_is_taken_over(
    corpus: Corpus, tmp_path: Path, document: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, document)
    assert run(["review", "import", str(file), "-C", str(corpus.root)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"facecorpus: {file} ")
    assert "Traceback" not in said
    assert verdicts(corpus, "coco") == {}


def test_a_name_that_is_none_and_a_time_to_come_are_refused(corpus: Corpus, tmp_path: Path) -> None:
    name = f"{face_id(FACES[0])}.jpg"
    with pytest.raises(FacecorpusError, match="no reviewer's name"):
        import_decisions(corpus, written(tmp_path, coco((name, "accept", BOX))), reviewer="=1+1")
    with pytest.raises(FacecorpusError, match="lies in the future"):
        import_decisions(corpus, written(tmp_path, coco((name, "accept", BOX), date_created="2999-01-01")))
