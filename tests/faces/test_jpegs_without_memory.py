"""A JPEG for which there is not enough memory is too costly, and not damaged."""

import subprocess
import sys

import pytest
from drawn_pictures import encoded
from PIL import Image

PROGRAM = r"""
import sys
from facecorpus.errors import PictureError
from facecorpus.faces import decode
from facecorpus.system.limits import bind_this_process

bind_this_process()
data = sys.stdin.buffer.read()
for memory, some in ((2e7, data), (2e8, data), (2e8, data.replace(b"\xff\xc4", b"\xff\xe4"))):
    decode._MEMORY = memory
    try:
        print(decode.decode(some, 80_000_000).picture.shape)
    except PictureError as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel holds no limit of memory elsewhere")
@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_a_jpeg_that_may_not_have_its_memory_is_not_called_damaged(mode: str) -> None:
    data = encoded(Image.new(mode, (2000, 2000), (200, 30, 40, 10)[: len(mode)]), "JPEG", progressive=True)
    done = subprocess.run([sys.executable, "-c", PROGRAM], input=data, capture_output=True, check=True)
    costly, whole, damaged = done.stdout.decode().splitlines()
    assert costly == "The picture takes more than 0.0 GB to decode; save it smaller."
    assert whole == "(2000, 2000, 3)"
    assert damaged.startswith("The picture is damaged")
