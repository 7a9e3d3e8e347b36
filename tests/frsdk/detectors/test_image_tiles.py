"""The squares of a photograph that a detector looks at."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frsdk.detectors.image_tiles import level_sides, tiles_of

SIZE = 64


def test_levels_grow_by_at_most_two_and_a_half_times() -> None:
    assert level_sides(300, 320, 175.0) == [320]
    assert level_sides(1280, 320, 832.0) == [320, 832]
    sides = level_sides(6000, 320, 6000.0)
    assert sides[0] == 320 and sides[-1] == 6000
    assert max(b / a for a, b in itertools.pairwise(sides)) <= 2.61
    assert level_sides(1000, 320, 9000.0)[-1] == 1000  # never enlarged beyond the image


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (40, 30), (64, 64), (300, 200), (65, 1000)])
def test_each_point_belongs_to_one_tile_of_each_level(shape: tuple[int, int]) -> None:
    image = np.zeros((*shape, 3), np.uint8)
    tiles = list(tiles_of(image, SIZE, finest_px=200.0))
    random = np.random.default_rng(0)
    for point in random.uniform(0, 1, (40, 2)) * (shape[1], shape[0]):
        levels: dict[tuple[float, ...], int] = {}
        for tile in tiles:
            there = point * tile.scale_xy - tile.corner_xy
            own = bool((there >= tile.own_xyxy[:2]).all() and (there < tile.own_xyxy[2:]).all())
            key = tuple(tile.scale_xy.tolist())
            levels[key] = levels.get(key, 0) + own
        assert set(levels.values()) == {1}


def test_tiles_show_what_they_say() -> None:
    # Grey value = column, so that a tile's pixel names its place.
    image = np.repeat(np.arange(200, dtype=np.uint8)[None, :, None], 120, axis=0).repeat(3, axis=2)
    finest = [t for t in tiles_of(image, SIZE, finest_px=200.0) if t.scale_xy[0] == 1.0]
    assert len(finest) > 4
    for tile in finest:
        there = tile.image_from_tile(np.array([10.5, 3.5]))
        assert tile.pixels[3, 10, 0] == int(there[0])


def test_a_finer_tile_answers_for_small_faces_only() -> None:
    tiles = list(tiles_of(np.zeros((200, 200, 3), np.uint8), SIZE, finest_px=200.0))
    assert tiles[0].largest_px == math.inf and tiles[0].pixels.shape == (SIZE, SIZE, 3)
    assert all(tile.largest_px < SIZE for tile in tiles[1:])


@given(st.integers(1, 3000), st.integers(1, 3000), st.floats(1.0, 4000.0))
def test_the_number_of_tiles_is_linear_in_the_area(width: int, height: int, finest: float) -> None:
    longer = max(width, height)
    sides = level_sides(longer, 320, finest)
    tiles = 0
    for side in sides:
        across = [max(1, round(each * side / longer)) for each in (width, height)]
        tiles += int(np.prod([max(1, math.ceil((each - 320) / 256) + 1) for each in across]))
    area = (min(finest, longer) / longer) ** 2 * width * height
    assert tiles <= 1 + 2 * len(sides) + 6 * (area / 320**2 + 2 * min(finest, longer) / 320)
