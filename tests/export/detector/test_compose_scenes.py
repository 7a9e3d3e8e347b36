"""Scenes: labels lie on what was pasted, and equal seeds give equal scenes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.export.detector.backgrounds import Backgrounds, Place
from frsdk.export.detector.camera_noise import CameraSettings, photographed
from frsdk.export.detector.compose_scenes import SceneComposer, SceneSettings
from frsdk.export.detector.face_stock import FaceStock, content_rectangle, load_stock
from frsdk.export.detector.portrait_scene import framing, trimmed

NO_CAMERA = CameraSettings(0, 0, 0, 0, 0, 0, 0)
PLAIN = SceneSettings(
    faceless=0.0,
    mosaic=0.0,
    portrait=0.0,
    photograph=0.0,
    most_faces=1,
    occlusion=0.0,
    camera=NO_CAMERA,
)


def kinds() -> list[SceneSettings]:
    return [PLAIN, replace(PLAIN, mosaic=1.0), replace(PLAIN, portrait=1.0),
            replace(PLAIN, photograph=1.0)]  # fmt: skip


@pytest.mark.parametrize("settings", kinds(), ids=["crowd", "mosaic", "portrait", "photograph"])
def test_labels_lie_on_the_faces(
    stock: FaceStock, backgrounds: Backgrounds, settings: SceneSettings
) -> None:
    compose = SceneComposer(stock, backgrounds, settings)
    seen = 0
    for seed in range(12):
        scene = compose(128, np.random.default_rng(seed))
        assert scene.image.shape == (128, 128, 3)
        assert len(scene.boxes) == len(scene.points) == len(scene.rows) == len(scene.landmarks)
        for box, points in zip(scene.boxes, scene.points, strict=True):
            assert (points >= box[:2]).all() and (points <= box[2:]).all()
            x, y = np.clip(points[2].astype(int), 0, 127)  # the nose: in the light ellipse
            seen += 1
            assert scene.image[y, x].mean() > 100
    assert seen > 8


def test_a_covered_face_is_neither_right_nor_wrong(
    stock: FaceStock, backgrounds: Backgrounds
) -> None:
    compose = SceneComposer(stock, backgrounds, replace(PLAIN, most_faces=40))
    scenes = [compose(96, np.random.default_rng(seed)) for seed in range(6)]
    assert sum(len(scene.ignored) for scene in scenes) > 10


def test_a_trimmed_photograph_keeps_its_face() -> None:
    box = np.array([40.0, 50.0, 90.0, 120.0])
    rng = np.random.default_rng(0)
    kept = np.array([trimmed((10, 0, 150, 100), box, rng) for _ in range(200)])
    assert (kept[:, :2] >= (10, 0)).all() and (kept[:, 2:] <= (150, 100)).all()
    assert (kept[:, 0] <= 40).all() and (kept[:, 1] <= 50).all() and (kept[:, 2] >= 90).all()
    assert (kept[:, 3] == 100).all()  # the face goes on below the photograph
    assert (kept[:, 0] == 10).mean() == pytest.approx(0.5, abs=0.12)


def test_a_photograph_fills_the_scene_or_lies_inside() -> None:
    rng = np.random.default_rng(0)
    corners = np.array([(0.0, 0.0), (100.0, 80.0)])
    placed = np.array([framing((100, 80), 64, 0.0, rng).moved(corners) for _ in range(100)])
    assert (placed >= -1e-9).all() and (placed <= 64 + 1e-9).all()
    fills = (placed[:, 1] - placed[:, 0])[:, 0] > 63.999
    assert 0.3 < fills.mean() < 0.7
    np.testing.assert_allclose(placed[fills][:, 0], 0.0, atol=1e-9)


def test_faceless_scenes_have_no_labels(stock: FaceStock, backgrounds: Backgrounds) -> None:
    compose = SceneComposer(stock, backgrounds, replace(PLAIN, faceless=1.0))
    light = 0
    for seed in range(60):
        scene = compose(64, np.random.default_rng(seed))
        assert scene.boxes.shape == (0, 4) and scene.points.shape == (0, 5, 2)
        assert not len(scene.ignored)
        share = (scene.image.min(axis=2) > 150).mean()
        light += bool(share > 0.2)
    assert 0 < light < 30  # parts of a face, far larger than the scene


def test_equal_seeds_give_equal_scenes(stock: FaceStock, backgrounds: Backgrounds) -> None:
    compose = SceneComposer(stock, backgrounds, SceneSettings())
    places = [Place(2, 100.0, 90.0, 0.5)]
    first, second = (compose(96, np.random.default_rng(5), places) for _ in range(2))
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.boxes, second.boxes)


def test_a_window_at_a_place_shows_it() -> None:
    picture = np.zeros((400, 600, 3), np.uint8)
    picture[190:210, 290:310] = 255
    backgrounds = Backgrounds([picture])
    for seed in range(10):
        place = Place(0, 300.0, 200.0, 0.8)
        window = backgrounds.window_at(place, (64, 64), np.random.default_rng(seed))
        assert window.max() == 255


def test_the_black_around_a_photograph_is_left_out() -> None:
    crop = np.zeros((160, 160, 3), np.uint8)
    crop[20:150, 30:140] = 80
    assert content_rectangle(crop) == (31, 21, 139, 149)
    assert content_rectangle(np.zeros((160, 160, 3), np.uint8)) == (0, 0, 160, 160)
    dark = np.zeros((160, 160, 3), np.uint8)
    dark[70:80, 70:80] = 200
    assert content_rectangle(dark) == (40, 40, 120, 120)


def test_a_camera_keeps_size_and_type() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (50, 70, 3), np.uint8)
    always = CameraSettings(1, 0.5, 1, 1, 1, 1, 1)
    for _ in range(8):
        taken = photographed(image, rng, always)
        assert taken.shape == image.shape and taken.dtype == np.uint8


def test_a_stock_leaves_out_what_it_is_told(faces_folder) -> None:  # type: ignore[no-untyped-def]
    everything = load_stock(faces_folder, "train")
    assert len(everything) == 12 and everything.sampling.sum() == pytest.approx(1.0)
    fewer = load_stock(faces_folder, "train", leave_out=["train1"])  # train1, train10, train11
    assert len(fewer) == 9
    with pytest.raises(InputError, match="no train crop is left"):
        load_stock(faces_folder, "train", leave_out=["train"])


def test_an_empty_folder_of_backgrounds_is_named(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match="fetch_backgrounds"):
        Backgrounds.load(tmp_path)
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"a\.jpg: not a readable picture"):
        Backgrounds.load(tmp_path)
