"""Descriptors are dlib's, whatever else is described with them."""

import hashlib
from functools import cache

import dlib
import numpy as np
import pytest
import torch
from demo_faces import MAX_PIXELS, SETTINGS, analysis_of, loaded, picture_of, portrait
from demo_photographs import of_kind, world
from real_photographs import PHOTOS
from torch import Tensor

from facecorpus.faces import models
from facecorpus.faces.align import face_chip
from facecorpus.faces.analyze import describe, see
from facecorpus.faces.decode import decode
from facecorpus.faces.dlib import embed
from facecorpus.faces.dlib.embed import TorchEmbedder
from facecorpus.faces.models import model_file
from facecorpus.faces.records import Picture


@cache
def chips_of_the_world() -> tuple[Picture, ...]:
    """The aligned faces of 30 photographs, those with several people first."""
    rows = sorted(of_kind("photo", transform=None), key=lambda row: -len(row.others.split(";") if row.others else ()))
    chips = []
    for row in rows[:15] + rows[-15:]:
        picture = picture_of(row)
        for found in loaded().detector.detect(picture, SETTINGS):
            chips.append(face_chip(picture, found.place, loaded().landmarker.landmarks(picture, found.place)))
    return tuple(chips)


def test_descriptors_are_those_of_dlib() -> None:
    network = dlib.face_recognition_model_v1(str(model_file(models.DESCRIPTOR)))
    chips = chips_of_the_world()
    assert len(chips) >= 30
    expected = np.array([network.compute_face_descriptor(chip) for chip in chips])
    assert np.abs(loaded().embedder.embed(chips) - expected).max() < 1e-5


def test_without_torch_s_private_functions_the_descriptors_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    chips = chips_of_the_world()[:10]
    assert embed._packs()
    monkeypatch.setattr(embed, "_packs", lambda: False)
    plain = TorchEmbedder(model_file(models.DESCRIPTOR)).embed(chips)
    assert np.abs(plain - loaded().embedder.embed(chips)).max() < 1e-5


def test_a_torch_that_has_lost_or_changed_its_private_functions_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def changed(*arguments: object) -> Tensor:
        raise TypeError("another signature")

    monkeypatch.setattr(torch._C._nn, "mkldnn_reorder_conv2d_weight", changed)
    assert not embed._packs.__wrapped__()


def test_a_descriptor_does_not_depend_on_the_other_faces_of_the_photograph() -> None:
    chips = chips_of_the_world()[:8]
    together = loaded().embedder.embed(chips)
    alone = np.concatenate([loaded().embedder.embed([chip]) for chip in reversed(chips)])
    assert np.array_equal(together, alone[::-1])


def test_faces_of_many_photographs_described_together_have_the_bits_of_each_alone() -> None:
    rows = [portrait(), *of_kind("group")[:2]]
    data = [world().read(row.file) for row in rows]
    seen = [see(one, hashlib.sha256(one).hexdigest(), loaded(), SETTINGS, MAX_PIXELS) for one in data]
    for together, row in zip(describe(seen, loaded()), rows, strict=True):
        for face, other in zip(together.faces, analysis_of(row).faces, strict=True):
            assert np.array_equal(face.embedding, other.embedding)


@pytest.mark.real
@pytest.mark.skipif(not (PHOTOS / "labels.csv").is_file(), reason=f"no real photographs at {PHOTOS}")
def test_descriptors_of_12_real_faces_are_those_of_dlib() -> None:
    network = dlib.face_recognition_model_v1(str(model_file(models.DESCRIPTOR)))
    compared, largest = 0, 0.0
    for path in sorted(PHOTOS.glob("*/*")):
        if compared >= 12:
            break
        picture = decode(path.read_bytes(), 10 * MAX_PIXELS).picture
        found = loaded().detector.detect(picture, SETTINGS)
        chips = [face_chip(picture, face.place, loaded().landmarker.landmarks(picture, face.place)) for face in found]
        for chip, ours in zip(chips, loaded().embedder.embed(chips), strict=True):
            largest = max(largest, float(np.abs(ours - network.compute_face_descriptor(chip)).max()))
            compared += 1
    assert compared >= 12
    assert largest < 1e-3


def test_no_faces_have_no_descriptors() -> None:
    assert loaded().embedder.embed([]).shape == (0, 128)


def test_faces_of_one_person_are_nearer_than_those_of_two() -> None:
    one = portrait()
    same = [row for row in of_kind("photo", true_identity=one.true_identity) if not row.others][:3]
    other = next(row for row in of_kind("photo", gender=one.gender) if row.true_identity != one.true_identity)
    *own, stranger = (analysis_of(row).faces[0].embedding for row in [*same, other])
    within = max(np.linalg.norm(a - b) for a in own for b in own)
    assert within < min(np.linalg.norm(a - stranger) for a in own)
