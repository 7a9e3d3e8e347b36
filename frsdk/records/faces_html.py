"""A page that shows a batch's faces, in one file that a browser opens without a network."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import OutputError
from ..storage.atomic_write import atomic_write
from ..storage.record_spool import SpooledFile

if TYPE_CHECKING:
    from ..face import Face

HTML_FILE = "faces.html"
_SCRIPTS = ("glb.js", "orbit.js", "page.js")
_LARGEST_SIDE = 1600  # of a photograph in the page
_TEXTURE_SIZE = 512
_JPEG_QUALITY = 88


class HtmlPage(SpooledFile):
    """Photographs, kept on disk until the page is written.

    The page holds our own viewer (`frsdk/assets/viewer`), each photograph as a JPEG of at most
    1600 pixels, and of each face its numbers and its textured mesh as a GLB file.
    """

    def append(
        self, name: str, stem: str, image_bgr: NDArray[np.uint8], faces: Sequence[Face]
    ) -> None:
        """Add one photograph.

        Raises:
            OutputError: The disk is full, or the photograph cannot be encoded.
        """
        height, width = image_bgr.shape[:2]
        record = {
            "name": name,
            "stem": stem,
            "width": width,
            "height": height,
            "image": "data:image/jpeg;base64," + _text(_small_jpeg(image_bgr)),
            "faces": [_face_record(face, image_bgr) for face in faces],
        }
        # "<" would end the script that holds the record.
        data = json.dumps(record, allow_nan=False).replace("<", "\\u003c")
        head = f'<script type="application/json" class="photograph" data-name="{escape(name)}">'
        self._records.append(f"{head}{data}</script>".encode(errors="replace"))

    def save(self) -> None:
        """Write the page, atomically and without holding the photographs in memory.

        Raises:
            OutputError: It cannot be written.
        """
        viewer = files("frsdk.assets") / "viewer"
        page = (viewer / "page.html").read_bytes()
        scripts = b"".join((viewer / name).read_bytes() for name in _SCRIPTS)

        def write(file: BinaryIO) -> None:
            file.write(page)
            with self._records.lines() as lines:
                file.writelines(lines)
            file.write(b"<script>\n" + scripts.replace(b'"use strict";\n', b"") + b"</script>\n")
            file.write(b"</body>\n</html>\n")

        atomic_write(self._folder / HTML_FILE, write)


def _face_record(face: Face, image_bgr: NDArray[np.uint8]) -> dict[str, object]:
    from ..meshes.glb_obj_ply_export import glb_from_meshes
    from ..rendering.face_mesh import mesh_of_face

    numbers = face.to_dict()
    glb = None
    if len(face.face_model.triangles):
        mesh = mesh_of_face(face, image_bgr, texture_size=_TEXTURE_SIZE)
        glb = _text(glb_from_meshes({"face": mesh}, unit="image pixel"))
    return {
        **{key: numbers[key] for key in ("score", "box_xyxy_px", "pose")},
        "landmarks_px": [[round(float(v), 2) for v in point[:2]] for point in face.landmarks],
        "visible": face.visible.tolist(),
        "glb": glb,
    }


def _small_jpeg(image: NDArray[np.uint8]) -> bytes:
    height, width = image.shape[:2]
    shrink = _LARGEST_SIDE / max(width, height)
    if shrink < 1:
        size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    done, content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise OutputError(f"OpenCV cannot encode an image of shape {image.shape} as JPEG")
    return content.tobytes()


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
