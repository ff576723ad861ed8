"""The report: one HTML page that needs no network, and report.md with the same; pictures beside them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from training.data.augment import filter_name
from training.data.images import Images, open_images
from training.data.shown import VARIANTS_AMONG
from training.files import write_bytes, write_text
from training.folder import RunFolder
from training.pages import render
from training.presets import Preset
from training.publication import TITLES
from training.report import asked, plots, sections
from training.report.facts import CHOICES, banner, explained, facts, headline
from training.report.lines import averaged, seeds_of, spoken_range
from training.report.page import Picture, Section

Results = dict[str, Any]


def write_report(run: RunFolder, results: Results) -> None:
    """Write the page, the text and the pictures into the run folder; of several seeds, over all of them."""
    several, results = sections.several_seeds(results), averaged(results)
    first, parts = _overview(results), _sections(run, results)
    for picture in [first, *(picture for part in parts for picture in part.pictures)]:
        write_bytes(run.figures / picture.name, picture.png)
    content = {
        "heading": _heading(results["tasks"]),
        "headline": headline(results),
        "protocols": explained(results),
        "banner": banner(results),
        "overview": first,
        "facts": facts(run.path.resolve().name, results),
        "several": several,
        "sections": parts,
        "choices": CHOICES,
    }
    write_text(run.markdown, render("report.md.j2", content, range=spoken_range))
    write_text(run.page, render("report.html.j2", content, range=spoken_range))


def _heading(tasks: list[str]) -> str:
    *first, last = (TITLES[task].lower() for task in tasks)
    return f"{', '.join(first)} and {last} from one corpus of faces".capitalize()


def _sections(run: RunFolder, results: Results) -> list[Section]:
    made = [
        sections.worth(results),
        sections.claims(results),
        sections.tables(results),
        sections.subgroups(results),
        asked.fairness(results),
        asked.verification(results),
        _ablations(results),
        sections.rests(results),
        _figures(run, results),
        sections.settings(results),
    ]
    return [section for section in made if section is not None]


def _overview(results: Results) -> Picture:
    return Picture(
        "overview.png",
        "Own features (blue circles) and those of all networks together (orange squares), by task: the "
        "publication's, and "
        "this run's under each protocol. Lines are 95 % intervals by person. Placebo: the same for labels dealt to "
        "people "
        "at random, which only knowing the person can help with.",
        plots.overview(results, columns=1),
        plots.overview(results, columns=2),
    )


def _ablations(results: Results) -> Section | None:
    section = sections.ablations(results)
    if section is None:
        return None
    caption = "Own features and all together by photographs of a person, and by steps of the networks, protocol photo."
    return replace(section, pictures=(Picture("ablations.png", caption, plots.ablations(results)),))


def _figures(run: RunFolder, results: Results) -> Section:
    seeds = f" They are of seed {results['seed']}." if len(seeds_of(results)) > 1 else ""
    note = (
        "Some of these pictures show faces from the corpus. This report is for you; before you pass it on, see that "
        "the "
        f"photographs' licences and the people in them allow it.{seeds}"
    )
    return Section("figures", "Figures", (), note, (), tuple(_pictures(run, results)))


def _pictures(run: RunFolder, results: Results) -> list[Picture]:
    tasks, protocols = results["tasks"], results["protocols"]
    drawn = [
        Picture(
            f"curves-{task}.png",
            f"{TITLES[task]}: test accuracy on the features of each network while these heads learn, from before the "
            "first step on (the publication's Figures 8–11). Own features too go through a head here.",
            plots.curves(curves, results["chance"][task], task),
        )
        for task in tasks
        if (curves := _head_curves(results, task))
    ]
    losses = {task: _network_curves(results, task) for task in tasks}
    drawn.append(Picture("losses.png", "Training loss of each task's network.", plots.losses(losses)))
    first = next(iter(next(iter(protocols.values()))["networks"]))
    left = {task: _load_arrays(run.split(first).network(task).pictures) for task in tasks}
    preset = results["preset"]
    images = open_images(run.images(results["shards"]["sha256"], preset["size"], preset["variants"], results["seed"]))
    used = Preset(**preset)
    names = [filter_name(index, used) for index in range(used.variants)]
    return [
        *drawn,
        Picture(
            "filters.png",
            f"The filters of all three layers, protocol {first} (Figure 4). Of a filter of layers 2 and 3 it is the "
            "piece "
            "for the map that weighs most in it.",
            plots.filters(left),
        ),
        Picture(
            "layers.png",
            f"One test face and what each layer of the networks makes of it, protocol {first} (Figure 5): "
            "16 maps of each convolution, all of the high-level features.",
            plots.layers(left),
        ),
        *_confusions(results),
        Picture(
            "variants.png",
            f"One photograph and its {preset['variants'] - 1} augmented variants.",
            plots.contact_sheet(_most_colourful(images, preset["variants"]), names),
        ),
    ]


def _confusions(results: Results) -> list[Picture]:
    drawn = []
    for name, protocol in results["protocols"].items():
        whole = {
            target: (found["own"]["counts"], results["classes"][target])
            for target, found in protocol["confusion"].items()
            if "counts" in found.get("own", {}) and target in results["tasks"]
        }
        if whole:
            caption = f"Answers of the own networks by label, per cent of each label's test images, protocol {name}."
            drawn.append(Picture(f"confusion-{name}.png", caption, plots.confusion(whole)))
    return drawn


def _most_colourful(images: Images, variants: int) -> Images:
    """All variants of that photograph, among the first, on which a change of colour shows best."""
    originals = np.asarray(images[: VARIANTS_AMONG * variants : variants]).astype(np.int16)
    row = int(np.ptp(originals, axis=3).mean(axis=(1, 2)).argmax())
    return np.asarray(images[row * variants : (row + 1) * variants])


def _head_curves(results: Results, task: str) -> plots.Curves:
    """The curves of the cross-feature heads of a task, of the first round of each protocol that tests the task."""
    found = {name: next(iter(one["heads"].values()))["curve"] for name, one in results["protocols"].items()}
    return {
        f"protocol {name}": curve for name, curve in found.items() if any(one.endswith(f":{task}") for one in curve)
    }


def _network_curves(results: Results, task: str) -> plots.Curves:
    """The curves of the paper's networks; those of networks with images held out are left to results.json."""
    return {
        split: networks[task]["curve"]
        for protocol in results["protocols"].values()
        for split, networks in protocol["networks"].items()
        if "-fold-" not in split
    }


def _load_arrays(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    with np.load(path) as arrays:
        return dict(arrays)
