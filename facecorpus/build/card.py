"""The dataset card: README.md beside the shards, YAML head first.

Its headings follow Gebru et al., *Datasheets for Datasets* (arXiv 1803.09010); its head is what Hugging Face reads
(https://huggingface.co/docs/hub/datasets-cards). What can be counted is counted from the rows.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from facecorpus import __version__
from facecorpus.build.citation import cited
from facecorpus.build.kind import WHAT, Kind
from facecorpus.build.overview import subgroup_table
from facecorpus.build.plan import NOT_STATED, Plan
from facecorpus.build.rights import rights
from facecorpus.build.splits import TEST, TRAIN
from facecorpus.faces.embed import DLIB
from facecorpus.faces.shares import shares, unequal, verdict
from facecorpus.licences import UNKNOWN, Terms, family_of
from facecorpus.shards import DATA
from facecorpus.system.dates import year_of
from facecorpus.system.escape import for_markdown, for_terminal
from facecorpus.words import AUTO

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
# Measured by benchmarks/faces.py; docs/quality.md has the tables.
_KNOWN_TO_MISS = {
    "yunet": "On 4,499 web photographs of 77 people, the detector yunet found no face in 0.8 %: in 0.2 % of those of"
    " women, in 1.2 % of those of men, and in 2.4 % of those of African men.",
    "hog": "On 1,920 photographs of one face each, the detector hog missed men more often than women, and African men"
    " most of all.",
    "mmod": "On 1,920 photographs of one face each, the detector mmod missed men more often than women, and white and"
    " African men most of all.",
}
_TOLD_APART = (
    "On 3,932 real faces of 77 people, the ranking was unsure of 12 % of those of African men and of 2 % of those of"
    " white women: the descriptor tells African men apart less well, so wrong people are likelier to remain among"
    " theirs."
)


def dataset_card(plan: Plan, kind: Kind) -> bytes:
    """The whole card as UTF-8 Markdown."""
    sections = (
        _head(plan),
        _opening(plan, kind),
        _motivation(plan),
        _composition(plan, kind),
        _collection(plan),
        _processing(plan, kind),
        _uses(plan),
        _distribution(plan, kind),
        rights(plan.settings.rights, plan.rows),
        _citation(plan),
        _maintenance(plan),
    )
    return ("\n\n".join(sections) + "\n").encode()


def _head(plan: Plan) -> str:
    size = next((name for limit, name in _SIZES if len(plan.rows) < limit), "1M<n<10M")
    files = "".join(
        f"      - split: {split}\n        path: {DATA}/{split}-*.parquet\n"
        for split in (TRAIN, TEST)
        if plan.side(split)
    )
    # A JSON string is a YAML string, where it holds no control characters.
    title = json.dumps(for_terminal(plan.settings.build.title), ensure_ascii=False)
    return (
        "---\n"
        f"pretty_name: {title}\n"
        "license: other\n"
        "license_name: per-photograph\n"
        "task_categories:\n  - image-classification\n"
        f"size_categories:\n  - {size}\n"
        "tags:\n  - faces\n  - facecorpus\n"
        f"configs:\n  - config_name: default\n    data_files:\n{files}"
        "---"
    )


def _opening(plan: Plan, kind: Kind) -> str:
    shown = "" if kind is Kind.WITHOUT_IMAGES else 'faces["train"][0]["image"], '
    return f"""# {for_markdown(plan.settings.build.title)}

{len(plan.rows)} {WHAT[kind]} of {plan.identities} people ({len(plan.side(TRAIN))} train, {len(plan.side(TEST))} test)
{_labels(plan)} Every face carries where its photograph is from, its
author and its licence, as far as they are stated. [overview.html](overview.html) shows the counts,
[attribution.html](attribution.html) names the authors. Made by facecorpus {__version__}.

```python
from datasets import load_dataset

faces = load_dataset("parquet", data_dir="{kind.folder_name}")
{shown}faces["train"].features["race"].names
```"""


def _labels(plan: Plan) -> str:
    attributes = {"gender": "gender", "age_group": "age group", "race": "race"}
    stated = [name for key, name in attributes.items() if any(row.labelled.labels[key] >= 0 for row in plan.rows)]
    if len(stated) == len(attributes):
        return "with four labels each: identity, gender, age group and race."
    missing = [name for name in attributes.values() if name not in stated]
    return f"labelled by {_listed(['identity', *stated])}; not stated of anybody: {_listed(missing)}."


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _motivation(plan: Plan) -> str:
    return f"""## Motivation

