"""Draw surfaces with OpenGL into memory: a lit colour picture, one shadow, depth."""

from __future__ import annotations

import os
from typing import Any  # moderngl has no types

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import BackendError
from frsdk.installation.optional_packages import missing_package

from ..makehuman.surface_geometry import DrawnSurface
from . import render_shaders
from .environment_light import Light
from .render_surfaces import Part

FloatArray = NDArray[np.float32]
Array = NDArray[np.float64]
Image = NDArray[np.uint8]

_SHADOW_SIZE = 256
_SHADOW_RADIUS_DM, _SHADOW_DEPTH_DM = 2.4, 4.0
# Of the nine spherical harmonics, in the order of `harmonic_basis`.
_HARMONIC_FACTORS = np.array(
    [0.282095, *[0.488603] * 3, *[1.092548] * 2, 0.315392, 1.092548, 0.546274], np.float32
)


_HIDES = 0.6  # opacity from which glass hides what lies behind it


class _Uploaded:
    """Buffers of one surface, and how each program reads them."""

    def __init__(
        self, context: Any, programs: dict[str, Any], depth: Any, surface: DrawnSurface
    ) -> None:
        count = len(surface.source)
        self.moving = context.buffer(reserve=count * 6 * 4, dynamic=True)
        fixed = np.concatenate([surface.uv, surface.masks], axis=1).astype("f4")
        self._fixed = context.buffer(fixed.tobytes())
        self._index = context.buffer(surface.triangles.astype("i4").tobytes())
        content = [
            (self.moving, "3f 3f", "position", "normal"),
            (self._fixed, "2f 4f 4f", "uv", "hairy", "surface"),
        ]
        # Programs that do not read all of it take what they read.
        self.lit = {
            kind: context.vertex_array(program, content, self._index, skip_errors=True)
            for kind, program in programs.items()
        }
        flat = [(self.moving, "3f 12x", "position"), (self._fixed, "2f 32x", "uv")]
        self.depth = context.vertex_array(depth, flat, self._index)


