"""Turn a finished run of the detector into a checkpoint with its spec."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from frsdk._version import __version__
from frsdk.specs.detector_spec import DetectorSpec
from frsdk.specs.model_spec import ArchitectureSpec

from ..checkpoints.checkpoint_file import save_checkpoint
from .detector_trainer import DetectorTrainer
from .face_stock import FaceStock

RESEARCH_ONLY = (
    "research use only: trained on AAF, UTKFace, CFP, HELEN, AFW and YouTube-Faces pictures; "
    "see MODEL_CARD.md"
)

# docs/detector.md says how these were chosen.
MIN_SCORE = 0.5
MAX_IOU = 0.4
BOX_RULE = (1.123, 0.0, 0.116)


def write_detector(trainer: DetectorTrainer, stock: FaceStock, path: Path) -> None:
    """Write the averaged weights of a run as ``.pth`` with a spec.

    Args:
        trainer: The finished run.
        stock: The faces that it was trained on.
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
        },
        licence=RESEARCH_ONLY,
        producer=f"frsdk {__version__}",
    )
    save_checkpoint(path, trainer.average.eval(), spec)
