"""Five landmarks of a face, and crops in which eyes and nose stand at the same place."""

from pathlib import Path
from typing import Any

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from facecorpus.errors import ModelError
from facecorpus.faces.records import Landmarks, Picture
from facecorpus.records import Box

CHIP = 150  # pixels; what dlib's descriptor was trained on
CHIP_PADDING = 0.25

# dlib's mean face (image_transforms/interpolation.h, get_face_chip_details), in units of the unpadded crop.
_MEAN_FACE = np.array(
    [
        (0.8595674595992, 0.2134981538014),
        (0.6460604764104, 0.2289674387677),
        (0.1205750620789, 0.2137274526848),
        (0.3340850613712, 0.2290642403242),
        (0.4901123135679, 0.6277975316475),
    ]
)
CROP_PADDING = 0.6
"""The share of the mean face's width added on each side: hair, ears and chin are seen, and the face fills the crop."""
_SURROUNDINGS = 2.5  # of a box's side: a landmark may lie outside of the box


class Landmarker:
    """dlib's 5-point shape predictor. Raises ModelError where the file is no such predictor."""

    def __init__(self, path: Path) -> None:
        try:
            self._predictor = dlib.shape_predictor(str(path))
        except RuntimeError as error:
            raise ModelError(f"{path} is no landmark predictor of dlib ({error}); reinstall the models.") from None

    def landmarks(self, picture: Picture, box: Box, turn: float = 0.0) -> Landmarks:
        """The five landmarks of the face in the box, in pixels of the picture; they may lie outside of it.

        A face that stands upright only where the picture is turned (degrees counterclockwise) is looked at like that.
        """
        if turn:
            patch, inside, way_back = upright_patch(picture, box, turn)
            return np.asarray(self.landmarks(patch, inside) @ way_back[:, :2].T + way_back[:, 2], np.float32)
        shape = self._predictor(picture, _rectangle(box))
        return np.array([(point.x, point.y) for point in shape.parts()], np.float32)


def upright_patch(picture: Picture, box: Box, turn: float) -> tuple[Picture, Box, NDArray[np.float64]]:
    """The box's surroundings, turned; the box in them, and the way back from their pixels to the picture's."""
    left, top, width, height = box
    side = round(_SURROUNDINGS * max(width, height))
    onto = cv2.getRotationMatrix2D((left + width / 2, top + height / 2), turn, 1)
    onto[:, 2] += np.array([side / 2 - left - width / 2, side / 2 - top - height / 2])
    patch = np.asarray(cv2.warpAffine(picture, onto, (side, side)), np.uint8)
    way_back = np.asarray(cv2.invertAffineTransform(onto), np.float64)
    return patch, ((side - width) / 2, (side - height) / 2, width, height), way_back


def face_chip(picture: Picture, box: Box, landmarks: Landmarks) -> Picture:
    """(150, 150, 3): dlib's aligned chip, for the descriptor, the hashes and the measures of quality."""
    points = [dlib.point(round(float(x)), round(float(y))) for x, y in landmarks]
    shape = dlib.full_object_detection(_rectangle(box), points)
    return np.asarray(dlib.get_face_chip(picture, shape, CHIP, CHIP_PADDING), np.uint8)


def aligned_crop(picture: Picture, landmarks: Landmarks, size: int, padding: float = CROP_PADDING) -> Picture:
    """(size, size, 3): the upright face with hair and chin, warped from the picture at its full resolution.

    Depends on the picture and the landmarks alone, to the bit and on any processor. Where the crop reaches over the
    picture's edge, the outermost pixels are repeated.
    """
    return warped_onto(picture, landmarks, mean_face(size, padding), size)


def warped_onto(picture: Picture, landmarks: Landmarks, template: NDArray[np.float64], size: int) -> Picture:
    """(size, size, 3): the face turned, scaled and shifted so that its landmarks come nearest to the template, (5, 2).

    The same bytes and edges as aligned_crop, which has the mean face for its template.
    """
    matrix = _similarity(landmarks.astype(np.float64), template)
    picture, matrix = _shrunk_for(picture, matrix, size)
    return _warped(picture, matrix, size)


def mean_face(size: int, padding: float = CROP_PADDING) -> NDArray[np.float64]:
    """(5, 2): where the landmarks stand in a crop of that size."""
    return (_MEAN_FACE + padding) / (1 + 2 * padding) * size


