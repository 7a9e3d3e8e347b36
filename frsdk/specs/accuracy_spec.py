"""AccuracySpec: what a converted network was measured to lose against FP32."""

from __future__ import annotations

from dataclasses import dataclass

from .json_fields import JsonFields

RAN_ENGINE = "engine"
RAN_ONNX = "onnx"
RAN_ONNX_ONLY = "onnx (engine not run)"

_RAN = (RAN_ENGINE, RAN_ONNX, RAN_ONNX_ONLY)


@dataclass(frozen=True, slots=True)
class AccuracySpec:
    """Distances between an artefact's results and those of the FP32 network, on the same crops.

    The percentages are of sqrt(w h) of the landmarks' box; None where the network's face model was
    not at hand, so that nothing could be decoded.

    Attributes:
        params_rms: Root mean square difference of the whitened parameters.
        crops: How many were compared.
        crops_sha256: Digest of their pixels.
        source: What they were, such as ``"16 renderings, sample photo"``.
        ran: ``"engine"``, ``"onnx"``, or ``"onnx (engine not run)"`` where the building machine
            could not run the engine and its ONNX graph was measured in its place.
        nme_percent: The artefact's NME against the truth about the crops.
        nme_drift_points: That NME minus FP32's against the same truth, in percentage points:
            positive where the artefact is worse.
        landmarks_percent: Mean distance of the 68 landmarks from FP32's, x and y.
        vertices_percent: Mean distance of the vertices from FP32's, x, y and z.
    """

    params_rms: float
    crops: int
    crops_sha256: str
    source: str
    ran: str
    nme_percent: float | None = None
    nme_drift_points: float | None = None
    landmarks_percent: float | None = None
    vertices_percent: float | None = None

    @property
    def summary(self) -> str:
        """The figure that counts, in a few words."""
        if self.nme_drift_points is None:
            return f"parameters {self.params_rms:.4f} rms from fp32"
        return f"NME {self.nme_drift_points:+.3f} points against fp32"

    def line(self) -> str:
        """Everything but the digest, for people."""
        found = [self.summary]
        if self.nme_percent is not None:
            found[0] += f" ({self.nme_percent:.2f} %)"
            found.append(f"parameters {self.params_rms:.4f} rms")
        for name, value in (
            ("landmarks", self.landmarks_percent),
            ("vertices", self.vertices_percent),
        ):
            if value is not None:
                found.append(f"{name} {value:.3f} % of the face")
        return f"{', '.join(found)}; {self.crops} crops ({self.source}); ran: {self.ran}"


def accuracy_from_fields(part: JsonFields) -> AccuracySpec:
    """Take the fields of the spec's part `accuracy`.

    Raises:
        SpecError: One is missing or wrong.
    """
    return AccuracySpec(
        params_rms=part.number("params_rms"),
        crops=part.integer("crops", minimum=1),
        crops_sha256=part.text("crops_sha256"),
        source=part.text("source"),
        ran=part.choice("ran", _RAN),
        nme_percent=part.number_or_none("nme_percent"),
        nme_drift_points=part.number_or_none("nme_drift_points"),
        landmarks_percent=part.number_or_none("landmarks_percent"),
        vertices_percent=part.number_or_none("vertices_percent"),
    )
