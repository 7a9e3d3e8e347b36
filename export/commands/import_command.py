"""``frsdk-train import``: published data sets as labelled crops."""

from __future__ import annotations

from pathlib import Path

import click

from frsdk.commands.console_errors import reports_errors
from frsdk.commands.options.finite_range import FiniteRange
from frsdk.errors import InputError

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)
_OPTIONS = {
    "300w-lp": ("basis",),
    "aflw2000": ("basis",),
    "3ddfa-list": ("basis", "parameters", "whitening", "pictures"),
    "expressions": ("engine",),
}


@click.command("import")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=_FOLDER, required=True, help="Folder of crops to write.")
@click.option(
    "--kind",
    type=click.Choice(["300w-lp", "aflw2000", "3ddfa-list", "expressions"]),
    required=True,
)
@click.option("--basis", type=_FILE, help="BFM-space face model (.npz) of the parameters.")
@click.option(
    "--engine",
    type=_FILE,
    help="expressions: the teacher, an .onnx, builtin (the default) or builtin-open.",
)
@click.option("--parameters", type=_FILE, help="3ddfa-list: param_all_norm*.pkl.")
@click.option("--whitening", type=_FILE, help="3ddfa-list: param_whitening.pkl, or an .npz.")
@click.option("--pictures", type=_FOLDER, help="3ddfa-list: folder of the pictures.")
@click.option("--split", type=click.Choice(["train", "val"]), default="train", show_default=True)
@click.option("--bad-share", type=FiniteRange(0, 1), default=0.0, show_default=True)
@reports_errors
def import_faces(
    source: Path,
    output: Path,
    kind: str,
    basis: Path | None,
    engine: Path | None,
    parameters: Path | None,
    whitening: Path | None,
    pictures: Path | None,
    split: str,
    bad_share: float,
) -> None:
    """Turn a published data set into labelled crops.

    SOURCE is a folder of .jpg and .mat (300w-lp, aflw2000), the list of 3ddfa-list, or a folder of
    faces with labels.csv, landmarks.npz and mediapipe_points.npz (expressions; val: 15 of 100
    people).
    """
    _check_options(
        kind, basis=basis, engine=engine, parameters=parameters, whitening=whitening,
        pictures=pictures,
    )  # fmt: skip
    if kind == "expressions":
        count = _import_expressions(source, output, split, engine, bad_share)
        click.echo(f"{output}: {count} {split} crops")
        return
    if basis is None:
        raise click.UsageError(f"--kind {kind} needs --basis")
    from frsdk.morphable.morphable_model import MorphableModel

    from ..datasets.crop_shards import write_shards
    from ..datasets.read_3ddfa_list import read_cropped_list
    from ..datasets.read_300w_lp import read_mat_folder
    from ..training.prepare_training import space_of

    model = MorphableModel.load(basis)
    if space_of(model) != "bfm":
        raise InputError(
            f"--basis {basis}: face model {model.name} is in another space than the parameters: "
            "give a file of frsdk-export facemodel import --kind 3ddfa-v2 (or 3ddfa-sparse)"
        )
    if kind == "3ddfa-list":
        if parameters is None or whitening is None:
            raise click.UsageError("--kind 3ddfa-list needs --parameters and --whitening")
        faces = read_cropped_list(
            source, parameters, whitening, model, pictures=pictures, bad_share=bad_share
        )
    else:
        faces = read_mat_folder(source, model, source=kind, bad_share=bad_share)
    click.echo(f"{output}: {write_shards(faces, output, split)} {split} crops")


def _check_options(kind: str, **given: Path | None) -> None:
    """Refuse options that another kind has."""
    foreign = [name for name, value in given.items() if value and name not in _OPTIONS[kind]]
    if foreign:
        names = ", ".join(f"--{name}" for name in foreign)
        raise click.UsageError(f"{names}: not for --kind {kind}: leave it out")


def _import_expressions(
    source: Path, output: Path, split: str, engine: Path | None, bad_share: float
) -> int:
    from frsdk import FaceReconstructor

    from ..datasets.crop_shards import write_shards
    from ..datasets.labelling_defaults import LabelSettings
    from ..datasets.read_expressions import read_expression_folder

    settings = LabelSettings(crops=3, largest_spread=0.03)
    with FaceReconstructor(engine=engine) as teacher:
        faces = read_expression_folder(source, teacher, split, settings, bad_share=bad_share)
        return write_shards(faces, output, split)
