"""A descriptor that the user brings: the same numbers as of dlib's own, and one sentence for what is wrong."""

import builtins
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest
from demo_faces import MAX_PIXELS, SETTINGS, analysis_of, loaded, picture_of, portrait
from demo_photographs import world
from onnx_networks import DLIBS_POINTS, write_dlibs, write_little, write_recipe

from facecorpus.errors import ModelError
from facecorpus.faces.align import aligned_crop, mean_face
from facecorpus.faces.analyze import analyze, described_again
from facecorpus.faces.embed import DLIB
from facecorpus.faces.models import Models
from facecorpus.faces.onnx_descriptor import OnnxDescriptor

LITTLE = np.random.default_rng(0).integers(0, 256, (7, 16, 16, 3), np.uint8)


@pytest.fixture(scope="module")
def dlibs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield write_dlibs(tmp_path_factory.mktemp("models") / "dlib.onnx")


def shown_by(path: Path) -> Models:
    return Models(loaded().detector, loaded().landmarker, OnnxDescriptor(path))


def test_dlibs_own_network_as_a_file_gives_todays_numbers(dlibs: Path) -> None:
    row = portrait()
    data = world().read(row.file)
    (face,) = analyze(data, analysis_of(row).sha256, shown_by(dlibs), SETTINGS, MAX_PIXELS).faces
    (known,) = analysis_of(row).faces
    assert np.abs(face.embedding - known.embedding).max() < 1e-4
    network, recipe = (hashlib.sha256(path.read_bytes()).hexdigest() for path in (dlibs, dlibs.with_suffix(".toml")))
    assert face.descriptor == f"dlib, 128 numbers, sha256 {network} with {recipe}"
    assert known.descriptor == loaded().embedder.model == DLIB


def test_cut_by_five_points_it_is_nearly_the_same(dlibs: Path, tmp_path: Path) -> None:
    path = tmp_path / "points.onnx"
    path.write_bytes(dlibs.read_bytes())
    path.with_suffix(".toml").write_text(
        dlibs.with_suffix(".toml").read_text().replace("'dlib'\nchannels", f"{DLIBS_POINTS}\nchannels")
    )
    row = portrait()
    (face,) = analyze(world().read(row.file), analysis_of(row).sha256, shown_by(path), SETTINGS, MAX_PIXELS).faces
    assert "[" in path.with_suffix(".toml").read_text()
    assert 0 < np.linalg.norm(face.embedding - analysis_of(row).faces[0].embedding) < 0.15


def test_a_known_face_is_described_again_where_it_is(dlibs: Path) -> None:
    row = portrait()
    known = analysis_of(row).faces
    again = described_again(world().read(row.file), known, OnnxDescriptor(dlibs), MAX_PIXELS)
    assert again.shape == (1, 128)
    assert np.abs(again[0] - known[0].embedding).max() < 0.05  # of a photograph of another reduction


def test_the_recipe_is_followed(tmp_path: Path) -> None:
    means = LITTLE.mean(axis=(1, 2), dtype=np.float64)
    plain = OnnxDescriptor(write_little(tmp_path / "plain.onnx"))
    assert plain.model.startswith("little, 5 numbers, sha256 ")
    found = plain.embed(LITTLE)
    assert found.dtype == np.float32
    assert np.allclose(found[:, :3], means, rtol=1e-5)
    assert not found[:, 3:].any()
    assert np.allclose(plain.embed(LITTLE[:0]).shape, (0, 5))
    changes: dict[str, object] = {"channels": "BGR", "mean": [10, 20, 30], "scale": [0.5, 2, 1]}
    turned = OnnxDescriptor(write_little(tmp_path / "turned.onnx", **changes))
    expected = (means[:, ::-1] - [10, 20, 30]) * [0.5, 2, 1]
    assert np.allclose(turned.embed(LITTLE)[:, :3], expected, rtol=1e-5)
    whole = OnnxDescriptor(write_little(tmp_path / "whole.onnx", normalise=True, same_person=1.2))
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    assert np.allclose(whole.embed(LITTLE)[:, :3], means / lengths * 0.5, rtol=1e-5)
    picture, landmarks = picture_of(portrait()), analysis_of(portrait()).faces[0].landmarks
    chip = np.zeros((150, 150, 3), np.uint8)
    points = write_little(tmp_path / "points.onnx", template=mean_face(16).tolist())
    assert np.array_equal(
        OnnxDescriptor(points).aligned(picture, landmarks, chip), aligned_crop(picture, landmarks, 16)
    )