For research on how facial tasks share features, in the manner of Li and Zhu, *Learning and Fusing Multimodal Features
from and for Multi-task Facial Computing* (arXiv 1610.04322), and on what such results are worth under honest splits.
{_whom(plan)}"""


def _whom(plan: Plan) -> str:
    contact = plan.settings.crawl.contact
    return (
        f"Whoever collected it can be reached at {for_markdown(contact)}."
        if contact
        else "Who collected it, and who paid for it, is not stated: whoever publishes this must add it."
    )


def _composition(plan: Plan, kind: Kind) -> str:
    labels, build = plan.settings.labels, plan.settings.build
    young, adult, old = labels.young_from, labels.adult_from, labels.old_from
    stated = len(plan.rows) - plan.subgroups.get(NOT_STATED, 0)
    rule = (
        "the age on the day of the photograph where that is known, and otherwise the person's label in the manifest"
        if build.age_labels == "capture"
        else "one label for a person and a period, from the manifest"
    )
    if plan.ages_corrected:
        rule += f"; for {plan.ages_corrected} faces, the age group that a reviewer saw instead"
    photographs = len({row.face.photo_sha256 for row in plan.rows})
    return f"""## Composition

One row is one face; {photographs} photographs gave them. {_PICTURE[kind].format(side=build.crop)}
It is a selection, not a sample: the people are those that the manifest names, the photographs those that the sources
offered under their names, and {_balanced(plan)}

{_table(("subgroup", "people", "faces", "train", "test"), subgroup_table(plan))}

{_per_person(plan)}

- **gender**, **age_group** and **race** are classes as the paper has them. They are social categories that people read
  from public sources or assigned; they are not measured from the face, and not how each person would describe
  themselves. −1 stands where the manifest states nothing; {stated} faces have all three. `manifest.csv` says for each
  person where gender and race are from.
- **age_group**: young {young}–{adult - 1}, adult {adult}–{old - 1}, old {old} and over: {rule}. {_dates(plan)}
- **age_at_capture** is stated only where the dates of birth and of the photograph settle it. That is so for
  {plan.ages_known} faces with an age group; for {plan.ages_that_differ} of them it says another age group than the
  manifest. **outside_period** marks faces from years in which the manifest's label does not hold.
- **split** has about {build.test_share:.0%} of each person's photographs in the test, and near-duplicates (`group_id`)
  on one side. People are on both sides: for tests on people never seen, use **identity_fold**, {build.folds} folds of
  people with each subgroup in every fold where it has that many people. {plan.shared_groups} groups show more than one
  person; {plan.cut_by_folds} of them have people in different folds, since otherwise a fold would lack a subgroup.
- **box** is x, y, width, height, and **landmarks** are five points x, y, in pixels of the upright photograph of
  **width** × **height**.
- **photo_id** is the sha256 of the photograph's file, **image_sha256** that of the row's
  picture.{_embedding(plan, kind)}

The rows name people and show their faces: they are personal data, and race is of a special category in many laws.
Near-duplicates of one person were reduced to one; noise that remains is wrong people whom the review overlooked."""


def _embedding(plan: Plan, kind: Kind) -> str:
    if kind is Kind.WITHOUT_IMAGES or not plan.settings.build.embeddings:
        return ""
    return f"""
