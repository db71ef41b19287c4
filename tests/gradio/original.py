"""Gradio's own functions, taken out of its source: importing the package takes seconds."""

from __future__ import annotations

import ast
import functools
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["gradio_diff"]


@functools.cache
def _function(name: str) -> Callable[..., Any]:
    package = importlib.util.find_spec("gradio")
    assert package is not None, "gradio is not installed"
    assert package.origin is not None
    path = Path(package.origin).with_name("utils.py")
    tree = ast.parse(path.read_text("utf-8"))
    found: list[ast.stmt] = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    names: dict[str, Any] = {}
    exec(compile(ast.Module(found, []), path, "exec"), names)
    return names[name]


def gradio_diff(old: object, new: object) -> list[list[Any]]:
    """The operations that Gradio sends to make the first value the second."""
    return _function("diff")(old, new)
