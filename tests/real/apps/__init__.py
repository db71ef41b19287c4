"""The apps under test, each a script that takes ``--port``; run as processes, never imported by the tests."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent

QWEN_AGENT = HERE / "qwen_agent_app.py"
QWEN_AGENT_ENVIRONMENT = "qwen-agent-0.0.11"
