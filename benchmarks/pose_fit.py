"""Fit head turns to five landmarks on rendered heads of known yaw, pitch and roll: the constants of faces/quality.py.

python benchmarks/pose_fit.py WORLD [--pictures 600]
"""

import argparse
import csv
from pathlib import Path

import cv2
import numpy as np

from facecorpus.faces.boxes import iou
from facecorpus.faces.decode import decode
from facecorpus.faces.models import load_models
from facecorpus.faces.quality import nose_place
from facecorpus.settings import FacesSettings


def main() -> None:
    """Print the fitted constants, and the mean error by true yaw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("world", type=Path)
    parser.add_argument("--pictures", type=int, default=600)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    models, settings = load_models(), FacesSettings()
    places, poses = [], []
    with (options.world / "truth.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "photo"]
    for row in rows[:: max(1, len(rows) // options.pictures)]:
        picture = decode((options.world / row["file"]).read_bytes(), 80_000_000).picture
        x, y, width, height = (float(row[f"face_{side}"]) for side in "xywh")
        for found in models.detector.detect(picture, settings):
            if iou(found.box, (x, y, width, height)) >= 0.4:
                places.append(nose_place(models.landmarker.landmarks(picture, found.place)))
                poses.append([float(row[name]) for name in ("yaw", "pitch", "roll")])
    (across, down, roll), (yaw, pitch, true_roll) = np.array(places).T, np.array(poses).T
    print(f"{len(places)} faces")
    report("yaw, first order", yaw, yaw, np.degrees(np.arctan(3 * across)))
    columns = np.stack([across, across**3], axis=1)
    factors = np.linalg.lstsq(columns, yaw, rcond=None)[0]
    report(f"yaw = {factors[0]:.1f} a + {factors[1]:.1f} a³", yaw, yaw, columns @ factors)
    columns = np.stack([np.ones_like(down), down, across**2], axis=1)
    factors = np.linalg.lstsq(columns, pitch, rcond=None)[0]
    report(f"pitch = {factors[0]:.1f} + {factors[1]:.1f} d + {factors[2]:.1f} a²", yaw, pitch, columns @ factors)
    report("pitch, always the mean", yaw, pitch, np.full_like(pitch, pitch.mean()))
    sign = np.sign(np.corrcoef(roll, true_roll)[0, 1])
    report(f"roll, sign {sign:+.0f}", yaw, true_roll, sign * roll)


def report(name: str, yaw: np.ndarray, true: np.ndarray, stated: np.ndarray) -> None:
    """Mean absolute error in degrees, whole and by true yaw."""
    groups = [(low, (abs(yaw) >= low) & (abs(yaw) < low + 10)) for low in range(0, 50, 10)]
    parts = "  ".join(f"{low}°: {abs(true - stated)[some].mean():.1f}" for low, some in groups if some.any())
    print(f"{name}: mean error {abs(true - stated).mean():.1f}°; by yaw from {parts}")


if __name__ == "__main__":
    main()