- **embedding** is the face's descriptor, {plan.dimension} numbers: a biometric template, by which a person is found
  again in other photographs. Do not publish these shards."""


_PICTURE = {
    Kind.CROPS: "`image` is its aligned crop, {side} × {side} pixels, JPEG.",
    Kind.ORIGINAL: "`image` is the whole photograph as it was fetched; a viewer must turn it upright as its EXIF says.",
    Kind.WITHOUT_IMAGES: "There are no pictures, but addresses, hashes, boxes and landmarks: `build.json` says how the"
    " aligned crops of {side} × {side} pixels are made from them.",
}


def _balanced(plan: Plan) -> str:
    if plan.settings.build.balance == "none":
        return "no subgroup was cut down to the size of another."
    quota = plan.settings.build.quota or "as many as the smallest had"
    what = plan.settings.build.balance
    return f"no {what} gave more faces than its quota ({quota}); of each person the best faces were taken in turn."


def _per_person(plan: Plan) -> str:
    each = sorted(Counter(row.number for row in plan.rows).values())
    return f"A person has {each[0]} to {each[-1]} faces, half of the people {each[len(each) // 2]} or fewer."


def _dates(plan: Plan) -> str:
    years = sorted(year for row in plan.rows if row.face.taken_on and (year := year_of(row.face.taken_on)))
    if not years:
        return "No date is known: any face may be from other years."
    undated = len(plan.rows) - len(years)
    span = f"from {years[0]} to {years[-1]}"
    return f"{len(years)} faces have a date, {span}; {undated} have none and may be of other years."


def _collection(plan: Plan) -> str:
    sources = Counter(row.face.source or "not known" for row in plan.rows)
    sizes = sorted(min(row.face.box[2:]) for row in plan.rows)
    unknown = {row.face.identity_id for row in plan.rows if not row.labelled.identity.birth_date}
    unchecked = (
        f" Of {len(unknown)} people no birth date is stated: **nothing checked that they were no minors**, and the web"
        " is not searched for them."
        if unknown
        else ""
    )
    return f"""## Collection process

Photographs were found under the names in `manifest.csv` and fetched from these sources:

{_table(("source", "faces"), sources.most_common())}

