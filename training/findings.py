"""What a run's own figures say, in plain sentences: where the paper's ordering holds, and what the figures rest on."""

from __future__ import annotations

from math import sqrt
from typing import Any

from training.paper import ATTRIBUTES, TABLE_1, TABLE_2, TASKS, TITLES, fusion_title

Results = dict[str, Any]


def honesty(results: Results) -> list[str]:
    """Sentences on leakage, on the number of people, on two confounds of the design, and on tasks left out."""
    return [*_leakage(results), _people(results), *_confounds(results), *_left_out(results)]


def ordering(results: Results) -> list[str]:
    """For each protocol, whether each statement that the paper's tables make is true of this run."""
    tasks = len(results["tasks"])
    others, everything = fusion_title("other_three", tasks), fusion_title("all", tasks)
    networks = "network's" if tasks == 2 else "networks'"
    return [
        sentence
        for name, protocol in results["protocols"].items()
        for sentence in (
            _noise(name, protocol),
            _compare(name, "identity features beat a task's own features", *_identity_beats_own(protocol)),
            _compare(name, f"the {others} {networks} features beat a task's own", *_others_beat_own(protocol)),
            _compare(name, f"{everything} together beat a task's own features", *_all_beat_own(protocol)),
        )
    ]


def _noise(name: str, protocol: Results) -> str:
    """How large a difference between two accuracies on the same photographs must be to mean anything."""
    own = protocol["table2"]["own"].values()
    p = sum(own) / len(own)
    fewest = min(protocol["known_photographs"].values())
    limit = 2 * sqrt(2 * p * (1 - p) / fewest)
    return (
        f"Protocol {name} tested each task on {fewest:,} photographs or more: a difference under about "
        f"{100 * limit:.0f} points (two standard errors) may be chance, and one run has one seed."
    )


def _leakage(results: Results) -> list[str]:
    protocols, variants = results["protocols"], results["preset"]["variants"]
    share = results["preset"]["test_share"]
    sentences = []
    if "paper" in protocols:
        expected = 1 - share ** (variants - 1)
        sentences.append(
            f"Protocol paper augments each photograph to {variants} images and then divides the images at random, so "
            f"variants of one photograph land on both sides. By arithmetic a test image has a sibling in training with "
            f"probability 1 − {share:g}^{variants - 1} = {expected:.3%}; in this run it was "
            f"{protocols['paper']['siblings']:.3%}. Its accuracies say how well images of known photographs are "
            f"recognised, not how well new photographs are."
        )
    if {"paper", "photo"} <= set(protocols):
        sentences.append(
            "What that is worth is the difference to protocol photo, which splits by photograph first. Own networks, "
            f"paper less photo: {_worth(protocols, 'accuracy')}. Protocol photo tests on untouched photographs only; "
            f"with only the untouched ones among the test images of protocol paper: "
            f"{_worth(protocols, 'accuracy_on_originals')}."
        )
    return sentences


def _worth(protocols: Results, kind: str) -> str:
    """The accuracies of the networks under protocol paper less those under protocol photo."""
    paper, photo = protocols["paper"]["networks"]["paper"], protocols["photo"]["networks"]["photo"]
    return ", ".join(
        f"{TITLES[task].lower()} {_points(paper[task][kind] - photo[task][kind])}"
        for task in paper
        if paper[task][kind] is not None
    )


def _people(results: Results) -> str:
    counts = results["counts"]
    rests = "; ".join(
        f"{TITLES[task].lower()} of {sum(people.values())}: " + ", ".join(f"{name} {n}" for name, n in people.items())
        for task, people in counts["people_by_class"].items()
    )
    tested = next(iter(results["protocols"].values()))["test_people"]
    error = max(_standard_error(results, task) for task in counts["people_by_class"])
    return (
        f"A label other than identity is constant for a person, so these labels rest on {counts['people']} people, "
        f"not on {counts['photographs']:,} photographs ({rests}). Of the {tested['all']} people tested, "
        f"{tested['seen_in_training']} were also trained on, so a network that recognises the person can look the "
        f"label up; nothing here says how well a stranger's would be told. With people as the sample, an attribute's "
        f"accuracy has a standard error of up to {_points(error).lstrip('+')}."
    )


def _standard_error(results: Results, task: str) -> float:
    """Of an attribute's accuracy, with the people whose label is known as the sample."""
    accuracies = [protocol["table2"]["own"][task] for protocol in results["protocols"].values()]
    people = sum(results["counts"]["people_by_class"][task].values())
    return max(sqrt(p * (1 - p) / people) for p in accuracies)


def _confounds(results: Results) -> list[str]:
    gains = []
    for name, protocol in results["protocols"].items():
        gain = {
            task: accuracy - protocol["table2"]["own"][task] for task, accuracy in protocol["own_with_head"].items()
        }
        gains.append(f"{name}: " + ", ".join(f"{TITLES[task].lower()} {_points(gain[task])}" for task in gain))
    return [
        "A fusion has two fully connected layers more than the network whose own output stands in the row 'own'. "
        f"Those layers alone, on the network's own features, change its accuracy thus: {'; '.join(gains)}.",
        "The heads learn on features of images that the networks had already fitted, as they seem to in the paper; "
        "features of images held out from the networks could make them a little better or worse.",
    ]


def _left_out(results: Results) -> list[str]:
    sentences = [f"Task {TITLES[task].lower()} is left out: {reason}." for task, reason in results["left_out"].items()]
    if sentences:
        sentences.append(
            f"This run has {len(results['tasks'])} networks, the paper {len(TASKS)}: the paper's figures beside the "
            "fusions are of its other three and of all four."
        )
    return sentences


def _identity_beats_own(protocol: Results) -> tuple[dict[str, float], dict[str, float]]:
    table = protocol["table1"]
    attributes = [task for task in table if task in ATTRIBUTES]
    return (
        {task: table["identity"][task] - table[task][task] for task in attributes},
        {task: TABLE_1["identity"][task] - TABLE_1[task][task] for task in attributes},
    )


def _others_beat_own(protocol: Results) -> tuple[dict[str, float], dict[str, float]]:
    return _gain(protocol["table2"], "other_three"), _gain(TABLE_2, "other_three")


def _all_beat_own(protocol: Results) -> tuple[dict[str, float], dict[str, float]]:
    return _gain(protocol["table2"], "all"), _gain(TABLE_2, "all")


def _gain(table: dict[str, dict[str, float]], kind: str) -> dict[str, float]:
    return {task: table[kind][task] - table["own"][task] for task in table["own"]}


def _compare(protocol: str, statement: str, ours: dict[str, float], papers: dict[str, float]) -> str:
    """Say for which tasks this run has the paper's order, and by how many points."""
    same = [task for task in ours if (ours[task] > 0) == (papers[task] > 0)]
    other = [task for task in ours if task not in same]

    def listed(tasks: list[str]) -> str:
        return ", ".join(
            f"{TITLES[task].lower()} ({_points(ours[task])}; in the paper {_points(papers[task])})" for task in tasks
        )

    lead = f"Protocol {protocol}, “{statement}”: "
    parts = []
    if same:
        parts.append(f"as in the paper for {listed(same)}")
    if other:
        parts.append(f"unlike the paper for {listed(other)}")
    return lead + "; ".join(parts) + "."


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f} points".replace("-", "−")
