"""Photographs a second apart: the same person, place, light and clothes; head, gaze or expression a little changed.

    python benchmarks/dedup_bursts.py RENDER FOLDER --series 100

RENDER is the render.py that made the demo world (it needs moderngl and EGL). FOLDER gets labels.csv, so that
benchmarks/dedup_set.py can make a corpus of it. Of each series four frames are written: the first, one with the head
turned by 1.5 to 4 degrees, one with another expression, and one with both. None is a copy of another.
"""

import argparse
import csv
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np

SEED = 11
FIRST_NUMBER = 700_000  # of photographs: none of the world has so high a number


def main() -> None:
    """Render the series and write labels.csv."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("render", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--series", type=int, default=100)
    options = parser.parse_args()
    renderer = load(options.render)
    renderer.SIZE.update(median=370, largest=640)
    studio = renderer.Studio(SEED)
    rows = []
    for series in range(options.series):
        identity = series % len(studio.people)
        for frame, picture in enumerate(burst(renderer, studio, identity, FIRST_NUMBER + series)):
            name = f"photos/{studio.people[identity].id}/{series:04d}-{frame}.jpg"
            path = options.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
            rows.append({"identity": studio.people[identity].id, "file": name, "name": studio.people[identity].id})
    with (options.folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} frames of {options.series} series in {options.folder}")


def load(path: Path) -> ModuleType:
    """The renderer as a module."""
    spec = importlib.util.spec_from_file_location("render", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def burst(renderer: Any, studio: Any, identity: int, number: int) -> list[np.ndarray]:
    """Four frames, RGB; all draws of chance but head and expression are the same."""
    random = np.random.default_rng((SEED, identity, number))
    plan = renderer.plan_photo(studio, SEED, identity, number)
    turned = dict(plan)
    for angle, most in (("yaw", 4.0), ("pitch", 3.0), ("roll", 3.0)):
        turned[angle] += random.choice((-1, 1)) * random.uniform(1.5, most)
    drawn = renderer.expression
    other = int(random.integers(1 << 31))

    def another(generator: Any) -> Any:
        drawn(generator)  # the stream of chance goes on as in the first frame
        return drawn(np.random.default_rng(other))

    frames = []
    for look, pose in ((drawn, plan), (drawn, turned), (another, plan), (another, turned)):
        renderer.expression = look
        frames.append(renderer.take_photo(studio, SEED, dict(pose))[0])
    renderer.expression = drawn
    return frames


if __name__ == "__main__":
    main()
