"""The dataset card: README.md beside the shards, YAML head first.

Its headings follow Gebru et al., *Datasheets for Datasets* (arXiv 1803.09010); its head is what Hugging Face reads
(https://huggingface.co/docs/hub/datasets-cards).
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from facecorpus import __version__
from facecorpus.build.plan import Plan
from facecorpus.build.splits import TEST, TRAIN
from facecorpus.settings import Settings

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def dataset_card(plan: Plan, settings: Settings) -> bytes:
    """The whole card as UTF-8 Markdown."""
    sections = (
        _head(plan, settings),
        _opening(plan, settings),
        _MOTIVATION,
        _composition(plan, settings),
        _collection(plan),
        _processing(plan, settings),
        _USES,
        _distribution(plan),
        _maintenance(settings),
    )
    return ("\n\n".join(sections) + "\n").encode()


def _head(plan: Plan, settings: Settings) -> str:
    size = next((name for limit, name in _SIZES if len(plan.rows) < limit), "1M<n<10M")
    files = "".join(
        f"      - split: {split}\n        path: {split}-*.parquet\n" for split in (TRAIN, TEST) if plan.side(split)
    )
    return (
        "---\n"
        f"pretty_name: {json.dumps(settings.build.title, ensure_ascii=False)}\n"  # a JSON string is a YAML string
        "license: other\n"
        "license_name: per-photograph\n"
        "task_categories:\n  - image-classification\n"
        f"size_categories:\n  - {size}\n"
        "tags:\n  - faces\n  - facecorpus\n"
        f"configs:\n  - config_name: default\n    data_files:\n{files}"
        "---"
    )


def _opening(plan: Plan, settings: Settings) -> str:
    return f"""# {settings.build.title}

{len(plan.rows)} aligned faces of {plan.identities} people ({len(plan.side(TRAIN))} train, {len(plan.side(TEST))} test)
with four labels each: identity, gender, age group and race. Every face carries where its photograph is from, its
author and its licence, as far as they are stated. Made by facecorpus {__version__}.

```python
from datasets import load_dataset

faces = load_dataset("parquet", data_dir="shards")
faces["train"][0]["image"], faces["train"].features["race"].names
```"""


_MOTIVATION = """## Motivation

For research on how facial tasks share features, in the manner of Li and Zhu, *Learning and Fusing Multimodal Features
from and for Multi-task Facial Computing* (arXiv 1610.04322), and on what such results are worth under honest splits."""


def _composition(plan: Plan, settings: Settings) -> str:
    labels, build = settings.labels, settings.build
    young, adult, old = labels.young_from, labels.adult_from, labels.old_from
    years = sorted(row.face.taken_on[:4] for row in plan.rows if row.face.taken_on)
    dated = f"{len(years)} faces have a date, from {years[0]} to {years[-1]}" if years else "No date is known"
    stated = len(plan.rows) - plan.subgroups.get("not stated", 0)
    return f"""## Composition

One row is one face. `image` is its aligned crop, {build.crop} × {build.crop} pixels, JPEG.

{_table(("subgroup", "people", "faces", "train", "test"), _subgroup_rows(plan))}

- **gender**, **age_group** and **race** are classes as the paper has them. They are social categories that people read
  from public sources or assigned; they are not measured from the face, and not how each person would describe
  themselves. −1 stands where the manifest states nothing; {stated} faces have all three.
- **age_group**: young {young}–{adult - 1}, adult {adult}–{old - 1}, old {old} and over. One label for a person and a
  period; only photographs of that period are here, where their date is known. {dated}; those
  without one may be from other years.
- **age_at_capture** is stated only where the dates of birth and of the photograph settle it.
- **split** has about {build.test_share:.0%} of each person's photographs in the test, and near-duplicates (`group_id`)
  on one side. People are on both sides: for tests on people never seen, use **identity_fold**, {build.folds} folds of
  people with each subgroup spread over them as evenly as it can be. {plan.shared_groups} groups show more than one
  person: whoever tests by people must keep such a group together.
- **box** is x, y, width, height, and **landmarks** are five points x, y, in pixels of the upright photograph of
  **width** × **height**."""


def _collection(plan: Plan) -> str:
    sources = Counter(row.face.source or "not known" for row in plan.rows)
    return f"""## Collection

Photographs were found under the names in `manifest.csv` and fetched from these sources:

{_table(("source", "faces"), sources.most_common())}

The people in them were not asked. No one who was a minor in the photographs is collected on purpose; where a
photograph has no date, this rests on the person's years in the manifest and on the reviewers."""


def _processing(plan: Plan, settings: Settings) -> str:
    by_policy = sum(row.face.reviewed_by == "auto" for row in plan.rows)
    reviewers = len({row.face.reviewed_by for row in plan.rows} - {"auto"})
    detectors = ", ".join(sorted({row.face.detector for row in plan.rows}))
    limit = settings.rank.accept_above
    left_out = "\n".join(f"- {count} accepted faces left out: {reason}." for reason, count in plan.left_out.items())
    return f"""## Preprocessing, cleaning, labelling

- Faces were found by {detectors}, compared with the person's other faces, and grouped with near-duplicates; of those,
  one for each person is kept.
- Review: {len(plan.rows) - by_policy} faces were accepted by people (reviewers: {reviewers}). {by_policy} were accepted
  by the automatic policy alone (estimated to be right with a probability of at least {limit:g}); no person has looked
  at those.
- The crop is cut from the original by the five landmarks and encoded once, at quality {settings.build.quality}.
{left_out}""".rstrip()


_USES = """## Uses

Meant for research on representation, data splits and bias in facial attribute models. Not fit for identifying people,
for surveillance, for any decision about a person, or for claims about groups of people: a few people stand for each
subgroup, and whomever the sources show more often is here more often. A detector that misses some faces more than
others has left its mark on what is here."""


def _distribution(plan: Plan) -> str:
    licences = Counter(row.face.licence or "none stated" for row in plan.rows)
    return f"""## Distribution

Each photograph keeps its own licence, as its source states it; `attribution.csv` lists them with the authors. The
licence covers the photograph, not the rights of the person in it. Where none is stated, none may be assumed.

{_table(("licence", "faces"), licences.most_common())}

`checksums.txt` is for `sha256sum --check`; `build.json` holds every setting, version and count."""


def _maintenance(settings: Settings) -> str:
    contact = settings.crawl.contact
    whom = f"write to {contact}" if contact else "**no contact is stated yet; whoever publishes this must add one**"
    return f"""## Maintenance and removal

If you are in these photographs, or one is yours, and you want it removed: {whom}.
Name the `face_id` or the address. A photograph that was taken down is never fetched again, and not in later builds."""


def _subgroup_rows(plan: Plan) -> list[tuple[object, ...]]:
    table: list[tuple[object, ...]] = []
    for name, count in plan.subgroups.items():
        rows = [row for row in plan.rows if (row.identity.subgroup or "not stated") == name]
        people = len({row.number for row in rows})
        trains = sum(row.split == TRAIN for row in rows)
        table.append((name, people, count, trains, count - trains))
    return table


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
