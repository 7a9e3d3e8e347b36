"""Small good tables of measures, and their readers."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np

_PICTURES = ("a.jpg", "b.jpg")


def calibration_tables() -> list[bytes]:
    from frsdk.engines.calibration.activation_ranges import METHODS
    from frsdk.engines.calibration.calibration_table import (
        TARGETS,
        CalibrationTable,
        TargetCalibration,
    )

    ranges = {method: {"input": (-1.0, 1.5), "conv_1": (0.0, 6.25)} for method in METHODS}
    target = TargetCalibration(METHODS[0], dict.fromkeys(METHODS, 0.02), 0.01, ("conv_1",))
    table = CalibrationTable("0" * 64, "1" * 64, 100, ranges, dict.fromkeys(TARGETS, target))
    return [table.to_json().encode()]


def read_calibration_table(path: Path) -> object:
    from frsdk.engines.calibration.calibration_table import CalibrationTable

    text = path.read_bytes().decode("utf-8", "replace")
    return CalibrationTable.from_json(text, source=str(path)).to_json()


def predictions() -> list[bytes]:
    points = np.arange(136.0).reshape(68, 2)
    text = {"a.jpg": points.tolist(), "b.jpg": {"landmarks": points.tolist()}, "c.jpg": None}
    buffer = io.BytesIO()
    np.savez(buffer, name=np.array(_PICTURES), landmarks=np.stack([points, points]))
    return [json.dumps(text).encode(), buffer.getvalue()]


def read_prediction(path: Path) -> object:
    from frsdk.benchmarks.accuracy.read_predictions import read_predictions

    content = path.read_bytes()
    named = path.with_name("copy.npz" if content[:2] == b"PK" else "copy.json")
    named.write_bytes(content)
    return read_predictions(named, _PICTURES)


def group_tables() -> list[bytes]:
    return [b'file,skin,age\na.jpg,"light, warm",young\nb.jpg,dark,old\n']


def read_group_table(path: Path) -> object:
    from frsdk.benchmarks.accuracy.group_figures import read_groups

    return read_groups(path, _PICTURES)


def bench_reports() -> list[bytes]:
    rows = [["onnxruntime fp32", 4.5, 1.0], ["onnxruntime fp16", 3.0, 0.67]]
    table = {"key": "engines", "columns": ["engine", "ms", "ratio"], "rows": rows}
    return [json.dumps({"frsdk": "0.9", "tables": [table]}).encode()]


def read_bench_report(path: Path) -> object:
    from frsdk.benchmarks.speed.reporting.compare_runs import compare_table, read_report
    from frsdk.benchmarks.speed.reporting.report_tables import Table

    now = Table("engines", "", ("engine", "ms", "ratio"), [("onnxruntime fp32", 4.0, 1.0)])
    return compare_table([now], read_report(path), str(path))


def parquet_parts() -> list[bytes]:
    import tempfile

    from frsdk.scale.face_columns import broken_row, table_of
    from frsdk.scale.parquet_parts import ParquetParts

    with tempfile.TemporaryDirectory() as name:
        parts = ParquetParts(Path(name), {"network": "x"})
        parts.add(table_of([broken_row("a.jpg", "damaged"), broken_row("b.jpg", "none")]))
        parts.flush()
        return [(Path(name) / "part-00000.parquet").read_bytes()]


def read_parquet_part(path: Path) -> object:
    from frsdk.scale.parquet_parts import ParquetParts

    folder = path.parent / "parts"
    folder.mkdir(exist_ok=True)
    (folder / "part-00000.parquet").write_bytes(path.read_bytes())
    return ParquetParts(folder, {"network": "x"}).recorded()


def meshes() -> list[bytes]:
    lines = [*(f"v {x} {y / 3:.3f} 0.5" for x in range(3) for y in range(3)),
             "vt 0.5 0.5", "f 1/1 2/1 5/1 4/1", "f 2 3 6"]  # fmt: skip
    return ["\n".join(lines).encode()]


def read_mesh(path: Path) -> object:
    from frsdk.export.facemodel.import_ict_face_model import obj_triangles, obj_vertices

    return obj_vertices(path), obj_triangles(path)
