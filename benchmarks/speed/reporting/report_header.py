"""The environment as one line above a report."""

from __future__ import annotations

from ..measuring.environment import Environment


def header_line(environment: Environment) -> str:
    """CPU, system and versions, for a terminal or a document."""
    packages = ", ".join(f"{name} {version}" for name, version in environment.packages.items())
    features = ", ".join(environment.features) or "no wide vectors"
    load = "" if environment.load_before is None else f", load {environment.load_before}"
    return (
        f"{environment.cpu} ({features}), {environment.cores} cores{load}; {environment.os}; "
        f"Python {environment.python}; {packages}"
    )