class GlRenderer:
    """Draws scenes; one for each process.

    Args:
        size: Pixels of a side of the picture.
        backdrop: Pixels of a side of backgrounds.
        textures: Name -> (h, w, 4) uint8 RGBA, first row on top.
        noise: (n, n, 4) uint8 heights of pores, wrinkles, blotches and stubble.

    Raises:
        MissingDependencyError: moderngl is not installed.
        BackendError: OpenGL cannot be opened without a screen.
    """

    def __init__(self, size: int, backdrop: int, textures: dict[str, Image], noise: Image) -> None:
        self._size = size
        self._context = context = _open_context()
        self._lit = {
            kind: context.program(
                vertex_shader=render_shaders.SURFACE_VERTEX, fragment_shader=fragment
            )
            for kind, fragment in render_shaders.SURFACE_FRAGMENTS.items()
        }
        self._flat = context.program(
            vertex_shader=render_shaders.DEPTH_VERTEX,
            fragment_shader=render_shaders.DEPTH_FRAGMENT,
        )
        self._back = context.program(
            vertex_shader=render_shaders.BACKGROUND_VERTEX,
            fragment_shader=render_shaders.BACKGROUND_FRAGMENT,
        )
        self._depth = context.depth_texture((size, size))
        self._frame = context.framebuffer([context.texture((size, size), 4)], self._depth)
        self._shadow = context.depth_texture((_SHADOW_SIZE, _SHADOW_SIZE))
        self._shadow.compare_func = "<="
        self._shadow.repeat_x = self._shadow.repeat_y = False
        self._shadow_frame = context.framebuffer(depth_attachment=self._shadow)
        corners = np.array([-1, -1, 1, -1, -1, 1, 1, 1], "f4")
        quad = context.buffer(corners.tobytes())
        self._quad = context.vertex_array(self._back, [(quad, "2f", "corner")])
        self._backdrop = context.texture((backdrop, backdrop), 3)
        white = np.full((1, 1, 4), 255, np.uint8)
        self._textures = {
            name: self._texture(picture) for name, picture in {"": white, **textures}.items()
        }
        self._noise = self._texture(noise)
        self._uploaded: dict[int, tuple[DrawnSurface, _Uploaded]] = {}

    def draw(
        self, parts: list[Part], clip: Array, camera_z: float, light: Light, backdrop: Image
    ) -> tuple[Image, FloatArray]:
        """Draw one scene.

        Args:
            parts: What is drawn; those with opacity below 1 come last, in their order.
            clip: (4, 4) camera axes to clip space.
            camera_z: Of the camera on the z axis.
            light: Of the scene.
            backdrop: (n, n, 3) uint8 RGB behind everything.

        Returns:
            (size, size, 3) uint8 RGB and (size, size) depth 0..1, rows from the top.
        """
        with self._context:  # another renderer's may be the current one
            return self._drawn(parts, clip, camera_z, light, backdrop)

    def _drawn(
        self, parts: list[Part], clip: Array, camera_z: float, light: Light, backdrop: Image
    ) -> tuple[Image, FloatArray]:
        for part in parts:
            drawn = part.surface.drawn(part.vertices)
            self._of(part.surface).moving.write(drawn.tobytes())
        shadow = self._draw_shadow(parts, light)
        self._draw_background(backdrop)
        self._set_scene(clip, camera_z, light, shadow)
        for part in parts:
            if part.look.opacity >= _HIDES:
                self._draw_part(part)
        depth = np.frombuffer(self._depth.read(alignment=1), np.float32)
        self._context.depth_mask = False
        for part in parts:
            if part.look.opacity < _HIDES:
                self._draw_part(part)
        self._context.depth_mask = True
        pixels = np.frombuffer(self._frame.read(components=3, alignment=1), np.uint8)
        shape = (self._size, self._size)
        return pixels.reshape(*shape, 3)[::-1], depth.reshape(shape)[::-1]

    def ambient(self, surface: DrawnSurface, vertices: FloatArray, directions: Array) -> FloatArray:
        """(m,) share of the directions from which each mesh vertex is lit, by shadow maps."""
        with self._context:
            return self._ambient(surface, vertices, directions)

    def _ambient(
        self, surface: DrawnSurface, vertices: FloatArray, directions: Array
    ) -> FloatArray:
        self._of(surface).moving.write(surface.drawn(vertices).tobytes())
        part = Part(surface, vertices)
        normals = surface.normals(vertices)
        seen, possible = np.zeros(len(vertices)), np.zeros(len(vertices))
        for direction in directions:
            matrix = self._draw_shadow_from([part], direction)
            depth = np.frombuffer(self._shadow.read(alignment=1), np.float32)
            depth = depth.reshape(_SHADOW_SIZE, _SHADOW_SIZE)
            at = vertices @ matrix[:3, :3].T + matrix[:3, 3]
            column, row = (np.clip((at[:, :2] * 0.5 + 0.5) * _SHADOW_SIZE, 0, _SHADOW_SIZE - 1)).T
            nearest = depth[row.astype(int), column.astype(int)]
            facing = np.maximum(normals @ direction, 0.0)
            possible += facing
            seen += facing * (at[:, 2] * 0.5 + 0.5 < nearest + 0.01)
        return np.asarray(seen / np.maximum(possible, 1e-6), np.float32)

    def _draw_part(self, part: Part) -> None:
        look, kind = part.look, part.kind
        program = self._lit[kind]
        self._textures[part.picture].use(0)
        values: dict[str, object] = {
            "tint": look.tint, "recolour": look.recolour, "shine": look.shine,
            "gloss": look.gloss, "soft": look.soft, "opacity": look.opacity,
        }  # fmt: skip
        if kind == "skin":
            values |= {
                "bumps": look.bumps, "beard": look.beard, "beard_colour": look.beard_colour,
                "cloth": look.cloth, "lipstick": look.lipstick, "eyeshadow": look.eyeshadow,
            }  # fmt: skip
        elif kind == "holes":
            values["cut"] = look.cut
        for name, value in values.items():
            program[name].value = value
        # Skin is closed: its inner side is never seen.
        if kind == "skin":
            self._context.enable(self._context.CULL_FACE)
        self._of(part.surface).lit[kind].render()
        self._context.disable(self._context.CULL_FACE)

    def _set_scene(self, clip: Array, camera_z: float, light: Light, shadow: Array) -> None:
        harmonics = light.harmonics * _HARMONIC_FACTORS[:, None]
        for program in self._lit.values():
            program["clip"].write(clip.T.astype("f4").tobytes())
            program["shadow"].write(shadow.T.astype("f4").tobytes())
            program["harmonics"].write(harmonics.astype("f4").tobytes())
            program["lamp"].value = tuple(light.lamp.tolist())
            program["lamp_colour"].value = tuple(light.lamp_colour.tolist())
            program["eye"].value = (0.0, 0.0, camera_z)
            program["picture"].value, program["shadows"].value = 0, 2
        self._lit["skin"]["noise"].value = 1
        self._noise.use(1)
        self._shadow.use(2)
        context = self._context
        self._frame.use()
        context.enable(context.DEPTH_TEST | context.BLEND)
        context.blend_func = context.SRC_ALPHA, context.ONE_MINUS_SRC_ALPHA

    def _draw_background(self, backdrop: Image) -> None:
        self._frame.use()
        self._frame.clear(0.0, 0.0, 0.0, 1.0, depth=1.0)
        self._context.disable(self._context.DEPTH_TEST | self._context.BLEND)
        self._backdrop.write(np.ascontiguousarray(backdrop[::-1]).tobytes(), alignment=1)
        self._backdrop.use(0)
        self._quad.render(self._context.TRIANGLE_STRIP)

    def _draw_shadow(self, parts: list[Part], light: Light) -> Array:
        casting = [part for part in parts if part.look.casts and part.look.opacity >= 1.0]
        return self._draw_shadow_from(casting, light.lamp.astype(np.float64))

    def _draw_shadow_from(self, parts: list[Part], toward: Array) -> Array:
        """Depth seen from a far lamp; returns the (4, 4) matrix that leads there."""
        matrix = _shadow_matrix(toward)
        self._shadow_frame.use()
        self._shadow_frame.clear(depth=1.0)
        self._context.enable(self._context.DEPTH_TEST)
        self._flat["clip"].write(matrix.T.astype("f4").tobytes())
        for part in parts:
            self._flat["cut"].value = part.look.cut
            self._textures[part.picture if part.transparent else ""].use(0)
            self._of(part.surface).depth.render()
        return matrix

    def _of(self, surface: DrawnSurface) -> _Uploaded:
        known = self._uploaded.get(id(surface))
        if known is None:
            # The surface is kept with its buffers, so that its id stays its own.
            known = (surface, _Uploaded(self._context, self._lit, self._flat, surface))
            self._uploaded[id(surface)] = known
        return known[1]

    def _texture(self, picture: Image) -> Any:
        height, width = picture.shape[:2]
        texture = self._context.texture((width, height), 4, picture[::-1].tobytes())
        texture.build_mipmaps()
        texture.filter = (self._context.LINEAR_MIPMAP_LINEAR, self._context.LINEAR)
        return texture


