"""``frsdk-eval``: accuracy by the protocols of the literature."""

from __future__ import annotations

import click

from frsdk.console import version_option

from .detection.command import detector


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@version_option("frsdk-eval")
def main() -> None:
    """Measure networks and detectors on labelled faces."""


main.add_command(detector)
