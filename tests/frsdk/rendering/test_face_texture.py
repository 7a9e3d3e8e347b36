"""Textures: the photograph's colours where seen, the other side's where not."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.face import Face
from frsdk.rendering import face_texture
from frsdk.rendering.face_mesh import mesh_of_face, texture_colours
from frsdk.rendering.face_texture import Texture
from frsdk.rendering.texture_fill import nearest_fill, smooth_fill
from frsdk.rendering.uv_atlas import AtlasPart, part_with, uv_atlas


def rendered(face: Face, texture: Texture, size_wh: tuple[int, int]) -> tuple[np.ndarray, ...]:
    """The textured face drawn over black, where it is, and where its texture was seen."""
    pictures = face.render(size_wh)
    uv = pictures.uv[pictures.mask]
    image = np.zeros((*pictures.mask.shape, 3), np.uint8)
    image[pictures.mask] = texture_colours(texture, uv)[:, ::-1]
    seen = np.zeros(pictures.mask.shape, bool)
    side = len(texture.image)
    column, row = (uv[:, 0] * side).astype(int), ((1 - uv[:, 1]) * side).astype(int)
    seen[pictures.mask] = texture.seen[row, column]
    return image, pictures.mask, seen


@pytest.mark.parametrize("yaw_deg", [0.0, 40.0])
def test_the_seen_side_has_the_photographs_colours(
    make_posed: Any, patterned: np.ndarray, yaw_deg: float
) -> None:
    face, photo = make_posed(yaw_deg), patterned
    texture = face.texture(photo, 512)
    assert texture.image.shape == (512, 512, 3) and texture.seen.shape == (512, 512)
    image, mask, seen = rendered(face, texture, (256, 240))
    assert seen.sum() > 0.5 * mask.sum()
    error = np.abs(image[seen].astype(float) - photo[seen]) / 255
    assert error.mean() < 0.01
    assert np.quantile(error, 0.99) < 0.07


@pytest.mark.parametrize("size", [256, 512, 1024])
def test_a_face_almost_outside_the_photograph(
    make_posed: Any, patterned: np.ndarray, size: int
) -> None:
    face = make_posed(0.0)
    vertices = np.array(face.vertices, np.float64)
    left, width = vertices[:, 0].min(), patterned.shape[1]
    few = 0
    for inside_px in (0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 9.0, 14.0):
        vertices[:, 0] += width - 1 - inside_px - vertices[:, 0].min()
        texture = face_texture.face_texture(patterned, vertices, face.face_model, size)
        assert texture.image.shape == (size, size, 3)
        few += not texture.seen.any()
    assert few and left > 0
    tiny = face_texture.face_texture(patterned[:3, :3], face.vertices, face.face_model, size)
    assert tiny.seen.mean() < 0.01


def test_the_hidden_side_takes_the_mirror_image(make_posed: Any) -> None:
    """Stripes that turn with a face: what a frontal photograph shows, its profile guesses."""
    face = make_posed(0.0, seed=None)
    stripes = np.rint(127 + 90 * np.sin(face.face_model.mean[:, 1] / 8)).astype(np.uint8)
    turned = make_posed(50.0, seed=None)
    pictures = turned.render()
    row, column = np.nonzero(pictures.mask)
    photo = np.full((240, 256, 3), 127, np.uint8)
    height = pictures.pncc[row, column, 1] * np.ptp(face.face_model.mean[:, 1])
    height += face.face_model.mean[:, 1].min()
    photo[row, column] = np.rint(127 + 90 * np.sin(height / 8))[:, None].astype(np.uint8)
    texture = turned.texture(photo, 512)
    colours = texture_colours(texture, face.face_model.uv)[:, 0].astype(int)
    x, normal_z = face.face_model.mean[:, 0], face.vertices[:, 2]
    right = (
        (x > 15) & (x < 40) & (normal_z > np.median(normal_z))
    )  # hidden or grazing at 50 degrees
    assert np.abs(colours - stripes)[right].mean() < 25  # plain grey would be off by 57
    assert texture.seen[:, :256].mean() > 2 * texture.seen[:, 256:].mean()


def test_light_of_its_own_side_is_kept(make_posed: Any) -> None:
    """A face that is brighter on one side: the filled part follows the seen part beside it."""
    face = make_posed(35.0)
    x = np.broadcast_to(np.linspace(60, 200, 256), (240, 256))
    photo = np.repeat(np.rint(x)[..., None], 3, axis=-1).astype(np.uint8)
    texture = face.texture(photo, 256)
    inside = uv_atlas(face.face_model, 256).inside
    row = 128
    columns = np.flatnonzero(inside[row])
    values = texture.image[row, columns, 0].astype(int)
    assert np.abs(np.diff(values)).max() < 25  # no seam between seen and filled


def test_padding_repeats_the_border(make_posed: Any) -> None:
    face = make_posed()
    texture = face.texture(np.full((240, 256, 3), (10, 120, 200), np.uint8), 256)
    assert np.abs(texture.image.astype(int) - (10, 120, 200)).max() <= 2
    outside = ~uv_atlas(face.face_model, 256).inside
    assert outside.any() and not texture.seen[0].any()


@pytest.mark.parametrize("size", [16, 100, 8192])
def test_sizes(make_posed: Any, size: int) -> None:
    texture = make_posed().texture(np.full((240, 256, 3), 90, np.uint8), size)
    assert texture.image.shape == (size, size, 3)
    assert abs(float(texture.image[::7, ::7].mean()) - 90) < 1
    assert texture.seen.any()


def test_a_large_photograph_is_averaged(make_posed: Any) -> None:
    face = make_posed(scale=7.0, centre=(1000.0, 960.0), image_size_wh=(2048, 1920))
    noise = np.random.default_rng(0).integers(0, 256, (1920, 2048, 3), np.uint8)
    seen = face.texture(noise, 64)
    spread = seen.image[seen.seen].astype(float).std()
    assert spread < 40  # of 74 for single pixels


def test_a_tiny_photograph_and_a_face_outside(make_posed: Any, patterned: np.ndarray) -> None:
    small = make_posed(scale=0.25, centre=(32.0, 32.0), image_size_wh=(64, 64))
    assert small.texture(patterned[:64, :64], 128).seen.any()
    half = make_posed(centre=(0.0, 120.0)).texture(patterned, 128)
    assert 0.02 < half.seen.mean() < 0.45
    nowhere = make_posed(centre=(-900.0, 120.0)).texture(patterned, 32)
    assert not nowhere.seen.any() and (nowhere.image == (150, 170, 200)).all()


def test_layouts_without_symmetry(make_posed: Any, patterned: np.ndarray) -> None:
    """A layout that is no mirror image of itself still takes the other side's colours."""
    model = make_posed().face_model
    squeezed = model.uv**2
    face = make_posed(40.0, model=dataclasses.replace(model, uv=squeezed))
    assert not uv_atlas(face.face_model, 64).symmetric and uv_atlas(model, 64).symmetric
    photo = patterned
    own = texture_colours(face.texture(photo, 512), squeezed).astype(int)
    reference = texture_colours(make_posed(40.0).texture(photo, 512), model.uv).astype(int)
    assert np.median(np.abs(own - reference)) <= 4
    bare = make_posed(40.0, model=dataclasses.replace(model, mirror=model.mirror[:0]))
    assert bare.texture(photo, 64).image.shape == (64, 64, 3)


