"""One reconstructed face."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .geometry import Roi, image_from_crop_points
from .morphable import MorphableModel
from .pose import Pose, pose_from_params

JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | float | int | None"


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face in a photograph: parameters, landmarks, pose and, on demand, the dense surface.

    Points are in image pixels: x right, y down, integers at pixel centres; z in the same scale,
    positive toward the camera. Boxes are x0, y0, x1, y1 where pixel 0 covers [0, 1). Arrays are
    read-only.

    Attributes:
        params: (62,) float32: 12 pose (3x4 row-major, scaled rotation | translation, in the crop's
            frame), 40 shape and 10 expression coefficients.
        landmarks: (68, 3) float32, iBUG's order.
        pose: Angles in degrees, scale and translation in image pixels.
        box: (4,) float64: the detector's or caller's box; with `rois=`, the box of the landmarks.
        roi: The square that the network saw.
        score: The detector's score, 0..1; 1 for the caller's own boxes and ROIs.
        face_model: The face model that the parameters belong to.
        crop_size: Pixels of a side of the network's crop.
    """

    params: NDArray[np.float32]
    landmarks: NDArray[np.float32] = field(repr=False)
    pose: Pose
    box: NDArray[np.float64]
    roi: Roi
    score: float
    face_model: MorphableModel = field(repr=False)
    crop_size: int = field(repr=False)
    # A dictionary, because setdefault is atomic: threads that race get the same array.
    _cache: dict[str, NDArray[np.float32]] = field(default_factory=dict, init=False, repr=False)

    @property
    def vertices(self) -> NDArray[np.float32]:
        """(N, 3) float32 dense surface in image pixels, decoded at the first call, read-only."""
        known = self._cache.get("vertices")
        if known is not None:
            return known
        crop_points = self.face_model.decode_vertices(self.params[None], size=self.crop_size)[0]
        points = image_from_crop_points(crop_points, self.roi, self.crop_size)
        vertices = np.ascontiguousarray(points, np.float32)
        vertices.setflags(write=False)
        return self._cache.setdefault("vertices", vertices)

    @property
    def triangles(self) -> NDArray[np.int32]:
        """(M, 3) int32 corners of the surface; M is 0 for a face model of landmarks only."""
        return self.face_model.triangles

    def save(
        self, path: str | os.PathLike[str], image_bgr: NDArray[np.uint8] | None = None
    ) -> None:
        """Write the mesh; the suffix chooses the format.

        Args:
            path: `.glb`, `.obj` or `.ply`; an existing file is replaced.
            image_bgr: The photograph (H, W, 3) uint8, for vertex colours; hidden parts are filled
                in. None leaves the mesh without colours.

        Raises:
            InputError: The suffix is another one, the image is not usable, or the face model has
                no triangles.
            OutputError: The file cannot be written.
        """
        from .mesh_files import write_mesh

        colours = None
        if image_bgr is not None:
            from .preprocess import check_image
            from .texture import vertex_colours

            colours = vertex_colours(
                check_image(image_bgr),
                self.vertices,
                self.triangles,
                mirror=self.face_model.mirror,
            )
        write_mesh(path, self.vertices, self.triangles, colours=colours, uv=self.face_model.uv)

    def draw(self, image_bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Draw the mesh, landmarks, box and pose over a copy of the photograph.

        Args:
            image_bgr: (H, W, 3) uint8.

        Returns:
            A new image of the same shape.

        Raises:
            InputError: The image has another shape or type.
        """
        from .draw import draw_faces
        from .preprocess import check_image

        return draw_faces(check_image(image_bgr), [self])

    def to_dict(self) -> dict[str, JsonValue]:
        """Everything but the dense surface as plain numbers, ready for JSON."""
        pose = self.pose
        return {
            "score": float(self.score),
            "box_xyxy_px": _floats(self.box),
            "roi_xyxy_px": [float(value) for value in self.roi.xyxy],
            "roi_roll_deg": float(self.roi.roll_deg),
            "pose": {
                "yaw_deg": float(pose.yaw_deg),
                "pitch_deg": float(pose.pitch_deg),
                "roll_deg": float(pose.roll_deg),
                "scale_px_per_unit": float(pose.scale),
                "translation_px": _floats(pose.translation),
                "rotation": [_floats(row) for row in np.asarray(pose.rotation)],
            },
            "landmarks_px": [_floats(point) for point in self.landmarks],
            "params": _floats(self.params),
            "crop_size_px": int(self.crop_size),
            "face_model": {"name": self.face_model.name, "sha256": self.face_model.sha256},
        }


def face_from_params(
    params: NDArray[np.float32],
    crop_points: NDArray[np.float32],
    *,
    roi: Roi,
    box_xyxy: tuple[float, float, float, float] | None,
    score: float,
    face_model: MorphableModel,
    crop_size: int,
) -> Face:
    """A result from one row of the network's output.

    Args:
        params: (62,) de-whitened parameters.
        crop_points: (68, 3) their landmarks in crop pixels.
        roi: Where the crop was cut.
        box_xyxy: The detector's or caller's box; None for the box of the landmarks.
        score: The detector's score.
        face_model: What the parameters belong to.
        crop_size: Pixels of a side of the crop.
    """
    points = image_from_crop_points(crop_points, roi, crop_size)  # (68, 3)
    if box_xyxy is None:
        # + 0.5: from pixel centres to the plane where pixel 0 covers [0, 1)
        box = np.concatenate([points[:, :2].min(axis=0), points[:, :2].max(axis=0)]) + 0.5
    else:
        box = np.array(box_xyxy, np.float64)
    own_params, landmarks = params.copy(), points.astype(np.float32)
    for array in (own_params, landmarks, box):
        array.setflags(write=False)
    return Face(
        params=own_params,
        landmarks=landmarks,
        pose=pose_from_params(own_params, roi, crop_size),
        box=box,
        roi=roi,
        score=score,
        face_model=face_model,
        crop_size=crop_size,
    )


def _floats(values: object) -> list[JsonValue]:
    return [float(value) for value in np.asarray(values)]
