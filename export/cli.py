"""``frsdk-export``: checkpoints to ONNX, and face models into our form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from frsdk._version import __version__
from frsdk.commands.console_errors import reports_errors

if TYPE_CHECKING:
    from frsdk.morphable.morphable_model import MorphableModel
    from frsdk.specs.detector_spec import DetectorSpec
    from frsdk.specs.model_spec import ModelSpec

_FILE = click.Path(path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


class _DefaultToModel(click.Group):
    """Makes ``frsdk-export model.pth`` mean ``frsdk-export model model.pth``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["model", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_DefaultToModel, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="frsdk-export")
def main() -> None:
    """Export networks and face models: frsdk-export MODEL.pth -o MODEL.onnx."""


@main.command()
@click.argument("checkpoint", type=_FILE)
@click.option(
    "-o", "--output", type=_FILE, help="ONNX file [default: CHECKPOINT.onnx in the current folder]."
)
@click.option("--opset", type=click.IntRange(min=1), help="Of ONNX's operators [default: 17].")
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    help="Fixed shapes for this many faces, for runtimes without dynamic ones.",
)
@click.option("--with-decoder", is_flag=True, help="Landmarks and dense vertices as outputs too.")
@click.option(
    "--face-model", type=_FILE, help="The decoder's .npz; by default the network's built-in one."
)
@reports_errors
def model(
    checkpoint: Path,
    output: Path | None,
    opset: int | None,
    batch: int | None,
    with_decoder: bool,
    face_model: Path | None,
) -> None:
    """Export a checkpoint to ONNX, the spec inside, checked against PyTorch.

    A graph of fixed shapes runs in frsdk too, which fills its batches up.
    """
    from .checkpoints.checkpoint_file import load_any_checkpoint
    from .checkpoints.onnx_export import DEFAULT_OPSET, export_onnx

    if face_model and not with_decoder:
        raise click.UsageError("--face-model is for --with-decoder: give both or none")
    network, spec = load_any_checkpoint(checkpoint)
    decoder = _decoder(spec, face_model) if with_decoder else None
    path = output or Path(checkpoint.name).with_suffix(".onnx")
    opset = opset or DEFAULT_OPSET
    report = export_onnx(network, spec, path, decoder=decoder, opset=opset, batch=batch)
    click.echo(
        f"{report.path}: {spec.architecture.name}, {report.counts.parameters / 1e6:.3f} M "
        f"parameters, {report.counts.multiply_adds / 1e9:.4f} G multiply-adds "
        f"({report.counts.paper_operations / 1e9:.4f} as the paper counts), {report.nodes} nodes, "
        f"{'landmarks and vertices as outputs, ' if decoder else ''}"
        f"differs from PyTorch by {report.largest_difference:.1e}"
    )


def _decoder(spec: ModelSpec | DetectorSpec, face_model: Path | None) -> MorphableModel:
    """The file's face model; else the built-in one that the network was trained for."""
    from frsdk.morphable.decoder_choice import face_model_of_network
    from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model
    from frsdk.specs.detector_spec import DetectorSpec

    if face_model:
        return MorphableModel.load(face_model)
    if isinstance(spec, DetectorSpec):  # which the export refuses
        return builtin_face_model()
    return face_model_of_network(spec.face_model, None)


@main.group()
def facemodel() -> None:
    """Build the face model in the wheel, or import one that you have."""


@facemodel.command("build")
@click.argument("faces", type=_FILE)
@click.option("-o", "--output", type=_FILE, required=True, help="The .npz to write.")
@reports_errors
def build(faces: Path, output: Path) -> None:
    """Build the built-in model from the labels in the folder FACES (train.npz)."""
    from .datasets.face_labels import read_labels
    from .facemodel.build_face_model import build_builtin

    _write(build_builtin(read_labels(faces / "train.npz")), output, compact=True)


@facemodel.command("evaluate")
@click.argument("faces", type=_FILE)
@click.option("--face-model", type=_FILE, help="An .npz; the built-in one by default.")
@reports_errors
def evaluate(faces: Path, face_model: Path | None) -> None:
    """Print how closely a model fits the held-out labels in FACES (val.npz), per yaw bin."""
    from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model

    from .datasets.face_labels import read_labels
    from .facemodel.evaluate_face_model import evaluate_fit

    model = MorphableModel.load(face_model) if face_model else builtin_face_model()
    for line in evaluate_fit(
        model, read_labels(faces / "val.npz"), read_labels(faces / "train.npz")
    ):
        click.echo(line)


@facemodel.command("build-open")
@click.option(
    "--ict", type=_FILE, required=True, help="ICT-FaceKit's FaceXModel, or an .npz of it."
)
@click.option("-o", "--output", type=_FILE, required=True, help="The .npz to write.")
@reports_errors
def build_open_(ict: Path, output: Path) -> None:
    """Build frsdk-face-2 from ICT-FaceKit (MIT): no research-only data."""
    from .facemodel.build_open_model import build_open
    from .facemodel.ict_meshes import read_ict_meshes

    _write(build_open(read_ict_meshes(ict)), output, compact=True)


