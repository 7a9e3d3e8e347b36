"""OpenGL: what is near hides what is far, holes are holes, light comes from where it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from frsdk.errors import BackendError
from frsdk.export.renders.drawing.camera_sampling import CropCamera
from frsdk.export.renders.drawing.environment_light import Light, Panorama, harmonic_basis
from frsdk.export.renders.drawing.gl_renderer import GlRenderer
from frsdk.export.renders.drawing.render_surfaces import Look, Part
from frsdk.export.renders.makehuman.surface_geometry import grid_surface

SIZE = 64
CAMERA = CropCamera(distance=10.0, left=-1.0, bottom=-1.0, side=2.0)
HARMONICS = np.zeros((9, 3), np.float32)
HARMONICS[0] = 0.3 / 0.282095
DARK = Light(HARMONICS, np.array([0.0, 0.0, 1.0], np.float32), np.zeros(3, np.float32))


@pytest.fixture(scope="module")
def renderer() -> GlRenderer:
    pytest.importorskip("moderngl", reason="needs moderngl (extra synth)")
    holes = np.full((64, 64, 4), 255, np.uint8)
    holes[:, :32, 3] = 0
    try:
        return GlRenderer(SIZE, SIZE, {"holes": holes}, np.full((8, 8, 4), 128, np.uint8))
    except BackendError as error:
        pytest.skip(f"needs OpenGL without a screen: {error}")


def sheet(z: float, half: float = 0.5, **look: object) -> Part:
    x, y = np.meshgrid([-half, half], [half, -half])
    points = np.stack([x.ravel(), y.ravel(), np.full(4, z)], axis=1).astype(np.float32)
    return Part(grid_surface(2, 2), points, "", Look(shine=0.0, **look))  # type: ignore[arg-type]


@pytest.fixture
def draw(renderer: GlRenderer) -> Callable:
    backdrop = np.zeros((SIZE, SIZE, 3), np.uint8)
    backdrop[: SIZE // 2] = (0, 0, 200)  # the upper half is blue

    def drawn(*parts: Part, light: Light = DARK) -> tuple[np.ndarray, np.ndarray]:
        return renderer.draw(list(parts), CAMERA.clip_matrix(), CAMERA.distance, light, backdrop)

    return drawn


def test_the_background_stands_upright_behind_everything(draw: Callable) -> None:
    pixels, depth = draw(sheet(0.0, tint=(1.0, 0.0, 0.0)))
    assert pixels[2, 2].tolist() == [0, 0, 200] and pixels[-3, 2].tolist() == [0, 0, 0]
    assert pixels[32, 32, 0] > 100 and pixels[32, 32, 1] == 0
    assert depth[2, 2] == 1.0
    assert CAMERA.depth_of(depth[32, 32]) == pytest.approx(0.0, abs=0.01)


def test_what_is_near_hides_what_is_far_in_any_order(draw: Callable) -> None:
    near, far = sheet(1.0, 0.2, tint=(0.0, 1.0, 0.0)), sheet(-1.0, 0.6, tint=(1.0, 0.0, 0.0))
    for parts in ((near, far), (far, near)):
        pixels, _ = draw(*parts)
        assert pixels[32, 32, 1] > 100 and pixels[32, 32, 0] == 0
        assert pixels[32, 20, 0] > 100 and pixels[32, 20, 1] == 0


def test_two_renderers_draw_in_turn(renderer: GlRenderer, draw: Callable) -> None:
    white = np.full((8, 8, 4), 128, np.uint8)
    other = GlRenderer(2 * SIZE, SIZE, {}, white)
    backdrop = np.full((SIZE, SIZE, 3), 250, np.uint8)
    for _ in range(2):
        large, _ = other.draw([sheet(0.0)], CAMERA.clip_matrix(), 10.0, DARK, backdrop)
        small, _ = draw(sheet(0.0, tint=(1.0, 0.0, 0.0)))
        assert large.shape == (128, 128, 3) and large[2, 2].tolist() == [250] * 3
        assert small.shape == (64, 64, 3) and small[32, 32, 1] == 0


def test_a_hole_in_the_picture_shows_what_is_behind(draw: Callable) -> None:
    part = replace(sheet(0.0), picture="holes", transparent=True)
    pixels, depth = draw(part)
    assert pixels[40, 20].tolist() == [0, 0, 0] and depth[40, 20] == 1.0
    assert pixels[40, 44].min() > 100 and depth[40, 44] < 1.0


def test_glass_tints_and_hides_nothing(draw: Callable) -> None:
    behind = sheet(0.0, tint=(1.0, 0.0, 0.0))
    plain, _ = draw(behind)
    glass = sheet(1.0, tint=(0.0, 0.0, 0.0), opacity=0.5, casts=False)
    pixels, depth = draw(glass, behind)
    assert pixels[32, 32, 0] == pytest.approx(plain[32, 32, 0] * 0.5, abs=3)
    assert CAMERA.depth_of(depth[32, 32]) == pytest.approx(0.0, abs=0.01)
    dark = sheet(1.0, tint=(0.0, 0.0, 0.0), opacity=0.9, casts=False)
    pixels, depth = draw(behind, dark)
    assert pixels[32, 32, 0] == pytest.approx(plain[32, 32, 0] * 0.1, abs=3)
    assert CAMERA.depth_of(depth[32, 32]) == pytest.approx(1.0, abs=0.01)  # sunglasses hide


def test_a_cut_ends_a_surface(draw: Callable) -> None:
    pixels, _ = draw(sheet(0.0, cut=(1.0, 0.0, 0.0, 0.0)))  # x > 0 is left out
    assert pixels[40, 24].min() > 100 and pixels[40, 40].tolist() == [0, 0, 0]


def test_a_lamp_lights_what_faces_it_and_casts_shadows(draw: Callable) -> None:
    lamp = Light(np.zeros((9, 3), np.float32), np.array([0, 0, 1], np.float32), np.ones(3, "f4"))
    wall, small = sheet(-1.0, 0.9), sheet(-0.3, 0.25)
    lit, _ = draw(wall, light=lamp)
    shaded, _ = draw(wall, small, light=lamp)
    assert lit[10, 32].min() > 150
    # From the front the small sheet covers its own shadow.
    assert shaded[32, 32].min() > 150 and shaded[10, 32].min() > 150
    side = replace(lamp, lamp=np.array([0.6, 0.0, 0.8], np.float32))
    shadowed, _ = draw(wall, small, light=side)
    # To the left of it the shadow falls.
    assert shadowed[32, 14:22].max() < 30 and shadowed[32, 52].min() > 150


def test_ambient_light_is_less_in_a_corner(renderer: GlRenderer) -> None:
    # A floor that ends in a wall: the vertex in the corner sees half of what the floor's end sees.
    surface = grid_surface(3, 2)
    points = np.array(
        [[-1, 1, 0], [1, 1, 0], [-1, 0, 0], [1, 0, 0], [-1, 0, 1], [1, 0, 1]], np.float32
    )
    rng = np.random.default_rng(0)
    directions = rng.normal(0.0, 1.0, (64, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    seen = renderer.ambient(surface, points, directions)
    assert ((seen >= 0.0) & (seen <= 1.0)).all() and seen.max() > 0.5


def test_a_white_sky_lights_all_sides_alike_and_a_lamp_is_found() -> None:
    sky = Panorama(np.ones((64, 128, 3), np.float32))
    normals = np.random.default_rng(0).normal(0.0, 1.0, (50, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    seen = harmonic_basis(normals) @ sky.light(0.3).harmonics
    assert np.allclose(seen, 1.0, atol=0.03)
    pixels = np.full((64, 128, 3), 0.1, np.float32)
    pixels[14:18, 94:98] = 50.0  # a quarter to the right of the middle, up
    light = Panorama(pixels).light(0.0)
    assert light.lamp[0] > 0.6 and light.lamp[1] > 0.5 and abs(light.lamp[2]) < 0.25
    turned = Panorama(pixels).light(0.5)
    assert turned.lamp[0] < -0.6 and turned.lamp[1] == pytest.approx(light.lamp[1], abs=0.02)


def test_a_view_shows_what_lies_ahead() -> None:
    pixels = np.zeros((64, 128, 3), np.float32)
    pixels[:, 60:68] = 1.0  # the middle column is ahead
    view = Panorama(pixels).view(0.0, 0.0, 1.2, 33)
    assert view[16, 16].min() > 0.9 and view[16, 0].max() < 0.1
    away = Panorama(pixels).view(0.5, 0.0, 1.2, 33)
    assert away.max() < 0.1
