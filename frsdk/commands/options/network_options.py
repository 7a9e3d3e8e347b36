"""Options of the commands that open a reconstructor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import reduce
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar  # Any: options by name

import click

from ...imaging.read_image import DEFAULT_MAX_PIXELS
from .finite_range import FiniteRange

if TYPE_CHECKING:
    from ...reconstructor import FaceReconstructor

P = ParamSpec("P")
R = TypeVar("R")

_OPTIONS = (
    click.option(
        "--min-face",
        type=FiniteRange(min=1),
        metavar="PX",
        help="Find faces from this size on; smaller is slower [default: 24, in large photos more].",
    ),
    click.option(
        "--any-orientation",
        is_flag=True,
        help="Find faces on their side and upside down too; takes four looks.",
    ),
    click.option(
        "--min-score", type=FiniteRange(), metavar="S", help="Drop detections below this score."
    ),
    click.option(
        "--detector",
        metavar="builtin|builtin-open|FILE.onnx",
        help="Face detector [default: that of --weights].",
    ),
    click.option(
        "--weights",
        type=click.Choice(["research", "open"]),
        help="Built-in network: research (default, not for products) or open.",
    ),
    click.option(
        "--engine",
        "--network",
        "engine",
        metavar="builtin|builtin-open|fp32|fp16|int8|FILE",
        help="Precision of the built-in network, or an .onnx or .engine file [default: built in].",
    ),
    click.option(
        "--backend", default="auto", show_default=True, metavar="NAME", help="What runs it."
    ),
    click.option("--device", type=click.Choice(["cpu", "gpu"]), help="Limits what auto may take."),
    click.option("--cuda-graph", is_flag=True, help="Record a GPU's work and replay it."),
    click.option("--face-model", metavar="FILE.npz", help="Face model [default: built in]."),
    click.option(
        "--threads",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        metavar="N",
        help="Threads of the network.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkOptions:
    """What `network_options` adds to a command, as `FaceReconstructor` names it."""

    min_face: float | None
    any_orientation: bool
    min_score: float | None
    detector: str | None
    weights: str | None
    engine: str | None
    backend: str
    device: str | None
    cuda_graph: bool
    face_model: str | None
    threads: int

    @classmethod
    def taken_from(cls, options: dict[str, Any]) -> NetworkOptions:
        """Take them out of the options that click gives a command."""
        return cls(**{each.name: options.pop(each.name) for each in fields(cls)})

    def open(self, max_faces: int | None) -> FaceReconstructor:
        """The reconstructor that they describe."""
        from ...reconstructor import FaceReconstructor

        return FaceReconstructor(**self.named(max_faces))

    def named(self, max_faces: int | None) -> dict[str, Any]:
        """The options of :class:`~frsdk.FaceReconstructor` by name."""
        from ...detectors.turned_copies import RIGHT_ANGLES

        return {
            "weights": self.weights,
            "engine": self.engine,
            "backend": self.backend,
            "device": self.device,
            "cuda_graph": self.cuda_graph,
            "face_model": self.face_model,
            "detector": self.detector,
            "threads": self.threads,
            "max_faces": max_faces,
            "min_score": self.min_score,
            "min_face_px": self.min_face,
            "orientations": RIGHT_ANGLES if self.any_orientation else (0,),
        }


def network_options(command: Callable[P, R]) -> Callable[P, R]:
    """Add the options; the command makes `NetworkOptions` of their values."""
    return reduce(lambda decorated, option: option(decorated), reversed(_OPTIONS), command)


def max_pixels_option(things: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The option that refuses what would take too much memory; `things` names it in the help."""
    return click.option(
        "--max-pixels",
        type=click.IntRange(min=1),
        default=DEFAULT_MAX_PIXELS,
        show_default=True,
        metavar="N",
        help=f"Refuse {things} with more pixels.",
    )


def batch_size_option(default: int, help_text: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The option that says how many pictures share a call on Ray."""
    return click.option(
        "--batch-size",
        type=click.IntRange(min=1),
        default=default,
        show_default=True,
        metavar="N",
        help=help_text,
    )


def address_option(command: Callable[P, R]) -> Callable[P, R]:
    """The option that says which Ray cluster does the work."""
    option = click.option(
        "--address",
        metavar="auto|HOST:PORT",
        help="A Ray cluster [default: one of this machine's own].",
    )
    return option(command)
