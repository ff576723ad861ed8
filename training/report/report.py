"""The report: report.html, one file that opens anywhere, and report.md with its pictures beside it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from training.data.augment import filter_name
from training.data.images import Images, open_images
from training.data.shown import VARIANTS_AMONG
from training.evidence.claims import FAILS, HOLDS, TEST, UNKNOWN
from training.files import write_bytes, write_text
from training.folder import RunFolder
from training.presets import Preset
from training.publication import TITLES
from training.report import plots
from training.report.findings import gap_sentences, honesty, points
from training.report.lines import (
    averaged,
    claims_table,
    effort_lines,
    figure,
    percent,
    protocol_title,
    seeds_of,
    side_by_side,
    speed_lines,
    spoken_list,
    spoken_range,
    spoken_seeds,
)
from training.report.tables import tables_of

Results = dict[str, Any]

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Picture:
    """A figure of the report: its file name, what stands below it, and the PNG."""

    name: str
    caption: str
    png: bytes

    @property
    def source(self) -> str:
        """The picture as a data URL, so that the page needs no other file."""
        return f"data:image/png;base64,{b64encode(self.png).decode()}"


def write_report(run: RunFolder, results: Results) -> None:
    """Write the page, the text and the pictures into the run folder; of several seeds, over all of them."""
    seeds, results = seeds_of(results), averaged(results)
    pictures = _pictures(run, results)
    for picture in pictures:
        write_bytes(run.figures / picture.name, picture.png)
    protocols = list(results["protocols"])
    content = {
        "results": results,
        "protocols": protocols,
        "tables": [table for name in protocols for table in tables_of(results, name)],
        "sides": side_by_side(results),
        "claims": claims_table(results),
        "seeds": seeds,
        "speeds": speed_lines(results),
        "efforts": effort_lines(results),
        "pictures": pictures,
        "gaps": gap_sentences(results),
        "honesty": honesty(results),
        "tasks": results["tasks"],
        "titles": TITLES,
        "heading": _heading(results["tasks"]),
        "test": TEST,
        "marks": {HOLDS: "✓", FAILS: "✗", UNKNOWN: "?"},
        "names": dict(zip(protocols, map(protocol_title, protocols), strict=True)),
    }
    write_text(run.markdown, render("report.md.j2", content))
    write_text(run.page, render("report.html.j2", content))


def render(template: str, content: Results) -> str:
    """A page made of a template; HTML templates escape what they are given."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=".html" in template,
    )
    environment.filters |= {"percent": percent, "figure": figure, "points": points, "range": spoken_range}
    environment.filters |= {"count": "{:,}".format, "listed": spoken_list, "alone": spoken_seeds}
    return environment.get_template(template).render(content)


def _heading(tasks: list[str]) -> str:
    *first, last = (TITLES[task].lower() for task in tasks)
    return f"{', '.join(first)} and {last} from one corpus of faces".capitalize()


def _pictures(run: RunFolder, results: Results) -> list[Picture]:
    drawn = [
        Picture(
            f"curves-{task}.png",
            f"{TITLES[task]}: loss and test accuracy by step (the paper's Figures 8–11).",
            plots.curves(task, _curves(results, task), results["chance"][task]),
        )
        for task in results["tasks"]
    ]
    first = next(iter(next(iter(results["protocols"].values()))["networks"]))
    left = {task: _load_arrays(run.split(first).network(task).pictures) for task in results["tasks"]}
    preset = results["preset"]
    images = open_images(run.images(results["shards"]["sha256"], preset["size"], preset["variants"], results["seed"]))
    used = Preset(**preset)
    names = [filter_name(index, used) for index in range(used.variants)]
    return [
        Picture(
            "protocols.png",
            "Accuracy of the own networks under each protocol, with its 95 % interval by person, and the paper's.",
            plots.protocols(results),
        ),
        *drawn,
        Picture("filters.png", f"The first layer's filters, protocol {first} (Figure 4).", plots.filters(left)),
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


def _curves(results: Results, task: str) -> plots.Curves:
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
