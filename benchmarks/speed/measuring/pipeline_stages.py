"""From the photograph's bytes to dense vertices, each step by itself."""

from __future__ import annotations

import cv2
import numpy as np

from frsdk import Face, FaceReconstructor, crop_face, dense_vertices, network_input
from frsdk.face import VertexDecoder
from frsdk.morphable.vertex_decoding import N_POSE, image_poses

from .bench_photo import Photo
from .interleaved_timing import Case

STAGES = (
    "decode image",
    "detect",
    "crop",
    "copy in",
    "engine",
    "copy out",
    "landmarks",
    "dense vertices",
)


def stage_cases(reconstruct: FaceReconstructor, photo: Photo) -> dict[str, Case]:
    """The steps of one face by name; each starts from the finished step before it.

    "copy in" makes the network's batch of the crop, "copy out" turns whitened output into
    parameters. What a device copies besides is part of "engine"; `device_table` takes that apart.
    """
    backend, model = reconstruct.backend, reconstruct.face_model
    spec = backend.spec
    crop = crop_face(photo.image, photo.roi, spec.input.size)
    batch = network_input([crop], spec.input)
    whitened = backend.run(batch)
    mean, std = np.array(spec.param_mean, np.float32), np.array(spec.param_std, np.float32)
    (face,) = reconstruct(photo.image, rois=[photo.roi])
    vertices = np.empty((1, model.n_vertices, 3), np.float32)
    return {
        "decode image": lambda: cv2.imdecode(photo.jpeg, cv2.IMREAD_COLOR),
        "detect": lambda: reconstruct.detector(photo.image),
        "crop": lambda: crop_face(photo.image, photo.roi, spec.input.size),
        "copy in": lambda: network_input([crop], spec.input),
        "engine": lambda: backend.run(batch),
        "copy out": lambda: whitened * std + mean,
        "landmarks": lambda: _landmarks(face),
        "dense vertices": lambda: dense_vertices([face], out=vertices),
    }


def _landmarks(face: Face) -> object:
    return face.face_model.decode_landmarks(face.params[None], size=face.crop_size)


def whole_case(reconstruct: FaceReconstructor, photo: Photo) -> Case:
    """Crop, network, 68 landmarks and dense vertices of one face, as a user calls them."""
    vertices = np.empty((1, reconstruct.face_model.n_vertices, 3), np.float32)

    def whole() -> None:
        dense_vertices(reconstruct(photo.image, rois=[photo.roi]), out=vertices)

    return whole


def many_faces_case(reconstruct: FaceReconstructor, photo: Photo, count: int) -> Case:
    """The same for `count` faces of one photograph, in one engine call."""
    vertices = np.empty((count, reconstruct.face_model.n_vertices, 3), np.float32)

    def whole() -> None:
        dense_vertices(reconstruct(photo.image, rois=[photo.roi] * count), out=vertices)

    return whole


def decode_case(face: Face, decoder: VertexDecoder) -> Case:
    """Dense vertices of one face by a given decoder, into memory that is there."""
    poses = image_poses(face.params[None], [face.roi], face.crop_size)
    out = np.empty((1, face.face_model.n_vertices, 3), np.float32)
    return lambda: decoder.decode_posed(face.params[None, N_POSE:], poses, out=out)
