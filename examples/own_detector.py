"""Bring a face detector of your own: any function from an image to detections.

    python examples/own_detector.py photo.jpg

The stand-in here takes the largest face of frsdk's detector and calls the rest background; put
yours in its place. `BoxRule` says how its boxes become the network's square: fit it once on faces
whose landmarks you know (`benchmarks/detection/fit_box_rules.py` does so for the shipped ones).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk import BoxRule, BuiltinDetector, Detection, FaceReconstructor, read_image


class LargestFace:
    """A detector: called with (H, W, 3) uint8 BGR, gives detections with boxes in its pixels."""

    def __init__(self) -> None:
        self._inner = BuiltinDetector()
        self.box_rule: BoxRule = self._inner.box_rule

    def __call__(self, image_bgr: NDArray[np.uint8]) -> list[Detection]:
        """The face with the largest box, or none."""
        found = self._inner(image_bgr)
        return sorted(found, key=_area)[-1:]


def _area(face: Detection) -> float:
    x0, y0, x1, y1 = face.box_xyxy
    return float((x1 - x0) * (y1 - y0))


def main() -> None:
    """Print the largest face's pose."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("photo", type=Path)
    image = read_image(parser.parse_args().photo)
    with FaceReconstructor(detector=LargestFace()) as reconstruct:
        for face in reconstruct(image):
            print(f"yaw {face.pose.yaw_deg:+.1f} pitch {face.pose.pitch_deg:+.1f}")


if __name__ == "__main__":
    main()
