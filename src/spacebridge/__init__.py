"""Stream chat models out of Gradio apps."""

from spacebridge.version import __version__

__all__ = ["__version__"]
