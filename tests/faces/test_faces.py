"""From bytes to faces: decoding what the web holds, finding and measuring faces, and choosing the subject."""

import hashlib
import io
import os
import struct
import sys
import tempfile
from dataclasses import fields, replace
from functools import cache
from pathlib import Path

import cv2
import dlib
import imagehash
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor
from yunet_model import SIDE, write_other_network, write_yunet

from facecorpus.demo.world import DemoWorld, Truth
from facecorpus.errors import ModelError, PictureError
from facecorpus.faces import detect, models
from facecorpus.faces.align import aligned_crop, face_chip
from facecorpus.faces.analyze import analyze, describe, see
from facecorpus.faces.boxes import iou
from facecorpus.faces.decode import decode
from facecorpus.faces.dlib import embed
from facecorpus.faces.dlib.embed import TorchEmbedder
from facecorpus.faces.dlib.hog import HogDetector
from facecorpus.faces.dlib.mmod import MmodDetector
from facecorpus.faces.dlib.weights import read_hog
from facecorpus.faces.hashes import dhash, phash
from facecorpus.faces.models import Models, load_models, model_file
from facecorpus.faces.quality import pitch, quality, roll, yaw
from facecorpus.faces.records import PhotoAnalysis, Picture
from facecorpus.faces.subject import LIKELY, Proposed, choose_subjects
from facecorpus.faces.turn import turned
from facecorpus.faces.yunet import YunetDetector
from facecorpus.pictures import is_cut_short, media_type, picture_size
from facecorpus.records import Face
from facecorpus.settings import FacesSettings

MAX_PIXELS = 10_000_000
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
SETTINGS = FacesSettings()
REAL = Path(os.environ.get("FACECORPUS_REAL_PHOTOS", Path(__file__).parents[3] / "shared" / "photos"))


@cache
def world() -> DemoWorld:
    return DemoWorld()


@cache
def loaded() -> Models:
    return load_models()


@cache
def mmod() -> MmodDetector:
    return MmodDetector(model_file(models.MMOD))


def of_kind(kind: str, **wanted: object) -> list[Truth]:
    return [
        row
        for row in world().truth
        if row.kind == kind and all(getattr(row, field) == value for field, value in wanted.items())
    ]


def picture_of(row: Truth) -> Picture:
    return decode(world().read(row.file), MAX_PIXELS).picture


def analysis_of(row: Truth) -> PhotoAnalysis:
    data = world().read(row.file)
    return analyze(data, hashlib.sha256(data).hexdigest(), loaded(), SETTINGS, MAX_PIXELS)


def portrait(**wanted: object) -> Truth:
    """A plain photograph of one large face that looks at the camera."""
    return next(
        row
        for row in of_kind("photo", transform=None, format="jpeg", **wanted)
        if not row.others and abs(row.yaw or 0) < 10 and (row.face_w or 0) > 100
    )


@cache
def scene() -> Image.Image:
    """40 × 30 pixels: red, with a green top left and a blue bottom right corner."""
    image = Image.new("RGB", (40, 30), (200, 30, 40))
    image.paste((20, 180, 60), (0, 0, 16, 16))
    image.paste((30, 40, 190), (24, 16, 40, 30))
    return image


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def enlarged(picture: Picture, times: int) -> Picture:
    return np.asarray(cv2.resize(picture, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC), np.uint8)


# Decoding


@pytest.mark.parametrize("kind", FORMATS)
def test_the_type_and_size_come_from_the_bytes(kind: str) -> None:
    data = encoded(scene(), kind)
    assert media_type(data) == f"image/{kind.lower()}"
    assert picture_size(data) == (40, 30)


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"}])
def test_every_layout_of_webp_states_its_size(options: dict[str, object]) -> None:
    assert picture_size(encoded(scene(), "WEBP", **options)) == (40, 30)


def test_a_picture_under_a_lying_name_is_read_for_what_it_is() -> None:
    row = next(row for row in world().truth if row.format == "lying")
    assert media_type(world().read(row.file)) == "image/jpeg"
    assert picture_of(row).shape == (row.height, row.width, 3)


@pytest.mark.parametrize("data", [b"", b"BM and other words that begin so", b"<html>", b"\xff\xd8", b"RIFF....WAVE"])
def test_other_bytes_have_no_type(data: bytes) -> None:
    assert media_type(data) is None