@pytest.mark.parametrize("yaw_deg", [0.0, 45.0])
def test_only_the_seen_part_is_looked_at(
    make_posed: Any, patterned: np.ndarray, monkeypatch: pytest.MonkeyPatch, yaw_deg: float
) -> None:
    face = make_posed(yaw_deg)
    parts: list[AtlasPart] = []

    def kept(*args: Any) -> AtlasPart:
        parts.append(part_with(*args))
        return parts[-1]

    monkeypatch.setattr(face_texture, "part_with", kept)
    quick = face.texture(patterned, 1024)
    whole = AtlasPart(512, slice(0, 512), slice(0, 512))
    monkeypatch.setattr(face_texture, "part_with", lambda *args: whole)
    slow = face.texture(patterned, 1024)
    width, height = parts[0].size_wh
    assert width * height < 0.85 * 512 * 512
    np.testing.assert_array_equal(quick.seen, slow.seen)
    np.testing.assert_array_equal(quick.image, slow.image)


def test_bad_input(make_posed: Any, patterned: np.ndarray) -> None:
    face, photo = make_posed(), patterned
    for size in (15, 8193):
        with pytest.raises(InputError, match=rf"texture size in 16\.\.8192, got {size}"):
            face.texture(photo, size)
    with pytest.raises(InputError, match=r"image \(H, W, 3\) uint8"):
        face.texture(photo[..., 0])
    model = face.face_model
    with pytest.raises(InputError, match="no texture coordinates, so there is no texture"):
        make_posed(model=dataclasses.replace(model, uv=model.uv[:0])).texture(photo)
    with pytest.raises(InputError, match="no triangles, so there is no texture"):
        make_posed(model=dataclasses.replace(model, triangles=model.triangles[:0])).texture(photo)


def test_without_uv_a_mesh_has_vertex_colours(make_posed: Any, patterned: np.ndarray) -> None:
    model = make_posed().face_model
    face = make_posed(model=dataclasses.replace(model, uv=model.uv[:0]))
    mesh = mesh_of_face(face, patterned, texture_size=64)
    assert mesh.texture_bgr is None and mesh.uv is None
    assert mesh.colours is not None and mesh.colours.std() > 20


def test_smooth_fill_keeps_the_known_and_joins_it() -> None:
    values = np.zeros((33, 40, 1), np.float32)
    weights = np.zeros((33, 40), np.float32)
    values[:, :5], values[:, -5:] = 10, 50
    weights[:, :5] = weights[:, -5:] = 1
    filled = smooth_fill(values, weights)[..., 0]
    np.testing.assert_array_equal(filled[:, :5], 10)
    np.testing.assert_array_equal(filled[:, -5:], 50)
    assert filled.min() >= 10 and filled.max() <= 50
    assert abs(filled[16, 20] - 30) < 8
    assert (smooth_fill(values, np.zeros_like(weights)) == 0).all()


def test_nearest_fill_goes_on_as_the_border_does() -> None:
    values = np.zeros((40, 60, 1), np.float32)
    weights = np.zeros((40, 60), np.float32)
    weights[:, :20] = 1
    values[:20, :20], values[20:, :20] = 10, 90  # hair above, skin below
    filled = nearest_fill(values, weights, 2.0)[..., 0]
    np.testing.assert_array_equal(filled[:, :20], values[:, :20, 0])
    assert np.abs(filled[:12, 30:] - 10).max() < 3 and np.abs(filled[28:, 30:] - 90).max() < 3
    assert nearest_fill(values, np.full_like(weights, 0.1), 2.0).shape == values.shape
