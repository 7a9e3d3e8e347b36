"""The networks by name: what a spec's architecture refers to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any  # keyword arguments come from JSON

from torch import nn

from frsdk.errors import SpecError

from .damdnet import DAMDNet
from .densenet import DenseNet121
from .detector_network import FaceDetector
from .mobile_frnet import MobileFRNet
from .mobilenet_v1 import MobileNetV1
from .resnext import ResNeXt50

_MOBILENET_V2: dict[str, Any] = {"kernels": (3,), "spatial_groups": 0, "channel_width": 0.0}

#: Name in a spec -> constructor and the arguments that make the variant.
_REGISTRY: dict[str, tuple[Callable[..., nn.Module], dict[str, Any]]] = {
    "face_detector": (FaceDetector, {}),
    "mobile_frnet": (MobileFRNet, {}),
    "mobile_frnet_no_attention": (MobileFRNet, {"spatial_groups": 0, "channel_width": 0.0}),
    "mobilenet_v2": (MobileFRNet, _MOBILENET_V2),
    "mobilenet_v2_projected": (MobileFRNet, {**_MOBILENET_V2, "projected": True}),
    "mobilenet_v1": (MobileNetV1, {}),
    "resnext50": (ResNeXt50, {}),
    "densenet121": (DenseNet121, {}),
    "damdnet": (DAMDNet, {}),
}

NETWORK_NAMES = tuple(sorted(_REGISTRY))


def build_network(name: str, arguments: Mapping[str, Any] | None = None) -> nn.Module:
    """Build a network with fresh weights.

    Args:
        name: One of :data:`NETWORK_NAMES`.
        arguments: Keyword arguments of the variant, as a spec's architecture holds them.

    Raises:
        SpecError: Unknown name or argument.
    """
    if name not in _REGISTRY:
        raise SpecError(
            f"unknown architecture {name!r}: expected one of {', '.join(NETWORK_NAMES)}"
        )
    constructor, fixed = _REGISTRY[name]
    try:
        return constructor(**{**fixed, **(arguments or {})})
    except (TypeError, ValueError) as error:
        raise SpecError(f"architecture {name!r}: {error}") from error
