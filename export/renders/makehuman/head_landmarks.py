"""The 68 iBUG landmarks on MakeHuman's base mesh (hm08, 19,158 vertices).

Derived on the average of four young macros (caucasian both sexes, asian male, african female).
Lids and lips were picked on the textured mesh, open and closed: lids on the rim where upper and
lower lid meet, outer lips on the border of the red, inner lips on the rims that touch, corners
where the lips part. Jaw and nose are the vertices nearest to the landmarks of frsdk-face-2's
average face laid over those points; 10, 11, 27 and 55 were then moved along the skin to where
frsdk-face-2 has them when fitted: there renders were off, photographs' labels are not. Brows lie
on the upper half of the hair, at the ends and quarters of the mean of the twelve brow meshes.
A landmark is the mean of its vertices. The jaw is the 3D one, ear to chin on the skin.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...datasets.face_labels import MIRROR_68

#: Landmarks on the midline and on the subject's left (x > 0); the others are their mirror images.
LEFT_LANDMARKS: dict[int, tuple[int, ...]] = {
    8: (5171, 5225), 9: (11780,), 10: (11900, 11900, 11900, 11834), 11: (10366, 7617, 10365, 11902),
    12: (7595, 7595, 7457, 7594),
    13: (7597,), 14: (7574,), 15: (7573,), 16: (12001, 12001, 12001, 7575),
    22: (6984, 6957), 23: (6956, 6956, 6956, 6953), 24: (6979, 6952, 6952, 6952),
    25: (6981, 6999, 6982, 6981), 26: (7024, 7023),
    27: (133,), 28: (131,), 29: (164, 164, 164, 201), 30: (294,), 33: (317, 343), 34: (7077,),
    35: (7095, 7121),
    42: (13365,), 43: (6838,), 44: (6784, 6790), 45: (6808,), 46: (13372, 13373), 47: (13368,),
    51: (455, 466), 52: (7210, 7219, 7215, 7216), 53: (7170,), 54: (7182, 7185),
    55: (7239, 7165, 7165, 7235), 56: (7241, 7245, 11939, 7235), 57: (492, 496),
    62: (520,), 63: (7227,), 64: (7188, 7188, 7190, 7204), 65: (7264, 7265), 66: (523,),
}  # fmt: skip

#: Rims of the left eye's lids from the inner to the outer corner: pairs (upper, lower) that meet.
UPPER_RIM = (13369, 6841, 6838, 6785, 6784, 6790, 6793, 6796, 6799)
LOWER_RIM = (13362, 13378, 13367, 13368, 13370, 13372, 13373, 13374, 13379)

_MOST = 4


class HeadLandmarks:
    """The landmarks of heads with one vertex order.

    Args:
        mirror: (n,) each vertex's mirror image.
    """

    def __init__(self, mirror: NDArray[np.int64]) -> None:
        vertices = dict(LEFT_LANDMARKS)
        for landmark, chosen in LEFT_LANDMARKS.items():
            other = int(MIRROR_68[landmark])
            if other != landmark:
                vertices[other] = tuple(int(mirror[vertex]) for vertex in chosen)
        rows = [vertices[k] for k in range(68)]
        # Every landmark as four vertices of equal weight: short lists are repeated.
        self._index = np.array([(row * _MOST)[:_MOST] for row in rows])  # (68, 4)

    def of(self, vertices: NDArray[np.float32]) -> NDArray[np.float64]:
        """(68, 3) landmarks of a head's vertices (n, 3)."""
        return np.asarray(vertices[self._index].mean(axis=1), np.float64)