@facemodel.command("blendshapes")
@click.option("--ict", type=_FILE, required=True, help="ICT-FaceKit's FaceXModel, or its .npz.")
@click.option("--sources", type=_FOLDER, required=True, help="As of frsdk-train render.")
@click.option("--face-model", type=_FILE, required=True, help="frsdk-face-2, for the grades.")
@click.option("-o", "--output", type=_FILE, required=True, help="The .npz to write.")
@reports_errors
def blendshapes(ict: Path, sources: Path, face_model: Path, output: Path) -> None:
    """Write two sources' expressions at the landmarks, and how well landmarks show each."""
    from dataclasses import replace

    from frsdk.morphable.morphable_model import MorphableModel

    from .facemodel.blendshape_landmarks import blendshape_table, write_blendshapes
    from .facemodel.blendshape_observability import observe, report
    from .facemodel.ict_meshes import read_ict_meshes
    from .renders.makehuman.head_model import read_head
    from .renders.makehuman.render_sources import found_sources
    from .renders.named_shapes import makehuman_shapes

    second = makehuman_shapes(read_head(found_sources(sources)))
    table = blendshape_table(read_ict_meshes(ict), second)
    seen = observe(table, MorphableModel.load(face_model))
    write_blendshapes(replace(table, grade=seen.grade()), output)
    for line in report(seen):
        click.echo(line)


@facemodel.command("expressions")
@click.option("--face-model", type=_FILE, help="An .npz; the built-in one by default.")
@reports_errors
def expressions_(face_model: Path | None) -> None:
    """Print how much of named movements a model's expression and identity modes reproduce."""
    from frsdk.expressions.blendshape_table import builtin_blendshapes
    from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model

    from .facemodel.evaluate_expressions import evaluate_expressions

    model = MorphableModel.load(face_model) if face_model else builtin_face_model()
    for line in evaluate_expressions(model, builtin_blendshapes()):
        click.echo(line)


@facemodel.command("sheet")
@click.option("--face-model", type=_FILE, help="An .npz; the built-in one by default.")
@click.option("-o", "--output", type=_FILE, required=True, help="The PNG to write.")
@click.option("--expressions", is_flag=True, help="Closed eyes, a smile and others below.")
@reports_errors
def sheet(face_model: Path | None, output: Path, expressions: bool) -> None:
    """Draw a model: its mean from five sides, identity and expression modes."""
    from frsdk.expressions.blendshape_table import builtin_blendshapes
    from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model

    from .facemodel.evaluate_expressions import shown_expressions
    from .facemodel.face_model_sheet import write_sheet

    model = MorphableModel.load(face_model) if face_model else builtin_face_model()
    named = shown_expressions(model, builtin_blendshapes()) if expressions else None
    write_sheet(model, output, named)
    click.echo(f"{output}: {model.name}")


@facemodel.command("import")
@click.argument("source", type=_FILE)
@click.option(
    "--kind", type=click.Choice(["3ddfa-sparse", "3ddfa", "3ddfa-v2", "ict"]), required=True
)
@click.option("--triangles", type=_FILE, help="3DDFA_V2's tri.pkl.")
@click.option("-o", "--output", type=_FILE, required=True, help="The .npz to write.")
@reports_errors
def import_(source: Path, kind: str, triangles: Path | None, output: Path) -> None:
    """Import a face model: 3DDFA (a folder), 3DDFA_V2 or ICT-FaceKit (its folder FaceXModel)."""
    if triangles and kind != "3ddfa-v2":
        raise click.UsageError("--triangles is for --kind 3ddfa-v2: leave it out")
    from .facemodel import import_3ddfa_face_model as import_3ddfa
    from .facemodel.import_ict_face_model import import_ict

    if kind == "3ddfa-v2":
        _write(import_3ddfa.import_3ddfa_v2(source, triangles=triangles), output)
    elif kind == "3ddfa":
        _write(import_3ddfa.import_3ddfa_folder(source), output)
    elif kind == "3ddfa-sparse":
        _write(import_3ddfa.import_sparse_3ddfa(source), output)
    else:
        _write(import_ict(source), output)


@main.command("import")
@click.argument("weights", type=_FILE)
@click.option(
    "--whitening",
    type=_FILE,
    required=True,
    help="3DDFA_V2's param_mean_std_62d_120x120.pkl, or an .npz.",
)
@click.option("--face-model", type=_FILE, required=True, help="The imported BFM-space .npz.")
@click.option("-o", "--output", type=_FILE, required=True, help="The .pth to write.")
@reports_errors
def import_network(weights: Path, whitening: Path, face_model: Path, output: Path) -> None:
    """Import 3DDFA_V2's MobileNetV1 weights as a checkpoint of ours."""
    from frsdk.morphable.morphable_model import MorphableModel

    from .checkpoints.checkpoint_file import save_checkpoint
    from .checkpoints.import_3ddfa_v2_network import import_3ddfa_network

    network, spec = import_3ddfa_network(weights, whitening, MorphableModel.load(face_model))
    save_checkpoint(output, network, spec)
    click.echo(f"{output}: {spec.architecture.name} {dict(spec.architecture.arguments)}")


def _write(model: MorphableModel, output: Path, *, compact: bool = False) -> None:
    model.save(output, compact=compact)
    click.echo(
        f"{output}: {model.name}, {model.n_vertices} vertices, {len(model.triangles)} triangles, "
        f"sha256 {model.sha256[:12]}"
    )
