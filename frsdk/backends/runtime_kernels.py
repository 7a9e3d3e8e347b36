"""The kernels that TensorRT for RTX compiles at run time: when, and where they are kept."""

from __future__ import annotations

import logging
from typing import Any  # TensorRT's objects have no types

from ..errors import OutputError
from .engine_cache import Facts, keep_bytes, kept_bytes

_LOG = logging.getLogger(__name__)
_NAME = "kernels.rtx-cache"


class RuntimeKernels:
    """A runtime configuration whose kernels are compiled before a run and kept for later processes.

    By default kernels are swapped while an engine runs, and each process compiles them anew. Made
    and used inside `with device.active():`.

    Attributes:
        config: TensorRT's `IRuntimeConfig`, for each execution context.
    """

    def __init__(self, trt: Any, engine: Any, facts: Facts, *, cuda_graph: bool) -> None:
        """Take what the cache has for these facts.

        Args:
            trt: The module of the flavour.
            engine: The deserialised `ICudaEngine`.
            facts: Plan, GPU, driver and versions.
            cuda_graph: Let TensorRT record and replay each batch size's work.
        """
        self._facts = facts
        runtime_config = engine.create_runtime_config()
        strategy = trt.DynamicShapesKernelSpecializationStrategy.EAGER
        runtime_config.dynamic_shapes_kernel_specialization_strategy = strategy
        if cuda_graph:
            runtime_config.cuda_graph_strategy = trt.CudaGraphStrategy.WHOLE_GRAPH_CAPTURE
        runtime_cache = runtime_config.create_runtime_cache()
        self._kept = kept_bytes(facts)
        if self._kept is not None and not runtime_cache.deserialize(self._kept):
            _LOG.info("the kernels in the cache are of another driver: they are compiled again")
            self._kept = None
        runtime_config.set_runtime_cache(runtime_cache)
        self.config: Any = runtime_config
        self._cache: Any = runtime_cache
        self._sizes: set[tuple[int, int]] = set()
        self._new = False

    def ran(self, profile: int, size: int) -> None:
        """A batch ran; the first one is kept at once, because not every process closes its engine.

        Args:
            profile: Index of the profile.
            size: Faces, filled up.
        """
        if (profile, size) in self._sizes:
            return
        first = not self._sizes
        self._sizes.add((profile, size))
        self._new = True
        if first:
            self.keep()

    def keep(self) -> None:
        """Write the kernels into the cache, if there are more than it has.

        A cache that cannot be written costs the next process a compilation, and no error.
        """
        if not self._new:
            return
        self._new = False
        runtime_cache = self._cache
        serialised = runtime_cache.serialize()
        content = b"" if serialised is None else bytes(memoryview(serialised))
        if not content or content == self._kept:
            return
        self._kept = content
        try:
            keep_bytes(self._facts, _NAME, content)
        except OutputError as error:
            _LOG.info("%s", error)
