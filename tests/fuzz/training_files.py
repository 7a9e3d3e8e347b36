"""Small good labels, shards and states of a training, and their readers."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

from frsdk.errors import FrsdkError

_FACES = 2


def training_labels() -> list[bytes]:
    rng, n = np.random.default_rng(0), _FACES
    arrays = {
        "key": np.array([f"face{i}" for i in range(n)]), "shard": np.zeros(n, np.int64),
        "source": np.array(["cfp_frontal", "cfp_profile"]),
        "identity": np.array([""] * n), "lmk68": rng.uniform(20, 140, (n, 68, 3)),
        "lmk68_spread": np.full(n, 0.01), "gt68": np.full((n, 68, 2), np.nan),
        "gt30": rng.uniform(20, 140, (n, 30, 2)), "param62": rng.normal(size=(n, 62)),
        "yaw_deg": np.array([1.0, 80.0]),
    }  # fmt: skip
    arrays["gt68"][1] = arrays["lmk68"][1, :, :2]
    found = []
    for save in (np.savez, np.savez_compressed):
        buffer = io.BytesIO()
        save(buffer, allow_pickle=False, **arrays)
        found.append(buffer.getvalue())
    return found


@functools.cache
def _labels() -> bytes:
    return training_labels()[0]


@functools.cache
def _shard() -> bytes:
    return training_shards()[0]


def training_shards() -> list[bytes]:
    shade = np.linspace(0, 200, 160, dtype=np.uint8)
    crop = np.stack([np.add.outer(shade // 4, shade), np.tile(shade, (160, 1))] * 2, -1)[..., :3]
    picture, buffer = io.BytesIO(), io.BytesIO()
    Image.fromarray(crop).save(picture, "WEBP", quality=30)
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for index in range(_FACES):
            member = tarfile.TarInfo(f"face{index}.webp")
            member.size = len(picture.getvalue())
            tar.addfile(member, io.BytesIO(picture.getvalue()))
    return [buffer.getvalue()]


def read_training_labels(path: Path) -> object:
    """As the training reads them, then as the evaluation does."""
    from frsdk.export.datasets.face_labels import read_labels

    folder = path.parent / "shards"
    folder.mkdir(exist_ok=True)
    (folder / "val-00.tar").write_bytes(_shard())
    (folder / "val.npz").write_bytes(path.read_bytes())
    with contextlib.suppress(FrsdkError):
        read_labels(path)
    return _evaluated(folder)


def read_training_shard(path: Path) -> object:
    """As the training reads it, then as the evaluation does."""
    from frsdk.export.datasets.face_labels import read_labels
    from frsdk.export.datasets.stored_crops import load_good_crops

    folder = path.parent / "shards"
    folder.mkdir(exist_ok=True)
    (folder / "val.npz").write_bytes(_labels())
    (folder / "val-00.tar").write_bytes(path.read_bytes())
    with contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(FrsdkError):
        load_good_crops(folder, "val", read_labels(folder / "val.npz"), bad_share=1.0)
    return _evaluated(folder)


def _evaluated(folder: Path) -> object:
    from frsdk.benchmarks.protocols.labelled_shards import read_shards

    return [picture.load() for picture in read_shards(folder).pictures]


def training_states() -> list[bytes]:
    import torch

    state = {
        "config": {"steps": 3}, "network": {"weight": torch.zeros(4, 3)}, "average": {},
        "optimiser": {"state": {}}, "step": 3, "log": [{"loss": 1.5}],
    }  # fmt: skip
    found = []
    for zipped in (True, False):
        buffer = io.BytesIO()
        torch.save(state, buffer, _use_new_zipfile_serialization=zipped)
        found.append(buffer.getvalue())
    return found


def read_training_state(path: Path) -> object:
    from frsdk.export.training.train_state import read_state

    return read_state(path)


def training_configs() -> list[bytes]:
    options = {"architecture": "mobile_frnet", "steps": 300, "learning_rate": 1e-3,
               "sizes": [96, 120], "size_shares": [0.5, 0.5], "mesh_labels": True}  # fmt: skip
    return [json.dumps(options).encode()]


def read_training_config(path: Path) -> object:
    from frsdk.export.training.training_config_file import read_config

    return read_config(path)


def data_cards() -> list[bytes]:
    return [json.dumps({"name": "Faces", "licence": "CC BY 4.0"}).encode()]


def read_data_card(path: Path) -> object:
    from frsdk.export.datasets.data_provenance import card_of_photographs

    return card_of_photographs(path.parent, path)
