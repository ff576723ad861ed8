"""How well and how fast near-duplicates are found, beside imagededup.

    python benchmarks/dedup.py score CORPUS [--truth TRUTH.CSV] [--half 0|1]
                                                                  copies found and missed, by edit, and false pairs
    python benchmarks/dedup.py fit CORPUS [--truth TRUTH.CSV]     what each limit of the pixels loses and lets in
    python benchmarks/dedup.py false CORPUS CORPUS …              all their photographs searched as one corpus
    python benchmarks/dedup.py bursts CORPUS                      frames of benchmarks/dedup_bursts.py called copies
    python benchmarks/dedup.py search                             all pairs of 24,000 to 1,000,000 hashes
    python benchmarks/dedup.py export CORPUS FOLDER [--people N]  the photographs as files, for the peer
    python benchmarks/dedup.py peer FOLDER [--truth TRUTH.CSV]    imagededup on them (in an environment that has it)

CORPUS was made by benchmarks/dedup_set.py, then `facecorpus faces` and `facecorpus dedup` were run. TRUTH.CSV is a
rendered world's list, which names the copies among its own photographs. Two photographs are copies where they are
edits of one original; all others count as different, so that copies nobody listed appear as false pairs: look at them.
With --half, only the photographs of every second person count: one half may be looked at, the other is measured at the
end.
"""

import argparse
import csv
import json
import resource
import sys
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

EDITS = "#"
LIMITS = (0.8, 0.85, 0.88, 0.9, 0.92, 0.93, 0.94, 0.95, 0.96, 0.97, 0.98)
PEER_LIMITS = {"phash": 10, "dhash": 10}


def main() -> None:
    """Run one of the parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("score", "fit", "false", "bursts", "search", "export", "peer"))
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--half", type=int, choices=(0, 1), help="score: of the people, by a checksum of their names")
    parser.add_argument("--most", type=int, default=4000, help="fit: pairs of copies, and of different photographs")
    parser.add_argument("--people", type=int, default=1_000_000, help="export: of the first so many")
    options = parser.parse_args()
    if options.part == "search":
        search()
    elif options.part == "score":
        score(*options.folders, options.truth, options.half)
    elif options.part == "fit":
        fit(*options.folders, options.truth, options.most)
    elif options.part == "false":
        across(options.folders)
    elif options.part == "bursts":
        bursts(*options.folders)
    elif options.part == "export":
        export(*options.folders, options.people)
    else:
        peer(*options.folders, options.truth)


def score(folder: Path, truth: Path | None, half: int | None = None) -> None:
    """Print what the catalog's clusters find and miss."""
    from facecorpus.corpus import Corpus

    with Corpus(folder).catalog() as catalog:
        cluster_of = dict(catalog.query("SELECT sha256, cluster_id FROM photo WHERE cluster_id IS NOT NULL").fetchall())
        showing = {row[0] for row in catalog.query("SELECT DISTINCT photo_sha256 FROM face")}
        names = named(catalog.query("SELECT photo_sha256, url FROM candidate WHERE photo_sha256 IS NOT NULL"))
    names = {
        sha256: name
        for sha256, name in names.items()
        if sha256 in cluster_of and half in (None, zlib.crc32(Path(name).parent.name.encode()) % 2)
    }
    show(names, originals(names, truth), cluster_of, showing, transforms(truth))


def named(rows: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The file's name by sha256, the plainest where there are several."""
    names: dict[str, str] = {}
    for sha256, url in rows:
        name = url.removeprefix("file:///")
        names[sha256] = min(names.get(sha256, name), name, key=lambda text: (EDITS in text, text))
    return names


def transforms(truth: Path | None) -> dict[str, str]:
    """What the world did to each of its own copies, by the file's name, without the amount."""
    if truth is None:
        return {}
    with truth.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["duplicate_of"]]
    return {row["file"]: row["transform"].split(":")[0] or row["kind"] for row in rows}


def originals(names: Mapping[str, str], truth: Path | None) -> dict[str, str]:
    """The name of the photograph that each is an edit of, or its own, by sha256."""
    copied: dict[str, str] = {}
    if truth is not None:
        with truth.open(encoding="utf-8", newline="") as file:
            copied = {row["file"]: row["duplicate_of"] for row in csv.DictReader(file)}
    found = {}
    for sha256, name in names.items():
        original = name.split(EDITS)[0]
        while copied.get(original):
            original = copied[original]
        found[sha256] = original
    return found


