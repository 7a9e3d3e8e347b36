"""The labeller: jittered and mirrored passes, doubtful faces dropped."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from frsdk import FaceReconstructor
from frsdk.errors import InputError
from frsdk.export.datasets.crop_shards import write_shards
from frsdk.export.datasets.face_labels import (
    MIRROR_68,
    read_labels,
)
from frsdk.export.datasets.label_photographs import label_face, label_photos, turn_deg
from frsdk.export.datasets.labelled_face import stored_crop
from frsdk.export.datasets.labelling_defaults import LabelSettings
from frsdk.imaging.roi import Roi
from frsdk.metrics.nme import nme_percent
from frsdk.morphable.head_pose import Pose, rotation_from_angles


def test_labeller_on_a_photograph(shared_data: Path, tmp_path: Path) -> None:
    """Our own network as the teacher: shards that load, labels near its plain answer."""
    photos = tmp_path / "photos"
    photos.mkdir()
    shutil.copy(shared_data / "photos" / "emma.jpg", photos)
    (photos / "bad.jpg").write_bytes(b"no")
    detector = shared_data / "detector" / "yunet_n_320.onnx"
    with FaceReconstructor(detector=detector) as teacher:
        settings = LabelSettings(crops=3, largest_spread=0.15)
        faces = list(label_photos(photos, teacher, settings, bad_share=0.5))
        assert write_shards(faces, tmp_path / "faces", "train") == len(faces) >= 1
        face = faces[0]
        assert 0 < face.spread < 0.15 and face.key.startswith("emma_1_")
        plain = teacher(face.crop, rois=[(20, 20, 140, 140)])[0]
        error = nme_percent(plain.landmarks[None, :, :2], face.landmarks[None, :, :2])[0]
        assert error < 20  # the median of the ensemble, not this one answer
        looking_away = replace(settings, least_turn_deg=60.0)
        assert not list(label_photos(photos, teacher, looking_away, bad_share=0.5))
        with pytest.raises(InputError, match=r"bad\.jpg"):
            list(label_photos(photos, teacher, settings))
    labels = read_labels(tmp_path / "faces" / "train.npz")
    assert labels.yaw_deg[0] == pytest.approx(face.yaw_deg, abs=1e-4)


@pytest.mark.parametrize(
    ("yaw", "pitch", "turned"),
    [(0, 0, 0), (40, 0, 40), (-90, 0, 90), (0, -30, 30), (60, 60, 75.52)],
)
def test_turn_counts_yaw_and_pitch_but_no_roll(yaw: float, pitch: float, turned: float) -> None:
    for roll in (0.0, 50.0):
        rotation = rotation_from_angles(yaw, pitch, roll)
        pose = Pose.from_rotation(rotation, scale=1.0, translation=np.zeros(3))
        assert turn_deg(pose) == pytest.approx(turned, abs=0.01)


class Staring:
    """A teacher whose landmarks are always the same places in the picture, mirrored where it is."""

    def __init__(self, points: np.ndarray, jitter: float) -> None:
        self.points, self.jitter, self.flips = points, jitter, 0
        self.rng = np.random.default_rng(0)

    def __call__(self, image: np.ndarray, *, rois: list[Roi]) -> list[object]:
        from types import SimpleNamespace

        points = self.points
        if image[0, 0, 0]:  # the mark of the mirrored picture
            self.flips += len(rois)
            points = points[MIRROR_68] * [-1, 1, 1] + [image.shape[1] - 1, 0, 0]
        return [
            SimpleNamespace(
                landmarks=points + self.rng.normal(size=points.shape) * self.jitter,
                pose=SimpleNamespace(angles_300w_lp=(12.0, 0.0, 0.0)),
                roi=roi,
            )
            for roi in rois
        ]


def test_ensemble_takes_mirrored_members_back_and_drops_doubtful_faces() -> None:
    rng = np.random.default_rng(1)
    points = np.concatenate([rng.uniform(60, 140, (68, 2)), rng.normal(size=(68, 1))], axis=1)
    image = np.zeros((200, 210, 3), np.uint8)
    image[0, -1] = 255
    settings = LabelSettings(crops=4)
    teacher = Staring(points, 0.0)
    roi = Roi(50, 50, 100)
    face = label_face(image, roi, teacher, settings, rng)  # type: ignore[arg-type]
    assert face is not None and teacher.flips == 4
    wanted = stored_crop(image, points)[1]
    assert face.landmarks == pytest.approx(wanted) and face.spread == pytest.approx(0, abs=1e-12)
    assert face.yaw_deg == 12.0
    assert label_face(image, roi, Staring(points, 6.0), settings, rng) is None  # type: ignore[arg-type]
