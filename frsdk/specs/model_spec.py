"""ModelSpec: the one JSON that travels inside every artefact and says how to use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any  # free-form JSON values, and the fields that `replace` takes

from ..errors import SpecError
from .accuracy_spec import AccuracySpec, accuracy_from_fields
from .json_fields import JsonFields, json_line

SCHEMA_VERSION = 1
METADATA_KEY = "frsdk.spec"
N_PARAMS = 62
N_LANDMARKS = 68
N_SIGNATURE = 102  # two numbers of the mean and of each of the 50 modes
CROP_RULE = "landmark-square-sqrt2"

_PRECISIONS = ("fp32", "fp16", "int8")
_PARTS = ("architecture", "face_model", "input", "output", "decoder", "accuracy")
_OPTIONAL_PARTS = ("decoder", "accuracy")
_OMITTED = (*_OPTIONAL_PARTS, "weight_bits")  # left out where they are None
_MIN_SIZE = 8
_N_TENSORS = 4  # of a graph that decodes: crops, parameters, landmarks, vertices


@dataclass(frozen=True, slots=True)
class ArchitectureSpec:
    """Name of the network in the registry of ``frsdk.export.networks``, and its arguments."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """The name, with the arguments where there are any."""
        told = ", ".join(f"{name} {value}" for name, value in self.arguments.items())
        return f"{self.name} ({told})" if told else self.name


@dataclass(frozen=True, slots=True)
class InputSpec:
    """The network's input: float32, ``(pixel - mean) / std`` per channel.

    Attributes:
        name: Tensor name.
        shape: Channels, height, width of one crop.
        layout: ``"NCHW"``.
        colour_order: ``"BGR"`` or ``"RGB"``.
        mean: Per channel, on the 0..255 scale.
        std: Per channel.
    """

    name: str = "crops"
    shape: tuple[int, ...] = (3, 120, 120)
    layout: str = "NCHW"
    colour_order: str = "BGR"
    mean: tuple[float, ...] = (127.5, 127.5, 127.5)
    std: tuple[float, ...] = (128.0, 128.0, 128.0)

    @property
    def size(self) -> int:
        """Pixels of a side of the square crop."""
        return self.shape[-1]


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """The network's output: whitened parameters."""

    name: str = "whitened_params"
    shape: tuple[int, ...] = (N_PARAMS,)


@dataclass(frozen=True, slots=True)
class DecoderSpec:
    """Further outputs of a graph that decodes: float32 points (n, K, 3) in crop pixels.

    Attributes:
        landmarks: Name of the tensor of the 68 landmarks.
        vertices: Name of the tensor of the face model's vertices.
    """

    landmarks: str = "landmarks"
    vertices: str = "vertices"


