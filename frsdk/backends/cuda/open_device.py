"""The GPU through whichever binding of CUDA is installed."""

from __future__ import annotations

from importlib import import_module

from ...errors import MissingDependencyError
from ...installation.optional_packages import is_absent, missing_package
from .device_memory import DeviceMemory, GpuInfo


def open_device() -> DeviceMemory:
    """The first GPU that CUDA shows (`CUDA_VISIBLE_DEVICES` chooses).

    cuda-python is taken where it is installed, otherwise pycuda.

    Raises:
        MissingDependencyError: Neither binding is installed, or one cannot be loaded.
        BackendError: There is no GPU, or no driver, or the driver is too old for the binding.
    """
    if _is_installed("cuda.bindings.driver"):
        from .cuda_python_memory import CudaPythonMemory

        return CudaPythonMemory()
    if _is_installed("pycuda"):
        from .pycuda_memory import PycudaMemory

        return PycudaMemory()
    raise MissingDependencyError(
        "a GPU needs cuda-python or pycuda, neither is installed: pip install cuda-bindings"
    )


def gpu_info() -> GpuInfo:
    """The GPU of this machine.

    Raises:
        MissingDependencyError: No binding of CUDA is installed.
        BackendError: There is no GPU or no driver.
    """
    return open_device().info


def _is_installed(module: str) -> bool:
    try:
        import_module(module)
    except (ImportError, OSError) as error:
        if is_absent(error, module):
            return False
        raise missing_package(error, module, "tensorrt") from error
    return True
