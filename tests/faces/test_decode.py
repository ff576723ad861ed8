"""From bytes to pictures: formats, broken files, orientation, dates, and large photographs."""

import struct

import cv2
import numpy as np
import pytest
from demo_faces import MAX_PIXELS, large_jpeg, picture_of
from demo_photographs import of_kind, world
from drawn_pictures import encoded, scene
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from facecorpus.errors import PictureError
from facecorpus.faces.decode import decode
from facecorpus.pictures import is_cut_short, media_type, picture_size

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")


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


# Large photographs


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
