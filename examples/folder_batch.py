"""Landmarks and head pose of every photograph in a folder, as a CSV.

python examples/folder_batch.py PHOTOS faces.csv
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

from frsdk import FaceReconstructor, ImageFileError, read_image


def main() -> None:
    """Write one row a face; a photograph that cannot be read is named and left out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("photos", type=Path)
    parser.add_argument("csv", type=Path)
    arguments = parser.parse_args()
    points = [f"{axis}{number}" for number in range(68) for axis in "xyz"]
    with FaceReconstructor() as reconstruct, arguments.csv.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "face", "score", "yaw_deg", "pitch_deg", "roll_deg", *points])
        for path in sorted(arguments.photos.iterdir()):
            if path.suffix.lower() not in {".jpg", ".jpeg", ".png", ".webp"}:
                continue
            try:
                faces = reconstruct(read_image(path))
            except ImageFileError as error:
                print(error, file=sys.stderr)
                continue
            for number, face in enumerate(faces):
                pose = face.pose
                angles = [round(a, 2) for a in (pose.yaw_deg, pose.pitch_deg, pose.roll_deg)]
                numbers = [round(float(value), 2) for value in face.landmarks.reshape(-1)]
                rows.writerow([path.name, number, round(face.score, 3), *angles, *numbers])


if __name__ == "__main__":
    main()
