"""Every reader of files, and small good files for each.

`tests/fuzz/test_readers.py` runs it for seconds, `scripts/fuzz` for as long as it is told.
"""

from __future__ import annotations

from frsdk.installation.asset_files import FACE_DETECTOR, asset_path

from .damaged_files import Reader
from .label_files import (
    arrays,
    landmark_json,
    mats,
    pickles,
    points,
    read_arrays,
    read_landmark_json,
    read_mat,
    read_pickle,
    read_points,
)
from .model_files import (
    checkpoints,
    engine_headers,
    engines,
    face_models,
    networks,
    read_checkpoint,
    read_detector,
    read_engine,
    read_engine_header,
    read_face_model,
    read_network,
    read_spec,
    read_to_build,
    specs,
)
from .picture_files import heic, pictures, read_picture, read_tar, read_video, tars, videos
from .table_files import (
    bench_reports,
    calibration_tables,
    group_tables,
    meshes,
    parquet_parts,
    predictions,
    read_bench_report,
    read_calibration_table,
    read_group_table,
    read_mesh,
    read_parquet_part,
    read_prediction,
)
from .training_files import (
    data_cards,
    read_data_card,
    read_training_config,
    read_training_labels,
    read_training_shard,
    read_training_state,
    training_configs,
    training_labels,
    training_shards,
    training_states,
)


def _readers() -> dict[str, Reader]:
    from frsdk.storage.array_unpickler import PickleError

    return {
        "pictures": Reader(pictures, ".png", read_picture),
        "heic": Reader(heic, ".heic", read_picture),
        "face models": Reader(face_models, ".npz", read_face_model),
        "networks": Reader(networks, ".onnx", read_network),
        "networks to build": Reader(networks, ".onnx", read_to_build),
        "detectors": Reader(
            lambda: [asset_path(FACE_DETECTOR).read_bytes()], ".onnx", read_detector
        ),
        "engines": Reader(engines, ".engine", read_engine),
        "engine headers": Reader(engine_headers, ".engine", read_engine_header, text=True),
        "pickles": Reader(pickles, ".pkl", read_pickle, (PickleError,)),
        "arrays": Reader(arrays, ".npy", read_arrays),
        "checkpoints": Reader(checkpoints, ".pth", read_checkpoint),
        "tars": Reader(tars, ".tar", read_tar),
        "mat labels": Reader(mats, ".mat", read_mat),
        "points": Reader(points, ".pts", read_points, text=True),
        "landmark json": Reader(landmark_json, ".json", read_landmark_json, text=True),
        "videos": Reader(videos, ".mp4", read_video),
        "specs": Reader(specs, ".json", read_spec, text=True),
        "training labels": Reader(training_labels, ".npz", read_training_labels),
        "training shards": Reader(training_shards, ".tar", read_training_shard),
        "training states": Reader(training_states, ".pth", read_training_state),
        "training configs": Reader(training_configs, ".json", read_training_config, text=True),
        "data cards": Reader(data_cards, ".json", read_data_card, text=True),
        "calibration tables": Reader(
            calibration_tables, ".json", read_calibration_table, text=True
        ),
        "predictions": Reader(predictions, ".damaged", read_prediction, text=True),
        "group tables": Reader(group_tables, ".csv", read_group_table, text=True),
        "bench reports": Reader(bench_reports, ".json", read_bench_report, text=True),
        "parquet parts": Reader(parquet_parts, ".parquet", read_parquet_part),
        "meshes": Reader(meshes, ".obj", read_mesh, text=True),
    }


READERS = _readers()
"""Each kind of file by name."""
