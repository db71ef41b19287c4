"""Names that an app's functions have for components, from ``GET /info``: what tells of a slider without a label."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from spacebridge.shape import as_list, as_object, as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from spacebridge.chat.settings import Setting
    from spacebridge.page.graph import EventGraph

__all__ = ["are_nameless", "parameter_names"]

# What Gradio calls a parameter whose name it does not know.
_NUMBERED = re.compile(r"param_\d+|args?|kwargs")


def are_nameless(settings: Iterable[Setting]) -> bool:
    """Whether any of the settings has neither a label nor anything else to be called by."""
    return any(setting.name == f"{setting.type}_{setting.component}" for setting in settings)


def parameter_names(info: Mapping[str, Any], graph: EventGraph) -> dict[int, str]:
    """The parameter that each component becomes, where the app tells.

    Args:
        info: the document. It leaves out what is a State.
        graph: of the page.
    """
    endpoints = as_object(info.get("named_endpoints"))
    found: dict[int, str] = {}
    for dependency in graph.dependencies.values():
        parameters = as_list(as_object(endpoints.get(dependency.name)).get("parameters"))
        inputs = [i for i in dependency.inputs if i in graph.components and graph.components[i].type != "state"]
        if len(parameters) != len(inputs):
            continue
        for component, parameter in zip(inputs, parameters, strict=True):
            name = as_text(as_object(parameter).get("parameter_name"))
            if name and not _NUMBERED.fullmatch(name):
                found.setdefault(component, name)
    return found
