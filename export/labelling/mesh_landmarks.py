"""The 68 iBUG landmarks out of MediaPipe's 468 mesh points.

Each landmark is the mesh point, or the mean of two, that lies where iBUG's annotators put it.
Lids, lips, brows and nose agree with annotations; MediaPipe's outline is that of the head, a
little outside of annotated jaws.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

N_MESH = 468

_TABLE: tuple[tuple[int, ...], ...] = (
    (127,), (234,), (93,), (132, 58), (58, 172), (136,), (150,), (176,), (152,),  # jaw
    (400,), (379,), (365,), (397, 288), (361, 288), (323,), (454,), (356,),
    (70,), (63,), (105,), (66,), (107,), (336,), (296,), (334,), (293,), (300,),  # brows
    (168, 6), (197, 195), (5,), (4,), (75,), (97,), (2,), (326,), (305,),  # nose
    (33,), (160,), (158,), (133,), (153,), (144,),  # eyes
    (362,), (385,), (387,), (263,), (373,), (380,),
    (61,), (39,), (37,), (0,), (267,), (269,), (291,), (405,), (314,), (17,), (84,), (181,),  # lips
    (78,), (82,), (13,), (312,), (308,), (317,), (14,), (87,),
)  # fmt: skip


def landmarks_from_mesh(mesh: Array) -> Array:
    """(..., 468, k) mesh points -> (..., 68, k) landmarks."""
    first = mesh[..., [each[0] for each in _TABLE], :]
    second = mesh[..., [each[-1] for each in _TABLE], :]
    return np.asarray((first + second) / 2.0, np.float64)
