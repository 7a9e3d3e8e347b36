"""The overlay: a new image, drawn where the face is and in its size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.rendering.face_outline import IBUG_POLYLINES
from frsdk.rendering.overlay import draw_faces


def test_polylines_name_every_point_once() -> None:
    named = [k for first, last, _ in IBUG_POLYLINES for k in range(first, last + 1)]
    assert named == list(range(68))


def test_the_photograph_is_left_alone(make_face: Any) -> None:
    image = np.full((120, 130, 3), 90, np.uint8)
    drawn = draw_faces(image, [make_face()])
    assert (image == 90).all()
    assert drawn.shape == image.shape
    assert drawn.dtype == np.uint8
    assert not np.shares_memory(drawn, image)


def test_without_faces_it_is_a_copy() -> None:
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    drawn = draw_faces(image, [])
    np.testing.assert_array_equal(drawn, image)
    assert not np.shares_memory(drawn, image)


def test_read_only_images_are_taken(make_face: Any) -> None:
    image = np.zeros((120, 120, 3), np.uint8)
    image.setflags(write=False)
    assert draw_faces(image, [make_face()]).any()


@pytest.mark.parametrize("scale", [0.5, 1.0, 4.0, 25.0])
def test_drawing_follows_the_size_of_the_face(make_face: Any, scale: float) -> None:
    size = int(240 * scale)
    image = np.full((size, size, 3), 128, np.uint8)
    face = make_face((120 * scale, 120 * scale), 40 * scale, dense=False)
    changed = (draw_faces(image, [face]) != 128).any(axis=2)
    share = changed.sum() / (80 * scale) ** 2
    assert 0.04 < share < 0.45
    x = np.nonzero(changed)[1]
    assert x.min() > 60 * scale
    assert x.max() < 180 * scale
    for px, py, _ in face.landmarks:
        assert changed[round(py), round(px)]


def test_mesh_is_drawn_only_when_there_is_one(make_face: Any) -> None:
    image = np.full((400, 400, 3), 128, np.uint8)
    with_mesh = draw_faces(image, [make_face((200.0, 200.0), 150.0)])
    without = draw_faces(image, [make_face((200.0, 200.0), 150.0, dense=False)])
    spot = (slice(280, 290), slice(160, 170))  # inside the ring, away from every line
    assert (without[spot] == 128).all()
    assert (with_mesh[spot] != 128).any()
    # Translucent: the photograph shows through.
    dark = draw_faces(image // 2, [make_face((200.0, 200.0), 150.0)])
    assert (with_mesh[spot].astype(int) - dark[spot]).min() > 15


def colours_along(image: np.ndarray, start: Any, way: tuple[float, float], length: float) -> Any:
    """(20, 3) int BGR on the inner part of a line."""
    along = np.linspace(0.3, 0.9, 20)[:, None] * length
    x, y = np.rint(np.asarray(start) + along * way).astype(int).T
    return image[y, x].astype(int)


def test_axes_point_where_the_rotation_says(make_face: Any) -> None:
    image = np.full((600, 600, 3), 128, np.uint8)
    face = make_face((300.0, 300.0), 150.0, dense=False)
    extent = np.ptp(face.landmarks[:, :2], axis=0).max()
    corner = face.box[[2, 1]] - 0.5
    plain = draw_faces(image, [face])
    red = colours_along(plain, corner, (1, 0), 0.17 * extent)
    green = colours_along(plain, corner, (0, -1), 0.17 * extent)
    assert (red[:, 2] - red[:, 0] > 100).mean() > 0.8
    assert (green[:, 1] - green[:, 2] > 100).mean() > 0.8
    turned = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])  # a quarter turn: x goes up
    face.pose.rotation = turned
    red = colours_along(draw_faces(image, [face]), corner, (0, -1), 0.17 * extent)
    assert (red[:, 2] - red[:, 0] > 100).mean() > 0.8


def test_a_line_goes_where_the_face_looks_and_the_nose_is_free(
    make_face: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = np.full((600, 600, 3), 128, np.uint8)
    face = make_face((300.0, 300.0), 150.0, dense=False)
    tip, extent = face.landmarks[30, :2], np.ptp(face.landmarks[:, :2], axis=0).max()
    frontal = draw_faces(image, [face])
    face.pose.rotation = np.array([[0, 0, 1.0], [0, 1, 0], [-1, 0, 0]])  # to the right
    blue = colours_along(draw_faces(image, [face]), tip, (1, 0), 0.45 * extent)
    assert (blue[:, 0] - blue[:, 2] > 100).mean() > 0.8
    monkeypatch.setattr("frsdk.rendering.face_outline._FaceDrawing._axis", lambda *_: None)
    y, x = np.nonzero((frontal != draw_faces(image, [face])).any(axis=2))
    inside = (x < face.box[2] - 0.25 * extent) | (y > face.box[1] + 0.25 * extent)
    from_tip = np.hypot(x[inside] - tip[0], y[inside] - tip[1])
    assert 0 < from_tip.max() < 6  # a dot: the axes lie beside the face, not on its nose


def test_axes_stay_in_the_picture(make_face: Any) -> None:
    image = np.full((240, 240, 3), 128, np.uint8)
    drawn = draw_faces(image, [make_face((140.0, 100.0), 100.0, dense=False)])
    red = (drawn[..., 2].astype(int) - drawn[..., 0] > 100) & (drawn[..., 1] < 100)
    green = (drawn[..., 1].astype(int) - drawn[..., 2] > 100) & (drawn[..., 0] < 70)
    assert red.sum() > 20 and green.sum() > 20


def test_live_resembles_still(make_face: Any) -> None:
    image = np.random.default_rng(1).integers(60, 200, (400, 400, 3), np.uint8)
    face = make_face((200.0, 200.0), 150.0)
    still, live = (draw_faces(image, [face], quality=each) for each in ("still", "live"))
    y, x = np.mgrid[:400, :400]
    radius = np.hypot(x - 200, y - 200)
    inner = (radius < 100) & ~(still == draw_faces(image, [])).all(axis=2)
    difference = np.abs(still.astype(int) - live)
    assert difference[inner].mean() < 3
    assert difference[radius > 190].max() == 0  # two vertices of this sphere are 29 px apart
    assert (live != image).any(axis=2)[(radius > 60) & (radius < 110)].mean() > 0.95


def test_drawing_into_an_image_that_is_there(make_face: Any) -> None:
    image = np.random.default_rng(1).integers(60, 200, (300, 300, 3), np.uint8)
    wanted = draw_faces(image, [make_face((150.0, 150.0), 100.0)], quality="live")
    out = np.zeros_like(image)
    drawn = draw_faces(image, [make_face((150.0, 150.0), 100.0)], quality="live", out=out)
    assert drawn is out
    np.testing.assert_array_equal(out, wanted)
    assert draw_faces(image, [make_face((150.0, 150.0), 100.0)], quality="live", out=image) is image
    np.testing.assert_array_equal(image, wanted)


@pytest.mark.parametrize("quality", ["still", "live"])
def test_drawing_into_a_view(make_face: Any, quality: str) -> None:
    """Such as BGR into an image that is RGB, or mirrored."""
    image = np.random.default_rng(1).integers(60, 200, (300, 300, 3), np.uint8)
    face = make_face((150.0, 150.0), 100.0)
    wanted = draw_faces(image, [face], quality=quality)
    for view in (np.zeros_like(image)[..., ::-1], np.zeros_like(image)[:, ::-1]):
        assert draw_faces(image, [face], quality=quality, out=view) is view
        np.testing.assert_array_equal(view, wanted)


@pytest.mark.parametrize("quality", ["still", "live"])
def test_faces_over_every_border(make_face: Any, quality: str) -> None:
    image = np.full((90, 80, 3), 100, np.uint8)
    for centre in ((0.0, 40.0), (80.0, 90.0), (40.0, -10.0), (-500.0, 40.0), (40.0, 1e7)):
        for radius in (2.0, 30.0, 400.0):
            drawn = draw_faces(image, [make_face(centre, radius)], quality=quality)
            assert drawn.shape == image.shape


def test_bad_options(make_face: Any) -> None:
    image = np.zeros((40, 40, 3), np.uint8)
    with pytest.raises(InputError, match='quality "still" or "live", got \'fast\''):
        draw_faces(image, [], quality="fast")
    frozen = image.copy()
    frozen.setflags(write=False)
    for out in (image[:20], image.astype(np.float32), frozen):
        with pytest.raises(InputError, match="expected out as a writable"):
            draw_faces(image, [], out=out)


@pytest.mark.parametrize("centre", [(-300.0, 20.0), (0.0, 0.0), (119.0, 60.0), (60.0, 5000.0)])
def test_faces_at_and_beyond_the_border(make_face: Any, centre: tuple[float, float]) -> None:
    image = np.zeros((120, 120, 3), np.uint8)
    assert draw_faces(image, [make_face(centre), make_face(centre, 5.0)]).shape == image.shape


def test_one_pixel_image(make_face: Any) -> None:
    assert draw_faces(np.zeros((1, 1, 3), np.uint8), [make_face((0.0, 0.0), 3.0)]).shape == (
        1,
        1,
        3,
    )


def test_far_pixels_keep_their_values_exactly(make_face: Any) -> None:
    image = np.random.default_rng(3).integers(0, 256, (300, 300, 3), np.uint8)
    drawn = draw_faces(image, [make_face((100.0, 100.0), 20.0)])
    np.testing.assert_array_equal(drawn[200:], image[200:])
    np.testing.assert_array_equal(drawn[:, 200:], image[:, 200:])


@pytest.mark.parametrize("image", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3), np.float32)])
def test_bad_image(image: Any) -> None:
    with pytest.raises(InputError, match=r"expected an image \(H, W, 3\) uint8"):
        draw_faces(image, [])