@pytest.mark.parametrize("kind", ["jpeg", "jpeg_grey", "jpeg_cmyk", "jpeg_exif", "png", "bmp", "gif", "webp"])
def test_each_format_of_the_web_becomes_upright_rgb(kind: str) -> None:
    row = next(row for row in world().truth if row.format == kind and row.kind == "photo")
    picture = picture_of(row)
    assert picture.shape == (row.height, row.width, 3)
    assert picture.dtype == np.uint8


@pytest.mark.parametrize("transform", ["html", "garbage", "empty", "header_only", "truncated"])
def test_what_is_no_whole_picture_is_refused_in_one_sentence(transform: str) -> None:
    for row in of_kind("broken", transform=transform)[:3]:
        with pytest.raises(PictureError) as caught:
            picture_of(row)
        assert str(caught.value).endswith(".")
        assert "\n" not in str(caught.value)


def test_an_html_page_is_called_one() -> None:
    with pytest.raises(PictureError, match="HTML page"):
        decode(b"\n<!DOCTYPE html><html>Not found</html>", MAX_PIXELS)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_cut_anywhere_is_never_half_a_picture(progressive: bool) -> None:
    data = encoded(scene().resize((160, 120)), "JPEG", progressive=progressive)
    assert not is_cut_short(data + b"bytes after the end")
    decode(data, MAX_PIXELS)
    for length in range(0, len(data) - 1, 7):
        with pytest.raises(PictureError):
            decode(data[:length], MAX_PIXELS)


