"""The paper's three experiments on a folder of Parquet shards (arXiv 1610.04322), and a report on them.

Knows the schema of the shards and nothing else of the toolkit that made them. torch is loaded by the workers alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from training.data.shards import fingerprint
from training.errors import TrainingError
from training.evidence.results import load_results
from training.files import damaged
from training.folder import RunFolder
from training.forget import at_rest, forget, learned_from, may_show, unname
from training.options import Options
from training.report.compare import compare_runs, show_comparison, write_comparison
from training.report.tables import accuracies
from training.report.terminal import show_tables
from training.run import goes_on_with, train_all

if TYPE_CHECKING:
    from training.models.fused import FusedModel
    from training.models.load import load_model
    from training.models.network import Model
    from training.models.onnx_file import write_descriptor, write_onnx

__all__ = [
    "FusedModel",
    "Model",
    "Options",
    "RunFolder",
    "TrainingError",
    "accuracies",
    "at_rest",
    "compare_runs",
    "damaged",
    "fingerprint",
    "forget",
    "goes_on_with",
    "learned_from",
    "load_model",
    "load_results",
    "may_show",
    "show_comparison",
    "show_tables",
    "train_all",
    "unname",
    "write_comparison",
    "write_descriptor",
    "write_onnx",
]


def __getattr__(name: str) -> Any:
    """What needs torch is imported when it is asked for (PEP 562)."""
    homes = {"Model": "network", "FusedModel": "fused", "load_model": "load"}
    homes |= {"write_onnx": "onnx_file", "write_descriptor": "onnx_file"}
    if name not in homes:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"training.models.{homes[name]}"), name)
