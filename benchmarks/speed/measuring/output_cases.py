"""What a face gives besides its numbers, each as a timed call."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from frsdk import Face, FaceReconstructor, Roi, crop_face, network_input

from .bench_photo import Photo
from .interleaved_timing import Case

PICTURE_SIDE = 512  # the face fills the picture
TEXTURE_SIZE = 1024
NETWORK = "network"


@contextmanager
def output_cases(reconstruct: FaceReconstructor, photo: Photo) -> Iterator[dict[str, Case]]:
    """The network and each output of one face of a 512 x 512 picture, by name.

    The face is decoded beforehand, and the layout of its texture is known, as from the second face
    on; the mesh files go to a temporary folder.
    """
    image, face = _filling(reconstruct, photo)
    spec = reconstruct.backend.spec
    batch = network_input([crop_face(image, face.roi, spec.input.size)], spec.input)
    with tempfile.TemporaryDirectory() as folder:
        glb, ply = Path(folder) / "face.glb", Path(folder) / "face.ply"
        yield {
            NETWORK: lambda: reconstruct.backend.run(batch),
            f"texture {TEXTURE_SIZE}": lambda: face.texture(image, TEXTURE_SIZE),
            "depth, normals and PNCC": lambda: _three_pictures(face),
            "visible landmarks": lambda: face.visible,
            "camera matrix": lambda: face.camera_matrix(),
            "GLB with its texture": lambda: face.save(glb, image, texture_size=TEXTURE_SIZE),
            "PLY with vertex colours": lambda: face.save(ply, image),
        }


def _three_pictures(face: Face) -> object:
    pictures = face.render((PICTURE_SIDE, PICTURE_SIDE))
    return pictures.depth_mm, pictures.normals, pictures.pncc


def _filling(reconstruct: FaceReconstructor, photo: Photo) -> tuple[np.ndarray, Face]:
    """The photograph cut and scaled such that the face fills it, and that face."""
    image = crop_face(photo.image, photo.roi, 120)
    large = cv2.resize(image, (PICTURE_SIDE, PICTURE_SIDE), interpolation=cv2.INTER_CUBIC)
    picture = np.asarray(large, np.uint8)
    (face,) = reconstruct(picture, rois=[Roi(0.0, 0.0, float(PICTURE_SIDE))])
    _ = face.vertices  # decoded once, kept
    return picture, face
