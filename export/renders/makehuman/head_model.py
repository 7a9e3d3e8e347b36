"""MakeHuman's body with its shape and expression targets, cut to head and shoulders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from frsdk.errors import InputError
from frsdk.expressions.blendshape_table import BLENDSHAPE_NAMES

from .eyelid_contact import EyelidContact
from .head_landmarks import HeadLandmarks
from .makehuman_files import ObjMesh, Target, read_obj, read_target
from .render_sources import RenderSources, damaged
from .surface_geometry import DrawnSurface, drawn_surface

FloatArray = NDArray[np.float32]

VERTICES = 19158  # of the base mesh hm08
_LOCAL_FOLDERS = (
    "head", "forehead", "eyebrows", "eyes", "nose", "mouth", "ears", "chin", "cheek", "neck",
    "asym",
)  # fmt: skip
_LOWEST, _WIDEST = 4.2, 2.5  # decimetres: what of the body is drawn
_HAND = 2.6  # |x| beyond which the arms are hands that may be held before a face
_NECK, _JAW = 5.7, 6.25  # between them the neck twists; the chin is lifted out of it
_CHIN_LIFT = 0.6  # of what lies before the neck's axis
_NECK_AXIS = (0.0, 0.45)  # x, z


@dataclass(frozen=True, slots=True, eq=False)
class HeadModel:
    """What stays the same from person to person.

    Attributes:
        base: (19158, 3) neutral body in decimetres, y up, z to the front, x to its left.
        mesh: The base mesh with all its groups.
        skin: What is drawn of it: head, neck, shoulders.
        hand: The left hand and its forearm.
        shape_names: Targets of age, sex, ethnicity, muscle and weight, then those of single
            features, ``folder/name``.
        shapes: (57474, k) their moves, a column each.
        expressions: ARKit's names -> targets.
        landmarks: The 68 points.
        mirror: (19158,) each vertex's mirror image.
        eyelids: Where lids meet.
    """

    base: FloatArray
    mesh: ObjMesh
    skin: DrawnSurface
    hand: DrawnSurface
    shape_names: tuple[str, ...]
    shapes: csr_matrix
    expressions: Mapping[str, Target]
    landmarks: HeadLandmarks
    mirror: NDArray[np.int64]
    eyelids: EyelidContact

    def shaped(self, macros: Mapping[str, float], details: Mapping[str, float]) -> FloatArray:
        """(19158, 3) a neutral person."""
        weights = {**macros, **details}
        row = np.array([weights.get(name, 0.0) for name in self.shape_names], np.float32)
        return np.asarray(self.base + (self.shapes @ row).reshape(-1, 3), np.float32)

    @property
    def details(self) -> tuple[str, ...]:
        """Names of single features."""
        return tuple(name for name in self.shape_names if "/" in name)

    def expressive(self, neutral: FloatArray, weights: Mapping[str, float]) -> FloatArray:
        """(19158, 3) a person with an expression.

        Args:
            neutral: The person.
            weights: ARKit's names -> 0..1; blinks are such that 1 closes the eye.

        Raises:
            InputError: A name without a target.
        """
        vertices = neutral.copy()
        for name, weight in weights.items():
            if name not in self.expressions:
                raise InputError(f"the head has no expression target {name}")
            if not name.startswith("eyeBlink"):
                self.expressions[name].add_to(vertices, weight)
        for side in ("Left", "Right"):
            blink = weights.get(f"eyeBlink{side}", 0.0)
            if blink > 0.0:
                self.eyelids.close(vertices, side, self.expressions[f"eyeBlink{side}"], blink)
        return vertices

    def with_turned_body(self, vertices: FloatArray, angle_rad: float) -> FloatArray:
        """The body turned about the neck, counter-clockwise from above; the head stays."""
        height = self.base[:, 1] + _CHIN_LIFT * np.maximum(self.base[:, 2] - _NECK_AXIS[1], 0.0)
        share = np.clip((_JAW - height) / (_JAW - _NECK), 0.0, 1.0)
        share = share * share * (3.0 - 2.0 * share)
        cosine, sine = np.cos(angle_rad * share), np.sin(angle_rad * share)
        x, z = vertices[:, 0] - _NECK_AXIS[0], vertices[:, 2] - _NECK_AXIS[1]
        moved = vertices.copy()
        moved[:, 0] = _NECK_AXIS[0] + cosine * x + sine * z
        moved[:, 2] = _NECK_AXIS[1] - sine * x + cosine * z
        return moved


def read_head(sources: RenderSources) -> HeadModel:
    """Read the head.

    Raises:
        InputError: Its files are missing, damaged or of another version.
    """
    data = sources.head / "mpfb2"
    base_file = data / "3dobjs" / "base.obj"
    mesh = read_obj(base_file)
    if len(mesh.vertices) != VERTICES:
        raise damaged(base_file, f"expected {VERTICES} vertices, got {len(mesh.vertices)}")
    units = sources.head / "faceunits01" / "targets" / "faceunits"
    mirror = _mirror(data / "mesh_metadata" / "hm08.mirror")
    high = mesh.vertices[:, 1] > _LOWEST - 0.5
    shapes = _targets(data / "targets" / "macrodetails", high) | {
        f"{folder}/{name}": target
        for folder in _LOCAL_FOLDERS
        for name, target in _targets(data / "targets" / folder, high).items()
    }
    return HeadModel(
        base=mesh.vertices,
        mesh=mesh,
        skin=_part(mesh, (mesh.vertices[:, 1] > _LOWEST) & (abs(mesh.vertices[:, 0]) < _WIDEST)),
        hand=_part(mesh, mesh.vertices[:, 0] > _HAND),
        shape_names=tuple(shapes),
        shapes=_columns(shapes),
        expressions=_expressions(units, high),
        landmarks=HeadLandmarks(mirror),
        mirror=mirror,
        eyelids=EyelidContact(mirror),
    )


def _expressions(folder: Path, high: NDArray[np.bool_]) -> dict[str, Target]:
    targets = _targets(folder, high)
    missing = [name for name in BLENDSHAPE_NAMES if name not in targets]
    if missing:
        raise damaged(folder, f"a head without the expression target {missing[0]}")
    return targets


def _targets(folder: Path, high: NDArray[np.bool_]) -> dict[str, Target]:
    """A folder's targets, as far as they move what is drawn."""
    paths = sorted(folder.glob("*.target*"))
    if not paths:
        raise damaged(folder, "no targets there")
    targets = {path.name.split(".")[0]: read_target(path, VERTICES) for path in paths}
    return {
        name: Target(target.index[high[target.index]], target.move[high[target.index]])
        for name, target in targets.items()
    }


def _columns(targets: Mapping[str, Target]) -> csr_matrix:
    """(3 n, k) sparse: the moves of each target in a column."""
    coordinates = [(3 * each.index[:, None] + np.arange(3)).ravel() for each in targets.values()]
    columns = np.repeat(np.arange(len(targets)), [len(each) for each in coordinates])
    values = np.concatenate([each.move.ravel() for each in targets.values()])
    shape = (3 * VERTICES, len(targets))
    return csr_matrix((values, (np.concatenate(coordinates), columns)), shape=shape)


def _part(mesh: ObjMesh, keep: NDArray[np.bool_]) -> DrawnSurface:
    chosen = (mesh.group == "body") & keep[mesh.triangles].all(axis=1)
    return drawn_surface(
        mesh.triangles[chosen], mesh.texture_triangles[chosen], mesh.texture, len(mesh.vertices)
    )


def _mirror(path: Path) -> NDArray[np.int64]:
    mirror = np.arange(VERTICES)
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            words = line.split()
            mirror[int(words[0])] = int(words[1])
    except (OSError, ValueError, IndexError) as error:
        raise damaged(path, "no readable table of mirror vertices") from error
    return mirror
