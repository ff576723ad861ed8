"""The report's first screen: what came out in a sentence or two, what the protocols are, and what was run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from training.evidence.claims import FAILS, HOLDS
from training.presets import PRESETS, load_preset, preset_of
from training.publication import TASKS, TITLES, fusion_title
from training.report.lines import points, seeds_of, spoken_list

Results = dict[str, Any]

CHOICES = (
    "The publication says too little to repeat it to the letter. What this program does where it is silent:",
    "The high-level features are taken after their ReLU. Heads get them concatenated as they are, as the publication "
    "does. One factor for all features of a head brings their mean square to 1 and keeps their proportions; without "
    "it heads fell apart where the features were large. The same features standardised (each one to mean 0 and "
    "deviation 1 over the training images) are a control. The descriptor, which is of another source and scale, is "
    "always standardised.",
    "All three convolutions, the third one too, are followed by a ReLU and 2×2 max pooling.",
    "Pixels are scaled to (value − 127.5) / 64, about −2 to 2.",
    "The row “own” and the diagonal of Table 1 are the networks' own outputs. That is an inference: the publication's "
    "Tables 1 and 2 have the same figures there. “own, with the fusions' head” is the other reading.",
    "The networks' gradients are clipped (largest_gradient). Those of the heads are not.",
    "Weight decay and momentum are the same for networks and heads; both learn with the cross-entropy.",
)


def headline(results: Results) -> list[str]:
    """What the run says of the paper's result, and what of it is left beyond labels that mean nothing."""
    if len(results["tasks"]) == 1:
        task = TITLES[results["tasks"][0]].lower()
        return [f"Of these {results['counts']['people']} people only {task} is labelled: nothing can be fused."]
    fused = f"features of {fusion_title('all', len(results['tasks']))} networks together"
    seen = next((name for name in ("paper", "photo") if name in results["protocols"]), None)
    said = []
    if seen:
        whose = "the publication's protocol" if seen == "paper" else "protocol photo"
        said.append(f"On these {results['counts']['people']} people the {fused} {_gain(results, seen)} under {whose}")
    if "identity" in results["protocols"]:
        said.append(f"on new people {'they' if seen else f'the {fused}'} {_gain(results, 'identity')}")
    first = "; ".join(said) + "."
    return [first[:1].upper() + first[1:], *_placebo(results)]


def explained(results: Results) -> list[tuple[str, str]]:
    """What each protocol of the run tests on, before any of them is spoken of."""
    known = {
        "paper": "images whose augmented copies were trained on, as the publication does: it augments, then divides "
        "the "
        "images at random",
        "photo": "other photographs of the people that were trained on",
        "identity": "people who were never seen in training",
    }
    return [(f"Protocol {name}", what) for name, what in known.items() if name in results["protocols"]]


def banner(results: Results) -> str:
    """That this is a quick run, where it is one."""
    preset, whole = results["preset"], load_preset("paper")
    if preset["iterations"] >= whole.iterations:
        return ""
    return (
        f"A quick run: networks for images of {preset['size']} × {preset['size']} pixels learned for at most "
        f"{preset['iterations']:,} of the publication's {whole.iterations:,} steps. Full training gives other figures."
    )


def facts(name: str, results: Results) -> list[tuple[str, str]]:
    """What was run, on what, and when."""
    counts, seeds = results["counts"], seeds_of(results)
    return [
        ("Run", name),
        ("Finished", results["finished"][:16].replace("T", " ") + " UTC"),
        ("Preset", _preset(results)),
        ("Seeds" if len(seeds) > 1 else "Seed", spoken_list(seeds)),
        ("People", f"{counts['people']:,}"),
        ("Photographs", f"{counts['photographs']:,}, with {counts['faces']:,} faces"),
    ]


def _preset(results: Results) -> str:
    own = preset_of(results["preset"])
    names = [file.stem for file in PRESETS.glob("*.toml")]
    alike = [name for name in names if replace(load_preset(name), patience=own.patience) == own]
    name = f"{alike[0]}{'' if own.patience else ', full schedule'}" if alike else "one of its own"
    return (
        f"{name}: {own.size} × {own.size} pixels, {own.variants} images of a photograph, up to {own.iterations:,} steps"
    )


def _gain(results: Results, protocol: str) -> str:
    """What is told of the gain of all features over own under a protocol."""
    tasks = _tasks_of(results, protocol, "all")
    if tasks is None:
        return "cannot be compared with own ones"
    better, worse = _with(tasks, HOLDS), _with(tasks, FAILS)
    if len(better) == len(tasks):
        return "beat own ones"
    told = []
    if better:
        told.append(f"beat own ones for {_spoken(better)}")
    if worse:
        told.append(f"do worse than own ones for {_spoken(worse)}")
    return " and ".join(told) or "show no gain over own ones that can be told"


def _placebo(results: Results) -> list[str]:
    """How much labels that mean nothing gain, and what is left beyond it."""
    for name in results["protocols"]:
        real, beyond = _tasks_of(results, name, "all"), _tasks_of(results, name, "placebo all")
        if real is None or beyond is None:
            continue
        each = [
            f"{TITLES[task].lower()} {points(real[task]['difference'] - one['difference'])} "
            f"(the true labels {points(real[task]['difference'])})"
            for task, one in beyond.items()
        ]
        left, less = _with(beyond, HOLDS), _with(beyond, FAILS)
        told = f"more than that is gained for {_spoken(left)}" if left else "for no task can a gain beyond that be told"
        if less:
            told += f"; for {_spoken(less)} the true labels gain less"
        return [
            f"Labels dealt to the people at random mean nothing; under protocol {name} they gain, in points, "
            f"{spoken_list(each)}: {told}."
        ]
    return []


def _tasks_of(results: Results, protocol: str, claim: str) -> Results | None:
    for one in results["protocols"][protocol]["claims"]:
        if one["claim"] == claim:
            tasks: Results = one["tasks"]
            return tasks
    return None


def _with(tasks: Results, verdict: str) -> list[str]:
    return [task for task in TASKS if task in tasks and tasks[task]["verdict"] == verdict]


def _spoken(tasks: Sequence[str]) -> str:
    return spoken_list([TITLES[task].lower() for task in tasks])
