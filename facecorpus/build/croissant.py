"""croissant.json: the data set for machines (https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html).

With the statements of its vocabulary for responsible AI (https://docs.mlcommons.org/croissant/docs/croissant-rai-spec.html).
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from facecorpus.build.citation import cited, day_of, version_of
from facecorpus.build.kind import WHAT, Kind
from facecorpus.build.plan import Plan
from facecorpus.shards import DATA
from facecorpus.words import AUTO

if TYPE_CHECKING:
    import pyarrow as pa

_FILES = "parquet-files"
_PARQUET = "application/x-parquet"  # the one type of Parquet that mlcroissant reads
_JSON, _VOCAB, _LANGUAGE = {"@type": "@json"}, {"@type": "@vocab"}, {"@container": "@language"}
_TERMS = (
    "arrayShape citeAs column containedIn equivalentProperty extract field fileProperty fileObject fileSet format"
    " includes isArray isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace"
    " samplingRate separator source subField transform"
)
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", **_JSON},
    "examples": {"@id": "cr:examples", **_JSON},
    "dataType": {"@id": "cr:dataType", **_VOCAB},
    "name": _LANGUAGE,
    "description": _LANGUAGE,
    **{term: f"cr:{term}" for term in _TERMS.split()},
}
_DATA_TYPES = {
    "string": "sc:Text",
    "bool": "sc:Boolean",
    "float": "sc:Float",
    "int32": "sc:Integer",
    "int64": "sc:Integer",
}


def croissant(plan: Plan, kind: Kind, shards: Mapping[str, Mapping[str, Any]], schema: "pa.Schema") -> bytes:
    """The description of the shards, given with bytes and sha256, and of their columns; it states no address."""
    settings = plan.settings
    document = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": settings.build.title,
        "description": (
            f"{len(plan.rows)} {WHAT[kind]} of {plan.identities} people with identity, gender, age group and race."
        ),
        "version": version_of(plan),
        "datePublished": day_of(plan).isoformat(),
        "license": "Each photograph has its own: see attribution.csv.",
        "citeAs": cited(plan),
        **_responsible(plan),
        "distribution": [*(_file(name, file) for name, file in shards.items()), _file_set()],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "faces",
                "key": {"@id": "faces/face_id"},
                "field": [_field(column) for column in schema],
            }
        ],
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def _responsible(plan: Plan) -> dict[str, str]:
    by_policy = sum(row.face.reviewed_by == AUTO for row in plan.rows)
    contact = plan.settings.crawl.contact or "not stated"
    return {
        "rai:dataCollection": "Photographs found under people's names and fetched from the sources that each row names;"
        f" faces found by a detector; {len(plan.rows) - by_policy} accepted by people, {by_policy} by an automatic"
        " policy alone.",
        "rai:dataCollectionType": "Web Scraping",
        "rai:personalSensitiveInformation": "Faces and names of people, with gender, age group and race as social"
        " categories that other people assigned.",
        "rai:dataBiases": "A few people stand for each subgroup; whomever the sources show more often is here more"
        " often; the detector may miss some faces more than others.",
        "rai:dataLimitations": "Labels belong to a person and a period, not to a photograph; where a photograph has no"
        " date, it may be of another period.",
        "rai:dataUseCases": "Research on representation, data splits and bias in facial attribute models. Not for"
        " identifying people, nor for decisions about them.",
        "rai:dataReleaseMaintenancePlan": f"What is asked to be removed is not in later builds. Contact: {contact}.",
    }


def _file(name: str, file: Mapping[str, Any]) -> dict[str, str]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": f"{DATA}/{name}",
        "contentSize": f"{file['bytes']} B",
        "encodingFormat": _PARQUET,
        "sha256": file["sha256"],
    }


def _file_set() -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": _FILES,
        "encodingFormat": _PARQUET,
        "includes": f"{DATA}/*.parquet",
    }


def _field(column: "pa.Field") -> dict[str, Any]:
    """One column; a list of fixed size is an array, and the image a picture that its bytes hold."""
    field: dict[str, Any] = {"@type": "cr:Field", "@id": f"faces/{column.name}"}
    source: dict[str, Any] = {"fileSet": {"@id": _FILES}, "extract": {"column": column.name}}
    kind, shape = column.type, []
    while hasattr(kind, "list_size"):
        shape.append(str(kind.list_size))
        kind = kind.value_type
    if column.name == "image":
        return field | {"dataType": "sc:ImageObject", "source": source | {"transform": {"jsonPath": "bytes"}}}
    if shape:
        field |= {"isArray": True, "arrayShape": ",".join(shape)}
    return field | {"dataType": _DATA_TYPES[str(kind)], "source": source}
