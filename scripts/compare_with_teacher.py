#!/usr/bin/env python3
"""Print a network's accuracy on held-out crops beside its teacher's; fail where it is worse.

    scripts/compare_with_teacher.py ../shared/data [--network FILE] [-o FOLDER]

The folder holds faces/ (val.npz and its shards) and teacher/ (3DDFA_V2's MobileNetV1 x0.5 and its
68-point basis). Exit code 1 when a bound does not hold. About a minute on one core.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from frsdk import FrsdkError, MorphableModel
from frsdk.benchmarks.accuracy.compared_networks import NetworkChoice
from frsdk.benchmarks.accuracy.evaluation_defaults import EvaluationOptions
from frsdk.benchmarks.accuracy.run_evaluation import evaluate, write_evaluation
from frsdk.benchmarks.accuracy.teacher_bounds import comparison_table, comparisons
from frsdk.benchmarks.protocols.labelled_shards import read_shards
from frsdk.export.checkpoints.import_3ddfa_v2_network import import_3ddfa_network
from frsdk.export.checkpoints.onnx_export import export_onnx
from frsdk.export.facemodel.import_3ddfa_face_model import import_sparse_3ddfa


def main() -> None:
    """Parse, compare, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="../shared/data")
    parser.add_argument("--network", type=Path, help=".onnx or .pth [default: built in]")
    parser.add_argument("--face-model", type=Path, action="append", default=[], help=".npz")
    parser.add_argument("--subset", default="val", help="label file without .npz [default: val]")
    parser.add_argument("-o", "--output", type=Path, help="folder for the whole report")
    arguments = parser.parse_args()
    try:
        holds = compare(arguments)
    except FrsdkError as error:
        sys.exit(f"compare_with_teacher: {' '.join(str(error).split())}")
    sys.exit(0 if holds else 1)


def compare(arguments: argparse.Namespace) -> bool:
    """Print the table; whether every bound holds."""
    with tempfile.TemporaryDirectory() as folder:
        basis = arguments.data / "teacher" / "bfm68.npz"
        model = import_sparse_3ddfa(basis)
        weights = arguments.data / "teacher" / "mb05_120x120.npz"
        network, spec = import_3ddfa_network(weights, basis, model)
        teacher = export_onnx(network, spec, Path(folder) / "teacher.onnx").path
        evaluation = evaluate(
            read_shards(arguments.data / "faces", arguments.subset),
            EvaluationOptions(
                networks=[
                    NetworkChoice("network", arguments.network),
                    NetworkChoice("teacher", teacher),
                ],
                face_models=[model, *map(MorphableModel.load, arguments.face_model)],
            ),
        )
        rows = comparisons(*evaluation.report.scores)
        print("\n".join(comparison_table(rows)))
        if arguments.output:
            write_evaluation(evaluation, arguments.output)
    return all(row.holds for row in rows)


if __name__ == "__main__":
    main()
