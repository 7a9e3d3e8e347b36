"""`frsdk doctor`: what this machine can build and run."""

from __future__ import annotations

import json

import click

from .console_errors import reports_errors
from .terminal import print_facts


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings for machines on stdout.")
@reports_errors
def doctor(as_json: bool) -> None:
    """Say what this machine can build and run, and what is missing for the rest."""
    from .doctor_report import diagnose

    found = diagnose()
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=1))
    else:
        print_facts(found.lines())
