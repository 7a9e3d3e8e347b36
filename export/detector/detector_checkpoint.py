"""Turn a finished run of the detector into a checkpoint with its spec."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from frsdk._version import __version__
from frsdk.specs.detector_spec import DetectorSpec
from frsdk.specs.model_spec import ArchitectureSpec

from ..checkpoints.checkpoint_file import save_checkpoint
from ..checkpoints.weights_origin import licence_from, origin_fields
from ..datasets.data_provenance import DataProvenance
from .detector_trainer import DetectorTrainer
from .face_stock import FaceStock

# docs/notes/detector.md says how these were chosen.
MIN_SCORE = 0.5
MAX_IOU = 0.4
BOX_RULE = (1.123, 0.0, 0.116)


def write_detector(
    trainer: DetectorTrainer, stock: FaceStock, data: DataProvenance, path: Path
) -> None:
    """Write the averaged weights of a run as ``.pth`` with a spec.

    Args:
        trainer: The finished run.
        stock: The faces that it was trained on.
        data: What the faces are, as far as their folder says it.
        path: The file to write.
    """
    config = trainer.config
    spec = DetectorSpec(
        architecture=ArchitectureSpec(config.architecture, config.arguments),
        min_score=MIN_SCORE,
        max_iou=MAX_IOU,
        box_rule=BOX_RULE,
        training={
            **asdict(config),
            "faces": len(stock),
            "backgrounds": len(trainer.backgrounds),
            **data.as_fields(),
            **origin_fields(trainer.began_from),
        },
        licence=licence_from(trainer.began_from, data),
        producer=f"frsdk {__version__}",
    )
    save_checkpoint(path, trainer.average.eval(), spec)