def crop_cover(
    landmarks: Landmarks, width: int, height: int, size: int, padding: float = CROP_PADDING
) -> NDArray[np.uint8]:
    """(size, size): 255 where the aligned crop shows the photograph of that size, 0 where it reaches over its edge."""
    matrix = _similarity(landmarks.astype(np.float64), mean_face(size, padding))
    # The picture's outline, not its pixels: a large photograph would cost as much as decoding it.
    corners = np.array([(0, 0, 1), (width, 0, 1), (width, height, 1), (0, height, 1)]) @ matrix.T
    return np.asarray(cv2.fillConvexPoly(np.zeros((size, size), np.uint8), np.round(corners).astype(np.int32), (255,)))


def _rectangle(box: Box) -> Any:
    left, top, width, height = (round(value) for value in box)
    return dlib.rectangle(left, top, left + width - 1, top + height - 1)


def _similarity(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, 3): the rotation, scale and shift that bring source closest to target (least squares).

    Plain sums and products: matrix products and complex numbers differ in their last bits between processors.
    """
    (x, y), (u, v) = source.T - source.mean(axis=0)[:, None], target.T - target.mean(axis=0)[:, None]
    spread = max((x * x + y * y).sum(), 1e-12)
    along, across = (x * u + y * v).sum() / spread, (x * v - y * u).sum() / spread
    (x, y), (u, v) = source.mean(axis=0), target.mean(axis=0)
    return np.array([[along, -across, u - along * x + across * y], [across, along, v - across * x - along * y]])


def _warped(picture: Picture, matrix: NDArray[np.float64], size: int) -> Picture:
    """(size, size, 3): bilinear, at whole 32nds of a pixel.

    OpenCV's remap works on such places in whole numbers; its warpAffine gives other bytes where a processor has AVX2.
    """
    (a, b, c), (d, e, f) = matrix
    scale = a * e - b * d
    across, down = (np.arange(size) - c) / scale, (np.arange(size) - f) / scale
    x = _fixed(e * across)[None, :] + _fixed(-b * down)[:, None]
    y = _fixed(-d * across)[None, :] + _fixed(a * down)[:, None]
    whole = np.empty((size, size, 2), np.int16)
    np.clip(x >> 10, -(2**15), 2**15 - 1, out=whole[:, :, 0], casting="unsafe")
    np.clip(y >> 10, -(2**15), 2**15 - 1, out=whole[:, :, 1], casting="unsafe")
    part = (y & 31 << 5 | x >> 5 & 31).astype(np.uint16)
    return np.asarray(cv2.remap(picture, whole, part, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _fixed(places: NDArray[np.float64]) -> NDArray[np.int32]:
    """In 1024ths of a pixel, and 8 more: the sum of two, cut to 32nds, is rounded."""
    return np.rint(places * 1024).clip(-(2**29), 2**29).astype(np.int32) + np.int32(8)


def _shrunk_for(picture: Picture, matrix: NDArray[np.float64], size: int) -> tuple[Picture, NDArray[np.float64]]:
    """The region that the crop shows, shrunk by a whole factor, with the matrix that fits it.

    A bilinear warp skips pixels where it shrinks by more than two; averaging beforehand keeps every pixel.
    """
    factor = int(1 / max(np.hypot(matrix[0, 0], matrix[1, 0]), 1e-12))
    if factor < 2:
        return picture, matrix
    height, width = picture.shape[:2]
    inverse = cv2.invertAffineTransform(matrix)
    corners = np.array([(0, 0, 1), (size, 0, 1), (0, size, 1), (size, size, 1)]) @ inverse.T
    left, top = np.clip(np.floor(corners.min(axis=0)).astype(int) - factor, 0, (width - 1, height - 1))
    right, bottom = np.clip(np.ceil(corners.max(axis=0)).astype(int) + factor, (left + 1, top + 1), (width, height))
    region = picture[top:bottom, left:right]
    small_size = (max(1, (right - left) // factor), max(1, (bottom - top) // factor))
    small = np.asarray(cv2.resize(region, small_size, interpolation=cv2.INTER_AREA), np.uint8)
    # Pixel centres: x in the region is (x' + 1/2) · ratio - 1/2 for x' in the shrunk one.
    ratio = np.array([(right - left) / small_size[0], (bottom - top) / small_size[1]])
    fitted = matrix.copy()
    fitted[:, :2] = matrix[:, :2] * ratio
    across, down = ratio / 2 - 0.5 + (left, top)
    fitted[:, 2] = matrix[:, 2] + matrix[:, 0] * across + matrix[:, 1] * down
    return small, fitted
