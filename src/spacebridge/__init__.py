"""Stream chat models out of Gradio apps."""