def test_a_thumbnail_in_the_header_does_not_pass_for_the_end_of_the_picture() -> None:
    thumbnail = encoded(scene(), "JPEG")
    data = encoded(scene(), "JPEG")
    app = b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    with_thumbnail = data[:2] + app + data[2:]
    assert picture_size(with_thumbnail) == (40, 30)
    assert not is_cut_short(with_thumbnail)
    assert is_cut_short(with_thumbnail[:-20])


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_bytes_give_a_picture_or_a_picture_error(kind: str, data: st.DataObject) -> None:
    content = bytearray(encoded(scene(), kind))
    for _ in range(data.draw(st.integers(0, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    length = data.draw(st.integers(0, len(content)))
    try:
        picture = decode(bytes(content[:length]), MAX_PIXELS).picture
    except PictureError:
        return
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert picture.shape[2] == 3


def test_a_picture_with_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    bomb = bytearray(encoded(scene(), "PNG"))
    bomb[16:24] = struct.pack(">II", 100_000, 90_000)
    with pytest.raises(PictureError, match=r"100000 × 90000 pixels, more than 10,000,000.*max_pixels"):
        decode(bytes(bomb), MAX_PIXELS)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_the_picture_upright(kind: str, orientation: int) -> None:
    turn_back = [
        None,
        Image.Transpose.FLIP_LEFT_RIGHT,
        Image.Transpose.ROTATE_180,
        Image.Transpose.FLIP_TOP_BOTTOM,
        Image.Transpose.TRANSPOSE,
        Image.Transpose.ROTATE_90,
        Image.Transpose.TRANSVERSE,
        Image.Transpose.ROTATE_270,
    ][orientation - 1]
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = scene() if turn_back is None else scene().transpose(turn_back)
    picture = decode(encoded(stored, kind, exif=exif), MAX_PIXELS).picture
    assert picture.shape == (30, 40, 3)
    assert np.abs(picture.astype(int) - np.asarray(scene())).mean() < 8


def test_grey_palette_cmyk_and_16_bit_pictures_become_rgb() -> None:
    grey = np.linspace(0, 65535, 1200).reshape(30, 40).astype(np.uint16)
    sixteen = decode(encoded(Image.fromarray(grey), "PNG"), MAX_PIXELS).picture
    assert np.array_equal(sixteen[:, :, 1], grey >> 8)
    for image, kind in ((scene().quantize(), "GIF"), (scene().convert("CMYK"), "JPEG"), (scene(), "TIFF")):
        picture = decode(encoded(image, kind), MAX_PIXELS).picture
        assert np.abs(picture.astype(int) - np.asarray(scene())).mean() < 12
    light = decode(encoded(scene().convert("L"), "JPEG"), MAX_PIXELS).picture
    assert np.array_equal(light[:, :, 0], light[:, :, 2])


def test_what_is_transparent_becomes_white() -> None:
    image = scene().convert("RGBA")
    image.putalpha(0)
    assert (decode(encoded(image, "PNG"), MAX_PIXELS).picture == 255).all()


def test_of_a_gif_the_first_frame_counts() -> None:
    other = Image.new("RGB", (40, 30), (255, 255, 255))
    data = encoded(scene(), "GIF", save_all=True, append_images=[other])
    assert decode(data, MAX_PIXELS).picture[0, 20].tolist() == pytest.approx([200, 30, 40], abs=4)


def test_exif_says_when_a_photograph_was_taken() -> None:
    row = next(row for row in world().truth if row.format == "jpeg_exif" and row.kind == "photo")
    assert decode(world().read(row.file), MAX_PIXELS).taken_on == row.taken_on


@pytest.mark.parametrize("stated", ["0000:00:00 00:00:00", "    :  :     :  :  ", "yesterday"])
def test_an_impossible_date_is_no_date(stated: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = stated
    assert decode(encoded(scene(), "JPEG", exif=exif), MAX_PIXELS).taken_on is None


# Models


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


# Descriptors


@cache
def chips_of_the_world() -> tuple[Picture, ...]:
    """The aligned faces of 30 photographs, those with several people first."""
    rows = sorted(of_kind("photo", transform=None), key=lambda row: -len(row.others.split(";") if row.others else ()))
    chips = []
    for row in rows[:15] + rows[-15:]:
        picture = picture_of(row)
        for found in loaded().detector.detect(picture, SETTINGS):
            chips.append(face_chip(picture, found.box, loaded().landmarker.landmarks(picture, found.box)))
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
@pytest.mark.skipif(not (REAL / "labels.csv").is_file(), reason=f"no real photographs at {REAL}")
def test_descriptors_of_500_real_faces_are_those_of_dlib() -> None:
    network = dlib.face_recognition_model_v1(str(model_file(models.DESCRIPTOR)))
    compared, largest = 0, 0.0
    for path in sorted(REAL.glob("*/*")):
        if compared >= 500:
            break
        picture = decode(path.read_bytes(), 10 * MAX_PIXELS).picture
        found = loaded().detector.detect(picture, SETTINGS)
        chips = [face_chip(picture, face.box, loaded().landmarker.landmarks(picture, face.box)) for face in found]
        for chip, ours in zip(chips, loaded().embedder.embed(chips), strict=True):
            largest = max(largest, float(np.abs(ours - network.compute_face_descriptor(chip)).max()))
            compared += 1
    assert compared >= 500
    assert largest < 1e-3


def test_no_faces_have_no_descriptors() -> None:
    assert loaded().embedder.embed([]).shape == (0, 128)


# Faces


def boxes_of(row: Truth) -> list[tuple[float, float, float, float]]:
    assert row.face_x is not None
    assert row.face_y is not None
    assert row.face_w is not None
    assert row.face_h is not None
    subject = (row.face_x, row.face_y, row.face_w, row.face_h)
    return [subject, *((other.x, other.y, other.width, other.height) for other in row.others)]


def test_the_small_faces_of_a_group_are_found_and_nothing_else() -> None:
    """The narrowest are under 50 pixels wide: HOG sees none of them at the picture's own size."""
    found = expected = 0
    for row in sorted(of_kind("group"), key=lambda row: row.face_w or 0)[:4]:
        faces = loaded().detector.detect(picture_of(row), SETTINGS)
        hits = [any(iou(face.box, box) > 0.35 for face in faces) for box in boxes_of(row)]
        found, expected = found + sum(hits), expected + len(hits)
        assert len(faces) <= len(hits)
    assert found >= 0.85 * expected
    without = replace(SETTINGS, upsample=0)
    assert len(loaded().detector.detect(picture_of(row), without)) < len(boxes_of(row))


def test_a_picture_of_nobody_shows_no_face() -> None:
    for row in of_kind("no_face", transform="landscape")[:2]:
        assert loaded().detector.detect(picture_of(row), SETTINGS) == []


def test_hog_gives_the_boxes_and_scores_of_dlib() -> None:
    """On 100 pictures of one to many people, at their own size: every face that dlib finds, and no other."""
    theirs, ours = dlib.get_frontal_face_detector(), HogDetector()
    compared, largest = 0, 0.0
    for row in (of_kind("group") + of_kind("photo"))[:100]:
        grey = np.asarray(cv2.cvtColor(picture_of(row), cv2.COLOR_RGB2GRAY), np.uint8)
        boxes, scores, _ = theirs.run(grey, 0, -0.1)
        expected = {
            (box.left(), box.top(), box.right(), box.bottom()): score for box, score in zip(boxes, scores, strict=True)
        }
        found = dict(ours.run(grey, -0.1))
        assert found.keys() == expected.keys()
        compared += len(found)
        largest = max([largest, *(abs(found[box] - expected[box]) for box in found)])
    assert compared >= 90
    assert largest < 0.01


def test_of_the_pyramid_only_what_was_not_seen_is_looked_at_again() -> None:
    row = portrait()
    grey = np.asarray(cv2.cvtColor(picture_of(row), cv2.COLOR_RGB2GRAY), np.uint8)
    detector = HogDetector()
    (face,) = detector.look(grey, 1)
    assert detector.look(grey, 2, seen=1) == []
    (again,) = detector.look(grey, 2)
    assert iou(again.box, face.box) > 0.6


def test_a_picture_smaller_than_a_face_shows_none() -> None:
    for size in ((1, 1), (8, 8), (24, 24), (30, 400)):
        assert HogDetector().run(np.zeros(size, np.uint8), 0) == []


@pytest.mark.parametrize("data", [b"", b"no detector", b"\x01\x02" * 400])
def test_a_frontal_detector_that_is_another_is_refused(data: bytes) -> None:
    with pytest.raises(ModelError, match="frontal face detector"):
        read_hog(data)


def test_the_network_sees_what_dlib_sees_with_the_same_weights() -> None:
    """Boxes may lie a level of the pyramid apart, since dlib resamples in another way."""
    ours = mmod()
    theirs = dlib.cnn_face_detection_model_v1(str(model_file(models.MMOD)))
    for row in [portrait(), of_kind("group")[1]]:
        picture = picture_of(row)
        expected = [one for one in theirs(picture) if one.confidence > 0.3]
        found = ours.look(picture, 1)
        assert expected
        for one in expected:
            box = (one.rect.left(), one.rect.top(), one.rect.width(), one.rect.height())
            nearest = max(found, key=lambda face: iou(face.box, box))
            assert iou(nearest.box, box) > 0.6
            assert nearest.score == pytest.approx(one.confidence, abs=0.4)


def test_the_network_sees_nobody_in_a_landscape() -> None:
    assert mmod().detect(picture_of(of_kind("no_face", transform="landscape")[0]), SETTINGS) == []


def test_the_detector_is_chosen_by_the_settings() -> None:
    assert load_models(replace(SETTINGS, detector="mmod")).detector.name == "mmod"
    assert load_models(SETTINGS).detector.name == "hog"


def test_a_detector_file_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "damaged.dat"
    path.write_bytes(model_file(models.MMOD).read_bytes()[:200_000])
    with pytest.raises(ModelError, match=r"damaged\.dat is no face detector"):
        MmodDetector(path)


@cache
def yunet() -> YunetDetector:
    with tempfile.TemporaryDirectory() as folder:
        return YunetDetector(str(write_yunet(Path(folder) / "yunet.onnx")))


def light(height: int, width: int, squares: dict[tuple[int, int, int], int]) -> Picture:
    """A black picture with squares: left, top, side, and how light of 255."""
    picture = np.zeros((height, width, 3), np.uint8)
    for (left, top, side), value in squares.items():
        picture[top : top + side, left : left + side] = value
    return picture


@pytest.mark.parametrize("scale", [0.5, 1, 2])
def test_yunet_gives_boxes_and_scores_in_pixels_of_the_picture(scale: float) -> None:
    side = round(SIDE / scale)
    # Squares at places of the network's grid, on a picture whose own sides are no multiples of it; one is too dark.
    squares = {(2 * side, side, side): 255, (0, 2 * side, side): 204, (4 * side, 0, side): 100}
    found = yunet().look(light(4 * side - 2, 6 * side - 4, squares), scale)
    assert [face.box for face in found] == [(2 * side, side, side, side), (0, 2 * side, side, side)]
    assert [face.score for face in found] == pytest.approx([1, (204 / 255) ** 0.5], abs=0.02)


def test_yunet_looks_coarse_to_fine_as_the_others_do(tmp_path: Path) -> None:
    path = write_yunet(tmp_path / "yunet.onnx")
    detector = load_models(replace(SETTINGS, detector="yunet", yunet_model=str(path))).detector
    assert isinstance(detector, YunetDetector)
    # At the first look, of 100,000 pixels, the square fills a quarter of a cell: too little light. Closer ones show it.
    picture = light(1024, 1600, {(512, 256, 64): 255})
    assert detector.look(picture, (100_000 / (1024 * 1600)) ** 0.5) == []
    found = detector.detect(picture, replace(SETTINGS, detect_pixels=1024 * 1600, min_face=20))
    assert found
    assert min(iou(face.box, (512, 256, 64, 64)) for face in found) > 0.2


@pytest.mark.parametrize("content", [None, b"no model"])
def test_yunet_without_its_file_says_what_to_set(content: bytes | None, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"yunet_model in \[faces\]"):
        load_models(replace(SETTINGS, detector="yunet"))
    path = tmp_path / "yunet.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=r"yunet\.onnx.*yunet_model"):
        load_models(replace(SETTINGS, detector="yunet", yunet_model=str(path)))


def test_another_network_is_not_taken_for_yunet(tmp_path: Path) -> None:
    path = write_other_network(tmp_path / "other.onnx")
    with pytest.raises(ModelError, match=r"other\.onnx is no YuNet model.*yunet_model") as error:
        load_models(replace(SETTINGS, detector="yunet", yunet_model=str(path)))
    assert "\n" not in str(error.value)


def test_faces_narrower_than_min_face_are_left_out() -> None:
    row = portrait()
    (face,) = loaded().detector.detect(picture_of(row), SETTINGS)
    stricter = replace(SETTINGS, min_face=int(face.box[2]) + 1)
    assert loaded().detector.detect(picture_of(row), stricter) == []


def test_a_large_picture_gives_the_box_in_its_own_pixels() -> None:
    row = portrait()
    picture = picture_of(row)
    large = enlarged(picture, 4)
    (face,) = loaded().detector.detect(large, replace(SETTINGS, detect_pixels=picture[:, :, 0].size))
    assert iou(face.box, tuple(4 * side for side in boxes_of(row)[0])) > 0.35  # type: ignore[arg-type]


def eyes_and_nose(picture: Picture) -> tuple[tuple[float, float, float, float], np.ndarray]:
    box = loaded().detector.detect(picture, SETTINGS)[0].box
    return box, loaded().landmarker.landmarks(picture, box)


def test_aligned_crops_put_eyes_and_nose_at_the_same_place() -> None:
    picture = picture_of(portrait())
    crop = aligned_crop(picture, eyes_and_nose(picture)[1], 224)
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 14, 0.9)
    turned = np.asarray(cv2.warpAffine(picture, turn, (width, height)), np.uint8)
    again = aligned_crop(turned, eyes_and_nose(turned)[1], 224)
    assert crop.shape == again.shape == (224, 224, 3)
    difference = eyes_and_nose(crop)[1] - eyes_and_nose(again)[1]
    assert np.linalg.norm(difference, axis=1).mean() < 6


def test_a_crop_of_a_large_photograph_is_averaged_not_sampled() -> None:
    """Noise in a picture six times as large must average out, and nothing may move."""
    picture = picture_of(portrait())
    landmarks = eyes_and_nose(picture)[1]
    small = aligned_crop(picture, landmarks, 112)
    large = enlarged(picture, 6).astype(int)
    noise = np.random.default_rng(0).integers(-60, 61, large.shape)
    noisy = np.clip(large + noise, 0, 255).astype(np.uint8)
    crop = aligned_crop(noisy, (landmarks + np.float32(0.5)) * 6 - np.float32(0.5), 112)
    assert np.abs(crop.astype(int) - small).mean() < 6


def test_a_crop_at_the_edge_of_a_photograph_is_filled() -> None:
    picture = picture_of(portrait())
    outside = eyes_and_nose(picture)[1] - np.array([400, 300], np.float32)
    assert aligned_crop(picture, outside, 64).shape == (64, 64, 3)


def test_faces_of_one_person_are_nearer_than_those_of_two() -> None:
    one = portrait()
    same = [row for row in of_kind("photo", true_identity=one.true_identity) if not row.others][:3]
    other = next(row for row in of_kind("photo", gender=one.gender) if row.true_identity != one.true_identity)
    *own, stranger = (analysis_of(row).faces[0].embedding for row in [*same, other])
    within = max(np.linalg.norm(a - b) for a in own for b in own)
    assert within < min(np.linalg.norm(a - stranger) for a in own)


def test_blur_lowers_sharpness_and_shade_lowers_brightness() -> None:
    picture = picture_of(portrait())
    chip = face_chip(picture, *eyes_and_nose(picture))
    plain = quality(chip)
    assert quality(np.asarray(cv2.GaussianBlur(chip, (9, 9), 3), np.uint8)).sharpness < plain.sharpness / 2
    shaded = quality((chip // 2).astype(np.uint8))
    assert shaded.brightness == pytest.approx(plain.brightness / 2, abs=2)
    assert shaded.contrast == pytest.approx(plain.contrast / 2, abs=2)


def test_clipped_shares_and_chroma_say_how_a_face_is_exposed_and_coloured() -> None:
    chip = np.zeros((150, 150, 3), np.uint8)
    chip[:75] = 255
    measured = quality(chip)
    assert (measured.dark, measured.light, measured.chroma) == (0.5, 0.5, 0)
    chip[:, :, 0] = 100
    assert quality(chip).chroma == pytest.approx(127.5)


def test_roll_is_the_tilt_of_the_eyes() -> None:
    ahead = np.array([[60, 10], [45, 10], [0, 10], [15, 10], [30, 35]], np.float32)
    assert roll(ahead) == pytest.approx(0)
    clockwise = ahead @ np.array([[0.8, 0.6], [-0.6, 0.8]], np.float32)
    assert roll(clockwise) == pytest.approx(36.9, abs=0.1)


def test_a_head_bent_down_has_a_higher_pitch_than_one_bent_up() -> None:
    up = np.array([[60, 10], [45, 10], [0, 10], [15, 10], [30, 35]], np.float32)
    down = up + np.array([[0, 0], [0, 0], [0, 0], [0, 0], [0, 12]], np.float32)
    assert pitch(down) > pitch(up)


def test_yaw_is_zero_to_the_camera_and_signed_by_the_side() -> None:
    ahead = np.array([[60, 10], [45, 10], [0, 10], [15, 10], [30, 35]], np.float32)
    to_the_right = ahead + np.array([[0, 0], [0, 0], [0, 0], [0, 0], [10, 0]], np.float32)
    assert yaw(ahead) == pytest.approx(0)
    assert yaw(to_the_right) == pytest.approx(26.6, abs=0.1)
    rolled = to_the_right @ np.array([[0.8, 0.6], [-0.6, 0.8]], np.float32)
    assert yaw(rolled) == pytest.approx(26.6, abs=0.1)


@pytest.mark.parametrize("side", [-1, 1])
def test_yaw_of_turned_heads_has_their_sign(side: int) -> None:
    turned = [row for row in of_kind("photo", transform=None) if not row.others and 18 < (row.yaw or 0) * side < 28]
    for row in turned[:2]:
        assert yaw(eyes_and_nose(picture_of(row))[1]) * side > 5


def test_hashes_are_those_of_imagehash() -> None:
    picture = picture_of(portrait())
    image = Image.fromarray(picture)
    assert phash(picture).hex() == str(imagehash.phash(image, hash_size=16))
    assert dhash(picture).hex() == str(imagehash.dhash(image, hash_size=16))


# The analysis of one photograph


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


# The subject


def made_face(photo: str, number: int, *place: float) -> Face:
    """A face at a place of descriptor space, in units of the distance that is still likely the same person."""
    embedding = np.zeros(128, np.float32)
    embedding[: len(place)] = np.array(place) * LIKELY
    return Face(
        face_id=f"{photo}-{number}",
        photo_sha256=photo,
        box=(0, 0, 50 + number, 50),
        landmarks=np.zeros((5, 2), np.float32),
        detector="made",
        score=1.0,
        embedding=embedding,
        sharpness=1.0,
        brightness=1.0,
        contrast=1.0,
        yaw=0.0,
        phash=bytes(32),
        dhash=bytes(32),
    )


def alone(identity: str, *place: float) -> Proposed:
    """Photographs of a person alone, all alike."""
    return [(made_face(f"{identity}{number}", 0, *place), (identity,)) for number in "123"]


ADA, BEN = (0.0,), (0.0, 5.0)


def test_in_a_group_the_face_like_the_persons_other_photographs_is_the_subject() -> None:
    group = [(made_face("group", n, *place), ("ada",)) for n, place in enumerate([(3.0,), (0.2,), (0.0, 4.0)])]
    chosen = choose_subjects([*alone("ada", *ADA), *group])
    assert chosen == {"ada1-0": "ada", "ada2-0": "ada", "ada3-0": "ada", "group-1": "ada"}


def test_wrong_photographs_do_not_move_the_person() -> None:
    wrong = [(made_face(f"wrong{n}", 0, 0.0, 0.0, 3.0 + 2 * n), ("ada",)) for n in range(2)]
    group = [(made_face("group", n, *place), ("ada",)) for n, place in enumerate([(0.0, 0.0, 3.0), (0.9,)])]
    chosen = choose_subjects([*wrong, *alone("ada", *ADA), *group])
    assert chosen["group-1"] == "ada"
    assert "group-0" not in chosen


def test_a_single_face_is_the_subject_even_where_it_is_unlike_the_person() -> None:
    chosen = choose_subjects([*alone("ada", *ADA), (made_face("stranger", 0, 9.0), ("ada",))])
    assert chosen["stranger-0"] == "ada"


def test_a_face_that_two_people_claim_is_the_nearer_ones() -> None:
    shared = (made_face("shared", 0, 0.0, 4.0), ("ada", "ben"))
    chosen = choose_subjects([*alone("ada", *ADA), *alone("ben", *BEN), shared])
    assert chosen["shared-0"] == "ben"


def test_whoever_loses_a_face_takes_the_next_one_only_if_it_is_likely() -> None:
    people = [*alone("ada", *ADA), *alone("ben", 1.4)]
    both = ("ada", "ben")
    likely = [(made_face("shared", 0, 1.4), both), (made_face("shared", 1, 0.9), both)]
    assert choose_subjects([*people, *likely]).items() >= {"shared-0": "ben", "shared-1": "ada"}.items()
    unlikely = [(made_face("shared", 0, 0.6), both), (made_face("shared", 1, 0.0, 3.0), both)]
    assert {face: who for face, who in choose_subjects([*people, *unlikely]).items() if "shared" in face} == {
        "shared-0": "ada"
    }


def test_people_seen_only_in_company_are_found_by_who_comes_back() -> None:
    guests: dict[str, list[tuple[float, ...]]] = {
        "party0": [(7.0,), (0.1,)],
        "party1": [(0.0,), (0.0, 8.0)],
        "party2": [(0.0, 0.0, 9.0), (0.2,)],
    }
    company = [
        (made_face(photo, number, *place), ("ada",))
        for photo, places in guests.items()
        for number, place in enumerate(places)
    ]
    assert set(choose_subjects(company)) == {"party0-1", "party1-0", "party2-1"}


def test_a_photograph_proposed_for_nobody_has_bystanders_only() -> None:
    assert choose_subjects([(made_face("crowd", 0, 1.0), ())]) == {}


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(9)))
def test_the_order_of_the_faces_does_not_matter(order: list[int]) -> None:
    random = np.random.default_rng(3)
    faces = [
        (made_face(f"photo{n // 2}", n % 2, *random.normal(size=3)), (("ada",), ("ada", "ben"), ("ben",))[n // 2 % 3])
        for n in range(9)
    ]
    assert choose_subjects([faces[n] for n in order]) == choose_subjects(faces)


def test_where_a_list_says_that_the_face_is_there_the_subject_is_found_whatever_it_is_like() -> None:
    group = [
        (replace(made_face("group", n, *place), box=(100.0 * n, 0, 60, 60)), ("ada",))
        for n, place in enumerate([(0.1,), (9.0,)])
    ]
    people = [*alone("ada", *ADA), *group]
    assert choose_subjects(people)["group-0"] == "ada"
    pointed = choose_subjects(people, {("group", "ada"): (95.0, -5.0, 80.0, 80.0)})
    assert pointed["group-1"] == "ada" and "group-0" not in pointed
    beside = choose_subjects(
        people, {("group", "ada"): (300.0, 0.0, 60.0, 60.0), ("gone", "ada"): (0.0, 0.0, 9.0, 9.0)}
    )
    assert beside == choose_subjects(people)


# Large photographs


def large_jpeg(orientation: int = 1) -> tuple[bytes, Truth]:
    """A portrait of the world enlarged to 8 megapixels, stored as a camera that was held so stores it."""
    row = portrait()
    picture = Image.fromarray(picture_of(row))
    times = (8_000_000 / (picture.width * picture.height)) ** 0.5
    image = picture.resize((round(picture.width * times), round(picture.height * times)), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x0112] = orientation
    if orientation == 6:
        image = image.transpose(Image.Transpose.ROTATE_90)
    return encoded(image, "JPEG", quality=90, exif=exif), row


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_large_jpeg_is_decoded_no_finer_than_asked_and_upright(orientation: int) -> None:
    data, _ = large_jpeg(orientation)
    whole = decode(data, MAX_PIXELS)
    assert (whole.height, whole.width) == whole.picture.shape[:2]
    for enough, by in ((7_000_000, 1), (1_900_000, 2), (400_000, 4), (1, 8)):
        reduced = decode(data, MAX_PIXELS, enough)
        assert (reduced.width, reduced.height) == (whole.width, whole.height)
        assert reduced.picture.shape[:2] == (-(-whole.height // by), -(-whole.width // by))
        expected = cv2.resize(whole.picture, reduced.picture.shape[1::-1], interpolation=cv2.INTER_AREA)
        assert np.abs(reduced.picture.astype(int) - expected).mean() < 3


def test_other_formats_are_decoded_whole_whatever_is_enough() -> None:
    assert decode(encoded(scene(), "PNG"), MAX_PIXELS, 10).picture.shape == (30, 40, 3)


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


# Tilted heads


def tilted(degrees: float) -> tuple[Picture, Picture, np.ndarray]:
    """A portrait, the same turned counterclockwise, and the way from the first to the second."""
    picture = picture_of(portrait())
    canvas, way_back = turned(picture, degrees)
    return picture, canvas, cv2.invertAffineTransform(way_back)


@pytest.mark.parametrize("degrees", [-52, 52])
def test_a_tilted_face_is_found_where_it_is_and_cropped_upright(degrees: float) -> None:
    picture, canvas, onto = tilted(degrees)
    (upright,) = loaded().detector.detect(picture, SETTINGS)
    (face,) = loaded().detector.detect(canvas, SETTINGS)
    assert face.turn * degrees < 0
    left, top, width, height = upright.box
    middle = onto @ (left + width / 2, top + height / 2, 1)
    found = np.array([face.box[0] + face.box[2] / 2, face.box[1] + face.box[3] / 2])
    assert np.abs(found - middle).max() < 0.2 * width
    five = loaded().landmarker.landmarks(canvas, face.box, face.turn)
    expected = loaded().landmarker.landmarks(picture, upright.box) @ onto[:, :2].T + onto[:, 2]
    assert np.abs(five - expected).max() < 0.12 * width
    assert abs(abs(roll(five)) - abs(degrees)) < 10
    chips = [
        face_chip(canvas, face.box, five),
        face_chip(picture, upright.box, loaded().landmarker.landmarks(picture, upright.box)),
    ]
    one, other = loaded().embedder.embed(chips)
    assert np.linalg.norm(one - other) < LIKELY


def test_a_picture_that_shows_a_face_is_not_turned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detect, "turned", lambda *_: pytest.fail("it was turned"))
    assert loaded().detector.detect(picture_of(portrait()), SETTINGS)


def test_turned_looks_show_no_face_where_there_is_none() -> None:
    for row in of_kind("no_face")[:6]:
        assert loaded().detector.detect(picture_of(row), SETTINGS) == []


# The subject among strangers


def test_two_in_five_wrong_photographs_of_one_stranger_do_not_win_where_groups_show_the_person() -> None:
    wrong = [(made_face(f"wrong{n}", 0, 0.0, 0.0, 3.0), ("ada",)) for n in range(4)]
    groups = [
        (made_face(f"group{g}", n, *place), ("ada",))
        for g in range(3)
        for n, place in enumerate([(0.0, 3.0 + 2 * g), (0.1,)])
    ]
    chosen = choose_subjects([*wrong, *alone("ada", *ADA), *groups])
    assert {f"group{g}-1" for g in range(3)} <= chosen.keys()
    assert not {f"group{g}-0" for g in range(3)} & chosen.keys()
