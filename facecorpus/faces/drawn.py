"""A face that a person drew, seen as any other: the box takes the place of what a detector finds."""

from dataclasses import dataclass

from facecorpus.faces.align import Landmarker
from facecorpus.faces.analyze import analyze
from facecorpus.faces.detect import Detection
from facecorpus.faces.models import LANDMARKS, Models, load_embedder, model_file
from facecorpus.faces.records import PhotoAnalysis, Picture
from facecorpus.faces.yunet import square_of
from facecorpus.records import Box
from facecorpus.settings import FacesSettings
from facecorpus.words import PERSON


@dataclass(slots=True)
class Drawing:
    """The detector that knows one box, in shares of the picture's width and height."""

    box: Box
    name: str = PERSON

    def detect(self, picture: Picture, settings: FacesSettings) -> list[Detection]:
        """The box, which a person is sure of; people draw boxes as YuNet does, from forehead to chin."""
        height, width = picture.shape[:2]
        x, y, across, down = self.box
        box = (x * width, y * height, across * width, down * height)
        return [Detection(box, 1.0, square=square_of(box))]


class Pen:
    """The models that look at what was drawn, loaded once. Raises ModelError as load_models does."""

    def __init__(self, settings: FacesSettings) -> None:
        self._settings = settings
        self._landmarker, self._embedder = Landmarker(model_file(LANDMARKS)), load_embedder(settings)

    def see(self, data: bytes, sha256: str, box: Box, size: tuple[int, int], max_pixels: int) -> PhotoAnalysis:
        """The analysis with the one face in the box, which is in pixels of the upright photograph of that size.

        Raises PictureError as analyze does.
        """
        width, height = size
        shares = (box[0] / width, box[1] / height, box[2] / width, box[3] / height)
        models = Models(Drawing(shares), self._landmarker, self._embedder)
        return analyze(data, sha256, models, self._settings, max_pixels)
