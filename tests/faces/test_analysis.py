"""The analysis of one photograph as a whole, also of a large one."""

import io
from dataclasses import fields, replace

import numpy as np
from demo_faces import MAX_PIXELS, SETTINGS, analysis_of, boxes_of, enlarged, large_jpeg, loaded, picture_of, portrait
from demo_photographs import of_kind
from drawn_pictures import encoded
from PIL import Image

from facecorpus.faces.align import face_chip
from facecorpus.faces.analyze import see
from facecorpus.faces.boxes import iou
from facecorpus.faces.decode import decode
from facecorpus.faces.quality import quality
from facecorpus.records import Face


def test_the_same_bytes_give_the_same_analysis() -> None:
    row = of_kind("group")[0]
    first, second = analysis_of(row), analysis_of(row)
    assert (first.phash, first.crops) == (second.phash, second.crops)
    for one, other in zip(first.faces, second.faces, strict=True):
        assert np.array_equal(one.embedding, other.embedding)
        assert np.array_equal(one.landmarks, other.landmarks)
        plain = [field.name for field in fields(Face) if field.name not in ("embedding", "landmarks")]
        assert [getattr(one, name) for name in plain] == [getattr(other, name) for name in plain]


def test_faces_are_numbered_by_score_and_each_has_its_crop() -> None:
    row = of_kind("group")[0]
    analysis = analysis_of(row)
    assert len(analysis.faces) > 1
    scores = [face.score for face in analysis.faces]
    assert scores == sorted(scores, reverse=True)
    assert [face.face_id for face in analysis.faces] == [f"{analysis.sha256[:24]}-{n}" for n in range(len(scores))]
    assert {Image.open(io.BytesIO(crop)).size for crop in analysis.crops} == {(224, 224)}
    assert len(analysis.crops) == len(scores)
    assert (analysis.width, analysis.height) == (row.width, row.height)
    for face in analysis.faces:
        assert face.embedding.shape == (128,)
        assert face.embedding.dtype == face.landmarks.dtype == np.float32
        assert face.landmarks.shape == (5, 2)
        assert len(face.phash) == len(face.dhash) == 32


def test_a_photograph_of_nobody_is_analysed_too() -> None:
    analysis = analysis_of(of_kind("no_face", transform="landscape")[0])
    assert analysis.faces == ()
    assert analysis.crops == ()
    assert len(analysis.phash) == 32


# Large photographs


def test_faces_of_a_reduced_photograph_stand_where_they_do_in_the_whole_one() -> None:
    data, row = large_jpeg(6)
    found = see(data, "0" * 64, loaded(), SETTINGS, MAX_PIXELS).analysis
    height, width = decode(data, MAX_PIXELS).picture.shape[:2]
    assert (found.width, found.height) == (width, height)
    (face,) = found.faces
    times = width / (row.width or 1)
    assert iou(face.box, tuple(times * side for side in boxes_of(row)[0])) > 0.4  # type: ignore[arg-type]
    plain = analysis_of(row).faces[0]
    assert np.abs(face.landmarks / times - plain.landmarks).max() < 0.05 * plain.box[2]
    assert Image.open(io.BytesIO(found.crops[0])).size == (224, 224)


def test_a_small_face_of_a_large_photograph_is_cut_from_its_full_size() -> None:
    """What is seen at a quarter of the size would be enlarged fourfold, and blurred."""
    picture = picture_of(portrait())
    canvas = np.full((3000, 4000, 3), 120, np.uint8)
    canvas[1400 : 1400 + 2 * picture.shape[0], 1800 : 1800 + 2 * picture.shape[1]] = enlarged(picture, 2)
    data = encoded(Image.fromarray(canvas), "JPEG", quality=95)
    settings = replace(SETTINGS, upsample=0)
    small = decode(data, 20_000_000, settings.detect_pixels // 2).picture
    face = see(data, "0" * 64, loaded(), settings, 20_000_000).analysis.faces[0]
    ratio = canvas.shape[1] / small.shape[1]
    blurred = quality(face_chip(small, tuple(side / ratio for side in face.box), face.landmarks / np.float32(ratio)))  # type: ignore[arg-type]
    assert ratio > 2
    assert face.sharpness > 1.5 * blurred.sharpness


def test_min_face_counts_pixels_of_the_whole_photograph() -> None:
    data, _ = large_jpeg()
    (face,) = see(data, "0" * 64, loaded(), SETTINGS, MAX_PIXELS).analysis.faces
    for least, count in ((int(face.box[2]) - 20, 1), (int(face.box[2]) + 20, 0)):
        found = see(data, "0" * 64, loaded(), replace(SETTINGS, min_face=least), MAX_PIXELS)
        assert len(found.analysis.faces) == count
