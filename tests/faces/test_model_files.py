"""Model files are the known ones, to the byte; one that the user supplies is named with its sha256."""

import hashlib
import shutil
from base64 import urlsafe_b64encode
from importlib.metadata import files
from pathlib import Path

import pytest
from loopback import jpeg
from people import person
from yunet_model import write_yunet

from facecorpus.corpus import init_corpus
from facecorpus.engines.find_faces import find_faces
from facecorpus.errors import ModelError
from facecorpus.faces import models
from facecorpus.faces.models import model_file
from facecorpus.manifest import write_manifest
from facecorpus.records import Candidate, Download
from facecorpus.settings import FacesSettings, Settings
from facecorpus.words import Outcome


@pytest.mark.parametrize("name", [models.LANDMARKS, models.MMOD, models.DESCRIPTOR])
def test_a_model_of_other_bytes_is_refused_with_what_to_do(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = model_file(name)
    folder = tmp_path / models.PACKAGE / "models"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    shutil.copy(known, folder / name)
    monkeypatch.syspath_prepend(tmp_path)
    assert model_file(name) == folder / name
    with (folder / name).open("r+b") as file:
        file.seek(100_000)
        byte = file.read(1)
        file.seek(100_000)
        file.write(bytes([byte[0] ^ 1]))
    found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    with pytest.raises(ModelError) as error:
        model_file(name)
    assert str(error.value) == (
        f"The model file {folder / name} is not the known one: its sha256 is {found}, expected is"
        f" {hashlib.sha256(known.read_bytes()).hexdigest()}; reinstall it with: pip install --force-reinstall"
        " face_recognition_models"
    )


def test_the_known_bytes_are_those_that_the_package_states() -> None:
    stated = {file.name: file.hash.value for file in files(models.PACKAGE) or () if file.hash}
    if not stated:
        pytest.skip("the installer noted no hashes, as old versions of pip do for packages that come as source")
    for name, known in models.SHA256.items():
        assert urlsafe_b64encode(bytes.fromhex(known)).decode().rstrip("=") == stated[name]


def test_the_users_own_model_is_named_with_its_sha256(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_yunet(tmp_path / "yunet.onnx")
    manifest = tmp_path / "people.csv"
    write_manifest(manifest, [person("ada")])
    faces = FacesSettings(detector="yunet", yunet_model=str(path), workers=1)
    corpus = init_corpus(tmp_path / "c", manifest, Settings(faces=faces))
    data = jpeg(1)
    with corpus.catalog() as catalog:
        catalog.candidates.propose([Candidate("ada", "folder", "https://h.example/a.jpg")])
        download = Download(
            "https://h.example/a.jpg", "2024-01-01T00:00:00Z", 0.1, 200, Outcome.STORED, bytes=len(data)
        )
        catalog.candidates.record(download, "image/jpeg", corpus.photos.put(data))
    find_faces(corpus)
    sentence = f"Detector yunet is {path}, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}.\n"
    assert capsys.readouterr().err.startswith(sentence)
    find_faces(corpus)
    assert "yunet" not in capsys.readouterr().err
