"""Who may import whom: the runtime stays thin, and its rooms do not know each other."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {
    "frsdk": "frsdk",
    "export": "frsdk.export",
    "engines": "frsdk.engines",
    "benchmarks": "frsdk.benchmarks",
}
ROOMS = ("frsdk.export", "frsdk.engines", "frsdk.benchmarks")

# What may be imported although the rule says no, as "importer -> imported".
ALLOWED = {
    # Untrained peers: their time and size need the registry of networks and its exporter.
    "frsdk.benchmarks.speed.peers.untrained_networks -> frsdk.export",
    # The one call that builds an engine at its first use.
    "frsdk.backends.build_on_first_use -> frsdk.engines",
    # Weights are measured through the same ONNX export that ships them, loaded when asked for.
    "frsdk.benchmarks.accuracy.compared_networks -> frsdk.export",
    # Detectors are measured on scenes composed as for the training, from held-out pictures.
    "frsdk.benchmarks.detection.held_out_scenes -> frsdk.export",
    # Where CFP's fiducials lie among the 68 is stated once, for labels and for their measure.
    "frsdk.benchmarks.protocols.labelled_shards -> frsdk.export",
    # Clips with known truth turn heads in 3D as the training's crops are turned.
    "frsdk.benchmarks.video.head_turn -> frsdk.export",
    # Photographs are measured with the masks and glasses that the training paints.
    "frsdk.benchmarks.detection.altered_photographs -> frsdk.export",
    # A box rule is fitted on the crops that the training holds out, read as it reads them.
    "frsdk.benchmarks.detection.fit_box_rules -> frsdk.export",
    # Whole photographs get the landmarks of the training crops that were cut out of them.
    "frsdk.benchmarks.detection.photo_landmarks -> frsdk.export",
}
# Packages that only the named files may import, and only those.
ENGINES = {
    "onnxruntime": {"frsdk.backends.onnxruntime_session"},
    "tensorrt": {"frsdk.backends.tensorrt_modules"},
    "tensorrt_rtx": {"frsdk.backends.tensorrt_modules"},
    "cuda": {"frsdk.backends.cuda.cuda_python_memory"},
    "pycuda": {"frsdk.backends.cuda.pycuda_memory"},
    "tritonclient": {"frsdk.backends.triton_backend"},
    "torch": {"frsdk.storage.torch_file"},
    "onnx": set(),
}

# The wings of each package from the top down: imports run downward only. The runtime's root files
# stand where they are used.
WINGS = {
    "frsdk": (
        "__main__",
        "commands",
        "commands.options",
        "serving",
        "scale",
        "records",
        "video",
        "tracking",
        "web",
        "reconstructor",
        "face_network",
        "face",
        "expressions",
        "rendering",
        "detectors",
        "morphable",
        "backends",
        "engine_files",
        "meshes",
        "backends.cuda",
        "imaging",
        "storage",
        "specs",
        "metrics",
        "pyinstaller_hooks",
        "installation",
        "errors",
        "_version",
    ),
    "export": (
        "",
        "commands",
        "renders",
        "renders.occluders",
        "renders.drawing",
        "renders.makehuman",
        "detector",
        "training",
        "facemodel",
        "checkpoints",
        "augmentation",
        "augmentation.covers",
        "losses",
        "facemodel.sculpting",
        "labelling",
        "networks",
        "datasets",
        "runs",
    ),
    "engines": ("", "artefacts", "tensorrt", "calibration", "passes", "accuracy", "graphs"),
    "benchmarks": (
        "",
        "video",
        "speed",
        "speed.tables",
        "speed.peers",
        "detection",
        "accuracy",
        "speed.reporting",
        "protocols",
        "speed.measuring",
    ),
}


@cache
def imports(folder: str) -> list[tuple[str, str]]:
    """(importing module, absolute name of what it imports), lazy imports included."""
    return list(read_imports(folder))


def read_imports(folder: str) -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        parts = path.relative_to(ROOT / folder).with_suffix("").parts
        module = ".".join([FOLDERS[folder], *parts]).removesuffix(".__init__")
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((module, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = package.split(".")[: len(package.split(".")) - node.level + 1]
                name = ".".join([*base, node.module or ""]) if node.level else node.module or ""
                name = name.rstrip(".")
                yield module, name
                yield from ((module, f"{name}.{alias.name}") for alias in node.names)
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
                yield from ((module, a.value) for a in node.args if is_text(a))


def is_text(node: ast.expr) -> bool:
    """Whether an argument is a text written out."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def room(name: str) -> str:
    """The room that a module lies in."""
    return next((r for r in ROOMS if name == r or name.startswith(f"{r}.")), "frsdk")


