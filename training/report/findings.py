"""What a run's own figures say, in plain sentences: what each protocol is worth, and what the figures rest on."""

from __future__ import annotations

from typing import Any

from training.data.protocols import Unseen
from training.publication import TASKS, TITLES
from training.report.lines import points, seeds_of, spoken_list

Results = dict[str, Any]


def gap_sentences(results: Results) -> list[str]:
    """The first result: how much of each accuracy is leakage of augmented copies, how much is knowing the person."""
    gaps = results["gaps"]
    sentences = []
    if "leakage" in gaps:
        sentences.append(
            "Leakage of augmented copies (own networks, protocol paper less photo) is worth "
            f"{_gap(gaps['leakage']['rows'].get('own', {}))}.{_harder(gaps['leakage']['rows'].get('own', {}))}"
        )
    if "leakage, untouched" in gaps and gaps["leakage, untouched"]["rows"]:
        sentences.append(
            "With only untouched photographs among the test images of protocol paper it is "
            f"{_gap(gaps['leakage, untouched']['rows']['own, untouched'])}."
        )
    if "knowing the person" in gaps:
        rows = gaps["knowing the person"]["rows"]
        sentences.append(
            f"Knowing the person (protocol photo less identity, of the same {_counted(rows)} people) is worth, to "
            "the own "
            f"networks, {_gap(rows.get('own', {}))}; to the fusion of all, {_gap(rows.get('all', {}))}."
        )
        sentences += _lookup(rows)
    return sentences


def honesty(results: Results) -> list[str]:
    """Sentences on what the protocols test, on the number of people, on confounds, and on what is left out."""
    return [*_protocols(results), _people(results), *_confounds(results), *_stuck(results), *_left_out(results)]


def _gap(cells: Results) -> str:
    if not cells:
        return "nothing that could be measured"
    return ", ".join(
        f"{TITLES[target].lower()} {points(cell['difference'])} points "
        f"({points(cell['by_person'][0])} to {points(cell['by_person'][1])})"
        for target, cell in cells.items()
        if target in TASKS
    )


def _counted(rows: Results) -> int:
    """Of how many people a gap is, at most."""
    return max((cell["people"] for cells in rows.values() for cell in cells.values()), default=0)


def _harder(cells: Results) -> str:
    """What it means that copies on both sides seem to do harm."""
    if all(cell["by_person"][1] >= 0 for cell in cells.values()):
        return ""
    return (
        " Where that is less than nothing, augmented test images are harder than untouched photographs by more than "
        "their copies in training help."
    )


def _lookup(rows: Results) -> list[str]:
    """Whether identity features lose more than a task's own when the person is new: the sign of a look-up."""
    own, looked_up = rows.get("own", {}), rows.get("from identity", {})
    more = {
        target: looked_up[target]["difference"] - own[target]["difference"]
        for target in own
        if target in TASKS and target in looked_up
    }
    if not more:
        return []
    said = ", ".join(f"{TITLES[target].lower()} {points(value)}" for target, value in more.items())
    return [
        "An identity network can solve these tasks by knowing whom it sees. On new people, identity features lose this "
        f"much more than a task's own features do: {said} points."
    ]


def _protocols(results: Results) -> list[str]:
    protocols, preset = results["protocols"], results["preset"]
    variants, share = preset["variants"], preset["test_share"]
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
    if "photo" in protocols:
        tested = protocols["photo"]["test_people"]
        sentences.append(
            "Protocol photo splits by near-duplicate group first and tests on untouched photographs. Of the "
            f"{tested['all']} people tested, {tested['seen_in_training']} were also trained on, so a network that "
            "recognises the person can look the label up."
        )
    if "identity" in protocols:
        found = protocols["identity"]
        sentences.append(
            f"Protocol identity tests on people who were not trained on: {found['test_people']['all']} people in "
            f"{found['rounds']} of at most {preset['identity_rounds']} rounds"
            f"{', about one of each subgroup a round' if found['subgroups'] else ''}. "
            "Who they are cannot be answered there, so the task identity has no figure; the identity network is "
            "trained on the others, and its features stand in the tables."
        )
        sentences += _sparse(found)
    return sentences


def _sparse(found: Results) -> list[str]:
    """What protocol identity cannot do with so few people of a subgroup or class."""
    sentences = []
    groups = {name.replace("_", " "): group["people"] for name, group in found["subgroups"].items()}
    if not groups:
        sentences.append(
            "Of nobody all of gender, age group and race are known, so the rounds hold people apart, but not one of "
            "each subgroup."
        )
    few = [f"{name} ({people})" for name, people in groups.items() if people < found["rounds"]]
    if few:
        sentences.append(
            f"Subgroups of which not every round tests a person, since they have too few: {spoken_list(few)}."
        )
    return [*sentences, *(str(Unseen(**one)) for one in found["unseen"])]


