"""OpenCV's YuNet detector, from a model file that the user supplies."""

from pathlib import Path

import cv2
import numpy as np

from facecorpus.errors import ModelError
from facecorpus.faces.detect import CoarseToFine, Detection
from facecorpus.faces.records import Picture

_THRESHOLD = 0.7  # of 1; OpenCV's example uses 0.9 for a video of one face
_OVERLAP = 0.3


class YunetDetector(CoarseToFine):
    """YuNet (face_detection_yunet_*.onnx of OpenCV's model zoo). Raises ModelError where there is no such file."""

    name = "yunet"

    def __init__(self, path: str) -> None:
        if not path:
            raise ModelError(
                "The detector yunet needs a model file, which is not part of facecorpus; set yunet_model in [faces] to"
                " face_detection_yunet_2023mar.onnx of OpenCV's model zoo, or detector to hog or mmod."
            )
        if not Path(path).is_file():
            raise ModelError(f"The model file {path} is missing; correct yunet_model in [faces].")
        try:
            self._detector = cv2.FaceDetectorYN.create(path, "", (320, 320), _THRESHOLD, _OVERLAP)
            self._detector.detect(np.zeros((320, 320, 3), np.uint8))  # only now another network's outputs are noticed
        except cv2.error as error:
            why = " ".join(error.err.replace(">", " ").split())
            raise ModelError(f"{path} is no YuNet model ({why}); correct yunet_model in [faces].") from None

    def look(self, picture: Picture, scale: float, seen: float = 0.0) -> list[Detection]:
        """The faces seen at this scale, in pixels of the picture, the surest first."""
        size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        self._detector.setInputSize(size)
        _, rows = self._detector.detect(cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
        faces = [] if rows is None else np.asarray(rows, float).tolist()
        found = [Detection((x / scale, y / scale, w / scale, h / scale), row[-1]) for x, y, w, h, *row in faces]
        return sorted(found, key=lambda face: -face.score)
