"""Text: the outline has the advances of the fill, so that no digit is doubled."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk.rendering.outlined_text import draw_text

WHITE = (255, 255, 255)


def drawn(
    text: str, height_px: float, outline_px: int, background: int = 128, **options: object
) -> np.ndarray:
    image = np.full((80, 700, 3), background, np.uint8)
    draw_text(
        image,
        text,
        options.pop("at_xy", (20, 50)),  # type: ignore[arg-type]
        colour=WHITE,
        height_px=height_px,
        outline_px=outline_px,
        **options,  # type: ignore[arg-type]
    )
    return image


def fill(image: np.ndarray) -> np.ndarray:
    return (image > 225).all(axis=2)


@pytest.mark.parametrize("height_px", [12, 19, 26, 40])
@pytest.mark.parametrize("text", ["yaw +12  pitch -36  roll -14", "roll -14", "-36"])
def test_glyphs_of_outlined_text_lie_where_those_of_plain_text_do(
    text: str, height_px: int
) -> None:
    outline_px = max(1, height_px // 12)
    outlined = drawn(text, height_px, outline_px)
    plain = drawn(text, height_px, 0, background=20)  # the outline's colour: the same edges
    np.testing.assert_array_equal(fill(outlined).sum(axis=0), fill(plain).sum(axis=0))
    # The outline is around the fill and nowhere else: no column of it is far from a glyph's.
    columns = np.flatnonzero((plain > 60).any(axis=(0, 2)))
    dark = np.flatnonzero((outlined < 110).any(axis=(0, 2)))
    reach = np.abs(dark[:, None] - columns[None]).min(axis=1).max()
    assert reach <= outline_px + 2
    assert dark.min() < columns.min() and dark.max() > columns.max()


def test_a_digit_more_makes_the_text_longer() -> None:
    """What "-14" and "-144" look like: the outline of the one is not that of the other."""
    short, long = drawn("roll -14", 26, 2), drawn("roll -144", 26, 2)
    ends = [np.flatnonzero((each != 128).any(axis=(0, 2))).max() for each in (short, long)]
    assert ends[1] - ends[0] > 8
    np.testing.assert_array_equal(short[:, : ends[0] - 6], long[:, : ends[0] - 6])


def test_centred_text_and_text_over_the_edge() -> None:
    image = drawn("y", 40, 2, at_xy=(300, 40), centred=True)
    rows, columns = np.nonzero((image != 128).any(axis=2))
    assert (columns.min() + columns.max()) / 2 == pytest.approx(300, abs=1)
    assert (rows.min() + rows.max()) / 2 == pytest.approx(40, abs=1)
    for at_xy in ((-10, 30), (695, 79), (20, -3), (20, 900), (-9000, 30)):
        assert drawn("pitch -36", 40, 2, at_xy=at_xy).shape == (80, 700, 3)
    part = drawn("pitch -36", 40, 2, at_xy=(-30, 50))
    np.testing.assert_array_equal(
        part[:, :600], drawn("pitch -36", 40, 2, at_xy=(20, 50))[:, 50:650]
    )


def test_colours_are_taken_as_they_are() -> None:
    image = np.full((80, 200, 3), 10, np.uint8)
    draw_text(image, "l", (90, 60), colour=(40, 90, 250), height_px=60)
    assert (image == (40, 90, 250)).all(axis=2).sum() > 20
    assert (image[:, :80] == 10).all()
