from __future__ import annotations

import ast
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Diff = Callable[[Any, Any], list[Any]]


@pytest.fixture(scope="session")
def gradio_diff() -> Diff:
    """Gradio's own function that makes the operations, taken out of its source: importing the package takes seconds."""
    package = importlib.util.find_spec("gradio")
    if package is None or package.origin is None:
        pytest.skip("gradio is not installed")
    path = Path(package.origin).with_name("utils.py")
    tree = ast.parse(path.read_text("utf-8"))
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "diff"]
    names: dict[str, Any] = {}
    exec(compile(ast.Module(found, []), path, "exec"), names)  # noqa: S102 - it is Gradio's
    return names["diff"]
