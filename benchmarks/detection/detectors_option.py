"""The option of commands that compare detectors."""

from __future__ import annotations

import click

detectors_option = click.option(
    "--detector",
    "detectors",
    multiple=True,
    default=("builtin",),
    show_default=True,
    metavar="builtin|FILE.onnx",
    help="A detector, ours or YuNet's; may be repeated.",
)
