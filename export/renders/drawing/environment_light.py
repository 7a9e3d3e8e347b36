"""Panoramas as light and as blurred surroundings."""

from __future__ import annotations

import base64
import binascii
import functools
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError
from frsdk.installation.optional_packages import missing_package

from ..makehuman.render_sources import damaged

FloatArray = NDArray[np.float32]

_SIZE_WH = (128, 64)  # of a panorama while it serves as light
_BRIGHTEST = 0.02  # share of the sphere that counts as the lamp
# Ramamoorthi and Hanrahan 2001: what a clamped cosine leaves of each band, over pi.
_BANDS = np.array([1.0, *[2.0 / 3.0] * 3, *[0.25] * 5])


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """Light of one picture, in camera space (x right, y up, z toward the camera).

    Attributes:
        harmonics: (9, 3) irradiance over pi in RGB: multiply with `harmonic_basis` of a normal.
        lamp: (3,) unit vector toward the brightest part.
        lamp_colour: (3,) what it adds on a surface that faces it.
    """

    harmonics: FloatArray
    lamp: FloatArray
    lamp_colour: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Panorama:
    """An equirectangular picture of linear light, (h, 2 h, 3) RGB; its middle is seen ahead."""

    pixels: FloatArray

    def light(self, turn: float) -> Light:
        """What it casts after a turn by a share of the full circle."""
        small = cv2.resize(self.pixels, _SIZE_WH, interpolation=cv2.INTER_AREA)
        small = np.roll(small, round(turn * _SIZE_WH[0]), axis=1)
        directions, area = _sphere(_SIZE_WH)
        flat, weight = small.reshape(-1, 3), area.reshape(-1)
        brightness = cv2.GaussianBlur(small, (0, 0), 2.5).mean(axis=2).reshape(-1)
        brightest = np.argsort(-brightness)[: int(_BRIGHTEST * len(brightness))]
        lamp = (directions[brightest] * brightness[brightest, None]).sum(axis=0)
        lamp /= np.linalg.norm(lamp) + 1e-9
        # The lamp's own light leaves the harmonics: it casts shadows instead.
        median = np.median(flat, axis=0)
        extra = np.maximum(flat[brightest] - median, 0.0)
        colour = (extra * weight[brightest, None]).sum(axis=0) / np.pi
        rest = flat.copy()
        rest[brightest] = np.minimum(flat[brightest], median)
        basis = harmonic_basis(directions)
        harmonics = np.einsum("nk,nc,n->kc", basis, rest, weight) * _BANDS[:, None]
        return Light(*(np.asarray(each, np.float32) for each in (harmonics, lamp, colour)))

    def view(self, turn: float, tilt_rad: float, fov_rad: float, size: int) -> FloatArray:
        """(size, size, 3) what a camera sees behind its subject, linear RGB."""
        height, width = self.pixels.shape[:2]
        half = np.tan(fov_rad / 2.0)
        line = (np.arange(size, dtype=np.float32) + 0.5) / size * 2.0 - 1.0
        x, y = np.meshgrid(line * half, -line * half)
        up = y * np.cos(tilt_rad) + np.sin(tilt_rad)
        ahead = np.cos(tilt_rad) - y * np.sin(tilt_rad)
        azimuth = np.arctan2(x, ahead) / (2.0 * np.pi) + 0.5 - turn
        elevation = np.arctan2(up, np.hypot(x, ahead)) / np.pi
        columns = (azimuth % 1.0) * width - 0.5
        rows = (0.5 - elevation) * height - 0.5
        return np.asarray(
            cv2.remap(
                self.pixels,
                columns.astype(np.float32),
                rows.astype(np.float32),
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REFLECT_101,
            ),
            np.float32,
        )


def harmonic_basis(directions: NDArray[np.floating]) -> NDArray[np.float64]:
    """(n, 9) real spherical harmonics of unit vectors (n, 3), bands 0 to 2."""
    x, y, z = (np.asarray(directions[:, k], np.float64) for k in range(3))
    one = np.ones_like(x)
    return np.stack(
        [
            0.282095 * one, 0.488603 * y, 0.488603 * z, 0.488603 * x, 1.092548 * x * y,
            1.092548 * y * z, 0.315392 * (3.0 * z * z - 1.0), 1.092548 * x * z,
            0.546274 * (x * x - y * y),
        ],
        axis=1,
    )  # fmt: skip


def read_panoramas(folder: Path) -> list[Panorama]:
    """The panoramas of the package @pmndrs/assets, in the order of their names.

    Raises:
        InputError: None is there, or one is damaged.
        MissingDependencyError: OpenEXR is not installed.
    """
    paths = sorted(folder.glob("*.exr.js"))
    if not paths:
        raise damaged(folder / "night.exr.js", "no panoramas there")
    return [Panorama(_read_exr(path)) for path in paths]


def _read_exr(path: Path) -> FloatArray:
    try:
        import OpenEXR
    except ImportError as error:
        raise missing_package(error, "OpenEXR", "synth") from error
    try:
        text = path.read_text(encoding="ascii").partition("base64,")[2]
        content = base64.b64decode(text.rstrip("\n;'\""), validate=True)
    except (OSError, ValueError, binascii.Error) as error:
        raise damaged(path, "no picture in base64") from error
    handle, name = tempfile.mkstemp(suffix=".exr")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        with OpenEXR.File(name) as picture:
            pixels = picture.channels()["RGB"].pixels
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise damaged(path, "no readable EXR picture") from error
    finally:
        Path(name).unlink(missing_ok=True)
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise InputError(f"{path}: expected three channels, got {pixels.shape}")
    return np.ascontiguousarray(np.nan_to_num(pixels, posinf=1e4).clip(0.0, 1e4), np.float32)


@functools.lru_cache(maxsize=1)
def _sphere(size_wh: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Directions (h w, 3) and solid angles (h w,) of a panorama's pixels; its middle is at -z."""
    width, height = size_wh
    azimuth = ((np.arange(width) + 0.5) / width - 0.5) * 2.0 * np.pi
    elevation = (0.5 - (np.arange(height) + 0.5) / height) * np.pi
    a, e = np.meshgrid(azimuth, elevation)
    directions = np.stack([np.sin(a) * np.cos(e), np.sin(e), -np.cos(a) * np.cos(e)], axis=-1)
    area = np.cos(e) * (2.0 * np.pi / width) * (np.pi / height)
    return directions.reshape(-1, 3), area.reshape(-1)
