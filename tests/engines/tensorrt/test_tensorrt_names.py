"""Every TensorRT name that the code uses is in the real bindings of each flavour.

The listings beside this file are read from the bindings' wheels by scripts/list_tensorrt_names.py.
A name counts by the variable that it is taken from, which `HOLDERS` maps to TensorRT's class.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SOURCES = (
    "frsdk/backends/tensorrt_modules.py",
    "frsdk/backends/tensorrt_backend.py",
    "frsdk/backends/engine_tensors.py",
    "frsdk/backends/runtime_kernels.py",
    "engines/tensorrt/engine_builder.py",
    "engines/tensorrt/builder_config.py",
    "engines/tensorrt/parse_network.py",
    "engines/tensorrt/build_progress.py",
)
HOLDERS = {
    "builder": "Builder",
    "cache": "ITimingCache",
    "config": "IBuilderConfig",
    "context": "IExecutionContext",
    "definition": "INetworkDefinition",
    "engine": "ICudaEngine",
    "self._engine": "ICudaEngine",
    "error": "ParserError",
    "layer": "ILayer",
    "parser": "OnnxParser",
    "profile": "IOptimizationProfile",
    "runtime": "Runtime",
    "self._runtime": "Runtime",
    "runtime_cache": "IRuntimeCache",
    "runtime_config": "IRuntimeConfig",
    "tensor": "ITensor",
    "config.get_timing_cache()": "ITimingCache",
    "definition.get_input(0)": "ITensor",
    "definition.get_input(index)": "ITensor",
}
# Names that the code looks for before it uses them, and the listings that have them.
DETECTED = {
    "ComputeCapability": {"rtx_1.7"},
    "IBuilderConfig.num_compute_capabilities": {"rtx_1.7"},
    "IBuilderConfig.set_compute_capability": {"rtx_1.7"},
    "CudaGraphStrategy": {"rtx_1.7"},
    "CudaGraphStrategy.WHOLE_GRAPH_CAPTURE": {"rtx_1.7"},
    "ICudaEngine.create_runtime_config": {"10.16", "11.4", "rtx_1.7"},
    "IRuntimeConfig.cuda_graph_strategy": {"rtx_1.7"},
    "DynamicShapesKernelSpecializationStrategy.EAGER": {"rtx_1.7"},
    "DynamicShapesKernelSpecializationStrategy": {"rtx_1.7"},
    "IRuntimeCache.deserialize": {"rtx_1.7"},
    "IRuntimeCache.serialize": {"rtx_1.7"},
    "IRuntimeConfig.create_runtime_cache": {"rtx_1.7"},
    "IRuntimeConfig.dynamic_shapes_kernel_specialization_strategy": {"rtx_1.7"},
    "IRuntimeConfig.set_runtime_cache": {"rtx_1.7"},
}
LISTINGS = ("10.3", "10.16", "11.4", "rtx_1.7")
# Attributes of variables of the same name that are not TensorRT's: of an OSError.
OTHERS = {"ParserError.strerror"}


def listing(version: str) -> set[str]:
    text = (HERE / f"names_tensorrt_{version}.txt").read_text(encoding="ascii")
    return {line for line in text.splitlines() if not line.startswith("#")}


def used_names() -> set[str]:
    found = set()
    for source in SOURCES:
        for node in ast.walk(ast.parse((ROOT / source).read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Attribute):
                continue
            whole, holder = ast.unparse(node), ast.unparse(node.value)
            for handle in ("handle.trt.", "self._handle.trt.", "trt."):
                if whole.startswith(handle):
                    found.add(whole.removeprefix(handle).partition("(")[0])
                    break
            if holder in HOLDERS:
                found.add(f"{HOLDERS[holder]}.{node.attr}")
    return {name for name in found if not name.startswith("__") and ".__init__" not in name}


def test_names_are_found_at_all() -> None:
    used = used_names()
    assert {
        "Builder.build_serialized_network",
        "IBuilderConfig.set_memory_pool_limit",
        "IExecutionContext.execute_async_v3",
        "NetworkDefinitionCreationFlag.STRONGLY_TYPED",
        "OnnxParser.get_error",
        "Runtime.deserialize_cuda_engine",
    } <= used
    assert set(DETECTED) <= used


@pytest.mark.parametrize("version", LISTINGS)
def test_each_flavour_has_what_the_code_uses(version: str) -> None:
    has = listing(version)
    assert len(has) > 300
    missing = {name for name in used_names() - OTHERS if name not in has}
    assert missing == {name for name, versions in DETECTED.items() if version not in versions}


def test_what_is_detected_is_asked_for_by_hasattr() -> None:
    """Each class or first name of a detected feature stands in a `hasattr` of the code."""
    asked = set()
    for source in SOURCES:
        for node in ast.walk(ast.parse((ROOT / source).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "hasattr":
                asked.add(ast.literal_eval(node.args[1]))
    assert asked == {
        "FP16", "ComputeCapability", "set_compute_capability",
        "DynamicShapesKernelSpecializationStrategy",
    }  # fmt: skip
