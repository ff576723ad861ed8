"""Many photographs of few people, each of another scene: whatever is called a copy among them is a false pair.

    python benchmarks/dedup_scenes.py RENDER FOLDER --each 150 --seed 23

RENDER is the render.py that made the demo world (it needs moderngl and EGL); a seed is a set of 77 invented people, and
23 those of the big world. Place, light, clothes, head, expression, camera and size are drawn anew for every photograph;
hair, beard and glasses stay. FOLDER gets labels.csv as it goes, so that benchmarks/dedup_set.py can make a
corpus of what is there.
"""

import argparse
import csv
from itertools import product
from pathlib import Path

import cv2
from dedup_bursts import load

_ROUND = 20  # photographs of one person in a row: a person's skin takes the time of three photographs
FIRST_NUMBER = 300_000  # of photographs: none of a world or of the bursts has such a number


def main() -> None:
    """Render so many photographs of each person, some of everybody in a round."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("render", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--each", type=int, default=150, help="photographs of each person")
    parser.add_argument("--seed", type=int, default=23)
    options = parser.parse_args()
    renderer = load(options.render)
    renderer.SIZE.update(median=300, largest=480)
    studio = renderer.Studio(options.seed)
    options.folder.mkdir(parents=True)
    with (options.folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ("identity", "file", "name"))
        writer.writeheader()
        for first, identity in product(range(0, options.each, _ROUND), range(len(studio.people))):
            person = studio.people[identity]
            for scene in range(first, min(first + _ROUND, options.each)):
                name = f"photos/{person.id}/{scene:04d}.jpg"
                path = options.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                plan = renderer.plan_photo(studio, options.seed, identity, FIRST_NUMBER + scene)
                picture, _, about = renderer.take_photo(studio, options.seed, plan)
                cv2.imwrite(str(path), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, about["q"]])
                writer.writerow({"identity": person.id, "file": name, "name": person.id})
            file.flush()
    print(f"{options.each * len(studio.people)} photographs of {len(studio.people)} people in {options.folder}")


if __name__ == "__main__":
    main()
