"""Whether a loaded plan has the tensors that its header promises."""

from __future__ import annotations

from typing import Any  # TensorRT's objects have no types

from ..engine_files.engine_header import EngineHeader
from ..errors import BackendError


def check_tensors(trt: Any, engine: Any, header: EngineHeader, source: str) -> None:
    """Check names, directions, types and batch sizes of a plan.

    Args:
        trt: The module of the flavour.
        engine: The deserialised `ICudaEngine`.
        header: What the file says.
        source: The file, for messages.

    Raises:
        BackendError: The plan is another one than the header says.
    """
    modes = trt.TensorIOMode
    expected = {header.spec.input.name: (modes.INPUT, header.spec.input.shape)}
    for name, shape in header.spec.output_shapes.items():
        expected[name] = (modes.OUTPUT, shape)
    found = [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
    if set(found) != set(expected) or len(found) != len(expected):
        raise BackendError(
            f"{source}: expected tensors {', '.join(expected)}, the plan has {', '.join(found)}: "
            "build it again"
        )
    for name, (mode, shape) in expected.items():
        got = tuple(engine.get_tensor_shape(name))
        usable = engine.get_tensor_mode(name) == mode and got[1:] == shape
        if not usable or engine.get_tensor_dtype(name) != trt.DataType.FLOAT:
            raise BackendError(
                f"{source}: expected {name} as float32 (n, {', '.join(map(str, shape))}), the plan "
                f"has {got}: build it again"
            )
    found_sizes = [
        tuple(
            next(iter(each))
            for each in engine.get_tensor_profile_shape(header.spec.input.name, index)
        )
        for index in range(engine.num_optimization_profiles)
    ]
    promised = [each.sizes for each in header.profiles]
    if found_sizes != promised:
        raise BackendError(
            f"{source}: the header says batches {promised}, the plan {found_sizes}: build it again"
        )
