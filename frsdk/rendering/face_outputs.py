"""What a reconstructed face gives besides its numbers: texture, pictures, camera, mesh."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from ..morphable.metric_size import EYE_DISTANCE_MM, mm_per_unit
from ..specs.option_numbers import whole_number

if TYPE_CHECKING:
    from trimesh import Trimesh

    from ..morphable.pinhole_camera import WeakPerspectiveFace
    from .depth_normals_pncc import FacePictures
    from .face_protocol import ReconstructedFace
    from .face_texture import Texture

Image = NDArray[np.uint8]
TEXTURE_SIZE = 1024


class FaceOutputs:
    """Base of `Face`: everything that is made from its numbers when it is asked for."""

    __slots__ = ()

    @property
    def frontal_vertices(self: ReconstructedFace) -> NDArray[np.float32]:
        """(N, 3) float32: the face unposed, in the face model's frame and units (nominal mm).

        x to the image's right for a frontal face, y **up**, z toward the camera. For files:
        `save(path, frontal=True)` or `write_mesh(path, face.frontal_vertices, face.triangles,
        frame="model")`.
        """
        from .face_mesh import frontal_vertices

        return frontal_vertices(self)

    @property
    def visible(self: ReconstructedFace) -> NDArray[np.bool_]:
        """(68,) bool: landmarks before which no other part of the face lies.

        A face model without triangles hides nothing: all are true.
        """
        from .visible_vertices import visible_landmarks

        if not len(self.face_model.triangles):
            return np.ones(len(self.landmarks), np.bool_)
        return visible_landmarks(self.vertices, self.face_model.triangles, self.landmarks)

    def texture(self: ReconstructedFace, image_bgr: Image, size: int = TEXTURE_SIZE) -> Texture:
        """The unwrapped picture of the face with a mask of what was seen.

        The unseen is filled from the other side of the face, then smoothly.

        Args:
            image_bgr: The photograph (H, W, 3) uint8.
            size: Texels of a side, 16 to 8192.

        Raises:
            InputError: Another image or size, or a face model without `uv` or triangles.
        """
        from .face_texture import face_texture

        return face_texture(image_bgr, self.vertices, self.face_model, size)

    def render(
        self: ReconstructedFace,
        size_wh: tuple[int, int] | None = None,
        *,
        eye_distance_mm: float = EYE_DISTANCE_MM,
    ) -> FacePictures:
        """Depth, normals, PNCC, mask and texture coordinates at the photograph's pixels.

        Several faces in one picture: `render_faces`.

        Args:
            size_wh: Width, height; None: the photograph's.
            eye_distance_mm: Assumed distance of the eyes, which millimetres follow from.

        Raises:
            InputError: No size is known, or a face model without triangles.
        """
        return render_faces([self], size_wh, eye_distance_mm=eye_distance_mm)

    def camera_matrix(
        self: ReconstructedFace,
        intrinsics: ArrayLike | None = None,
        *,
        eye_distance_mm: float = EYE_DISTANCE_MM,
    ) -> NDArray[np.float64]:
        """Where the head is before a pinhole camera, for try-on and AR engines.

        A photograph tells neither a face's size nor its distance: they follow from the focal
        length and the assumed distance of the eyes (63 mm, the mean of adults).

        Args:
            intrinsics: (3, 3) camera matrix in pixels, integers at pixel centres; None: a plain
                lens, focal length = longer side of the photograph, principal point in its middle.
            eye_distance_mm: Assumed distance between the middles of the eyes.

        Returns:
            (4, 4) float64 rigid motion, millimetres: from the head's frame (that of
            `metric_vertices`: x right, y up, z out of the face) to the camera's (OpenCV: x right,
            y down, z forward). For OpenGL negate rows 1 and 2.

        Raises:
            InputError: Singular or impossible intrinsics, or a distance that is not positive.
        """
        from ..morphable.pinhole_camera import camera_from_head, checked_intrinsics

        camera = checked_intrinsics(intrinsics, self.image_size_wh)
        return camera_from_head(_placed(self, eye_distance_mm), camera)

    def metric_vertices(
        self: ReconstructedFace,
        intrinsics: ArrayLike | None = None,
        *,
        eye_distance_mm: float = EYE_DISTANCE_MM,
    ) -> NDArray[np.float64]:
        """The surface in millimetres that a pinhole camera sees exactly where `vertices` lie.

        Weak perspective leaves the growth of near parts out; here it is put back: the camera's
        projection of `camera_matrix @ metric_vertices` is `vertices[:, :2]` for any focal length.

        Args:
            intrinsics: As in `camera_matrix`.
            eye_distance_mm: As in `camera_matrix`.

        Returns:
            (N, 3) float64 in the head's frame: x right for a frontal face, y up, z out of the face.

        Raises:
            InputError: As in `camera_matrix`.
        """
        from ..morphable.pinhole_camera import (
            camera_from_head,
            camera_points,
            checked_intrinsics,
        )

        camera = checked_intrinsics(intrinsics, self.image_size_wh)
        placed = _placed(self, eye_distance_mm)
        motion = camera_from_head(placed, camera)
        points = camera_points(placed, self.vertices, camera)
        return np.asarray((points - motion[:3, 3]) @ motion[:3, :3])

    def to_trimesh(
        self: ReconstructedFace, image_bgr: Image | None = None, *, frontal: bool = False
    ) -> Trimesh:
        """The mesh as a `trimesh.Trimesh`, with the face's texture where a photograph is given.

        Args:
            image_bgr: The photograph (H, W, 3) uint8, or None for the shape alone.
            frontal: The face unposed, in the model's units, instead of as it is in the photograph
                (pixels about the middle of its box). Both: x right, y up, z toward the viewer.

        Raises:
            InputError: An unusable image, or a face model without triangles.
        """
        from ..meshes.glb_obj_ply_export import trimesh_from_mesh
        from .face_mesh import mesh_of_face

        mesh = mesh_of_face(self, image_bgr, frontal=frontal, texture_size=TEXTURE_SIZE)
        return trimesh_from_mesh(mesh)

    def save(
        self: ReconstructedFace,
        path: str | os.PathLike[str],
        image_bgr: Image | None = None,
        *,
        frontal: bool = False,
        texture_size: int = TEXTURE_SIZE,
    ) -> None:
        """Write the mesh; the suffix chooses the format.

        Args:
            path: `.glb` or `.obj` (with the texture), `.ply` (with colours of the vertices),
                `.stl` or `.3mf` (the shape alone); an existing file is replaced.
            image_bgr: The photograph (H, W, 3) uint8; hidden parts are filled in. None leaves the
                mesh without colours.
            frontal: The face unposed, looking at the viewer, in the model's units; otherwise as it
                is in the photograph, in pixels about the middle of its box.
            texture_size: Texels of a side.

        Raises:
            InputError: The suffix is another one, the image or size is not usable, or the face
                model has no triangles.
            MissingDependencyError: 3MF needs networkx and lxml.
            OutputError: The file cannot be written.
        """
        from ..meshes.mesh_files import check_suffix, write_file_mesh
        from ..meshes.mesh_formats import TEXTURED_SUFFIXES
        from .face_mesh import mesh_of_face
        from .face_texture import SMALLEST_TEXTURE

        suffix = check_suffix(path)
        texture_size = whole_number("texture_size", texture_size, SMALLEST_TEXTURE)
        size = texture_size if suffix in TEXTURED_SUFFIXES else 0
        mesh = mesh_of_face(self, image_bgr, frontal=frontal, texture_size=size)
        write_file_mesh(path, mesh, "model" if frontal else "image")

    def _repr_png_(self: ReconstructedFace) -> bytes | None:
        """A shaded view of the face, which notebooks show."""
        from .face_preview import preview_png

        return preview_png(self)


def render_faces(
    faces: Sequence[ReconstructedFace],
    size_wh: tuple[int, int] | None = None,
    *,
    eye_distance_mm: float = EYE_DISTANCE_MM,
) -> FacePictures:
    """Depth, normals, PNCC, mask and texture coordinates of all faces of a photograph.

    One z-buffer pass serves all of them; the larger face is in front.

    Args:
        faces: Of one photograph.
        size_wh: Width, height; None: the photograph's.
        eye_distance_mm: Assumed distance of the eyes, which millimetres follow from.

    Raises:
        InputError: No list of faces, no size is known, or a face model without triangles.
    """
    from .depth_normals_pncc import FacePictures, PicturedFace
    from .face_mesh import frontal_landmarks
    from .face_protocol import listed_faces

    faces = listed_faces(faces)
    size = size_wh or next((f.image_size_wh for f in faces if f.image_size_wh), None)
    if size is None:
        raise InputError("the photograph's size is not known: give size_wh=(width, height)")
    pictured = []
    for face in faces:
        unit = mm_per_unit(frontal_landmarks(face), eye_distance_mm)
        pictured.append(
            PicturedFace(
                vertices=face.vertices,
                model=face.face_model,
                origin_z_px=float(face.pose.translation[2]),
                mm_per_px=unit / face.pose.scale,
                scale=face.pose.scale,
            )
        )
    return FacePictures(pictured, size)


def _placed(face: ReconstructedFace, eye_distance_mm: float) -> WeakPerspectiveFace:
    from ..morphable.pinhole_camera import WeakPerspectiveFace
    from .face_mesh import frontal_landmarks

    frontal = np.asarray(frontal_landmarks(face), np.float64)
    return WeakPerspectiveFace(
        landmarks=np.asarray(face.landmarks, np.float64),
        frontal_landmarks=frontal,
        origin=np.asarray(face.pose.translation, np.float64),
        scale=face.pose.scale,
        mm_per_unit=mm_per_unit(frontal, eye_distance_mm),
    )
