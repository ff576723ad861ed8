"""What a build records of itself: build.json."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from facecorpus import __version__
from facecorpus.build.kind import Kind
from facecorpus.build.layout import Shard
from facecorpus.build.plan import Plan
from facecorpus.build.splits import TEST, TRAIN
from facecorpus.licences import family_of
from facecorpus.settings import Settings
from facecorpus.shards import sealed_record

_SECTIONS = ("faces", "dedup", "rank", "labels", "build")  # crawl and fetch hold addresses and paths of the operator


def settings_of_build(settings: Settings) -> dict[str, Any]:
    """The settings that decide what a build holds; the number of workers does not."""
    sections = {name: asdict(getattr(settings, name)) for name in _SECTIONS}
    return {name: {key: keys[key] for key in keys if key != "workers"} for name, keys in sections.items()}


def versions() -> dict[str, str]:
    """The versions of everything that has a say in the bytes."""
    import cv2

    return {"facecorpus": __version__, "opencv": cv2.__version__, "pyarrow": version("pyarrow")}


def crop_recipe(settings: Settings, kind: Kind) -> dict[str, Any]:
    """All that a row's picture follows from, but the photograph and the landmarks: who has it can make it again."""
    made_by = {name: number for name, number in versions().items() if name != "pyarrow"}
    if kind is Kind.ORIGINAL:
        return {"picture": "original"} | ({"bystanders": "blur", **made_by} if blurs(settings, kind) else {})
    return {"picture": "crop", "pixels": settings.build.crop, "quality": settings.build.quality, **made_by}


def blurs(settings: Settings, kind: Kind) -> bool:
    """Whether a build of this kind shows bystanders blurred; a crop shows none, but for a face that reaches into it."""
    return kind is Kind.ORIGINAL and settings.build.bystanders == "blur"


def fingerprint(plan: Plan, manifest: bytes, shards: Sequence[Shard]) -> str:
    """sha256 (hex) over everything that goes into a build: the same inputs give the same files."""
    head: list[Any] = [
        settings_of_build(plan.settings),
        plan.settings.crawl.contact,
        asdict(plan.settings.rights),
        plan.settings.fetch.obey_opt_outs,
        versions(),
        plan.left_out,
        plan.descriptors,
    ]
    head.append(plan.near_copies)
    head += [asdict(one) for one in plan.unseen]
    head += [[shard.name, shard.key] for shard in shards]
    return hashlib.sha256(manifest + json.dumps(head, sort_keys=True).encode()).hexdigest()


def build_record(
    plan: Plan, kind: Kind, inputs: str, shards: Sequence[Shard], files: Mapping[str, Mapping[str, Any]]
) -> bytes:
    """build.json: kind, settings, versions, counts, the fingerprint of the inputs, every shard and every file.

    It holds no time and no path of this machine, so that the same decisions give the same bytes.
    """
    record = {
        "kind": kind,
        "fingerprint": inputs,
        "versions": versions(),
        "crops": crop_recipe(plan.settings, kind),
        "settings": settings_of_build(plan.settings),
        "counts": counts(plan),
        "shards": {shard.name: {"rows": len(shard.rows), "key": shard.key} for shard in shards},
        "files": {name: files[name] for name in sorted(files)},
    }
    return sealed_record(record)


def counts(plan: Plan) -> dict[str, Any]:
    """What a build holds, in numbers."""
    licences: dict[str, int] = {}
    for row in plan.rows:
        family = family_of(row.face.licence, row.face.licence_url)
        licences[family] = licences.get(family, 0) + 1
    return {
        "faces": len(plan.rows),
        "identities": plan.identities,
        "photographs": len({row.face.photo_sha256 for row in plan.rows}),
        "train": len(plan.side(TRAIN)),
        "test": len(plan.side(TEST)),
        "groups": len({row.group for row in plan.rows}),
        "near_copies": len(plan.near_copies),
        "near_copies_of_two_people": plan.of_two_people,
        "groups_of_several_people": plan.shared_groups,
        "groups_cut_by_identity_fold": plan.cut_by_folds,
        "ages_known": plan.ages_known,
        "ages_that_differ_from_the_label": plan.ages_that_differ,
        "ages_corrected": plan.ages_corrected,
        "outside_period": sum(row.labelled.outside_period for row in plan.rows),
        "subgroups": plan.subgroups,
        "licences": dict(sorted(licences.items())),
        "left_out": plan.left_out,
    }
