"""A run's models on pictures of one's own: by the command line, as features, and as a file for other tools."""

import json
import os
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pyarrow.parquet as pq
import pytest
from calibrating import PEOPLE, decided_corpus
from demo_faces import analysis_of, picture_of, portrait
from demo_photographs import world
from PIL import Image
from tiny_preset import changed_preset
from training_shards import coloured_rows, write_shards
from typer.testing import CliRunner, Result

from facecorpus.cli import app
from facecorpus.corpus import Corpus
from facecorpus.faces.align import aligned_crop
from facecorpus.faces.onnx_descriptor import OnnxDescriptor
from training import load_model, train_all

TASKS = ["identity", "age_group", "race", "gender"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run; that it learned from coloured patterns matters to nothing here."""
    folder = tmp_path_factory.mktemp("asked")
    preset = changed_preset(folder, iterations=4, head_iterations=4, evaluate_every=2, out_of_fold=0)
    train_all(
        write_shards(folder / "shards", coloured_rows()), folder / "run", preset=preset, protocols=["photo"], workers=1
    )
    return folder / "run"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with a rendered portrait, a picture without a face, a text, and a damaged picture."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(world().read(portrait().file))
    Image.new("RGB", (64, 64), "white").save(folder / "b.png")
    (folder / "c.txt").write_text("no picture", encoding="utf-8")
    (folder / "d.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    return folder


def _facecorpus(*words: object) -> Result:
    return CliRunner().invoke(app, [os.fspath(word) if isinstance(word, Path) else str(word) for word in words])


def test_every_face_gets_an_answer_of_each_task(run: Path, pictures: Path, tmp_path: Path) -> None:
    ended = _facecorpus("predict", pictures, "--run", run, "--json", "--draw", tmp_path / "drawn")
    assert ended.exit_code == 0, ended.output
    said = json.loads(ended.stdout)
    assert said["tasks"] == TASKS
    portrait_said, empty, damaged = said["images"]
    classes = load_model(run).classes
    (face,) = portrait_said["faces"]
    for task in TASKS:
        assert face["answers"][task]["answer"] in classes[task]
        assert 1 / len(classes[task]) - 1e-4 <= face["answers"][task]["probability"] <= 1
    assert empty["faces"] == []
    assert "ends" in damaged["error"] or "damaged" in damaged["error"]
    drawn = Image.open(tmp_path / "drawn" / "a.png").convert("RGB")
    assert (255, 212, 0) in {color for _, color in drawn.getcolors(drawn.width * drawn.height) or []}
    assert "no fact about anybody" in ended.stderr


def test_pictures_of_one_name_are_drawn_beside_each_other(run: Path, tmp_path: Path) -> None:
    folder, other = tmp_path / "pictures", tmp_path / "other"
    colours = {folder / "a.jpg": 10, folder / "a.png": 90, folder / "a-2.png": 170, other / "A.png": 250}
    for path, grey in colours.items():
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (64, 64), (grey, grey, grey)).save(path)
    ended = _facecorpus("predict", folder, other, "--run", run, "--draw", tmp_path / "drawn")
    assert ended.exit_code == 0, ended.output
    drawn = sorted(Image.open(path).convert("L").getpixel((0, 0)) for path in (tmp_path / "drawn").iterdir())
    assert drawn == pytest.approx(sorted(colours.values()), abs=2)


def test_a_person_reads_a_table(run: Path, pictures: Path) -> None:
    ended = _facecorpus("predict", pictures / "a.jpg", pictures / "b.png", "--run", run)
    assert ended.exit_code == 0
    assert "a.jpg" in ended.stdout
    assert "no face was found" in ended.stdout
    assert ended.stderr.count("no fact about anybody") == 1


def test_features_are_a_row_a_face(run: Path, pictures: Path, tmp_path: Path) -> None:
    ended = _facecorpus("features", pictures, "--run", run, "--out", tmp_path / "features.parquet")
    assert ended.exit_code == 0, ended.output
    table = pq.read_table(tmp_path / "features.parquet")
    assert table["path"].to_pylist() == [str(pictures / "a.jpg")]
    widths = {task: load_model(run).features(np.zeros((1, 16, 16, 3), np.uint8))[task].shape[1] for task in TASKS}
    assert {task: len(table[f"{task}_features"][0]) for task in TASKS} == widths


def test_another_runtime_gives_the_same_numbers(run: Path, tmp_path: Path) -> None:
    ended = _facecorpus("export", "model", tmp_path / "models.onnx", "--run", run, "--format", "onnx", "--json")
    assert ended.exit_code == 0, ended.output
    graph = onnx.load(str(tmp_path / "models.onnx"))
    onnx.checker.check_model(graph)
    model = load_model(run)
    assert json.loads({prop.key: prop.value for prop in graph.metadata_props}["classes"])["race"] == list(
        model.classes["race"]
    )
    images = np.random.default_rng(3).integers(0, 256, (7, 16, 16, 3), np.uint8)
    session = onnxruntime.InferenceSession(str(tmp_path / "models.onnx"))
    given = dict(zip([one.name for one in session.get_outputs()], session.run(None, {"images": images}), strict=True))
    for task in TASKS:
        assert np.abs(given[task] - model.probabilities(images)[task]).max() < 1e-4
        assert np.abs(given[f"{task}_features"] - model.features(images)[task]).max() < 1e-4


def test_the_identity_network_describes_faces_and_is_calibrated(run: Path, tmp_path: Path) -> None:
    ended = _facecorpus("export", "model", tmp_path / "own.onnx", "--run", run, "--format", "descriptor", "--json")
    assert ended.exit_code == 0, ended.output
    descriptor, model = OnnxDescriptor(tmp_path / "own.onnx"), load_model(run)
    rows = coloured_rows(people=len(PEOPLE), photographs=11)
    images = model.images([row.image for row in rows])
    features = model.features(images)["identity"]
    described = descriptor.embed(images)
    assert np.abs(described - features / np.linalg.norm(features, axis=1, keepdims=True)).max() < 1e-4
    # As the network is shown a face, the training's images were made.
    picture, (face,) = picture_of(portrait()), analysis_of(portrait()).faces
    shown = descriptor.aligned(picture, face.landmarks, np.zeros((150, 150, 3), np.uint8))
    assert np.abs(shown - aligned_crop(picture, face.landmarks, 16).astype(int)).max() <= 1
    faces = {
        f"{PEOPLE[row.identity]}a{place}": (PEOPLE[row.identity], described[place]) for place, row in enumerate(rows)
    }
    corpus = decided_corpus(tmp_path, faces, descriptor.model)
    ended = _facecorpus("calibrate", "-C", corpus.root, "--json")
    assert ended.exit_code == 0, ended.output
    assert (
        json.loads(ended.stdout)["descriptor"] == descriptor.model == Corpus(corpus.root).settings.likeness.descriptor
    )
    ended = _facecorpus("dedup", "-C", corpus.root)
    assert ended.exit_code == 0, ended.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("predict", "missing.jpg"), "missing.jpg is neither a file nor a folder; name pictures, or a folder of them."),
        (("predict", "{empty}"), "holds no picture; name a folder with JPEG, PNG, GIF, WebP, BMP or TIFF files."),
        (("predict", "{damaged}"), "None of the 1 pictures could be used; the first:"),
        (("export", "model", "out.bin", "--format", "onnx9"), "--format may be onnx or descriptor, not 'onnx9'"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(
    run: Path, pictures: Path, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    (tmp_path / "empty").mkdir()
    places = {"empty": tmp_path / "empty", "damaged": pictures / "d.jpg"}
    ended = _facecorpus(*(word.format(**places) for word in words), "--run", run)
    assert sentence in str(ended.exception)


def test_a_folder_without_models_is_one_sentence(pictures: Path, tmp_path: Path) -> None:
    ended = _facecorpus("predict", pictures, "--run", tmp_path)
    assert "has no models: name the folder of a finished run" in str(ended.exception)
