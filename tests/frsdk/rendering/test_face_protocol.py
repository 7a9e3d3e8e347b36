"""What is no face: one line from whatever takes faces."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import frsdk
from frsdk import Face, InputError

IMAGE = np.zeros((40, 30, 3), np.uint8)
LISTS: dict[str, Callable[[Any], object]] = {
    "draw_faces": lambda faces: frsdk.draw_faces(IMAGE, faces),
    "render_faces": frsdk.render_faces,
    "dense_vertices": frsdk.dense_vertices,
    "write_scene": lambda faces: frsdk.write_scene("never.glb", faces, IMAGE),
}


@pytest.mark.parametrize("name", LISTS)
def test_what_is_no_list_of_faces_is_one_line(name: str, posed_once: Face) -> None:
    take = LISTS[name]
    with pytest.raises(InputError, match=re.escape("got one Face: pass [face]")):
        take(posed_once)
    with pytest.raises(InputError, match=r"got one int$"):
        take(3)
    with pytest.raises(InputError, match=r"expected a face, .* got NoneType"):
        take([posed_once, None])
    with pytest.raises(InputError, match=r"expected a face, .* got ndarray"):
        take(IMAGE)  # arguments in the wrong order
    assert not Path("never.glb").exists()


def test_blendshapes_of_what_is_no_face_is_one_line(posed_once: Face) -> None:
    with pytest.raises(InputError, match=r"expected a face, .* got list"):
        frsdk.blendshapes_of([posed_once])  # type: ignore[arg-type]


def test_the_photograph_by_its_name_is_one_line(posed_once: Face) -> None:
    wrong: Any = "photo.jpg"
    for draw in (posed_once.draw, posed_once.texture):
        with pytest.raises(InputError, match=re.escape("frsdk.read_image(path)")):
            draw(wrong)


def test_only_face_models_are_registered() -> None:
    wrong: Any = "model.npz"
    with pytest.raises(InputError, match=re.escape("frsdk.MorphableModel.load(path)")):
        frsdk.register_face_model(wrong)
