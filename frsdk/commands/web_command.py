"""`frsdk web`: the networks in a browser."""

from __future__ import annotations

from pathlib import Path

import click

from .console_errors import reports_errors


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    metavar="N",
    help="Port on 127.0.0.1; 0 takes a free one.",
)
@click.option(
    "--weights",
    type=click.Choice(["research", "open"]),
    help="Built-in networks of the page: research (default, not for products) or open.",
)
@click.option(
    "--export",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Write the static site for any host, and end.",
)
@reports_errors
def web(port: int, weights: str | None, folder: Path | None) -> None:
    """Serve the page that runs the networks in your browser: pictures stay on your machine."""
    from ..installation.builtin_weights import builtin_weights
    from ..web.page_files import export_page, page_files

    if folder is not None:
        size = export_page(folder, weights=weights)
        click.echo(f"the page, {size / 1e6:.1f} MB, is in {folder}")
        click.echo(f"terms of its networks: {builtin_weights(weights).terms}")
        return
    from ..web.page_server import PageServer

    with PageServer(page_files(weights=weights), port) as server:
        click.echo(f"the page is at {server.url} (Ctrl+C ends it)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("ended", err=True)
