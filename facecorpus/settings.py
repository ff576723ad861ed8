"""The one table of settings: corpus.toml, its documentation and its validation all come from here."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from facecorpus.errors import SettingsError
from facecorpus.licences import WANTED


def option(default: Any, help: str, *, choices: tuple[str, ...] = (), minimum: float | None = None) -> Any:
    """A settings key: its default, what it means, and what it may be."""
    return field(default=default, metadata={"help": help, "choices": choices, "minimum": minimum})


@dataclass(frozen=True)
class CrawlSettings:
    """Where photographs are looked for, and how many are wanted."""

    sources: tuple[str, ...] = option(("commons",), "Sources to ask, in this order.", choices=("commons", "folder"))
    contact: str = option(
        "",
        "Your mail address or page, sent in the User-Agent. Required before any host that is not private is asked.",
    )
    per_identity: int = option(
        400,
        "Stop proposing photographs of a person after this many (those from outside the person's period do not count).",
        minimum=1,
    )
    commons_api: str = option(
        "https://commons.wikimedia.org/w/api.php", "Address of the MediaWiki API that source 'commons' asks."
    )
    commons_width: int = option(
        960, "Width in pixels of the thumbnails taken from Commons (0: the originals).", minimum=0
    )
    commons_depth: int = option(2, "How many levels of sub-categories are followed.", minimum=0)
    folder: str = option(
        "", "Source 'folder': a directory with one sub-folder per identity_id (relative: from the corpus folder)."
    )


@dataclass(frozen=True)
class FetchSettings:
    """How politely and how safely files are downloaded."""

    per_host: int = option(2, "Requests under way at once to one host.", minimum=1)
    requests_per_minute: int = option(200, "Requests to one host in a minute, at most.", minimum=1)
    tries: int = option(4, "Tries for one file in one run, where a further try can help.", minimum=1)
    timeout_seconds: float = option(30.0, "Seconds without an answer after which a try is given up.", minimum=0.1)
    max_seconds: float = option(120.0, "Seconds that one file may take as a whole.", minimum=1)
    max_bytes: int = option(32_000_000, "Bytes of one file, at most.", minimum=1)
    max_pixels: int = option(80_000_000, "Pixels of one picture, at most; checked before decoding.", minimum=1)
    obey_opt_outs: bool = option(
        True, "Obey robots.txt, X-Robots-Tag (noai, noimageai, noindex, noimageindex, noml) and TDM-Reservation."
    )
    private_hosts: tuple[str, ...] = option(
        (),
        "Hosts (host or host:port) on private or loopback addresses that may be asked. All others are refused.",
    )


@dataclass(frozen=True)
class FacesSettings:
    """How faces are found and measured."""

    detector: str = option("hog", "Face detector.", choices=("hog",))
    detect_pixels: int = option(
        400_000, "Larger photographs are shrunk to about this many pixels for detection.", minimum=10_000
    )
    upsample: int = option(1, "Times a photograph that gave no face is doubled for a second look.", minimum=0)
    min_face: int = option(30, "Faces narrower than this many pixels are not kept.", minimum=10)
    workers: int = option(0, "Worker processes (0: one per core).", minimum=0)
    engine: str = option(
        "local",
        "Where photographs are analysed: this machine's cores, or Daft (many machines).",
        choices=("local", "daft"),
    )
    ray_address: str = option("", "Engine 'daft': address of a Ray cluster (empty: this machine alone).")
    photos_address: str = option(
        "",
        "Engine 'daft': where the workers read photographs, as any fsspec address of a copy of photos/"
        " (s3://bucket/photos; empty: the corpus' own folder, which all machines must see).",
    )


@dataclass(frozen=True)
class DedupSettings:
    """When two photographs count as the same. Hashes are compared by Hamming distance in bits, of 256."""

    picture_phash: int = option(60, "Largest distance of the perceptual hashes of two whole pictures.", minimum=0)
    face_phash: int = option(
        54,
        "Largest distance of the perceptual hashes of two aligned faces; a face is a copy where all its limits hold.",
        minimum=0,
    )
    face_dhash: int = option(26, "Largest distance of the difference hashes of two aligned faces.", minimum=0)
    face_distance: float = option(0.3, "Largest Euclidean distance of the descriptors of two faces.", minimum=0)


@dataclass(frozen=True)
class RankSettings:
    """Limits of the reviewer's three sections."""

    accept_above: float = option(
        0.9, "Faces at least this likely to be right are 'surely right'; --auto accepts them.", minimum=0
    )
    reject_below: float = option(
        0.1, "Faces at most this likely to be right are 'surely wrong'; --auto rejects them.", minimum=0
    )


@dataclass(frozen=True)
class ReviewSettings:
    """How several people share the review."""

    overlap: float = option(
        0.0,
        "Share of all faces that two people judge, the second without seeing what the first said; by the face's id.",
        minimum=0,
    )


@dataclass(frozen=True)
class LabelSettings:
    """Age groups in whole years: young up to the year before adult_from, and so on."""

    young_from: int = option(18, "First year of 'young'. Nobody younger is collected.", minimum=18)
    adult_from: int = option(30, "First year of 'adult'.", minimum=19)
    old_from: int = option(60, "First year of 'old'.", minimum=20)


