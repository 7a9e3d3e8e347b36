"""What shapes a training run: its options and their defaults."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields

from frsdk.errors import InputError

from ..datasets.face_labels import NETWORK_SIZE
from ..runs.seed_range import MOST_SEED

SCHEDULES = ("cosine", "step")
PRECISIONS = ("auto", "float32", "bfloat16", "float16")


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Everything that shapes a run; saved inside the checkpoint.

    Attributes:
        architecture: Name in the registry of networks.
        steps: Updates in all; the cosine schedule ends there.
        batch_size: Crops per update, over all processes.
        learning_rate: Peak of AdamW's rate.
        weight_decay: Of AdamW.
        warm_up_steps: Linear rise of the rate.
        sizes: Sides of the crops, in the order of the run: small ones first, which cost less.
        size_shares: Share of the steps at each of ``sizes``.
        ema_decay: Of the averaged weights, which are the result.
        wpdc_weight: λ1 of the paper's λ1 WPDC + λ2 Wing.
        wing_weight: λ2.
        clip_norm: Largest gradient norm.
        seed: Of weights, order and augmentation.
        save_every: Steps between checkpoints.
        profiling: Share of the faces that are turned to large poses, of those that may turn.
        profiling_pitch_deg: Standard deviation of the nod that turned faces get on top.
        framing: Share of the crops whose sides are cut off over other surroundings.
        covers: Share of the faces that glasses, masks, hats, hands, bars or shade are painted over.
        vdc_weight: Of the vertex distance cost.
        wing_omega: ω of Wing, crop pixels.
        wing_epsilon: ε of Wing, crop pixels.
        dense_vertices: Vertices of the surface, drawn once with the seed, that losses measure
            beside the 68 landmarks.
        annotation_weight: Of Wing on the 68 annotated landmarks, where there are any.
        annotated_draws: How many times as often a crop with the 68 annotated landmarks is drawn.
        fiducial_share: How far labels move from the teacher's points toward CFP's fiducials; of no
            effect in 3DDFA's space, whose labels are ``param62``.
        expression_labels: Lids, brows and lips of near-frontal faces without annotations are
            those of ``train_mediapipe68.npz`` in the folders that have one, and labels are fitted
            closer to lids and lips.
        relative_distance_weight: Of the L1 loss on the way between opposite lids, lips, the
            mouth's corners, and brows and lids, where these are annotated or the mesh's.
        closed_eye_draws: How many times as often a crop with a closed eye is drawn; of effect
            where lids are annotated or the mesh's.
        open_mouth_draws: The same of a crop with a mouth that is open as in speech or wider.
        mesh_labels: All labels are a face mesh's or exact: lids, brows and lips of every face are
            known, depth is a weak prior only.
        consistency_weight: Of the agreement between a crop and its flipped, moved copy.
        schedule: "cosine" to zero, or "step": times ``step_factor`` at each milestone.
        milestones: Shares of the run at which the step schedule drops; 3DDFA's published training
            drops at epochs 30 and 40 of 50.
        step_factor: 3DDFA's is 0.2.
        micro_batches: Parts of each process's share of a batch that pass one after the other.
        precision: Of the forward pass: "auto" is bfloat16 (else float16) on CUDA, float32 on a CPU.
    """

    architecture: str = "mobile_frnet"
    steps: int = 4000
    batch_size: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    warm_up_steps: int = 60
    sizes: tuple[int, ...] = (64, 96, NETWORK_SIZE)
    size_shares: tuple[float, ...] = (0.2, 0.45, 0.35)
    ema_decay: float = 0.99
    wpdc_weight: float = 0.5
    wing_weight: float = 1.0
    clip_norm: float = 5.0
    seed: int = 0
    save_every: int = 50
    profiling: float = 0.0
    profiling_pitch_deg: float = 6.0
    framing: float = 0.0
    covers: float = 0.0
    vdc_weight: float = 0.0
    wing_omega: float = 10.0
    wing_epsilon: float = 2.0
    dense_vertices: int = 0
    annotation_weight: float = 0.0
    annotated_draws: float = 1.5
    fiducial_share: float = 0.4
    expression_labels: bool = False
    relative_distance_weight: float = 0.0
    closed_eye_draws: float = 1.0
    open_mouth_draws: float = 1.0
    mesh_labels: bool = False
    consistency_weight: float = 0.0
    schedule: str = "cosine"
    milestones: tuple[float, ...] = (0.6, 0.8)
    step_factor: float = 0.2
    micro_batches: int = 1
    precision: str = "auto"

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: A value that no run can have; the message names the option.
        """
        for name, allowed in (("schedule", SCHEDULES), ("precision", PRECISIONS)):
            if getattr(self, name) not in allowed:
                raise InputError(
                    f"{name}: expected one of {', '.join(allowed)}, got {getattr(self, name)!r}"
                )
        for name in ("steps", "batch_size", "learning_rate", "wing_omega", "wing_epsilon",
                     "clip_norm", "save_every", "micro_batches", "annotated_draws",
                     "closed_eye_draws", "open_mouth_draws"):  # fmt: skip
            if not getattr(self, name) > 0:
                raise InputError(f"{name}: expected above 0, got {getattr(self, name)}")
        for name in ("dense_vertices", "weight_decay", "warm_up_steps", "wpdc_weight",
                     "wing_weight", "vdc_weight", "annotation_weight", "consistency_weight",
                     "relative_distance_weight", "step_factor"):  # fmt: skip
            if not getattr(self, name) >= 0:
                raise InputError(f"{name}: expected 0 or more, got {getattr(self, name)}")
        if not 0 <= self.seed <= MOST_SEED or any(side < 1 for side in self.sizes):
            raise InputError(
                f"seed, sizes: expected seed of 0 to {MOST_SEED} and sizes >= 1, got {self.seed} "
                f"and {self.sizes}"
            )
        for name, value in asdict(self).items():
            numbers = value if isinstance(value, tuple) else (value,)
            if any(isinstance(each, float) and not math.isfinite(each) for each in numbers):
                raise InputError(f"{name}: expected a finite number, got {value}")
        for name in ("profiling", "framing", "covers", "ema_decay", "fiducial_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name}: expected 0 to 1, got {getattr(self, name)}")
        if not self.sizes or len(self.sizes) != len(self.size_shares):
            raise InputError(
                f"sizes, size_shares: expected as many of each, got {len(self.sizes)} and "
                f"{len(self.size_shares)}"
            )
        if min(self.size_shares) < 0 or abs(sum(self.size_shares) - 1.0) > 1e-6:
            raise InputError(f"size_shares: expected shares that sum to 1, got {self.size_shares}")
        if any(not 0 <= each <= 1 for each in self.milestones):
            raise InputError(f"milestones: expected shares of the run, got {self.milestones}")


def differing_options(a: TrainConfig, b: TrainConfig) -> list[str]:
    """Names of the options in which two configurations differ, with both values."""
    pairs = ((f.name, getattr(a, f.name), getattr(b, f.name)) for f in fields(TrainConfig))
    return [f"{name} {first} / {second}" for name, first, second in pairs if first != second]
