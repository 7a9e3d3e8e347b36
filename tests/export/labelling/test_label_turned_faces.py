"""Turned faces, labelled by a network where a mesh gives up."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from frsdk.export.datasets.label_photographs import EnsembleLabel
from frsdk.export.datasets.labelling_defaults import LabelSettings
from frsdk.export.labelling import label_turned_faces
from frsdk.export.labelling.apply_offsets import NO_OFFSETS
from frsdk.export.labelling.label_turned_faces import TurnedFaceTeacher
from frsdk.export.labelling.mediapipe_teacher import Drops, label_photos_by_mesh
from frsdk.export.labelling.short_range_detector import FoundFace
from frsdk.expressions.blendshape_table import builtin_blendshapes

FOUND = FoundFace((80.0, 80.0), 60.0, 0.0, 0.9)
POINTS = builtin_blendshapes().neutral * (1.0, -1.0, 1.0)
POINTS = (POINTS - POINTS.mean(axis=0)) * (60.0 / np.ptp(POINTS[:, 0])) + (80.0, 80.0, 0.0)


class Mesh:
    """A mesh that sees pictures of one brightness only."""

    offsets = NO_OFFSETS

    def find(self, image: np.ndarray) -> list[FoundFace]:
        return [FOUND]

    def label(self, image: np.ndarray, *_: object) -> EnsembleLabel | None:
        return EnsembleLabel(POINTS, 3.0, 0.0) if image.mean() > 128 else None


class Network:
    """A network that turns every face by the same yaw."""

    def __call__(self, image: np.ndarray, *, rois: list[object]) -> list[object]:
        return [type("Face", (), {"landmarks": POINTS})()]


@pytest.mark.parametrize(("yaw", "kept"), [(52.0, 1), (-64.0, 1), (12.0, 0)])
def test_only_faces_that_the_mesh_lost_and_that_are_turned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, yaw: float, kept: int
) -> None:
    """What the mesh sees is left out; a face that is not turned is too."""
    cv2.imwrite(str(tmp_path / "dark.png"), np.full((160, 160, 3), 40, np.uint8))
    cv2.imwrite(str(tmp_path / "light.png"), np.full((160, 160, 3), 200, np.uint8))
    monkeypatch.setattr(
        label_turned_faces, "ensemble_label", lambda *_: EnsembleLabel(POINTS, yaw, 0.004)
    )
    drops = Drops()
    faces = label_photos_by_mesh(
        tmp_path,
        Mesh(),  # type: ignore[arg-type]
        LabelSettings(crops=2),
        turned=TurnedFaceTeacher(Network()),  # type: ignore[arg-type]
        drops=drops,
    )
    labelled = list(faces)
    assert [face.key for face in labelled] == ["dark_0"] * kept
    assert (drops.pictures, drops.by_network, drops.labelled) == (2, kept, kept)
    if kept:
        assert labelled[0].yaw_deg == yaw
        assert f"{kept} of these labelled by the network" in str(drops)
