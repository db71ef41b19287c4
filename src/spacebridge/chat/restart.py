"""What is left of a conversation when its app was restarted, and so has forgotten all sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from spacebridge.chat.layout import Candidate
    from spacebridge.gradio.config import Config

__all__ = ["goes_on", "remembers"]


def goes_on(before: Config, now: Config, chat: Candidate, told: Collection[int] = ()) -> bool:
    """Whether a conversation can go on: the page is the same, and all that the answers are made of is held here.

    Args:
        before: the app in which it was begun.
        now: the app that was started since.
        chat: where it takes place.
        told: components that are set anew by telling the app what was said.
    """
    same = _shape(before) == _shape(now) and now.dependencies.keys() >= set(chat.edges)
    return same and _remembered(now, chat) <= set(told)


def remembers(config: Config, chat: Candidate) -> bool:
    """Whether the app keeps on its side what later answers depend on.

    That is a State which a turn reads before it writes it, or what opening the page puts into a hidden box: mostly the
    key of something that the app keeps elsewhere.
    """
    return bool(_remembered(config, chat))


def _remembered(config: Config, chat: Candidate) -> set[int]:
    components, dependencies = config.components, config.dependencies
    loaded = {
        number
        for dependency in dependencies.values()
        if any(target.event == "load" for target in dependency.targets)
        for number in dependency.outputs
        if (component := components.get(number)) is not None and not component.visible
    }
    written, found = set[int](), set[int]()
    for edge in (dependencies[number] for number in chat.edges if number in dependencies):
        for number in set(edge.inputs) - written:
            component = components.get(number)
            if number in loaded or (component is not None and component.type == "state"):
                found.add(number)
        written.update(edge.outputs)
    return found


def _shape(config: Config) -> object:
    kinds = {number: component.type for number, component in config.components.items()}
    return config.version, config.protocol, config.api_prefix, kinds, config.dependencies