def show(
    names: Mapping[str, str],
    original_of: Mapping[str, str],
    cluster_of: Mapping[str, str],
    showing: set[str],
    transform_of: Mapping[str, str],
) -> None:
    """Recall of original and edit, by edit; false pairs, each pair of originals once."""
    by_original: dict[str, list[str]] = defaultdict(list)
    for sha256, original in original_of.items():
        by_original[original].append(sha256)
    found: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for members in by_original.values():
        for one, other in combinations(members, 2):
            edited = [sha256 for sha256 in (one, other) if EDITS in names[sha256]]
            if len(edited) == 2 or not {one, other} <= showing:
                continue
            if edited:
                edit = names[edited[0]].split(EDITS)[1]
            else:
                own = sorted(transform_of[names[sha256]] for sha256 in (one, other) if names[sha256] in transform_of)
                edit = f"the world's own: {' and '.join(own)}"
            total[edit] += 1
            found[edit] += cluster_of[one] == cluster_of[other]
    for edit in sorted(total):
        print(f"{edit:44s} {found[edit]:5d} of {total[edit]:5d}  {found[edit] / total[edit]:.4f}")
    together: dict[str, set[str]] = defaultdict(set)
    for sha256, cluster_id in cluster_of.items():
        if sha256 in original_of:
            together[cluster_id].add(original_of[sha256])
    false = sorted(pair for group in together.values() for pair in combinations(sorted(group), 2))
    print(f"{len(by_original)} different photographs, {len(false)} pairs of them in one cluster:")
    for one, other in false[:60]:
        print(f"  {one}  {other}")


def fit(folder: Path, truth: Path | None, most: int) -> None:
    """Print the copies found pair by pair, without clusters; and what each limit would lose and let in.

    Pairs of an original and its edit (or of two photographs that the world lists as copies) where both show a face, and
    proposed pairs of different originals; of each at most so many, drawn at random. A pair that is not proposed counts
    as lost, and as -1; one that a test of the pixels refused outright, as 0.
    """
    import cv2

    from facecorpus.catalog.hashed import hashed
    from facecorpus.corpus import Corpus
    from facecorpus.dedup import match
    from facecorpus.dedup.match import Matcher, candidates
    from facecorpus.dedup.pixels import scene_likeness
    from facecorpus.dedup.stage import looker
    from facecorpus.system.console import track

    corpus = Corpus(folder)
    with corpus.catalog() as catalog:
        album = hashed(catalog)
        photos = album.read(range(len(album)))
        names = named(catalog.query("SELECT photo_sha256, url FROM candidate WHERE photo_sha256 IS NOT NULL"))
    original_of = originals(names, truth)
    original = [original_of[photo.sha256] for photo in photos]
    edit = [names[photo.sha256].partition(EDITS)[2] for photo in photos]
    random = np.random.default_rng(0)
    proposed = random.permutation(candidates(album, corpus.settings.dedup)).tolist()
    groups: dict[str, list[int]] = defaultdict(list)
    for number, photo in enumerate(photos):
        if photo.faces:
            groups[original[number]].append(number)
    pairs = [pair for group in groups.values() for pair in combinations(group, 2)]
    copies = random.permutation([pair for pair in pairs if not all(edit[number] for number in pair)]).tolist()[:most]
    different = [pair for pair in proposed if original[pair[0]] != original[pair[1]]]
    different = [pair for pair in different if not any(edit[number] for number in pair)]
    print(f"{len(copies)} pairs of copies, {min(most, len(different))} of {len(different)} different proposed pairs")
    cv2.setNumThreads(1)  # a pair is too little work to be shared out
    matcher, known = Matcher(album, looker(corpus), corpus.settings.dedup), set(map(tuple, proposed))
    values: dict[str, list[float]] = defaultdict(list)
    around: list[float] = []

    def noted(*views: Any) -> float:
        around.append(scene_likeness(*views))
        return around[-1]

    match.scene_likeness = noted  # only faces that agree are asked for what is around them
    with track("comparing pixels", len(copies) + min(most, len(different))) as tracker:
        for kind, compared in (("copies", copies), ("different", different[:most])):
            for first, second in compared:
                found = matcher.likeness(first, second) if (first, second) in known else None
                value = found.value if found is not None else -1.0
                values[kind if found is None or found.of_faces else f"{kind}, whole pictures"].append(value)
                values[f"around the face, {kind}"] += around
                around.clear()
                if kind == "copies":
                    accepted = float(found is not None and found.enough(corpus.settings.dedup))
                    values[f"found: {edit[first] or edit[second] or 'listed by the world'}"].append(accepted)
                tracker.advance(1)
    for what, numbers in sorted(values.items()):
        if what.startswith("found"):
            print(f"{what:32s} {sum(numbers):5.0f} of {len(numbers):5d}  {np.mean(numbers):.4f}")
    for kind in ("copies", "different"):
        if agreed := sorted(values[f"around the face, {kind}"]):
            print(f"around {len(agreed)} faces that agree, {kind}: {' '.join(f'{one:.3f}' for one in agreed[:8])} …")
    for limit in LIMITS:
        lost = np.mean(np.array(values["copies"]) < limit)
        print(f"  {limit:.2f}  copies lost {lost:.4f}  let in {sum(value >= limit for value in values['different'])}")