def test_a_face_has_the_same_bits_in_any_company(dlibs: Path) -> None:
    chips = np.random.default_rng(1).integers(0, 256, (3, 150, 150, 3), np.uint8)
    descriptor = OnnxDescriptor(dlibs)
    assert np.array_equal(descriptor.embed(chips)[::-1], np.concatenate([descriptor.embed([c]) for c in chips[::-1]]))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"size": None}, "the key size is missing"),
        ({"colour": "RGB"}, "unknown key 'colour'; its keys are name, size, template"),
        ({"size": 8}, "size must be a whole number from 16 to 1024, not '8'"),
        ({"size": True}, "size must be a whole number"),
        ({"template": "dlib"}, "size must be 150 where template is 'dlib', not 16"),
        ({"template": [[1, 2], [3, 4]]}, "template must be five points"),
        ({"template": [[1, 2], [3]]}, "template must be five points"),
        ({"channels": "rgb"}, 'channels must be "RGB" or "BGR"'),
        ({"mean": [1, 2]}, "mean must be a number, or three"),
        ({"scale": "1/256"}, "scale must be a number, or three"),
        ({"normalise": 1}, "normalise must be true or false"),
        ({"same_person": 0}, "same_person must be a number above 0"),
        ({"name": "a\x1b"}, "name must be a text"),
        ({"name": ""}, "name must be a text"),
    ],
)
def test_a_wrong_recipe_is_one_sentence(changes: Mapping[str, object], sentence: str, tmp_path: Path) -> None:
    path = write_little(tmp_path / "little.onnx")
    write_recipe(path, {"size": 16, "template": mean_face(16).tolist()} | changes)
    if changes.get("name") == "a\x1b":
        text = path.with_suffix(".toml").read_text()
        path.with_suffix(".toml").write_text(text.replace("'a\\x1b'", '"a\\u001b"'))
    with pytest.raises(ModelError) as error:
        OnnxDescriptor(path)
    assert str(error.value).startswith(f"{path.with_suffix('.toml')}: ")
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_missing_or_damaged_or_foreign_is_one_sentence(tmp_path: Path, dlibs: Path) -> None:
    def refused(path: Path) -> str:
        with pytest.raises(ModelError) as error:
            OnnxDescriptor(path)
        assert "\n" not in str(error.value)
        return str(error.value)

    path = write_little(tmp_path / "little.onnx")
    sound = path.read_bytes()
    path.write_bytes(sound[: len(sound) // 2])
    assert "no network that describes faces" in refused(path)
    path.write_bytes(b"not a network")
    assert "correct descriptor_model in [faces]" in refused(path)
    path.write_bytes(dlibs.read_bytes())  # it wants 150 pixels
    assert "no network that describes faces" in refused(path)
    model = onnx.load_from_string(sound)
    model.graph.initializer[0].data_location = onnx.TensorProto.EXTERNAL
    model.graph.initializer[0].ClearField("raw_data")
    location = model.graph.initializer[0].external_data.add()
    location.key, location.value = "location", "/etc/hostname"
    path.write_bytes(model.SerializeToString())
    assert "no network that describes faces" in refused(path)
    write_little(path, numbers=3)
    model = onnx.load(path)
    del model.graph.node[1:]
    model.graph.output[0].CopyFrom(onnx.helper.make_tensor_value_info("means", onnx.TensorProto.FLOAT, [1, 3, 1, 1]))
    onnx.save(model, path)
    assert "it gives float32 of shape (1, 3, 1, 1) for a face" in refused(path)
    path.with_suffix(".toml").write_text("name = ")
    assert "is not valid TOML" in refused(path)
    path.with_suffix(".toml").unlink()
    assert "little.toml cannot be read (No such file or directory)" in refused(path)


def test_where_onnxruntime_is_missing_the_pip_line_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = builtins.__import__

    def without(name: str, *arguments: object) -> object:
        if name == "onnxruntime":
            raise ImportError(name)
        return usual(name, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModelError, match=r"pip install 'facecorpus\[onnx\]'"):
        OnnxDescriptor(write_little(tmp_path / "little.onnx"))
