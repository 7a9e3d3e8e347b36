"""3DDFA's cropped list: a list of pictures and a pickle of parameters."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest

from frsdk.errors import ImageFileError, InputError
from frsdk.export.datasets.face_labels import (
    crop_frame_from_3ddfa,
)
from frsdk.export.datasets.parameters_3ddfa import params_300w_lp, params_in_crop
from frsdk.export.datasets.read_3ddfa_list import read_cropped_list
from frsdk.imaging.roi import Roi
from frsdk.morphable.morphable_model import MorphableModel

from .fields_300w_lp import mat_fields


def cropped_set(folder: Path, model: MorphableModel) -> tuple[Path, Path, Path]:
    """3DDFA's three files: five pictures, whitened parameters, whitening."""
    rng = np.random.default_rng(0)
    flat = [np.asarray(v, float).reshape(-1) for v in mat_fields(rng).values()]
    base = params_in_crop(params_300w_lp(*flat), Roi(60, 50, 180), 260)
    std = np.abs(base) * 0.01 + 1e-5
    whitened = rng.normal(size=(5, 62)).astype(np.float32)
    names = [f"crop{number}.jpg" for number in range(5)]
    for name in names:
        cv2.imwrite(str(folder / name), rng.integers(0, 256, (120, 120, 3), np.uint8))
    (folder / "list.train").write_text("\n".join(names) + "\n")
    (folder / "param_all_norm.pkl").write_bytes(pickle.dumps(whitened))
    (folder / "white.pkl").write_bytes(pickle.dumps({"param_mean": base, "param_std": std}))
    return folder / "list.train", folder / "param_all_norm.pkl", folder / "white.pkl"


def test_cropped_list(tmp_path: Path, bfm_like: MorphableModel) -> None:
    names, params, white = cropped_set(tmp_path, bfm_like)
    faces = list(read_cropped_list(names, params, white, bfm_like))
    raw = pickle.loads(params.read_bytes())[2]
    whitening = pickle.loads(white.read_bytes())
    assert faces[2].parameters_3ddfa == pytest.approx(
        raw * whitening["param_std"] + whitening["param_mean"]
    )
    image = cv2.imread(str(tmp_path / "crop2.jpg"))
    assert np.array_equal(faces[2].crop[20:140, 20:140], image)
    assert not faces[2].crop[:20].any()
    decoded = bfm_like.decode_landmarks(
        crop_frame_from_3ddfa(faces[2].parameters_3ddfa[None]).astype(np.float32), size=120
    )[0]
    assert decoded[:, :2] + 20 == pytest.approx(faces[2].landmarks[:, :2], abs=5e-3)


def test_cropped_list_names_what_is_wrong(tmp_path: Path, bfm_like: MorphableModel) -> None:
    names, params, white = cropped_set(tmp_path, bfm_like)
    (tmp_path / "few.pkl").write_bytes(pickle.dumps(np.zeros((4, 62))))
    with pytest.raises(InputError, match=r"expected parameters \(5, 62\).*got \(4, 62\)"):
        list(read_cropped_list(names, tmp_path / "few.pkl", white, bfm_like))
    (tmp_path / "code.pkl").write_bytes(pickle.dumps(os.path.join))
    with pytest.raises(InputError, match=r"not a pickle or \.npy of parameters"):
        list(read_cropped_list(names, tmp_path / "code.pkl", white, bfm_like))
    with pytest.raises(InputError, match="lacks param_mean"):
        list(read_cropped_list(names, params, params, bfm_like))
    (tmp_path / "crop1.jpg").write_bytes(b"x")
    kept = list(read_cropped_list(names, params, white, bfm_like, bad_share=0.2))
    assert len(kept) == 4
    with pytest.raises((InputError, ImageFileError), match=r"crop1\.jpg"):
        list(read_cropped_list(names, params, white, bfm_like))