def across(folders: Sequence[Path]) -> None:
    """Print the clusters of different photographs when several corpora, edits left out, are searched as one."""
    from facecorpus.catalog.hashed import HashedPhoto, hashed
    from facecorpus.corpus import Corpus
    from facecorpus.dedup.cluster import cluster
    from facecorpus.dedup.match import Looker, Matcher, candidates
    from facecorpus.dedup.stage import looker

    sys.path.append(str(Path(__file__).parents[1] / "tests" / "helpers"))
    from known_copies import album

    photos: dict[str, HashedPhoto] = {}
    names: dict[str, str] = {}
    sees: dict[str, Looker] = {}
    for folder in folders:
        corpus = Corpus(folder)
        with corpus.catalog() as catalog:
            named_here = named(catalog.query("SELECT photo_sha256, url FROM candidate WHERE photo_sha256 IS NOT NULL"))
            here = hashed(catalog)
            analysed = here.read(range(len(here)))
        for photo in analysed:
            sha256 = photo.sha256
            if EDITS not in named_here[sha256]:
                photos[sha256], names[sha256], sees[sha256] = (
                    photo,
                    f"{folder.name}/{named_here[sha256]}",
                    looker(corpus),
                )
    limits = corpus.settings.dedup
    every = album(*photos.values())
    proposed = candidates(every, limits)
    look = Looker(
        lambda face, photo, side: sees[photo.sha256].face(face, photo, side),
        lambda face, photo: sees[photo.sha256].scene(face, photo),
        lambda photo: sees[photo.sha256].picture(photo),
    )
    began, used = time.perf_counter(), time.process_time()
    found = cluster(every, proposed, Matcher(every, look, limits))
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    groups: dict[str, list[str]] = defaultdict(list)
    for sha256, cluster_id in zip(every.sha256(np.arange(len(every))), found, strict=True):
        groups[cluster_id].append(names[sha256])
    print(f"{len(every)} photographs, {len(proposed)} pairs proposed and compared in {wall:.0f} s ({cpu:.0f} CPU s)")
    for group in sorted(sorted(group) for group in groups.values() if len(group) > 1):
        print(" ", *group)


def bursts(folder: Path) -> None:
    """Print how many pairs of frames of one series are in one cluster, by what changed between them."""
    from facecorpus.corpus import Corpus

    with Corpus(folder).catalog() as catalog:
        cluster_of = dict(catalog.query("SELECT sha256, cluster_id FROM photo WHERE cluster_id IS NOT NULL").fetchall())
        showing = {row[0] for row in catalog.query("SELECT DISTINCT photo_sha256 FROM face")}
        names = named(catalog.query("SELECT photo_sha256, url FROM candidate WHERE photo_sha256 IS NOT NULL"))
    series: dict[str, list[str]] = defaultdict(list)
    for sha256, name in names.items():
        series[Path(name).stem.split("-")[0]].append(sha256)
    joined: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for frames in series.values():
        for one, other in combinations(frames, 2):
            # frame 1: head turned, 2: another expression, 3: both
            changed = int(Path(names[one]).stem[-1]) ^ int(Path(names[other]).stem[-1])
            what = {1: "head turned", 2: "another expression", 3: "both"}[changed]
            what += "" if {one, other} <= showing else ", no face found"
            total[what] += 1
            joined[what] += cluster_of[one] == cluster_of[other]
    for what, count in sorted(total.items()):
        print(f"{what:36s} {joined[what]:4d} of {count} pairs called copies")


