"""Features of networks that have learned nothing: what the heads alone can make of the images."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.data.images import open_images
from training.files import write_whole
from training.job import Progress, Report
from training.learn.networks import make_network
from training.learn.stepper import Stepper
from training.plan.jobs import UntrainedJob
from training.plan.networks_and_heads import task_networks

_SEED = 1_000_003  # other weights than those the trained networks began with


def extract(job: UntrainedJob, report: Report) -> None:
    """Write the features of all images, the networks of the tasks side by side: (images, 350) float32 for four."""
    setting = job.setting
    networks = task_networks(setting.tasks, setting.preset)
    images = open_images(setting.images)
    width = sum(network.width for network in networks)

    def fill(path: Path) -> None:
        features = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(len(images), width))
        place = 0
        for n, network in enumerate(networks, 1):
            classes = (setting.classes[network.name],)
            fresh = make_network(setting.preset, network.width, *classes, seed=network.seed(setting.seed) + _SEED)
            stepper = Stepper(fresh.to(setting.device), setting.preset, setting.device, setting.dtype, classes)
            for start in range(0, len(images), setting.preset.batch):
                some = stepper.as_input(np.array(images[start : start + setting.preset.batch]))
                seen = stepper.look(some)[0].cpu().numpy()
                features[start : start + len(seen), place : place + network.width] = seen
            place += network.width
            report(Progress(n, job.steps))
        features.flush()

    write_whole(job.done, fill)
