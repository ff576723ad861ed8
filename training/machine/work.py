"""Who does which job: from the type of a job, which is plain data, to the function that does it.

Workers, torchrun's processes and scripts all call `do`. torch is imported only there, when the first job is done.
"""

from __future__ import annotations

from training.data.images import ImagesJob, make_images
from training.job import Job, Report
from training.plan.jobs import HeadsJob, NetworkJob, ProbeJob, UntrainedJob


def quiet(progress: object) -> None:
    """A report to nobody."""


def do(job: Job, report: Report = quiet) -> None:
    """Do a job, or go on with it, and write its files; not where the run's time is over."""
    match job:
        case ImagesJob():
            make_images(job, report)
        case ProbeJob():
            from training.learn.probe import choose

            choose(job)
        case NetworkJob():
            from training.learn.train import train

            train(job, report)
        case UntrainedJob():
            if not job.setting.has_time():
                return
            from training.learn.untrained import extract

            extract(job, report)
        case HeadsJob():
            from training.learn.heads import train_heads

            train_heads(job, report)
        case _:
            raise TypeError(f"Nobody does a {type(job).__name__}.")