def search() -> None:
    """Time all pairs of random hashes; processor seconds beside wall seconds."""
    from facecorpus.dedup.pairs import pairs_within

    random = np.random.default_rng(0)
    pairs_within(random.integers(0, 256, (600, 8), np.uint8), 8)  # compiles
    pairs_within(random.integers(0, 256, (600, 32), np.uint8), 8)
    for count, size, limit in ((24_000, 8, 8), (24_000, 32, 60), (250_000, 32, 60), (1_000_000, 8, 8)):
        hashes = random.integers(0, 256, (count, size), np.uint8)
        began, used = time.perf_counter(), time.process_time()
        found = len(pairs_within(hashes, limit))
        wall, cpu = time.perf_counter() - began, time.process_time() - used
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        million = f", a million in proportion {cpu * (1_000_000 / count) ** 2:.0f} CPU s" if size == 32 else ""
        print(
            f"{count} hashes of {8 * size} bits within {limit}: {found} pairs, {wall:.2f} s, {cpu:.2f} CPU s{million},"
            f" peak {peak:.0f} MiB",
            flush=True,
        )


def export(folder: Path, target: Path, people: int) -> None:
    """Write the readable photographs of so many people as files with names.json, for tools that want a flat folder."""
    from facecorpus.corpus import Corpus

    corpus = Corpus(folder)
    target.mkdir(parents=True)
    with corpus.catalog() as catalog:
        names = named(
            catalog.query(
                "SELECT photo_sha256, url FROM candidate JOIN photo ON photo.sha256 = photo_sha256"
                " WHERE photo.state = 'analysed' AND photo.media_type = 'image/jpeg'"
                " AND identity_id IN (SELECT identity_id FROM identity ORDER BY identity_id LIMIT ?)",
                (people,),
            )
        )
        showing = [row[0] for row in catalog.query("SELECT DISTINCT photo_sha256 FROM face")]
        cluster_of = dict(catalog.query("SELECT sha256, cluster_id FROM photo WHERE cluster_id IS NOT NULL").fetchall())
    for sha256 in names:
        (target / f"{sha256}.jpg").write_bytes(corpus.photos.read(sha256))
    (target / "names.json").write_text(json.dumps({"names": names, "showing": showing, "ours": cluster_of}))


def peer(folder: Path, truth: Path | None) -> None:
    """imagededup's perceptual and difference hashes at its own default limit, clustered the same way."""
    from imagededup.methods import DHash, PHash

    written = json.loads((folder / "names.json").read_text())
    names: dict[str, str] = written["names"]
    original_of, showing = originals(names, truth), set(written["showing"])
    print("facecorpus dedup, in the same photographs:")
    show(names, original_of, {sha256: written["ours"][sha256] for sha256 in names}, showing, transforms(truth))
    for method in (PHash(verbose=False), DHash(verbose=False)):
        name = type(method).__name__.lower()
        began = time.perf_counter()
        encodings = method.encode_images(image_dir=str(folder), num_enc_workers=2)
        encoded = time.perf_counter() - began
        found = method.find_duplicates(encoding_map=encodings, max_distance_threshold=PEER_LIMITS[name])
        wall = time.perf_counter() - began
        cluster_of = {sha256: sha256 for sha256 in names}
        for file, others in found.items():
            for other in others:
                one, two = cluster_of[Path(file).stem], cluster_of[Path(other).stem]
                if one != two:
                    cluster_of = {sha256: one if group == two else group for sha256, group in cluster_of.items()}
        print(f"imagededup {name}: {len(encodings)} pictures, encoding {encoded:.1f} s, in all {wall:.1f} s")
        show(names, original_of, cluster_of, showing, transforms(truth))


if __name__ == "__main__":
    main()