Opt-outs that hosts and files state (robots.txt, X-Robots-Tag, TDM reservations, Content-Signal, Content-Usage, C2PA)
were {"obeyed" if plan.settings.fetch.obey_opt_outs else "**not obeyed**: the operator switched that off"}. The
smaller side of a face in its photograph is {sizes[0]:.0f} to {sizes[-1]:.0f} pixels, {sizes[len(sizes) // 2]:.0f} in
the middle.

The people in them were not asked. No one who was a minor in
the photographs is collected on purpose: what is dated before a person's
{plan.settings.labels.young_from}th birthday is left out; where a photograph has no date, this rests on the person's
years in the manifest and on the reviewers.{unchecked}

{_not_seen(plan)}"""


def _not_seen(plan: Plan) -> str:
    detectors = sorted({row.face.detector for row in plan.rows})
    lines = [
        (one.name, one.number, one.counted, f"{one.share:.1%}", "{:.1%} to {:.1%}".format(*one.interval))
        for one in plan.unseen
    ]
    known = " ".join(
        [
            *(known for kind, known in _KNOWN_TO_MISS.items() if any(name.split()[0] == kind for name in detectors)),
            *([_TOLD_APART] if DLIB in plan.descriptors else []),
        ]
    )
    if not lines:
        return f"### Who the detector did not see\n\n{known}"
    table = _table(("people", "photographs", "without a face", "share", "95 % interval"), lines)
    return f"""### Who the detector did not see

Of all photographs that the sources offered for the people of each label, in so many {", ".join(detectors)} found no
face, and so they cannot be here. Some show nobody; but where the shares differ, the detector sees some people less
well than others. {verdict(plan.unseen)}

{table}

{known}"""


def _processing(plan: Plan, kind: Kind) -> str:
    by_policy = sum(row.face.reviewed_by == AUTO for row in plan.rows)
    reviewers = len({row.face.reviewed_by for row in plan.rows} - {AUTO})
    detectors = ", ".join(sorted({row.face.detector for row in plan.rows}))
    by_people, whose = len(plan.rows) - by_policy, _unequal(plan)
    descriptors = for_markdown("; ".join(plan.descriptors))
    left_out = "\n".join(f"- {count} accepted faces left out: {reason}." for reason, count in plan.left_out.items())
    blurred = sum(bool(row.face.bystanders) for row in plan.rows)
    made = (
        f"- The photographs are unchanged, but for {blurred} in which every other face that was found is blurred: these"
        " are upright JPEG files."
        if blurred
        else "- The photographs are unchanged."
        if kind is Kind.ORIGINAL
        else "- The crop is cut from the original by the five landmarks and encoded once, at quality"
        f" {plan.settings.build.quality}."
    )
    compared = (
        ""
        if kind is Kind.WITHOUT_IMAGES
        else ", and by\n  comparing the pictures in the finished shards with each other"
    )
    return f"""## Preprocessing, cleaning, labelling

- Faces were found by {detectors}, compared with the person's other faces, and grouped with near-duplicates; of those,
  one for each person is kept. They were compared by the descriptors of {descriptors}.
- Review: {by_people} faces were accepted by people (reviewers: {reviewers}){whose}. {by_policy} were accepted
  by the automatic policy alone (estimated to be right with a probability of at least
  {plan.settings.rank.accept_above:g}); no person has looked at those.
{made}
- No picture of the training side is on the test side: checked by group before the shards were written{compared}.
{_near_copies(plan)}{left_out}""".rstrip()


def _unequal(plan: Plan) -> str:
    """Of whose faces people had to judge more, or nothing."""
    counts: dict[str, tuple[int, int]] = {}
    for row in plan.rows:
        faces, by_people = counts.get(row.face.identity_id, (0, 0))
        counts[row.face.identity_id] = (faces + 1, by_people + (row.face.reviewed_by != AUTO))
    whose = unequal(shares({row.labelled.identity for row in plan.rows}, counts))
    return f":\n  {whose}" if whose else ""


def _near_copies(plan: Plan) -> str:
    """A line of the list, or nothing."""
    if not plan.near_copies:
        return ""
    of_two = f" Pairs that stand for two people: {plan.of_two_people}." if plan.of_two_people else ""
    return (
        "- Pairs of faces that show nearly the same picture and are no copies, two frames of a moment for example:"
        f" {len(plan.near_copies)}.\n  Both faces of a pair stay, in one group and so on one side.{of_two}\n"
    )


def _uses(plan: Plan) -> str:
    people = [count for name, count, *_ in subgroup_table(plan) if name != NOT_STATED]
    few = f"{min(people)} to {max(people)} people stand for each subgroup" if people else "no subgroup is stated"
    return f"""## Uses

Meant for research on representation, data splits and bias in facial attribute models. Not fit for identifying people,
for surveillance, for any decision about a person, or for claims about groups of people: {few}, and whomever the
sources show more often is here more often. A detector that misses some faces more than others has left its mark on
what is here."""


def _distribution(plan: Plan, kind: Kind) -> str:
    licences = Counter(row.face.licence or "none stated" for row in plan.rows)
    families = Counter(family_of(row.face.licence, row.face.licence_url) for row in plan.rows)
    free = families[Terms().family]
    bound = len(plan.rows) - families[UNKNOWN] - free
    kept = (
        "" if kind is not Kind.WITHOUT_IMAGES else "\n\nNo picture is handed on here, so no licence is used up by it."
    )
    return f"""## Distribution

Each photograph keeps its own licence, as its source states it. The licence covers the photograph, not the rights of
the person in it. {families[UNKNOWN]} faces are from photographs whose licence is not known: none may be assumed.
{bound} are under licences with conditions, which `attribution.html` meets where they ask for names; {free} are under
CC0 or in the public domain.{kept}

{_table(("licence", "faces"), licences.most_common())}

`checksums.txt` is for `sha256sum --check`; `build.json` holds every setting, version and count."""


def _citation(plan: Plan) -> str:
    doi = "" if plan.settings.build.doi else " No DOI is stated."
    return f"""## Citation

> {for_markdown(cited(plan))}

`CITATION.cff` says the same for tools that cite.{doi}"""


def _maintenance(plan: Plan) -> str:
    contact = plan.settings.crawl.contact
    whom = (
        f"write to {for_markdown(contact)}"
        if contact
        else "**no contact is stated yet; whoever publishes this must add one**"
    )
    return f"""## Maintenance

If you are in these photographs, or one is yours, and you want it removed: {whom}.
Name the `face_id` or the address. A photograph that was taken down is never fetched again, and not in later builds;
{plan.left_out.get("taken down", 0)} accepted faces were left out of this one for that reason. Whoever holds an earlier
build can tell by `photo_id` which rows have gone. Errors in labels are mended in the manifest or in the review, and
come with the next build: the same decisions give the same bytes."""


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(value: object) -> str:
    """What a source states may hold anything: on one line, and no markup."""
    return for_markdown(" ".join(str(value).split()))
