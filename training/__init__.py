"""The paper's three experiments on a folder of Parquet shards (arXiv 1610.04322), and a report on them.

Knows the schema of the shards and nothing else of the toolkit that made them. torch is loaded by the workers alone.
"""

from training.data.shards import fingerprint
from training.errors import TrainingError
from training.evidence.results import load_results
from training.folder import RunFolder
from training.forget import at_rest, forget, learned_from, may_show
from training.options import Options
from training.report.compare import compare_runs, show_comparison, write_comparison
from training.report.tables import accuracies
from training.report.terminal import show_tables
from training.run import train_all

__all__ = [
    "Options",
    "RunFolder",
    "TrainingError",
    "accuracies",
    "at_rest",
    "compare_runs",
    "fingerprint",
    "forget",
    "learned_from",
    "load_results",
    "may_show",
    "show_comparison",
    "show_tables",
    "train_all",
    "write_comparison",
]
