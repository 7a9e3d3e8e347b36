"""The dense decode, and how far from the machine's limits everything is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import numpy as np

from frsdk import FaceReconstructor, MorphableModel
from frsdk.errors import MissingDependencyError, SpecError
from frsdk.face import Face
from frsdk.morphable.int8_decoder import IntegerDecoder

from ..measuring.bench_photo import Photo
from ..measuring.interleaved_timing import Case, Samples, interleaved
from ..measuring.machine_ceilings import Ceilings, read_gbs
from ..measuring.pipeline_stages import decode_case
from ..peers.pipeline_3ddfa_v2 import VERTICES, V2Decoder, model_of_size
from ..peers.untrained_networks import count_layers
from ..reporting.report_tables import Cell, Table

LARGE_VERTICES = 200_000  # a basis of 122 MB, over any last-level cache here


def decode_table(
    engine: FaceReconstructor, photo: Photo, rounds: int, on: Callable[[], None]
) -> Table:
    """Dense vertices of one face by 3DDFA_V2's formula, in FP32 and in 8 bits."""
    (face,) = engine(photo.image, rois=[photo.roi])
    columns = (
        "vertices",
        "decoder",
        "p50 ms",
        "ratio",
        "basis GB/s",
        "% of a read",
        "largest error",
    )
    rows: list[tuple[Cell, ...]] = []
    for vertices in (face.face_model.n_vertices, VERTICES, LARGE_VERTICES):
        model = model_of_size(face.face_model, vertices)
        integer = IntegerDecoder(model)
        cases = decoders(face, model, integer)
        samples = interleaved(cases, rounds=max(7, rounds // 3), on_round=on)
        base = samples["3DDFA_V2's formula"]
        size = {"fp32": model.basis.nbytes, "int8": model.basis[:1].nbytes + integer.nbytes}
        for name, each in samples.items():
            gbs = size.get(name, model.basis.nbytes) / each.median_ms / 1e6
            share = gbs / read_gbs(size.get(name, model.basis.nbytes)) * 100
            error = integer.error if name == "int8" else None
            rows.append((vertices, name, each.median_ms, each.ratio_to(base), gbs, share, error))
    note = (
        "One face into memory that is there, one thread. Sizes other than the first repeat the "
        "built-in model's vertices. Ratio: to 3DDFA_V2's formula (our re-statement). Error: "
        "largest distance to FP32 over seeded faces, as a share of the face's size. % of a read: "
        "of the rate at which an array of the basis' size is read again and again in the same run."
    )
    return Table("decode", "Dense vertices", columns, rows, note)


def decoders(face: Face, model: MorphableModel, integer: IntegerDecoder) -> dict[str, Case]:
    """The three ways as cases on one face's parameters."""
    formula = V2Decoder(model.basis)
    sized = Face(
        params=face.params,
        landmarks=face.landmarks,
        pose=face.pose,
        box=face.box,
        roi=face.roi,
        score=face.score,
        face_model=model,
        crop_size=face.crop_size,
    )
    return {
        "3DDFA_V2's formula": lambda: formula(face.params, face.roi),
        "fp32": decode_case(sized, model),
        "int8": decode_case(sized, integer),
    }


def limits_table(
    engines: Mapping[str, FaceReconstructor],
    samples: Mapping[str, Samples],
    ceilings: Ceilings,
    bounded: Collection[str],
) -> Table:
    """Achieved arithmetic of the networks at batch 1 over the ceiling of a matrix product.

    Args:
        engines: By name.
        samples: Times of a call at batch 1, by name.
        ceilings: Of one thread in FP32.
        bounded: Names of the engines that these ceilings bound; others have no share.
    """
    columns = ("what", "achieved", "ceiling", "%")
    rows: list[tuple[Cell, ...]] = []
    note = (
        f"Ceilings of this run, one thread: {ceilings.gflops:.1f} GFLOP/s FP32 (matrix product, "
        "the faster of NumPy's and ONNX Runtime's; no bound of 8 bits, more threads or a GPU), "
        f"{ceilings.copy_gbs:.1f} GB/s copied, {ceilings.read_gbs:.1f} GB/s read."
    )
    for name, engine in engines.items():
        spec = engine.backend.spec
        try:
            flops = count_layers(spec.architecture.name, dict(spec.architecture.arguments))[
                -1
            ].flops
        except MissingDependencyError as error:
            note += f" Operations of the networks are not counted: {error}."
            break
        except SpecError:
            note += f" {name}: its architecture is not in the registry, so it is not counted."
            continue
        achieved = float(flops / np.median(samples[name].seconds) / 1e9)
        what = f"{name}, batch 1, GFLOP/s"
        if name in bounded:
            share = achieved / ceilings.gflops * 100
            rows.append((what, achieved, ceilings.gflops, share))
        else:
            rows.append((what, achieved, None, None))
    return Table("limits", "Distance to the limits", columns, rows, note)
