"""What a picture may cost: pixels count as they are decoded, scans are counted, and memory is bounded."""

import subprocess
import sys
from pathlib import Path

import pytest
from costly_pictures import (
    HEAVY_WEBP,
    gif_beyond_its_screen,
    jpeg_of_many_scans,
    large_png,
    png_of_two_headers,
    tiff_of_one_tile,
    tiff_of_two_widths,
)
from drawn_pictures import encoded, scene
from PIL import Image

import facecorpus
from facecorpus.crawl.inspection import inspected
from facecorpus.errors import PictureError
from facecorpus.faces.decode import decode
from facecorpus.pictures import MAX_SCANS, jpeg_scans
from facecorpus.settings import FetchSettings
from facecorpus.words import Outcome

SIDE = 200
SHORT, LONG, UNHEARD_OF = 3, 4, 99

# name, bytes, the words of the refusal where at most 1,000 pixels are allowed
BEYOND = {
    "gif": (gif_beyond_its_screen(SIDE), "200 × 200 pixels"),
    "tiff": (tiff_of_two_widths(SIDE, SHORT), "200 × 200 pixels"),
    "tiff, long": (tiff_of_two_widths(SIDE, LONG), "200 × 200 pixels"),
    "tiff, odd": (tiff_of_two_widths(SIDE, UNHEARD_OF), "200 × 200 pixels"),
    "tiff, tile": (tiff_of_one_tile(208), "208 × 208 pixels"),
    "png": (png_of_two_headers(SIDE), "200 × 200 pixels"),
    "jpeg": (jpeg_of_many_scans(24, 1200), "1,206 scans"),
    "jpeg, covered": (jpeg_of_many_scans(24, 1200, cover=b"\xff\xd9"), "1,206 scans"),
}


@pytest.mark.parametrize("name", BEYOND)
def test_what_a_header_hides_is_refused_before_it_is_decoded(name: str) -> None:
    data, words = BEYOND[name]
    with pytest.raises(PictureError, match=words):
        decode(data, 1000)


@pytest.mark.parametrize("name", [name for name in BEYOND if name not in ("png", "tiff, tile")])
def test_a_crawl_does_not_keep_them(name: str) -> None:
    fetched = inspected(
        "https://host.example/a", BEYOND[name][0], "2024-01-01T00:00:00Z", 0.1, 200, FetchSettings(max_pixels=1000)
    )
    assert fetched.download.outcome in (Outcome.TOO_BIG, Outcome.NOT_A_PICTURE)
    assert fetched.data is None


def test_the_library_refuses_them() -> None:
    with pytest.raises(PictureError, match="scans"):
        facecorpus.analyze(BEYOND["jpeg"][0])
    with pytest.raises(PictureError, match="9000 × 9000 pixels, more than 80,000,000"):
        facecorpus.analyze(gif_beyond_its_screen(9000))
    with pytest.raises(PictureError, match=r"more than 1\.0 GB"):
        facecorpus.analyze(HEAVY_WEBP)


def test_honest_pictures_of_those_kinds_are_decoded() -> None:
    first = Image.new("P", (40, 30), 3)
    for data in (
        encoded(first, "GIF", save_all=True, append_images=[scene()], comment=b"a remark, and its length"),
        encoded(scene(), "TIFF"),
        tiff_of_one_tile(16),
        encoded(scene(), "JPEG", progressive=True),
        encoded(scene(), "JPEG", progressive=True) + b"what a phone appends \xff\xda" * (MAX_SCANS + 1),
    ):
        assert decode(data, 1200).picture.shape in ((30, 40, 3), (10, 10, 3))
    assert jpeg_scans(encoded(scene(), "JPEG", progressive=True, restart_marker_blocks=1)) == 10
    assert jpeg_scans(encoded(scene(), "JPEG")) == 1
    assert jpeg_scans(encoded(scene(), "PNG")) == 0


PROGRAM = """
import resource, sys
from pathlib import Path
from facecorpus.faces.decode import decode

def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

before = most()
decode(Path(sys.argv[1]).read_bytes(), 80_000_000)
print(most() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss has another unit elsewhere")
@pytest.mark.parametrize("kind", ["png", "webp", "cmyk"])
def test_as_many_pixels_as_are_allowed_take_less_than_a_gigabyte(kind: str, tmp_path: Path) -> None:
    side = int(FetchSettings().max_pixels ** 0.5)
    path = tmp_path / "picture"
    if kind == "png":
        path.write_bytes(large_png(side))
    elif kind == "webp":
        path.write_bytes(encoded(Image.new("RGB", (side, side), (200, 30, 40)), "WEBP", quality=10, method=0))
    else:
        colours = Image.new("CMYK", (side, side), (200, 30, 40, 10))
        path.write_bytes(encoded(colours, "JPEG", progressive=True, subsampling=0))
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 1_000_000_000
