"""The OpenAI-shaped server in front of Spaces."""