@dataclass(frozen=True)
class BuildSettings:
    """What the shards hold."""

    title: str = option("Face corpus", "Name of the data set, at the head of its card.")
    crop: int = option(224, "Side of the square face crops, in pixels.", minimum=64)
    quality: int = option(95, "JPEG quality of the crops.", minimum=50)
    test_share: float = option(0.3, "Share of each person's photographs in the test split.", minimum=0.05)
    folds: int = option(3, "Folds of identities, for tests on people never seen.", minimum=2)
    seed: int = option(0, "Seed of the splits.", minimum=0)
    shard_megabytes: int = option(
        100,
        "Size of one Parquet shard, at most about. A rejected face rewrites the one or two shards of its person.",
        minimum=1,
    )
    licences: str = option(
        "any",
        "Which photographs enter by licence: any (also unknown ones), no-nc (known, and not non-commercial only),"
        " free (of those the ones that allow changes), cc0 (no condition at all, public domain included).",
        choices=WANTED,
    )
    balance: str = option(
        "none",
        "subgroup: no subgroup gives more faces than another, the best ones of each person in turn.",
        choices=("none", "subgroup"),
    )
    quota: int = option(
        0, "With balance: faces of one subgroup, at most (0: as many as the smallest subgroup has).", minimum=0
    )
    age_labels: str = option(
        "identity",
        "Where the age group is from: identity (the manifest's, for the person and period), or capture (the age on the"
        " day of the photograph where that is known, else the manifest's).",
        choices=("identity", "capture"),
    )
    workers: int = option(0, "Worker processes (0: one per core, fewer for a small build).", minimum=0)


@dataclass(frozen=True)
class Settings:
    """All settings of a corpus; each field is one section of corpus.toml."""

    crawl: CrawlSettings = CrawlSettings()
    fetch: FetchSettings = FetchSettings()
    faces: FacesSettings = FacesSettings()
    dedup: DedupSettings = DedupSettings()
    rank: RankSettings = RankSettings()
    review: ReviewSettings = ReviewSettings()
    labels: LabelSettings = LabelSettings()
    build: BuildSettings = BuildSettings()


def read_settings(path: Path) -> Settings:
    """Read corpus.toml; raise SettingsError for an unknown key or a value of the wrong kind."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML ({error}); mend that line and run again.") from None
    known = {section.name: section.default for section in fields(Settings)}
    for name in document:
        if name not in known:
            raise SettingsError(f"{path}: unknown section [{name}]; the sections are {', '.join(known)}.")
    return Settings(
        **{name: _read_section(path, name, default, document.get(name, {})) for name, default in known.items()}
    )


def _read_section(path: Path, name: str, defaults: Any, values: Any) -> Any:
    if not isinstance(values, dict):
        raise SettingsError(f"{path}: {name} must be a section, written [{name}], not a single value.")
    keys = {key.name: key for key in fields(defaults)}
    read: dict[str, Any] = {}
    for key, value in values.items():
        if key not in keys:
            raise SettingsError(f"{path}: unknown key {key!r} in [{name}]; its keys are {', '.join(keys)}.")
        read[key] = _checked(f"{path}: {key} in [{name}]", keys[key].default, value, keys[key].metadata)
    return type(defaults)(**read)


def changed(section: BuildSettings, values: Mapping[str, Any]) -> BuildSettings:
    """The section with the values that are not None; SettingsError for one that the key may not have."""
    keys = {key.name: key for key in fields(section)}
    checked = {
        key: _checked(f"--{key.replace('_', '-')}", keys[key].default, value, keys[key].metadata)
        for key, value in values.items()
        if value is not None
    }
    return replace(section, **checked)


def _checked(where: str, default: Any, value: Any, rules: Any) -> Any:
    """The value in the type of its default, or a SettingsError that says what was expected."""
    if isinstance(default, tuple):
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise SettingsError(f"{where} must be a list of texts, not {value!r}.")
        value = tuple(value)
    elif isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    elif type(value) is not type(default):
        kind = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}[type(default)]
        raise SettingsError(f"{where} must be {kind}, not {value!r}.")
    for item in value if isinstance(value, tuple) else (value,):
        if rules["choices"] and item not in rules["choices"]:
            raise SettingsError(f"{where} may be {', '.join(rules['choices'])}; not {item!r}.")
    if rules["minimum"] is not None and value < rules["minimum"]:
        raise SettingsError(f"{where} must be at least {rules['minimum']}, not {value!r}.")
    return value


def documented_toml(settings: Settings = Settings()) -> str:
    """The text of corpus.toml: every key with its meaning, and the default where it is another."""
    lines = ["# Settings of this corpus. Every key may be left out; then its default holds."]
    for section in fields(Settings):
        values = getattr(settings, section.name)
        lines += ["", f"# {type(values).__doc__}", f"[{section.name}]"]
        for key in fields(values):
            choices = key.metadata["choices"]
            lines.append(f"# {key.metadata['help']}" + (f" One of: {', '.join(choices)}." if choices else ""))
            lines.append(f"{key.name} = {_toml(getattr(values, key.name))}")
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return str(value)