def _open_context() -> Any:
    try:
        import moderngl
    except ImportError as error:
        raise missing_package(error, "moderngl", "synth") from error
    # Mesa's software renderer would take every core: one process is to use one.
    os.environ.setdefault("LP_NUM_THREADS", "0")
    create: Any = moderngl.create_context  # its types do not know the backend's name
    try:
        return create(standalone=True, backend="egl")
    except Exception as error:  # moderngl and glcontext raise bare Exception
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BackendError(
            f"OpenGL cannot be opened without a screen ({reason}): install EGL, on Debian "
            "apt-get install libegl-mesa0 libgl1-mesa-dri"
        ) from error


def _shadow_matrix(toward: Array) -> Array:
    """(4, 4) camera axes to the clip space of a lamp far away in a direction."""
    forward = toward / np.linalg.norm(toward)
    side = np.cross([0.0, 1.0, 0.0] if abs(forward[1]) < 0.95 else [1.0, 0.0, 0.0], forward)
    side /= np.linalg.norm(side)
    matrix = np.eye(4)
    matrix[0, :3] = side / _SHADOW_RADIUS_DM
    matrix[1, :3] = np.cross(forward, side) / _SHADOW_RADIUS_DM
    matrix[2, :3] = -forward / _SHADOW_DEPTH_DM
    return matrix
