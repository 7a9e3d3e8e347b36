"""How many actors a cluster has room for, and data sets of Ray Data in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from frsdk import FaceReconstructor, read_image
from frsdk.errors import InputError
from frsdk.scale import reconstruct_dataset
from frsdk.scale.picture_actor import PictureActor
from frsdk.scale.ray_dataset import pool_size


def test_a_pool_leaves_something_to_read_with() -> None:
    assert pool_size({"CPU": 2.0}, None, 0.5, 0.0) == 2
    assert pool_size({"CPU": 2.0}, None, 1.0, 0.0) == 1
    assert pool_size({"CPU": 16.0}, None, 0.5, 0.0) == 16
    assert pool_size({"CPU": 16.0, "GPU": 2.0}, None, 0.5, 0.25) == 8
    assert pool_size({"CPU": 1.0, "GPU": 8.0}, None, 0.0, 1.0) == 8
    for cpus, actors, each in ((2.0, 2, 1.0), (2.0, 4, 0.5), (1.0, 1, 1.0)):
        with pytest.raises(InputError, match="none is left to read"):
            pool_size({"CPU": cpus}, actors, each, 0.0)
    with pytest.raises(InputError, match="GPUs"):
        pool_size({"CPU": 4.0}, 1, 0.5, 1.0)


@pytest.mark.ray
def test_bytes_and_arrays_give_what_files_give(local_ray: Any, tmp_path: Path) -> None:
    image = read_image("sample:astronaut")
    names = [str(tmp_path / name) for name in ("a.png", "b.png")]
    for name in names:
        cv2.imwrite(name, image)
    with FaceReconstructor() as reconstruct:
        (face,) = reconstruct(image)
    data, actor = local_ray.data, PictureActor({}, 10**6, "test")
    for dataset in (
        data.read_binary_files(names, include_paths=True),
        data.read_images(names, include_paths=True),
        data.from_items([{"path": name} for name in names]),
    ):
        rows = actor(dataset.take_batch(2)).to_pylist()
        assert sorted(row["path"] for row in rows) == names
        for row in rows:
            assert row["error"] is None and (row["width"], row["height"]) == (512, 512)
            np.testing.assert_array_equal(np.float32(row["params"]), face.params)
            assert row["box_xyxy_px"] == list(face.box)
    with pytest.raises(InputError, match="include_paths=True"):
        reconstruct_dataset(data.from_items([{"file": "a"}]))