@dataclass(frozen=True, slots=True)
class FaceModelRef:
    """Which face model the parameters belong to.

    Attributes:
        name: Its name.
        sha256: Digest of its content.
        n_vertices: Its vertex count.
        landmark_signature: (102,) what its 68 landmarks are known by when the digest differs, as
            :mod:`frsdk.morphable.face_model_match` has it; None in artefacts without it.
    """

    name: str
    sha256: str
    n_vertices: int
    landmark_signature: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """How to use a network: everything that the runtime needs beside the weights.

    Attributes:
        architecture: What was trained.
        face_model: Whose coefficients come out.
        param_mean: (62,) added to the whitened output times ``param_std``.
        param_std: (62,) positive.
        input: The input tensor.
        output: The output tensor.
        decoder: The outputs of a graph that returns points as well; None for parameters alone.
        crop_rule: How a ROI follows from landmarks.
        precision: ``"fp32"``, ``"fp16"`` or ``"int8"``.
        calibration_digest: SHA-256 of what an INT8 artefact was calibrated on.
        weight_bits: Of an INT8 artefact's weights, where that is not 8; see
            :data:`frsdk.backends.cpu_features.FITTING_WEIGHT_BITS`.
        accuracy: What this form was measured to lose against FP32; None for one that was not
            converted, or not measured.
        training: Summary of data, labels and steps.
        licence: Terms of the weights.
        producer: Who wrote the artefact.
        extra: Optional fields that this version does not know, kept as they came; those inside
            `input` and the other parts lie under the part's name.
    """

    architecture: ArchitectureSpec
    face_model: FaceModelRef
    param_mean: tuple[float, ...]
    param_std: tuple[float, ...]
    input: InputSpec = InputSpec()
    output: OutputSpec = OutputSpec()
    decoder: DecoderSpec | None = None
    crop_rule: str = CROP_RULE
    precision: str = "fp32"
    calibration_digest: str | None = None
    weight_bits: int | None = None
    accuracy: AccuracySpec | None = None
    training: Mapping[str, Any] | None = None
    licence: str = ""
    producer: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def output_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name -> shape of each output for one crop: the parameters, then a decoder's points."""
        shapes = {self.output.name: self.output.shape}
        if self.decoder is not None:
            shapes[self.decoder.landmarks] = (N_LANDMARKS, 3)
            shapes[self.decoder.vertices] = (self.face_model.n_vertices, 3)
        return shapes

    def replace(self, **changes: Any) -> ModelSpec:
        """A copy with some fields changed."""
        return replace(self, **changes)

    def to_json(self) -> str:
        """One line of JSON with sorted keys: equal specs give equal text.

        Raises:
            SpecError: A field holds something that JSON has not, such as NaN.
        """
        known = asdict(self)
        document = {**known.pop("extra"), **known, "schema_version": SCHEMA_VERSION}
        for name in _OMITTED:
            if known[name] is None:
                del known[name], document[name]
        if self.face_model.landmark_signature is None:
            del known["face_model"]["landmark_signature"]
        for part in (name for name in _PARTS if name in known):
            document[part] = {**self.extra.get(part, {}), **known[part]}
        return json_line(document)

    @classmethod
    def from_json(cls, text: str, *, source: str) -> ModelSpec:
        """Read and check a spec.

        Args:
            text: JSON as :meth:`to_json` writes it; unknown fields are kept in ``extra``.
            source: What the spec came from, for messages.

        Raises:
            SpecError: Not JSON, a newer schema, or a field that is missing or wrong; one line
                naming the source and the field.
        """
        document = JsonFields.from_text(text, source)
        check_schema_version(document, source)
        if document.optional("kind"):
            kind = document.text("kind")
            raise SpecError(
                f"{source}: holds a {kind}, not a reconstruction network: "
                "give the .onnx file of a network that frsdk-train network made"
            )
        parts = {name: document.part(name) for name in _PARTS[:2]}
        parts.update({name: document.part(name, {}) for name in ("input", "output")})
        parts.update(
            {name: document.part(name) for name in _OPTIONAL_PARTS if document.optional(name)}
        )
        training = document.mapping("training") if document.optional("training") else None
        digest, bits = "calibration_digest", "weight_bits"
        spec = cls(
            architecture=architecture_from_fields(parts["architecture"]),
            face_model=_face_model(parts["face_model"]),
            input=input_from_fields(parts["input"]),
            output=_output(parts["output"]),
            decoder=_decoder(parts["decoder"]) if "decoder" in parts else None,
            param_mean=document.numbers("param_mean", N_PARAMS),
            param_std=document.numbers("param_std", N_PARAMS, positive=True),
            crop_rule=document.choice("crop_rule", [CROP_RULE], CROP_RULE),
            precision=document.choice("precision", _PRECISIONS, "fp32"),
            calibration_digest=document.text(digest) if document.optional(digest) else None,
            weight_bits=document.integer(bits, minimum=1) if document.optional(bits) else None,
            accuracy=accuracy_from_fields(parts["accuracy"]) if "accuracy" in parts else None,
            training=training,
            licence=document.text("licence", "", empty=True),
            producer=document.text("producer", "", empty=True),
        )
        if spec.decoder and len({spec.input.name, *spec.output_shapes}) < _N_TENSORS:
            parts["decoder"].refuse("vertices", "a name for each tensor", spec.decoder.vertices)
        nested = {name: part.rest for name, part in parts.items() if part.rest}
        return replace(spec, extra={**document.rest, **nested})


def check_schema_version(document: JsonFields, source: str) -> None:
    """Take the version of a spec's JSON and refuse a later one.

    Raises:
        SpecError: The version is missing or newer than this frsdk.
    """
    version = document.integer("schema_version", minimum=1)
    if version > SCHEMA_VERSION:
        raise SpecError(
            f"{source}: written by a newer frsdk (schema {version}, this one reads "
            f"{SCHEMA_VERSION}): pip install -U frsdk"
        )


def architecture_from_fields(part: JsonFields) -> ArchitectureSpec:
    """The architecture of a spec's JSON."""
    return ArchitectureSpec(part.text("name"), part.mapping("arguments", {}))


def _face_model(part: JsonFields) -> FaceModelRef:
    count = part.integer("n_vertices", minimum=1)
    signature = "landmark_signature"
    return FaceModelRef(
        part.text("name"),
        part.text("sha256"),
        count,
        part.numbers(signature, N_SIGNATURE) if part.optional(signature) else None,
    )


def input_from_fields(part: JsonFields, usual: InputSpec = InputSpec()) -> InputSpec:
    """The input tensor of a spec's JSON; `usual` fills what it leaves out."""
    shape = part.integers("shape", usual.shape)
    if len(shape) != 3 or shape[0] != 3 or shape[1] != shape[2] or shape[1] < _MIN_SIZE:
        part.refuse("shape", f"(3, side, side) with a side of at least {_MIN_SIZE}", shape)
    return InputSpec(
        name=part.text("name", usual.name),
        shape=shape,
        layout=part.choice("layout", ["NCHW"], usual.layout),
        colour_order=part.choice("colour_order", ["BGR", "RGB"], usual.colour_order),
        mean=part.numbers("mean", 3, usual.mean),
        std=part.numbers("std", 3, usual.std, positive=True),
    )


def _output(part: JsonFields) -> OutputSpec:
    usual = OutputSpec()
    shape = part.integers("shape", usual.shape)
    if shape != (N_PARAMS,):
        part.refuse("shape", f"({N_PARAMS},)", shape)
    return OutputSpec(part.text("name", usual.name), shape)


def _decoder(part: JsonFields) -> DecoderSpec:
    usual = DecoderSpec()
    return DecoderSpec(
        landmarks=part.text("landmarks", usual.landmarks),
        vertices=part.text("vertices", usual.vertices),
    )
