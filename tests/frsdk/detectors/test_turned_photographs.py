"""29 photographed faces by a quarter and half a turn: found any way up, or absent, never wrong."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from frsdk import Face, FaceReconstructor, read_image

RIGHT = 0.06  # mean distance of the landmarks to those of the upright face, of its size


def right_and_wrong(faces: list[Face], truth: list[np.ndarray]) -> tuple[int, int]:
    """How many of the true faces are met, and how many faces are none of them."""
    met = set()
    for face in faces:
        points = face.landmarks[:, :2]
        off = [np.linalg.norm(points - each, axis=1).mean() / np.ptp(each) for each in truth]
        if min(off) < RIGHT:
            met.add(int(np.argmin(off)))
    return len(met), len(faces) - len(met)


@pytest.mark.parametrize(("turn", "code"), [(90, cv2.ROTATE_90_CLOCKWISE), (180, cv2.ROTATE_180)])
def test_turned_photographs(shared_data: Path, turn: int, code: int) -> None:
    plain = FaceReconstructor()
    any_way_up = FaceReconstructor(orientations=(0, 90, 180, 270))
    count = wrong_plain = right = wrong = 0
    for path in sorted((shared_data / "photos").glob("*.jpg")):
        image = read_image(path)
        height, width = image.shape[:2]
        upright = [face.landmarks[:, :2] for face in plain(image)]
        truth = [
            np.stack([height - 1 - p[:, 1], p[:, 0]], axis=1)
            if turn == 90
            else (width - 1, height - 1) - p
            for p in upright
        ]
        turned = cv2.rotate(image, code)
        count += len(truth)
        wrong_plain += right_and_wrong(plain(turned), truth)[1]
        found = right_and_wrong(any_way_up(turned), truth)
        right, wrong = right + found[0], wrong + found[1]
    assert count == 29
    assert wrong_plain == 0
    assert right == 29
    assert wrong == 0
