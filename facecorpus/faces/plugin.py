"""A detector that another package brings."""

import math

from facecorpus.errors import ModelError
from facecorpus.faces.detect import Detection, Detector
from facecorpus.faces.records import Picture
from facecorpus.settings import FacesSettings
from facecorpus.system.border import text_of
from facecorpus.system.plugins import DETECTORS, blamed, made_by_plugin


class PluginDetector:
    """Asks the detector that a plugin makes of the settings, and checks what it answers.

    Raises ModelError, which names the plugin, where it cannot be made, fails, or finds what is no face.
    """

    def __init__(self, settings: FacesSettings) -> None:
        self._plugin = settings.detector
        self._own: Detector = made_by_plugin(DETECTORS, self._plugin, ModelError, settings)
        with blamed(DETECTORS, self._plugin, ModelError):
            self.name = text_of(self._own.name)

    def detect(self, picture: Picture, settings: FacesSettings) -> list[Detection]:
        """The faces wide enough that the plugin finds, the surest first."""
        with blamed(DETECTORS, self._plugin, ModelError):
            found = [_checked(one, picture) for one in self._own.detect(picture, settings)]
        return sorted((one for one in found if one.box[2] >= settings.min_face), key=lambda one: -one.score)


def _checked(found: Detection, picture: Picture) -> Detection:
    """The detection in plain numbers; ValueError where its box has no place in the picture."""
    height, width = picture.shape[:2]
    left, top, across, down = map(float, found.box)
    score, turn = float(found.score), float(found.turn)
    inside = -width < left < width and -height < top < height and 0 < across <= 2 * width and 0 < down <= 2 * height
    if not (inside and math.isfinite(score) and math.isfinite(turn)):
        raise ValueError(f"it finds a face at {found.box}, turned by {turn}, with the score {score}")
    return Detection((left, top, across, down), score, turn)
