"""How a build is cited: CITATION.cff beside the shards, and the sentence of the card and of croissant.json.

https://github.com/citation-file-format/citation-file-format/blob/main/schema-guide.md, version 1.2.0.
"""

import json
from datetime import date

from facecorpus import __version__
from facecorpus.build.plan import Plan
from facecorpus.system.escape import for_terminal


def day_of(plan: Plan) -> date:
    """The day of the latest verdict: the day of the build would make the same decisions give other bytes."""
    return date.fromisoformat(max(row.face.reviewed_at for row in plan.rows)[:10])


def version_of(plan: Plan) -> str:
    """The version by that day."""
    day = day_of(plan)
    return f"{day.year}.{day.month}.{day.day}"


def cited(plan: Plan) -> str:
    """In a sentence: who made it, its title and version, and where it is, as far as that is stated."""
    build, operator = plan.settings.build, plan.settings.rights.operator.strip()
    parts = (operator, f"{build.title}, version {version_of(plan)}, made with facecorpus {__version__}")
    return ". ".join(filter(None, (*parts, f"https://doi.org/{build.doi}" * bool(build.doi))))


def citation(plan: Plan) -> bytes:
    """CITATION.cff. Whoever is not stated as operator stands in it as the maker, since a citation needs somebody."""
    build = plan.settings.build
    values: dict[str, object] = {
        "cff-version": "1.2.0",
        "message": "If you use this dataset, please cite it as below.",
        "type": "dataset",
        "title": build.title,
        "authors": [{"name": plan.settings.rights.operator.strip() or f"The makers of {build.title}"}],
        "version": version_of(plan),
        "date-released": day_of(plan).isoformat(),
        **({"doi": build.doi} if build.doi else {}),
        "references": [
            {
                "type": "software",
                "title": "facecorpus",
                "version": __version__,
                "authors": [{"name": "The facecorpus maintainers"}],
            }
        ],
    }
    # Whatever is JSON without control characters is YAML, too.
    lines = (f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in values.items())
    return "".join(f"{for_terminal(line)}\n" for line in lines).encode()
