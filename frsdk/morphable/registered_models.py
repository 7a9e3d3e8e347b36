"""Face models found again by their digest: how a face travels without one.

A face that is pickled names its face model; where it lands the model is the built-in one, or one
that the process registered.
"""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any, cast  # Any: what a model has, passed on as it is

from ..errors import FaceModelError, InputError
from ..installation.builtin_weights import BUILTIN_WEIGHTS
from .morphable_model import MorphableModel, builtin_face_model
from .vertex_decoding import FloatArray

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .int8_decoder import IntegerDecoder

_MODELS: dict[str, MorphableModel] = {}
_LOCK = threading.Lock()


def register_face_model(face_model: MorphableModel) -> None:
    """Let faces of a face model find it in this process after they were pickled.

    The built-in one is found without this. A :class:`~frsdk.FaceReconstructor` registers the model
    that it was opened with, so this is for processes that only receive faces.

    Args:
        face_model: The model, which is kept as long as the process lives.

    Raises:
        InputError: It is something else.
    """
    if not isinstance(face_model, MorphableModel):
        raise InputError(
            f"expected a face model, got {type(face_model).__name__}: read the file with "
            "frsdk.MorphableModel.load(path)"
        )
    with _LOCK:
        _MODELS.setdefault(face_model.sha256, face_model)


def found_face_model(name: str, sha256: str) -> MorphableModel:
    """The model of a digest, or one that is looked up when something of it is first needed."""
    known = _known(sha256)
    return cast(MorphableModel, _LateFaceModel(name, sha256)) if known is None else known


def _known(sha256: str) -> MorphableModel | None:
    if sha256 in _MODELS:
        return _MODELS[sha256]
    models = (builtin_face_model(weights) for weights in BUILTIN_WEIGHTS)
    return next((model for model in models if model.sha256 == sha256), None)


class _LateFaceModel:
    """Stands in for a face model that is not registered yet; its name and digest are known."""

    def __init__(self, name: str, sha256: str) -> None:
        self.name, self.sha256 = name, sha256

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):  # what copy and pickle ask for
            raise AttributeError(attribute)
        known = _known(self.sha256)
        if known is None:
            raise FaceModelError(
                f"the face is of face model {self.name} ({self.sha256[:12]}), which this process "
                "does not have: frsdk.register_face_model(MorphableModel.load(FILE)) first"
            )
        return getattr(known, attribute)


class LateIntegerDecoder:
    """The 8-bit decoder of a face that was pickled, made once a process when it is first needed."""

    def __init__(self, face_model: MorphableModel) -> None:
        """Keep the model."""
        self._face_model = face_model

    def decode_posed(
        self,
        coefficients: NDArray[np.floating],
        poses: FloatArray,
        *,
        out: FloatArray | None = None,
    ) -> FloatArray:
        """As :meth:`IntegerDecoder.decode_posed`."""
        return _integer_decoder(self._face_model.sha256).decode_posed(coefficients, poses, out=out)


@functools.lru_cache(maxsize=4)
def _integer_decoder(sha256: str) -> IntegerDecoder:
    from .int8_decoder import IntegerDecoder

    return IntegerDecoder(found_face_model("of a pickled face", sha256))