@pytest.mark.parametrize("folder", FOLDERS)
def test_rooms_import_the_runtime_only(folder: str) -> None:
    crossings = set()
    for importer, imported in imports(folder):
        if imported.partition(".")[0] != "frsdk":
            continue
        if room(imported) not in ("frsdk", room(importer)):
            crossings.add(f"{importer} -> {room(imported)}")
    assert crossings == {entry for entry in ALLOWED if room(entry.split(" ")[0]) == FOLDERS[folder]}


@cache
def modules(folder: str) -> dict[str, Path]:
    """The modules of a folder by their absolute names."""
    found = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        parts = path.relative_to(ROOT / folder).with_suffix("").parts
        found[".".join([FOLDERS[folder], *parts]).removesuffix(".__init__")] = path
    return found


def module_imports(folder: str) -> Iterator[tuple[str, str]]:
    """(importing module, imported module) inside a folder; a package's name is its __init__."""
    known = modules(folder)
    for importer, imported in imports(folder):
        if imported in known and imported != importer:
            yield importer, imported


def wing(folder: str, module: str) -> str:
    """The folder that a module lies in below its package; the runtime's root files themselves."""
    path = modules(folder)[module].relative_to(ROOT / folder)
    if folder == "frsdk" and len(path.parts) == 1:
        return path.stem
    return ".".join(path.parent.parts)


@pytest.mark.parametrize("folder", FOLDERS)
def test_imports_run_downward_between_wings(folder: str) -> None:
    order = WINGS[folder]
    found = {wing(folder, module) for module in modules(folder)} - {"assets", "__init__"}
    assert found == set(order) | ({""} & found)
    upward = {
        f"{importer} -> {imported}"
        for importer, imported in module_imports(folder)
        if "__init__" not in (wing(folder, importer), wing(folder, imported))
        and order.index(wing(folder, importer)) > order.index(wing(folder, imported))
    }
    assert not upward


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_documented_rooms_are_the_rooms(folder: str) -> None:
    text = (ROOT / "docs" / "reference" / "architecture.md").read_text(encoding="utf-8")
    table = text.partition(f"| `{folder}/` | what is in it |")[2].partition("\n\n")[0]
    folders = (ROOT / folder / name.replace(".", "/") for name in WINGS[folder] if name)
    assert not [each.name for each in folders if each.is_dir() and f"{each.name}/`" not in table]


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_module_imports_itself_by_a_circle(folder: str) -> None:
    graph: dict[str, set[str]] = {}
    for importer, imported in module_imports(folder):
        if importer != "frsdk":  # its names are loaded when they are first used
            graph.setdefault(importer, set()).add(imported)
    TopologicalSorter(graph).prepare()  # raises CycleError


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_holds_at_most_20_modules(folder: str) -> None:
    counts = Counter(path.parent for path in modules(folder).values() if path.name != "__init__.py")
    assert max(counts.values()) <= 20, counts.most_common(1)
    assert len(list((ROOT / "frsdk").glob("*.py"))) <= 8


def test_the_runtime_imports_engines_in_their_backend_only() -> None:
    found: dict[str, set[str]] = {name: set() for name in ENGINES}
    for importer, imported in imports("frsdk"):
        top = imported.partition(".")[0]
        if top in found:
            found[top].add(importer)
    assert found == ENGINES


def test_the_runtime_needs_only_what_setup_cfg_names() -> None:
    import sys

    allowed = {
        *sys.stdlib_module_names,
        "frsdk",
        "numpy",
        "cv2",
        "click",
        "PIL",
        "filelock",
        "platformdirs",
        "trimesh",
        "rich",
    }
    extras = {
        *ENGINES,
        "av",
        "pyarrow",
        "pythonosc",
        "skimage",
        "scipy",
        "pillow_heif",
        "ray",
        "OpenEXR",
        "starlette",
        "prometheus_client",
    }  # with an error that names the extra
    tops = {imported.partition(".")[0] for _, imported in imports("frsdk")}
    assert tops - allowed <= {*extras, "PyInstaller"}  # which alone reads its hook
