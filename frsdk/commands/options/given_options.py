"""Whether an option was given, or has its default."""

from __future__ import annotations

import click
from click.core import ParameterSource


def was_given(name: str) -> bool:
    """Whether the running command's parameter of this name stands on its command line."""
    source = click.get_current_context().get_parameter_source(name)
    return source is ParameterSource.COMMANDLINE
