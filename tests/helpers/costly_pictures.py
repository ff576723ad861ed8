"""Pictures that cost far more to decode than their bytes and headers let expect."""

import io
import struct
import zlib

from drawn_pictures import encoded
from PIL import Image

HEAVY_WEBP = bytes.fromhex("524946461e000000574542505650384c110000002fc3e2b01807508f2217a5c88188e87f0000")
"""8,900 × 8,900 half transparent pixels of one colour: Pillow takes 16 bytes for each."""

TIFF_WIDTH, TIFF_HEIGHT = 256, 257


def gif_beyond_its_screen(side: int) -> bytes:
    """A GIF whose screen has 10 × 10 pixels, and its frame side × side."""
    data = bytearray(encoded(Image.new("L", (side, side), 90), "GIF"))
    data[6:10] = struct.pack("<HH", 10, 10)
    return bytes(data)


def tiff_of_two_widths(side: int, kind: int) -> bytes:
    """A TIFF of side × side pixels that states width and height once more, as 10, in numbers of that kind."""
    data = encoded(Image.new("L", (side, side), 90), "TIFF", compression="tiff_adobe_deflate")
    (directory,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, directory)
    entries = [data[at : at + 12] for at in range(directory + 2, directory + 2 + 12 * count, 12)]
    entries += [struct.pack("<HHII", tag, kind, 1, 10) for tag in (TIFF_WIDTH, TIFF_HEIGHT)]
    return (
        data[:4]
        + struct.pack("<I", len(data))
        + data[8:]
        + struct.pack("<H", len(entries))
        + b"".join(sorted(entries, key=lambda entry: entry[:2][::-1]))  # by tag; the true size first
        + bytes(4)
    )


def tiff_of_one_tile(side: int) -> bytes:
    """A TIFF of 10 × 10 pixels in one tile of side × side."""
    tile = zlib.compress(bytes(side * side))
    numbers = {256: 10, 257: 10, 258: 8, 259: 8, 262: 1, 277: 1, 322: side, 323: side, 324: 8, 325: len(tile)}
    entries = [struct.pack("<HHII", tag, 4, 1, number) for tag, number in numbers.items()]
    head = b"II*\0" + struct.pack("<I", 8 + len(tile))
    return head + tile + struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)


def png_of_two_headers(side: int) -> bytes:
    """A PNG whose first header states 10 × 10 pixels, and a second one side × side."""
    data = encoded(Image.new("L", (side, side), 90), "PNG")
    small = struct.pack(">II", 10, 10) + data[24:29]
    header = b"IHDR" + small
    return data[:8] + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + data[8:]


def jpeg_of_many_scans(side: int, scans: int, cover: bytes = b"") -> bytes:
    """A progressive JPEG of side × side pixels that refines the same coefficients so many times more.

    `cover` stands in a remark before them.
    """
    data = encoded(Image.new("L", (side, side), 90), "JPEG", progressive=True)
    end, last = data.rfind(b"\xff\xd9"), data.rfind(b"\xff\xda")
    table = data.rfind(b"\xff\xc4", 0, last)
    remark = b"\xff\xfe" + struct.pack(">H", 2 + len(cover)) + cover
    return data[:end] + remark + data[table:end] * scans + data[end:]


def large_png(side: int) -> bytes:
    """A PNG with transparency, of side × side pixels of one colour."""
    file = io.BytesIO()
    Image.new("RGBA", (side, side), (200, 30, 40, 200)).save(file, "PNG", compress_level=1)
    return file.getvalue()
