"""The reconstruction network with its face model: crops in, faces out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .backends.backend import Backend
from .detectors.face_presence import FacePresence
from .detectors.face_rois import Target
from .face import Face, VertexDecoder, face_from_params
from .imaging.face_crop import Image, crop_face, network_input
from .morphable.face_model_match import check_fits
from .morphable.morphable_model import MorphableModel

Float32Array = NDArray[np.float32]

_CHUNK = 16  # faces of one engine call: more take more memory, and no less time each


class FaceNetwork:
    """Runs the network on the squares of faces, and turns its output into results.

    Several threads may call it at once.
    """

    def __init__(
        self,
        backend: Backend,
        model: MorphableModel,
        decoder: VertexDecoder,
        *,
        weights: str | None,
        threads: int,
    ) -> None:
        """Check that network and face model belong together.

        Args:
            backend: The network.
            model: Its face model.
            decoder: What decodes dense vertices.
            weights: The built-in weights whose detector tells presence; None: the default ones.
            threads: Threads of one call of the presence network.

        Raises:
            SpecError: The network's specification is wrong, or names another face model.
        """
        spec = backend.spec
        inside = spec.decoder is not None  # the surface is part of the graph
        check_fits(model, spec.face_model, "the network", surface=inside)
        self._mean = np.array(spec.param_mean, np.float32)
        self._std = np.array(spec.param_std, np.float32)
        self._backend, self._model, self._decoder = backend, model, decoder
        self._weights, self._threads = weights, threads

    def faces(self, pairs: Sequence[tuple[Image, Target]], *, presence: bool) -> list[Face]:
        """Reconstruct faces, each chunk of them by one engine call.

        Args:
            pairs: An image (H, W, 3) uint8 BGR and where in it the network looks, for each face.
            presence: Also look whether each crop shows a face.

        Returns:
            One face a pair.

        Raises:
            BackendError: The engine failed or is closed.
        """
        chunks = [pairs[start : start + _CHUNK] for start in range(0, len(pairs), _CHUNK)]
        return [face for chunk in chunks for face in self._chunk(chunk, presence)]

    def _chunk(self, pairs: Sequence[tuple[Image, Target]], presence: bool) -> list[Face]:
        spec = self._backend.spec
        size = spec.input.size
        crops = [crop_face(image, target.roi, size) for image, target in pairs]
        params, landmarks, vertices = self._infer(network_input(crops, spec.input))
        seen = self._presence(crops, landmarks).tolist() if presence else [None] * len(pairs)
        faces = [
            face_from_params(
                each_params,
                points,
                roi=target.roi,
                box_xyxy=target.box_xyxy,
                score=target.score,
                face_model=self._model,
                crop_size=size,
                decoder=self._decoder,
                presence=each_seen,
                image_size_wh=(image.shape[1], image.shape[0]),
            )
            for (image, target), each_params, points, each_seen in zip(
                pairs, params, landmarks, seen, strict=True
            )
        ]
        if vertices is not None:
            for face, points in zip(faces, vertices, strict=True):
                face.keep_vertices(points)
        return faces

    def _infer(self, batch: Float32Array) -> tuple[Float32Array, Float32Array, Float32Array | None]:
        """De-whitened (n, 62), (n, 68, 3) in crop pixels, and vertices where the graph has them."""
        spec = self._backend.spec
        if spec.decoder is None:
            params = self._backend.run(batch) * self._std + self._mean
            return params, self._model.decode_landmarks(params, size=spec.input.size), None
        found = self._backend.run_decoded(batch)
        return found.whitened * self._std + self._mean, found.landmarks, found.vertices

    @cached_property
    def _presence(self) -> FacePresence:
        return FacePresence(weights=self._weights, threads=self._threads)
