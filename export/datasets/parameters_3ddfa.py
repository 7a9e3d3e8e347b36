"""3DDFA's raw parameters decoded and moved between pictures and crops."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from frsdk.imaging.roi import Roi
from frsdk.morphable.head_pose import angles_300w_lp
from frsdk.morphable.morphable_model import N_EXPRESSION, N_SHAPE, MorphableModel

from .face_labels import NETWORK_SIZE

Array = NDArray[np.float64]


def landmarks_3ddfa(params: Array, model: MorphableModel, height: int) -> Array:
    """(68, 3) image pixels (from 0, y down, z toward the camera) of 3DDFA's parameters.

    Args:
        params: (62,) raw, of a picture ``height`` pixels high: pixels counted from 1, y up.
        model: The BFM-space model.
        height: Of the picture.
    """
    pose = params[:12].reshape(3, 4)
    rows = model.landmark_basis.astype(np.float64).reshape(-1, 68, 3)
    shape = rows[0] + np.einsum("c,ckj->kj", params[12:], rows[1:])
    points = shape @ pose[:, :3].T + pose[:, 3]
    return np.stack([points[:, 0] - 1.0, height - points[:, 1], points[:, 2]], axis=1)


def params_in_crop(params: Array, roi: Roi, height: int) -> Array:
    """(62,) parameters of a picture as those of a nominal 120-crop, both counted from 1, y up."""
    scale = NETWORK_SIZE / roi.side
    pose = params[:12].reshape(3, 4) * scale
    x, y, _ = params[:12].reshape(3, 4)[:, 3]
    pose[0, 3] = (x - 0.5 - roi.x0) * scale + 0.5
    pose[1, 3] = (y - height - 0.5 + roi.y0) * scale + NETWORK_SIZE + 0.5
    return np.concatenate([pose.reshape(12), params[12:]])


def params_300w_lp(pose_para: Array, shape_para: Array, exp_para: Array) -> Array:
    """(62,) raw 3DDFA parameters of 300W-LP's, shape and expression truncated.

    Args:
        pose_para: (7,) pitch, yaw, roll in radians (their signs), t_x, t_y, t_z, scale.
        shape_para: (40 or more,).
        exp_para: (10 or more,).
    """
    cosine, sine = np.cos(pose_para[:3]), np.sin(pose_para[:3])
    about_x = np.array([[1, 0, 0], [0, cosine[0], sine[0]], [0, -sine[0], cosine[0]]])
    about_y = np.array([[cosine[1], 0, -sine[1]], [0, 1, 0], [sine[1], 0, cosine[1]]])
    about_z = np.array([[cosine[2], sine[2], 0], [-sine[2], cosine[2], 0], [0, 0, 1]])
    scaled = pose_para[6] * about_x @ about_y @ about_z
    matrix = np.concatenate([scaled, pose_para[3:6, None]], axis=1)
    return np.concatenate([matrix.reshape(12), shape_para[:N_SHAPE], exp_para[:N_EXPRESSION]])


def yaw_deg_of(params: Array) -> float:
    """Yaw of raw parameters, positive when the face turns to the image's right."""
    u, _, vt = np.linalg.svd(params[:12].reshape(3, 4)[:, :3])
    rotation = u @ np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt
    return angles_300w_lp(rotation)[0]
