"""``frsdk-train label``: labelled crops of photographs."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from frsdk.commands.console_errors import reports_errors
from frsdk.commands.options.finite_range import FiniteRange

from ..datasets.labelling_defaults import LabelSettings

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)
_DEFAULTS = LabelSettings()


@click.command()
@click.argument("photos", type=_FOLDER)
@click.option("-o", "--output", type=_FOLDER, required=True, help="Folder of crops to write.")
@click.option(
    "--teacher",
    type=click.Choice(["network", "mediapipe"]),
    default="network",
    show_default=True,
    help="mediapipe: its face mesh, near-frontal faces only.",
)
@click.option(
    "--mediapipe",
    type=click.Path(path_type=Path),
    help="The wheel mediapipe 0.10.14 (pip download --no-deps), or its models' folder.",
)
@click.option(
    "--offsets/--no-offsets",
    default=True,
    help="Move the mesh's points to where people put landmarks (default), or leave them.",
)
@click.option(
    "--turned",
    is_flag=True,
    help="Instead of what the mesh sees, faces turned too far for it, by --engine.",
)
@click.option("--data-card", type=_FILE, help="JSON with name and licence, for OUTPUT/card.json.")
@click.option(
    "--engine",
    type=_FILE,
    help="The teacher: an .onnx, builtin (the default) or builtin-open.",
)
@click.option("--face-model", type=_FILE, help="An .npz; the built-in one by default.")
@click.option("--detector", type=_FILE, help="A detector's .onnx; the built-in one by default.")
@click.option("--crops", type=click.IntRange(1), default=_DEFAULTS.crops, show_default=True)
@click.option(
    "--largest-spread",
    type=FiniteRange(0, min_open=True),
    default=_DEFAULTS.largest_spread,
    show_default=True,
    help="Leave out faces whose labels disagree by more than this share of the crop.",
)
@click.option(
    "--least-turn",
    type=FiniteRange(0, 180),
    default=_DEFAULTS.least_turn_deg,
    help="Leave out faces that look less than so many degrees past the camera (not the mesh's).",
)
@click.option("--seed", type=click.IntRange(0), default=_DEFAULTS.seed, show_default=True)
@click.option("--split", type=click.Choice(["train", "val"]), default="train", show_default=True)
@click.option("--bad-share", type=FiniteRange(0, 1), default=0.0, show_default=True)
@reports_errors
def label(
    photos: Path,
    output: Path,
    teacher: str,
    mediapipe: Path | None,
    offsets: bool,
    turned: bool,
    data_card: Path | None,
    engine: Path | None,
    face_model: Path | None,
    detector: Path | None,
    crops: int,
    largest_spread: float,
    least_turn: float,
    seed: int,
    split: str,
    bad_share: float,
) -> None:
    """Make labelled crops of the photographs in PHOTOS with a teacher.

    A card.json of PHOTOS (or --data-card) goes along with the train crops: name and licence of the
    data, and the terms of the network that labels them.
    """
    from frsdk import FaceReconstructor

    from ..datasets.crop_shards import write_shards
    from ..datasets.data_provenance import (
        CARD_NAME,
        card_of_photographs,
        joined_licence,
        write_card,
    )
    from ..datasets.label_photographs import label_photos

    settings = LabelSettings(
        crops=crops, largest_spread=largest_spread, seed=seed, least_turn_deg=least_turn
    )
    _check_teacher(teacher, mediapipe, turned=turned, engine=engine, network=(face_model, detector))
    if least_turn and mediapipe is not None:
        raise click.UsageError("--least-turn is for --teacher network; the mesh has --turned")
    if not offsets and mediapipe is None:
        raise click.UsageError("--no-offsets is of the mesh's points: add --teacher mediapipe")
    if data_card and split != "train":
        raise click.UsageError("--data-card: the card speaks for the train crops: leave it out")
    card = card_of_photographs(photos, data_card)  # refused before an hour of labelling
    counts = ""
    with contextlib.ExitStack() as opened:
        network = None
        if mediapipe is None or turned:
            network = opened.enter_context(
                FaceReconstructor(engine=engine, face_model=face_model, detector=detector)
            )
        if mediapipe is not None:
            from ..labelling.apply_offsets import NO_OFFSETS
            from ..labelling.label_turned_faces import TurnedFaceTeacher
            from ..labelling.mediapipe_teacher import Drops, MediapipeTeacher, label_photos_by_mesh

            drops = Drops()
            faces = label_photos_by_mesh(
                photos,
                MediapipeTeacher(mediapipe, None if offsets else NO_OFFSETS),
                settings,
                turned=TurnedFaceTeacher(network) if network else None,
                drops=drops,
                bad_share=bad_share,
            )
        elif network is not None:
            drops = None
            faces = label_photos(photos, network, settings, bad_share=bad_share)
        written = write_shards(faces, output, split)
        counts = f"; {drops}" if drops else ""
        terms = [(str(photos), card.get("licence", ""))]
        if network:
            terms.append((str(engine or "builtin"), network.backend.spec.licence))
    if card and split == "train":  # the card speaks for what a training reads
        write_card(output / CARD_NAME, card["name"], joined_licence(terms))
    click.echo(f"{output}: {written} {split} crops{counts}")


def _check_teacher(
    teacher: str,
    mediapipe: Path | None,
    *,
    turned: bool,
    engine: Path | None,
    network: tuple[Path | None, Path | None],
) -> None:
    """Refuse options that do not go together."""
    if (teacher == "mediapipe") != (mediapipe is not None):
        raise click.UsageError("--teacher mediapipe and --mediapipe WHEEL belong together")
    if turned and (mediapipe is None or engine is None):
        raise click.UsageError("--turned needs --teacher mediapipe and the --engine that labels")
    if mediapipe is not None and not turned and (engine or any(network)):
        raise click.UsageError("--engine, --face-model, --detector are not for mediapipe")
