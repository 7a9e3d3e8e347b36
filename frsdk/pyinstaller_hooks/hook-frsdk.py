"""Packs frsdk: the built-in files, modules that are imported by name, and the engines here."""

from importlib.util import find_spec

from PyInstaller.utils.hooks import collect_data_files, collect_submodules, copy_metadata

# Trained and built elsewhere: an application reconstructs.
_TOOLS = ("frsdk.export", "frsdk.engines", "frsdk.benchmarks", "frsdk.pyinstaller_hooks")
_BY_NAME = (
    "onnxruntime",
    "pillow_heif.as_plugin",
    "tensorrt",
    "tensorrt_rtx",
    "cuda.bindings.runtime",
)


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ImportError:  # of the package that holds it
        return False


datas = collect_data_files("frsdk.assets") + copy_metadata("frsdk")
hiddenimports = collect_submodules("frsdk", filter=lambda name: not name.startswith(_TOOLS))
hiddenimports += [name for name in _BY_NAME if _is_installed(name)]
hiddenimports += [
    f"PIL.{kind}ImagePlugin"
    for kind in ("Jpeg", "Png", "WebP", "Bmp", "Tiff", "Gif", "Jpeg2K", "Ppm", "Avif")
    if _is_installed(f"PIL.{kind}ImagePlugin")
]
