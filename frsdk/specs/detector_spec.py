"""DetectorSpec: the one JSON that travels inside a face detector and says how to use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any  # free-form JSON values, and the fields that `replace` takes

from ..errors import SpecError
from .json_fields import JsonFields, json_line
from .model_spec import (
    SCHEMA_VERSION,
    ArchitectureSpec,
    InputSpec,
    ModelSpec,
    OutputSpec,
    architecture_from_fields,
    check_schema_version,
    input_from_fields,
)

DETECTOR_KIND = "face detector"
N_VALUES = 15
"""What the network says of a cell: score, box (4) and five points (10)."""

# As measured for the first built-in detector, whose file does not state them
# (docs/notes/detector.md has the figures).
SECOND_LOOK = (0.45, 0.75)
FOUR_LOOKS = (0.9, 0.65)

_INPUT = InputSpec(name="images", shape=(3, 320, 320))
_OUTPUT = OutputSpec("cells", (N_VALUES, 2100))
_PRECISIONS = ("fp32", "fp16", "int8")
_PARTS = ("architecture", "input", "output")


@dataclass(frozen=True, slots=True)
class DetectorSpec:
    """How to use a face detector: everything that the runtime needs beside the weights.

    The network looks at a square of `input.size` pixels. At each stride s it has
    (size / s) x (size / s) cells, row by row, one stride after the other. For each cell it gives

    0. the logit of the score,
    1. and 2. the box's centre x and y, from the cell's centre, in strides,
    3. and 4. the logarithm of the box's width and height in strides,
    5. to 14. five points x, y, from the cell's centre, in strides: the person's right eye, left
       eye, nose tip, right and left mouth corner.

    Attributes:
        architecture: What was trained.
        min_score: Default threshold, 0..1.
        max_iou: Boxes that overlap more than this are one face.
        box_rule: Scale, shift_x, shift_y of the `BoxRule` from a box to the network's square.
        second_look: A face that scores from the first up to the second is looked at once more.
        four_looks: A face that scores below the first is looked at in four directions, and needs
            the second there.
        input: The input tensor.
        output: The output tensor, (15, cells).
        strides: Pixels between cells.
        precision: ``"fp32"``, ``"fp16"`` or ``"int8"``.
        calibration_digest: SHA-256 of what an INT8 artefact was calibrated on.
        training: Summary of data and steps.
        licence: Terms of the weights.
        producer: Who wrote the artefact.
        extra: Optional fields that this version does not know, kept as they came.
    """

    architecture: ArchitectureSpec
    min_score: float
    max_iou: float
    box_rule: tuple[float, ...]
    second_look: tuple[float, ...] = SECOND_LOOK
    four_looks: tuple[float, ...] = FOUR_LOOKS
    input: InputSpec = _INPUT
    output: OutputSpec = _OUTPUT
    strides: tuple[int, ...] = (8, 16, 32)
    precision: str = "fp32"
    calibration_digest: str | None = None
    training: Mapping[str, Any] | None = None
    licence: str = ""
    producer: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def replace(self, **changes: Any) -> DetectorSpec:
        """A copy with some fields changed."""
        return replace(self, **changes)

    def to_json(self) -> str:
        """One line of JSON with sorted keys: equal specs give equal text.

        Raises:
            SpecError: A field holds something that JSON has not, such as NaN.
        """
        known = asdict(self)
        document = {**known.pop("extra"), **known}
        document.update(kind=DETECTOR_KIND, schema_version=SCHEMA_VERSION)
        for part in _PARTS:
            document[part] = {**self.extra.get(part, {}), **known[part]}
        return json_line(document)

    @classmethod
    def from_json(cls, text: str, *, source: str) -> DetectorSpec:
        """Read and check a spec.

        Args:
            text: JSON as :meth:`to_json` writes it; unknown fields are kept in ``extra``.
            source: What the spec came from, for messages.

        Raises:
            SpecError: Not JSON, of another kind, a newer schema, or a field that is missing or
                wrong; one line naming the source and the field.
        """
        document = JsonFields.from_text(text, source)
        check_schema_version(document, source)
        if not document.optional("kind") or document.text("kind") != DETECTOR_KIND:
            raise SpecError(
                f"{source}: not a face detector: give the .onnx file of one that "
                "frsdk-train detector made"
            )
        parts = {name: document.part(name) for name in _PARTS}
        digest = "calibration_digest"
        spec = cls(
            architecture=architecture_from_fields(parts["architecture"]),
            min_score=_share(document, "min_score"),
            max_iou=_share(document, "max_iou"),
            box_rule=document.numbers("box_rule", 3),
            second_look=document.numbers("second_look", 2, SECOND_LOOK),
            four_looks=document.numbers("four_looks", 2, FOUR_LOOKS),
            input=input_from_fields(parts["input"], _INPUT),
            output=OutputSpec(parts["output"].text("name"), parts["output"].integers("shape")),
            strides=document.integers("strides"),
            precision=document.choice("precision", _PRECISIONS, "fp32"),
            calibration_digest=document.text(digest) if document.optional(digest) else None,
            training=document.mapping("training") if document.optional("training") else None,
            licence=document.text("licence", "", empty=True),
            producer=document.text("producer", "", empty=True),
        )
        _check_cells(spec, document)
        nested = {name: part.rest for name, part in parts.items() if part.rest}
        return replace(spec, extra={**document.rest, **nested})


def _share(document: JsonFields, name: str) -> float:
    value = document.number(name)
    if not 0.0 <= value <= 1.0:
        document.refuse(name, "a number in 0..1", value)
    return value


def _check_cells(spec: DetectorSpec, document: JsonFields) -> None:
    """The input must hold whole cells, and the output all of them."""
    size = spec.input.size
    if not spec.strides or any(size % stride for stride in spec.strides):
        document.refuse("strides", f"divisors of the input's {size} px", spec.strides)
    wanted = (N_VALUES, sum((size // stride) ** 2 for stride in spec.strides))
    if spec.output.shape != wanted:
        document.refuse("output.shape", str(wanted), spec.output.shape)
    if spec.box_rule[0] <= 0.0:
        document.refuse("box_rule", "a positive scale first", spec.box_rule)


def spec_from_json(text: str, *, source: str) -> ModelSpec | DetectorSpec:
    """Read a spec of either kind.

    Raises:
        SpecError: As :meth:`ModelSpec.from_json` and :meth:`DetectorSpec.from_json`.
    """
    if JsonFields.from_text(text, source).optional("kind"):
        return DetectorSpec.from_json(text, source=source)
    return ModelSpec.from_json(text, source=source)
