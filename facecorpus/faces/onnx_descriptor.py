"""A descriptor that the user brings: an ONNX file, and beside it a TOML file that says how faces are shown to it."""

import hashlib
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecorpus.errors import ModelError
from facecorpus.faces.align import CHIP, mean_face, warped_onto
from facecorpus.faces.embed import named
from facecorpus.faces.records import Landmarks, Picture
from facecorpus.keys import as_toml

INSTALL = "pip install 'facecorpus[onnx]'"
DLIBS_CROP = "dlib"
"""The template that stands for dlib's own crop."""

SAME_PERSON = 0.6
"""Distance of dlib's descriptors below which two faces are called one person's: the unit of all distances here."""

_LARGEST, _MOST_NUMBERS = 1024, 8192  # pixels of a side, numbers of a descriptor


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a face is shown to the network, and what its descriptors mean: the keys of the TOML file."""

    name: str
    size: int  # pixels of a side of the square picture
    template: NDArray[np.float64] | None  # (5, 2): where the landmarks stand in it; None: dlib's own chip
    channels: str
    mean: NDArray[np.float32]  # (3,): a pixel becomes (pixel - mean) * scale
    scale: NDArray[np.float32]  # (3,)
    normalise: bool  # to length 1
    same_person: float  # Euclidean distance below which two faces are called one person's


class OnnxDescriptor:
    """A network run by onnxruntime, on one thread and a face at a time: no face's bits depend on its neighbours.

    Descriptors are given in dlib's unit: two faces called one person's are at most 0.6 apart. Raises ModelError where
    onnxruntime is not installed, a file is missing or damaged, or the network does not fit the recipe.
    """

    def __init__(self, path: Path) -> None:
        stated, network = _bytes_of(path.with_suffix(".toml")), _bytes_of(path)
        self._recipe = _recipe(path.with_suffix(".toml"), stated)
        self._session = _session(path, network)
        self._input = self._session.get_inputs()[0].name
        try:
            found = self._run(np.zeros((self._recipe.size, self._recipe.size, 3), np.uint8))
        except Exception as error:  # whatever the network does with a picture
            raise _foreign(
                path, f"given (1, 3, {self._recipe.size}, {self._recipe.size}), {_first_line(error)}"
            ) from None
        if found.ndim != 2 or len(found) != 1 or found.dtype != np.float32 or not 2 <= found.size <= _MOST_NUMBERS:
            raise _foreign(path, f"it gives {found.dtype} of shape {found.shape} for a face")
        self._dimension = found.size
        # The same network gives other descriptors by another recipe.
        digests = (hashlib.sha256(data).hexdigest() for data in (network, stated))
        self.model = named(self._recipe.name, found.size, " with ".join(digests))

    def aligned(self, picture: Picture, landmarks: Landmarks, chip: Picture) -> Picture:
        """(size, size, 3): the face as the template has it."""
        template = self._recipe.template
        return chip if template is None else warped_onto(picture, landmarks, template, self._recipe.size)

    def embed(self, chips: Sequence[Picture]) -> NDArray[np.float32]:
        """(N, D) float32 for N aligned faces."""
        found = np.empty((len(chips), self._dimension), np.float32)
        for row, chip in enumerate(chips):
            found[row] = self._run(chip)[0]
        if self._recipe.normalise:
            found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), np.float32(1e-12))
        found *= np.float32(SAME_PERSON / self._recipe.same_person)
        found[~np.isfinite(found)] = 0  # such a face is like nobody, and spoils no sum
        return found

    def _run(self, chip: Picture) -> NDArray[np.float32]:
        recipe = self._recipe
        pixels = chip[:, :, ::-1] if recipe.channels == "BGR" else chip
        shown = ((pixels - recipe.mean) * recipe.scale).transpose(2, 0, 1)[None]
        outputs = self._session.run(None, {self._input: np.ascontiguousarray(shown, np.float32)})
        found: NDArray[np.float32] = outputs[0]
        return found


def write_recipe(path: Path, name: str, size: int) -> None:
    """Write the TOML file of a network that training has made, for aligned crops of so many pixels a side.

    What distance means "one person" is not known of it: facecorpus calibrate finds out.
    """
    keys = {
        "name": name,
        "size": size,
        "template": mean_face(size).round(6).tolist(),
        "channels": "RGB",
        "mean": 127.5,
        "scale": 1 / 64,
        "normalise": True,
        "same_person": SAME_PERSON,
    }
    text = "".join(f"{key} = {as_toml(value)}\n" for key, value in keys.items())
    path.with_suffix(".toml").write_text(text, encoding="utf-8")


def _session(path: Path, network: bytes) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise ModelError(f"descriptor_model in [faces] needs onnxruntime; install it with: {INSTALL}") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # the other cores have workers of their own
    options.log_severity_level = 4  # it would write to stderr what stands in the sentence below
    try:
        # From its bytes: weights in further files, which the sha256 would not speak for, are refused.
        session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no common class
        raise _foreign(path, f"onnxruntime: {_first_line(error)}") from None
    if len(session.get_inputs()) != 1:
        raise _foreign(path, f"it has {len(session.get_inputs())} inputs")
    return session


def _foreign(path: Path, why: str) -> ModelError:
    return ModelError(
        f"{path} is no network that describes faces ({why}); expected is one input (1, 3, size, size) of float32 and"
        " one output (1, numbers), in one file; correct descriptor_model in [faces]."
    )


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read ({error.strerror}); descriptor_model in [faces] names an ONNX file, beside which a"
            " TOML file of the same name stands (docs/descriptors.md)."
        ) from None


def _recipe(path: Path, data: bytes) -> Recipe:
    """What the TOML file states; ModelError for a key that is missing, unknown or of the wrong kind."""
    try:
        stated = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} is not valid TOML ({error}); mend that line and run again.") from None
    for key in stated:
        if key not in _KEYS:
            raise ModelError(f"{path}: unknown key {key!r}; its keys are {', '.join(_KEYS)}.")
    read = {}
    for key, (expected, reader) in _KEYS.items():
        if key not in stated:
            raise ModelError(f"{path}: the key {key} is missing; it must be {expected} (docs/descriptors.md).")
        try:
            read[key] = reader(stated[key])
        except (TypeError, ValueError):
            raise ModelError(f"{path}: {key} must be {expected}, not {str(stated[key])[:80]!r}.") from None
    if read["template"] is None and read["size"] != CHIP:
        raise ModelError(f"{path}: size must be {CHIP} where template is {DLIBS_CROP!r}, not {read['size']}.")
    return Recipe(**read)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= 100:
        raise ValueError
    return value


def _size(value: object) -> int:
    if type(value) is not int or not 16 <= value <= _LARGEST:
        raise ValueError
    return value


def _template(value: object) -> NDArray[np.float64] | None:
    return None if value == DLIBS_CROP else _numbers(value, (5, 2))


def _channels(value: object) -> str:
    if value not in ("RGB", "BGR"):
        raise ValueError
    return str(value)


def _per_channel(value: object) -> NDArray[np.float32]:
    return _numbers(value, (3,) if isinstance(value, list) else ()).astype(np.float32) * np.ones(3, np.float32)


def _yes(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _above_0(value: object) -> float:
    number = float(_numbers(value, ()))
    if number <= 0:
        raise ValueError
    return number


def _numbers(value: object, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """The finite numbers of that shape; ValueError for anything else."""
    found = np.array(value)  # ValueError for lists of different lengths
    if found.dtype.kind not in "iuf" or found.shape != shape or not np.isfinite(found).all():
        raise ValueError
    return found.astype(np.float64)


_KEYS: dict[str, tuple[str, Callable[[object], Any]]] = {
    "name": ("a text of at most 100 characters", _text),
    "size": (f"a whole number from 16 to {_LARGEST}", _size),
    "template": (f'five points [x, y], or "{DLIBS_CROP}"', _template),
    "channels": ('"RGB" or "BGR"', _channels),
    "mean": ("a number, or three", _per_channel),
    "scale": ("a number, or three", _per_channel),
    "normalise": ("true or false", _yes),
    "same_person": ("a number above 0", _above_0),
}
"""What a value must be, and what reads it, for each field of Recipe."""
