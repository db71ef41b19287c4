"""Stream chat models out of Gradio apps."""

__version__ = "0.1.0"
