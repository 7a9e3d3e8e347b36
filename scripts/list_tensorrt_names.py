#!/usr/bin/env python3
r"""List the names that a TensorRT bindings wheel offers, without TensorRT's libraries.

    pip download --no-deps "tensorrt-cu13-bindings==11.*"
    scripts/list_tensorrt_names.py tensorrt_cu13_bindings-*.whl \
        > tests/engines/names_tensorrt_11.4.txt

The bindings call nine C functions of the libraries, none of them at import. A stand-in library that
holds nine empty functions therefore lets Python's own loader read the classes. Nothing of TensorRT
runs. Needs a C compiler, and a wheel for this Python.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

# What frsdk uses or may come to use; the listings stay short without the hundreds of layer classes.
CLASSES = """
    Builder BuilderFlag ComputeCapability CudaGraphStrategy DataType DeviceType
    DynamicShapesKernelSpecializationStrategy EngineInspector EngineValidity
    ExecutionContextAllocationStrategy HardwareCompatibilityLevel IBuilderConfig ICudaEngine
    IExecutionContext IHostMemory ILayer ILogger INetworkDefinition IOptimizationProfile
    IProgressMonitor IRuntimeCache IRuntimeConfig ITensor ITimingCache LayerInformationFormat Logger
    MemoryPoolType NetworkDefinitionCreationFlag OnnxParser OnnxParserFlag ParserError
    ProfilingVerbosity Runtime TensorIOMode TensorLocation
"""
LEFT_OUT = "INetworkDefinition.add_"
FUNCTIONS = """
    createInferBuilder_INTERNAL createInferRefitter_INTERNAL createInferRuntime_INTERNAL
    createNvOnnxParserRefitter_INTERNAL createNvOnnxParser_INTERNAL getBuilderPluginRegistry
    getNvOnnxParserVersion getPluginRegistry initLibNvInferPlugins
"""
NEEDED = re.compile(rb"lib(?:nvinfer|nvonnxparser|tensorrt)[a-z_]*\.so\.\d+(?:\.\d+)*")
READ = """
import sys
module = __import__(sys.argv[1])
print("__version__ =", module.__version__)
for name in sys.argv[2:]:
    if hasattr(module, name):
        print(name)
        for member in sorted(dir(getattr(module, name))):
            if not member.startswith("_"):
                print(f"{name}.{member}")
"""


def main() -> None:
    """Print a comment that says where the names come from, then the sorted names."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    wheel = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
        version, names = read_names(Path(folder))
    print(f"# {wheel.name}: tensorrt {version}; made by scripts/list_tensorrt_names.py")
    print("\n".join(sorted(each for each in names if not each.startswith(LEFT_OUT))))


def read_names(folder: Path) -> tuple[str, list[str]]:
    """The version, and `Class` or `Class.member` of each name in an unpacked wheel."""
    (extension,) = folder.glob("*/tensorrt*.so")
    for library in set(NEEDED.findall(extension.read_bytes())):
        write_stand_in(folder, library.decode())
    command = [sys.executable, "-c", READ, extension.parent.name, *CLASSES.split()]
    places = {"PYTHONPATH": str(folder), "LD_LIBRARY_PATH": str(folder)}
    done = subprocess.run(command, env=places, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"the bindings cannot be imported:\n{done.stderr[-2000:]}")
    version, *names = done.stdout.splitlines()
    return version.partition(" = ")[2], names


def write_stand_in(folder: Path, name: str) -> None:
    """A shared library of that name whose functions do nothing."""
    source = folder / "empty.c"
    source.write_text(
        "".join(f"void *{each}(void) {{ return 0; }}\n" for each in FUNCTIONS.split())
    )
    options = ["-shared", "-fPIC", f"-Wl,-soname,{name}"]
    subprocess.run(["cc", *options, "-o", str(folder / name), str(source)], check=True)


if __name__ == "__main__":
    main()
