"""Parameters and operations: of each layer group, and beside the paper's table."""

from __future__ import annotations

from frsdk import ModelSpec
from frsdk.errors import SpecError

from ..peers.untrained_networks import LayerCounts, count_layers
from ..reporting.report_tables import Cell, Table

_GIGA, _MEGA = 1e9, 1e6

#: Registry name -> the paper's name, its million parameters and its "GFLOPs" (Li et al., ICPR
#: 2020); None where we have no published figure at hand.
PUBLISHED: dict[str, tuple[str, float | None, float | None]] = {
    "resnext50": ("ResNeXt50", 23.11, 1.319),
    "mobilenet_v2_projected": ("MobileNetV2, projection shortcuts", 2.38, None),
    "densenet121": ("DenseNet121", 7.02, 0.800),
    "mobile_frnet_no_attention": ("Mobile-FRNet without attention", 2.40, 0.110),
    "mobile_frnet": ("Mobile-FRNet", 2.60, 0.120),
    "damdnet": ("DAMDNet (our re-statement)", None, None),
    "mobilenet_v2": ("MobileNetV2, plain", None, None),
    "mobilenet_v1": ("MobileNetV1 x 1.0", None, None),
}
_NOTE = (
    "FLOPs are two per multiply-add of convolutions and fully connected layers. The paper counts "
    "one per multiply-add, 4 per batch-normalised element and 1 per ReLU element; its + 0.010 for "
    "attention cannot come from SE and SGE, which are + 0.0002."
)


def group_table(spec: ModelSpec) -> Table:
    """Counts of the engine's own network, per group of layers.

    Raises:
        MissingDependencyError: PyTorch is not installed.
    """
    name = spec.architecture.name
    columns = ("layers", "parameters", "multiply-adds M", "FLOPs M", "as the paper counts M")
    try:
        counts = count_layers(name, dict(spec.architecture.arguments))
    except SpecError:
        note = f"{name} is not in the registry of networks: nothing to count"
        return Table("groups", f"Counts of {name}", columns, [], note)
    rows: list[tuple[Cell, ...]] = [
        (
            each.name,
            each.parameters,
            each.multiply_adds / _MEGA,
            each.flops / _MEGA,
            each.paper_operations / _MEGA,
        )
        for each in counts
    ]
    return Table("groups", f"Counts of {name}, one crop", columns, rows, _NOTE)


def published_table() -> Table:
    """The paper's table, as published and as counted here.

    Raises:
        MissingDependencyError: PyTorch is not installed.
    """
    columns = (
        "network",
        "published M parameters",
        "counted",
        "published GFLOPs",
        "counted as the paper counts",
        "multiply-adds G",
        "FLOPs G",
    )
    rows = [_published_row(name, count_layers(name)[-1]) for name in PUBLISHED]
    return Table("published", "Beside the paper's table", columns, rows, _NOTE)


def _published_row(name: str, counts: LayerCounts) -> tuple[Cell, ...]:
    label, parameters, giga = PUBLISHED[name]
    return (
        label,
        parameters,
        counts.parameters / _MEGA,
        giga,
        counts.paper_operations / _GIGA,
        counts.multiply_adds / _GIGA,
        counts.flops / _GIGA,
    )
