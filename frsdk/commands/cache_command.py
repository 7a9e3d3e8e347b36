"""`frsdk cache`: the engines that were built at first use."""

from __future__ import annotations

import json

import click

from .console_errors import reports_errors


@click.group()
def cache() -> None:
    """Engines that were built at first use and are kept."""


@cache.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the entries for machines on stdout.")
@reports_errors
def list_entries(as_json: bool) -> None:
    """Show what is kept: file, size, and what it was built from and for."""
    from ..backends.engine_cache import cache_entries, cache_folder
    from ..backends.engine_choice import obstacle_of

    if (problem := obstacle_of(cache_folder)) is not None:
        none: dict[str, object] = {"folder": None, "problem": problem, "entries": []}
        click.echo(json.dumps(none, indent=1) if as_json else f"no cache: {problem}")
        return
    entries = cache_entries()
    if as_json:
        shown = [
            {"path": str(each.path), "size_bytes": each.size_bytes, "facts": dict(each.facts)}
            for each in entries
        ]
        click.echo(json.dumps({"folder": str(cache_folder()), "entries": shown}, indent=1))
        return
    for each in entries:
        facts = ", ".join(f"{name} {value}" for name, value in sorted(each.facts.items()) if value)
        click.echo(f"{each.path}  {each.size_bytes / 1e6:.1f} MB  {facts}")
    total = sum(each.size_bytes for each in entries)
    click.echo(f"{len(entries)} in {cache_folder()}, {total / 1e6:.1f} MB")


@cache.command()
@reports_errors
def clear() -> None:
    """Delete what is kept; what is being built now stays."""
    from ..backends.engine_cache import cache_folder, clear_cache

    deleted, busy = clear_cache()
    left = f", {busy} being built left" if busy else ""
    click.echo(f"{deleted} deleted from {cache_folder()}{left}")