def _people(results: Results) -> str:
    counts = results["counts"]
    rests = "; ".join(
        f"{TITLES[task].lower()} of {sum(people.values())}: " + ", ".join(f"{name} {n}" for name, n in people.items())
        for task, people in counts["people_by_class"].items()
    )
    return (
        f"A label other than identity is constant for a person, so these labels rest on {counts['people']} people, "
        f"not on {counts['photographs']:,} photographs ({rests}). The intervals by person are the ones to read; those "
        f"by photograph say only how the same people would fare in other photographs. {_trainings(results)}"
    )


def _trainings(results: Results) -> str:
    """What the intervals say of another training."""
    seeds = len(seeds_of(results))
    if seeds == 1:
        return "Neither says how another training would have come out: that is what several seeds are for."
    return (
        f"Both take into account how another training would have come out, as far as {seeds} seeds can tell: of so few "
        "the spread itself is uncertain, and drawn too small."
    )


def _confounds(results: Results) -> list[str]:
    rows = {name: protocol["rows"] for name, protocol in results["protocols"].items()}
    layers = "; ".join(f"protocol {name}: {_change(found, 'own_head', 'own')}" for name, found in rows.items())
    sentences = [
        "A fusion has two fully connected layers more than the network whose own output stands in the row 'own'. Those "
        f"layers alone, on the network's own features, change its accuracy thus: {layers}."
    ]
    held = {name: _change(found, "held all", "fitted all") for name, found in rows.items() if "held all" in found}
    sentences += [
        "Heads learn on features of images that the networks had already fitted. Networks that were given only a part "
        "of the photographs tell what that does: all together, heads on images held out from them less heads on "
        f"images they fitted, protocol {name}: {change}."
        for name, change in held.items()
    ]
    sentences += [*_joint(results), *_baseline(results)]
    if not results["preset"]["out_of_fold"]:
        sentences.append(
            "Heads learn on features of images that the networks had already fitted; this preset trains no networks "
            "with images held out from them (out_of_fold = 0), so what that is worth is not known here."
        )
    if not results["shards"]["descriptors"]:
        sentences.append(
            "The same heads on a face descriptor of another source: not available, the shards have no column "
            "'embedding'."
        )
    elif alike := [name for name, found in results["protocols"].items() if found["siblings"]]:
        sentences.append(
            f"The face descriptor is left out under protocol {spoken_list(alike)}: all variants of a photograph have "
            "the "
            "same one, so a test image's own descriptor was learned, and its answers would be no result."
        )
    return sentences


def _stuck(results: Results) -> list[str]:
    """Which rows are of heads or networks that learned nothing."""
    return [
        f"Under protocol {name} one class alone is answered, whatever is shown, by {spoken_list(found['stuck'])}: they "
        "learned nothing. A lower learning rate in the preset may help."
        for name, found in results["protocols"].items()
        if found["stuck"]
    ]


def _joint(results: Results) -> list[str]:
    """How large the joint network is beside the networks that it stands for."""
    for protocol in results["protocols"].values():
        for networks in protocol["networks"].values():
            if "joint" in networks:
                together = sum(networks[task]["parameters"] for task in results["tasks"])
                joint = networks["joint"]["parameters"]
                return [
                    f"The joint network has {joint:,} weights, the {len(results['tasks'])} networks together "
                    f"{together:,} ({joint / together:.0%} as many), and it was trained for as many steps as one of "
                    "them."
                ]
    return []


def _baseline(results: Results) -> list[str]:
    """What the residual network is, and under which protocols it stands."""
    found = {
        name: networks["residual"]
        for name, protocol in results["protocols"].items()
        for networks in protocol["networks"].values()
        if "residual" in networks
    }
    if not found:
        return []
    return [
        f"The residual network (protocol {spoken_list(list(found))}) is a baseline of ours, none of the publication's: "
        "pre-activation blocks with group norm, of all tasks at once. A pass of it costs as many operations as one of "
        f"the publication's networks, within 6 %; it has {next(iter(found.values()))['parameters']:,} weights, and it "
        "was trained on the same images, for as many steps at the same rates."
    ]


def _change(rows: Results, row: str, before: str) -> str:
    both = [target for target in rows[row] if target in rows[before] and target in TASKS]
    return ", ".join(
        f"{TITLES[target].lower()} {points(rows[row][target]['accuracy'] - rows[before][target]['accuracy'])}"
        for target in both
    )


def _left_out(results: Results) -> list[str]:
    sentences = [f"Task {TITLES[task].lower()} is left out: {reason}." for task, reason in results["left_out"].items()]
    if sentences:
        sentences.append(
            f"This run has {len(results['tasks'])} networks, the publication {len(TASKS)}: its figures beside the "
            "fusions are of its other three and of all four."
        )
    return [*sentences, *(f"{what} is left out: {reason}" for what, reason in results["not_made"].items())]
