"""A corpus in which it is known which photographs are copies: the photographs of a folder, and edits of some of them.

    python benchmarks/dedup_set.py PHOTOS CORPUS --sample 460     then: facecorpus faces -C CORPUS

PHOTOS holds truth.csv (a rendered world: the copies it names are in the set, too) or labels.csv (file, and identity,
without which each photograph is of a person of its own).
Each edit's address is the original's with the edit's name after a '#', which is all the truth that benchmarks/dedup.py
needs. The same sample and seed give the same bytes.
"""

import argparse
import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from facecorpus.corpus import init_corpus
from facecorpus.manifest import Identity, write_manifest
from facecorpus.records import Candidate, Download
from facecorpus.settings import Settings
from facecorpus.words import Outcome


def main() -> None:
    """Write the photographs and the edits into a new corpus, ready for `facecorpus faces`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--sample", type=int, default=460, help="photographs that are edited")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rows = read_rows(options.photos)
    people = list(dict.fromkeys(row["identity"] for row in rows))
    manifest = options.corpus.with_name(f"{options.corpus.name}-people.csv")
    write_manifest(manifest, [_nobody(identity_id) for identity_id in people])
    corpus = init_corpus(options.corpus, manifest, Settings())
    random = np.random.default_rng(options.seed)
    originals = [row for row in rows if row.get("kind", "photo") in ("photo", "group")]
    chosen = random.permutation(len(originals))[: options.sample]
    edited = {originals[number]["file"] for number in chosen}
    with corpus.catalog() as catalog, catalog.transaction():
        for row in rows:
            data = (options.photos / row["file"]).read_bytes()
            versions = [("", data)]
            if row["file"] in edited:
                versions += edits(data, random)
            for name, version in versions:
                url = f"file:///{row['file']}{'#' * bool(name)}{name}"
                catalog.candidates.propose([Candidate(row["identity"], "folder", url)])
                stored = Download(url, "2026-01-01", 0.1, 200, Outcome.STORED, bytes=len(version))
                catalog.candidates.record(stored, "image/jpeg", corpus.photos.put(version))
    print(f"{len(rows)} photographs, {len(edited)} of them edited, in {options.corpus}")


def read_rows(photos: Path) -> list[dict[str, str]]:
    """The rows of truth.csv or labels.csv, each with the identity under whose name it is proposed."""
    truth = photos / "truth.csv"
    with (truth if truth.exists() else photos / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        row | {"identity": row.get("query_identity") or row.get("identity") or Path(row["file"]).stem} for row in rows
    ]


def edits(data: bytes, random: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    """(name, JPEG) of ten edits such as the web makes of a photograph; nothing where it is no picture."""
    try:
        picture = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    except OSError:
        return
    width, height = picture.size
    yield "re-encode", _jpeg(picture, int(random.integers(30, 96)))
    scale = max(random.uniform(0.3, 1), 160 / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    yield "resize", _jpeg(picture.resize(size, Image.Resampling.BICUBIC), 85)
    yield "caption", _jpeg(captioned(picture, random), 85)
    yield "colour filter", _jpeg(tinted(picture, random), 85)
    yield "grey", _jpeg(ImageOps.grayscale(picture).convert("RGB"), 85)
    yield "light", _jpeg(relit(picture, random), 85)
    for name, most in (("crop to 8 %", 0.08), ("crop to 15 %", 0.15)):
        yield name, _jpeg(cropped(picture, random, most), 85)
    yield "mirror", _jpeg(ImageOps.mirror(picture), 85)
    yield "mirror and crop", _jpeg(cropped(ImageOps.mirror(picture), random, 0.08), 75)


def captioned(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    """A bar with text of 8 to 15 % of the height at the lower edge, over the picture or below it."""
    width, height = picture.size
    bar = round(height * random.uniform(0.08, 0.15))
    below = bool(random.integers(2))
    canvas = Image.new("RGB", (width, height + bar * below), (20, 20, 20))
    canvas.paste(picture, (0, 0))
    draw = ImageDraw.Draw(canvas)
    top = canvas.height - bar
    draw.rectangle((0, top, width, canvas.height), fill=(20, 20, 20))
    draw.text((width * 0.05, top + bar * 0.2), "Seen at the opening, Friday", fill=(255, 255, 255), font_size=bar * 0.5)
    return canvas


def tinted(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    """A colour cast: gains of 0.7 to 1.3 on the channels, and a fade of the shadows."""
    gains, lift = random.uniform(0.7, 1.3, 3), random.uniform(0, 30)
    pixels = np.asarray(picture, np.float32) * gains * (1 - lift / 255) + lift
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def relit(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    """Brightness and contrast changed by up to 30 %."""
    brighter = ImageEnhance.Brightness(picture).enhance(random.uniform(0.7, 1.3))
    return ImageEnhance.Contrast(brighter).enhance(random.uniform(0.7, 1.3))


def cropped(picture: Image.Image, random: np.random.Generator, most: float) -> Image.Image:
    """What is left when each dimension loses `most` of its length, shared between its two edges at random."""
    width, height = picture.size
    left, top = random.uniform(0, most * width), random.uniform(0, most * height)
    box = (left, top, left + (1 - most) * width, top + (1 - most) * height)
    return picture.crop(tuple(round(edge) for edge in box))


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _nobody(identity_id: str) -> Identity:
    return Identity(
        identity_id=identity_id,
        name=identity_id,
        wikipedia_title="",
        wikidata_id="",
        commons_category="",
        aliases=(),
        gender=None,
        birth_date="1970",
        race=None,
        age_group=None,
        photos_from=1990,
        photos_until=None,
        gender_source="none",
        race_source="none",
    )


if __name__ == "__main__":
    main()
