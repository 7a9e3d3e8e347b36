"""A reconstructed face as a mesh with its texture or the colours of its vertices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..imaging.face_crop import check_image
from ..meshes.mesh_arrays import FileMesh
from ..meshes.mesh_files import file_mesh
from ..morphable.vertex_decoding import N_POSE, decode_points
from .face_texture import Texture, face_texture
from .vertex_colours import vertex_colours

if TYPE_CHECKING:
    from .face_protocol import ReconstructedFace

Image = NDArray[np.uint8]
FloatArray = NDArray[np.float32]

_COLOUR_TEXTURE_SIZE = 512  # what vertex colours are read from: finer than the vertices


def frontal_vertices(face: ReconstructedFace) -> FloatArray:
    """(N, 3) the face unposed, in the model frame: x right, y up, z toward the camera."""
    shapes = face.face_model.shape_from_coefficients(face.params[None, N_POSE:])
    return np.asarray(shapes[0])


def frontal_landmarks(face: ReconstructedFace) -> FloatArray:
    """(68, 3) the same of its landmarks."""
    unposed = np.eye(3, 4, dtype=np.float32)[None]
    basis = face.face_model.landmark_basis
    return np.asarray(decode_points(basis, face.params[None, N_POSE:], unposed)[0])


def mesh_of_face(
    face: ReconstructedFace,
    image_bgr: Image | None,
    *,
    frontal: bool = False,
    texture_size: int,
    centre: tuple[float, float, float] | None = None,
) -> FileMesh:
    """The face as it stands in a file.

    Args:
        face: What to write.
        image_bgr: The photograph, or None for the shape alone.
        frontal: Unposed, in the model's units.
        texture_size: Texels of a side; 0 for colours of the vertices instead of a texture. A
            face model without `uv` has colours of the vertices in any case.
        centre: Point of the image that becomes the origin; None: the middle of the mesh's box.

    Raises:
        InputError: An unusable image or size, or a face model without triangles.
    """
    model = face.face_model
    texture, colours = None, None
    if image_bgr is not None and len(model.triangles):
        image = check_image(image_bgr)
        if not len(model.uv):
            colours = vertex_colours(image, face.vertices, model.triangles, mirror=model.mirror)
        elif texture_size:
            texture = face_texture(image, face.vertices, model, texture_size).image
        else:
            unwrapped = face_texture(image, face.vertices, model, _COLOUR_TEXTURE_SIZE)
            colours = texture_colours(unwrapped, model.uv)
    return file_mesh(
        frontal_vertices(face) if frontal else face.vertices,
        model.triangles,
        colours=colours,
        uv=model.uv,
        texture_bgr=texture,
        frame="model" if frontal else "image",
        centre=centre,
    )


def texture_colours(texture: Texture, uv: FloatArray) -> NDArray[np.uint8]:
    """(N, 3) uint8 RGB of a texture at texture coordinates (N, 2), bilinear."""
    side = len(texture.image)
    x = np.clip(uv[:, 0] * side - 0.5, 0, side - 1)
    y = np.clip((1 - uv[:, 1]) * side - 0.5, 0, side - 1)
    left, top = x.astype(np.intp), y.astype(np.intp)
    right, bottom = np.minimum(left + 1, side - 1), np.minimum(top + 1, side - 1)
    fx, fy = (x - left)[:, None], (y - top)[:, None]  # (N, 1)
    image = texture.image
    above = image[top, left] * (1 - fx) + image[top, right] * fx
    below = image[bottom, left] * (1 - fx) + image[bottom, right] * fx
    mixed = above * (1 - fy) + below * fy
    return np.asarray(np.rint(mixed[:, ::-1]).clip(0, 255), np.uint8)
