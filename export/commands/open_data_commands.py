"""``frsdk-train select-congress`` and ``calibrate-mesh``: open data, made ready for labels."""

from __future__ import annotations

from pathlib import Path

import click

from frsdk.commands.console_errors import reports_errors

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("repository", type=_FOLDER)
@click.option("-o", "--output", type=_FOLDER, required=True, help="Folder of portraits to write.")
@reports_errors
def select_congress(repository: Path, output: Path) -> None:
    """Take the portraits of REPOSITORY (voteview/member_photos) that are in the public domain.

    Members who left Congress by 1927, and the official portraits since 1987; the rest stays. The
    folder gets a data card and is for `frsdk-train label`.
    """
    from ..labelling.congress_portraits import TERMS, select_portraits

    click.echo(f"{output}: {select_portraits(repository, output)}")
    click.echo(f"terms: {TERMS}")


@click.command()
@click.argument("faces", type=_FOLDER)
@click.option(
    "--templates",
    type=_FOLDER,
    multiple=True,
    required=True,
    help="WebMorph templates (.tem) and photographs; may be repeated.",
)
@click.option(
    "--mediapipe",
    type=click.Path(path_type=Path),
    required=True,
    help="The wheel mediapipe 0.10.14, or its models' folder.",
)
@click.option(
    "--face-model", type=click.Path(path_type=Path, dir_okay=False), required=True, help="An .npz."
)
@reports_errors
def calibrate_mesh(
    faces: Path, templates: tuple[Path, ...], mediapipe: Path, face_model: Path
) -> None:
    """Print the offsets from MediaPipe's points to the 68 landmarks, 1e-4 of the eyes' distance.

    FACES are crops that `label --teacher mediapipe --no-offsets` made. People's templates say where
    outlines lie across; along them, on the nose and in depth it is the face model's landmarks.
    """
    import numpy as np

    from frsdk.morphable.morphable_model import MorphableModel

    from ..datasets.face_labels import read_labels
    from ..facemodel.evaluate_face_model import landmark_basis_of
    from ..labelling.apply_offsets import NO_OFFSETS
    from ..labelling.calibrate_offsets import calibrate
    from ..labelling.mediapipe_teacher import MediapipeTeacher
    from ..labelling.webmorph_templates import read_templates

    found = calibrate(
        read_templates(list(templates)),
        MediapipeTeacher(mediapipe, NO_OFFSETS),
        read_labels(faces / "train.npz"),
        landmark_basis_of(MorphableModel.load(face_model)),
    )
    for row in np.round(found.offsets * 1e4).astype(int):
        click.echo(f"({row[0]}, {row[1]}, {row[2]}),")
    click.echo(
        f"{found.templates} templates: mean distance to their outlines and corners "
        f"{found.before:.2f} % of the eyes' distance, {found.after:.2f} % with the offsets",
        err=True,
    )
    click.echo(f"the face model's fit: {found.fit_before}", err=True)
    click.echo(f"with the offsets: {found.fit_after}", err=True)
