"""The paper's three experiments on a folder of Parquet shards (arXiv 1610.04322), and a report on them.

Knows the schema of the shards and nothing else of the toolkit that made them. torch is loaded by the workers alone.
"""

from training.errors import TrainingError
from training.evidence.results import load_results
from training.report.compare import compare_runs, show_comparison, write_comparison
from training.report.tables import accuracies
from training.report.terminal import show_tables
from training.run import train_all

__all__ = [
    "TrainingError",
    "accuracies",
    "compare_runs",
    "load_results",
    "show_comparison",
    "show_tables",
    "train_all",
    "write_comparison",
]
