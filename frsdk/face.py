"""One reconstructed face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol, TypeAlias  # Any: the fields of a face by name

import numpy as np
from numpy.typing import NDArray

from .errors import InputError
from .expressions.face_expressions import FaceExpressions
from .imaging.roi import Roi, image_from_crop_matrix, image_from_crop_points
from .morphable.head_pose import Pose, pose_from_params
from .morphable.morphable_model import MorphableModel
from .morphable.registered_models import LateIntegerDecoder, found_face_model
from .morphable.vertex_decoding import (
    N_POSE,
    FloatArray,
    image_poses,
    transform_points,
)
from .rendering.face_outputs import FaceOutputs
from .rendering.face_protocol import listed_faces

_INT8 = "int8"  # stands for the 8-bit decoder in a pickle
JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | float | int | None"


class VertexDecoder(Protocol):
    """What turns coefficients into dense vertices: a face model, or its 8-bit form."""

    def decode_posed(
        self,
        coefficients: NDArray[np.floating],
        poses: FloatArray,
        *,
        out: FloatArray | None = None,
    ) -> FloatArray:
        """(n, 50) coefficients and (n, 3, 4) poses -> (n, N, 3)."""


@dataclass(frozen=True, slots=True, eq=False)
class Face(FaceOutputs, FaceExpressions):
    """A face in a photograph: parameters, landmarks, pose and, on demand, the dense surface.

    `FaceOutputs` has what is made from them: textures, pictures, mesh files, the camera's matrix;
    `FaceExpressions` has names: blendshapes, closed eyes, an open mouth.

    Points are in image pixels: x right, y down, integers at pixel centres; z in the same scale,
    positive toward the camera. Boxes are x0, y0, x1, y1 where pixel 0 covers [0, 1). Arrays are
    read-only.

    Attributes:
        params: (62,) float32: 12 pose (3x4 row-major, scaled rotation | translation, in the crop's
            frame), 40 shape and 10 expression coefficients.
        landmarks: (68, 3) float32, iBUG's order.
        pose: Angles in degrees, scale and translation in image pixels, rotation in other forms.
        box: (4,) float64: the detector's or caller's box; with `rois=`, the box of the landmarks.
        roi: The square that the network saw.
        score: The detector's score, 0..1; 1 for the caller's own boxes and ROIs.
        face_model: The face model that the parameters belong to.
        crop_size: Pixels of a side of the network's crop.
        decoder: What decodes the dense surface; None is the face model itself.
        presence: How surely the crop shows a face where the landmarks are, 0..1; None where nobody
            asked (`presence=True` of :class:`~frsdk.FaceReconstructor`).
        image_size_wh: Width, height of the photograph; None where it is not known.
    """

    params: NDArray[np.float32]
    landmarks: NDArray[np.float32] = field(repr=False)
    pose: Pose
    box: NDArray[np.float64]
    roi: Roi
    score: float
    face_model: MorphableModel = field(repr=False)
    crop_size: int = field(repr=False)
    decoder: VertexDecoder | None = field(default=None, repr=False)
    presence: float | None = None
    image_size_wh: tuple[int, int] | None = field(default=None, repr=False)
    # A dictionary, because setdefault is atomic: threads that race get the same array.
    _cache: dict[str, NDArray[np.float32]] = field(default_factory=dict, init=False, repr=False)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the numbers and the face model's digest, not the model.

        Where it is unpickled the built-in model is found again, another one by
        :func:`~frsdk.register_face_model`.
        """
        kept = {each.name: getattr(self, each.name) for each in fields(self) if each.init}
        model, decoder = kept.pop("face_model"), kept.pop("decoder")
        if decoder is not None and decoder is not model:
            # By name: its module would load an engine.
            is_int8 = type(decoder).__name__ in ("IntegerDecoder", "LateIntegerDecoder")
            kept["decoder"] = _INT8 if is_int8 else decoder
        return _unpickled, (type(self), kept, model.name, model.sha256)

    def __copy__(self) -> Face:
        """Return the same face: it never changes."""
        return self

    def __deepcopy__(self, memo: object) -> Face:
        """Return the same face: it never changes."""
        return self

    @property
    def vertices(self) -> NDArray[np.float32]:
        """(N, 3) float32 dense surface in image pixels, decoded at the first call, read-only."""
        known = self._cache.get("vertices")
        if known is not None:
            return known
        vertices = dense_vertices([self])[0]
        vertices.setflags(write=False)
        return self._cache.setdefault("vertices", vertices)

    def keep_vertices(self, crop_points: FloatArray) -> None:
        """Take the dense surface from an engine that decoded it, instead of decoding it here.

        Args:
            crop_points: (N, 3) float32 crop pixels: i right, j down, z toward the camera.
        """
        vertices = np.empty_like(crop_points)
        matrix = image_from_crop_matrix(self.roi, self.crop_size)
        transform_points(crop_points, matrix, vertices)
        vertices.setflags(write=False)
        self._cache.setdefault("vertices", vertices)

    @property
    def triangles(self) -> NDArray[np.int32]:
        """(M, 3) int32 corners of the surface; M is 0 for a face model of landmarks only."""
        return self.face_model.triangles

    def draw(self, image_bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Draw the mesh, landmarks, box and pose over a copy of the photograph.

        Args:
            image_bgr: (H, W, 3) uint8.

        Returns:
            A new image of the same shape.

        Raises:
            InputError: The image has another shape or type.
        """
        from .imaging.face_crop import check_image
        from .rendering.overlay import draw_faces

        return draw_faces(check_image(image_bgr), [self])

    def to_dict(self) -> dict[str, JsonValue]:
        """What the records say of a face, as plain numbers, ready for JSON: all but its surface.

        The presence is there where it was asked for.
        """
        pose = self.pose
        presence: dict[str, JsonValue] = (
            {} if self.presence is None else {"presence": float(self.presence)}
        )
        return {
            "score": float(self.score),
            **presence,
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
                "quaternion_wxyz": _floats(pose.quaternion_wxyz),
                "direction": _floats(pose.direction),
                "matrix": [_floats(row) for row in pose.matrix],
            },
            "landmarks_px": [_floats(point) for point in self.landmarks],
            "params": _floats(self.params),
            "crop_size_px": int(self.crop_size),
            "face_model": {"name": self.face_model.name, "sha256": self.face_model.sha256},
        }


def dense_vertices(faces: Sequence[Face], *, out: FloatArray | None = None) -> FloatArray:
    """Dense surfaces of many faces at once: faster than face by face from about eight on.

    Args:
        faces: Of one face model; they need not come from one photograph.
        out: (n, N, 3) float32, C-contiguous, to write into; a new array when None.

    Returns:
        (n, N, 3) float32 image pixels, as `Face.vertices` has them.

    Raises:
        InputError: No face, no list, faces of several models, or ``out`` has another shape or type.
    """
    faces = listed_faces(faces)
    if not faces:
        raise InputError("expected at least one face, got none")
    first = faces[0]
    model = first.face_model
    if any(f.face_model is not model and f.face_model.sha256 != model.sha256 for f in faces):
        raise InputError("expected faces of one face model: decode those of each model apart")
    params = np.stack([face.params for face in faces])  # (n, 62)
    poses = np.concatenate([image_poses(f.params[None], [f.roi], f.crop_size) for f in faces])
    decoder = first.decoder or first.face_model
    return decoder.decode_posed(params[:, N_POSE:], poses, out=out)


def _unpickled(kind: type[Face], kept: dict[str, Any], name: str, sha256: str) -> Face:
    """A face from what :meth:`Face.__reduce__` kept; pickling forgets that arrays are read-only."""
    model = found_face_model(name, sha256)
    if kept.get("decoder") == _INT8:
        kept["decoder"] = LateIntegerDecoder(model)
    face = kind(face_model=model, **kept)
    for array in (face.params, face.landmarks, face.box, face.pose.translation, face.pose.rotation):
        array.setflags(write=False)
    return face


def face_from_params(
    params: NDArray[np.float32],
    crop_points: NDArray[np.float32],
    *,
    roi: Roi,
    box_xyxy: tuple[float, float, float, float] | None,
    score: float,
    face_model: MorphableModel,
    crop_size: int,
    decoder: VertexDecoder | None = None,
    presence: float | None = None,
    image_size_wh: tuple[int, int] | None = None,
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
        decoder: What decodes the dense surface; None is the face model.
        presence: See :class:`Face`.
        image_size_wh: Width, height of the photograph.
    """
    points = image_from_crop_points(crop_points, roi, crop_size)  # (68, 3)
    box = box_of_points(points) if box_xyxy is None else np.array(box_xyxy, np.float64)
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
        decoder=decoder,
        presence=presence,
        image_size_wh=image_size_wh,
    )


def box_of_points(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """(4,) box of (n, 3) points, x0, y0, x1, y1, where pixel 0 covers [0, 1)."""
    (x0, y0, _), (x1, y1, _) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return np.array([x0 + 0.5, y0 + 0.5, x1 + 0.5, y1 + 0.5])  # from pixel centres


def _floats(values: object) -> list[JsonValue]:
    return [float(value) for value in np.asarray(values)]
