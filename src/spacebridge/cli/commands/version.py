"""`spacebridge version`."""

from __future__ import annotations

import typer

__all__ = ["version"]


def version() -> None:
    """Print the version."""
    from spacebridge.version import __version__

    typer.echo(f"spacebridge {__version__}")
