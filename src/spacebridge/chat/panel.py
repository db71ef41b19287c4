"""The settings of a conversation: what they are on its page now, and setting them as a user does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from spacebridge import errors
from spacebridge.chat.settings import check_settings, read_setting
from spacebridge.gradio.config import Component
from spacebridge.page.user import change_by_user, events_of_change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from spacebridge.chat.layout import Layout
    from spacebridge.chat.settings import Setting
    from spacebridge.page.page import Page

__all__ = ["Panel"]


class Panel:
    """What can be set on one page.

    A page changes its settings itself, too: choices come by a ``load`` event, a range by the choice of a model.

    Args:
        page: of the conversation.
        hide: keeps a text out of traces and errors.
    """

    def __init__(self, page: Page, hide: Callable[[str], None]) -> None:
        self._page = page
        self._hide = hide

    def settings(self, layout: Layout) -> tuple[Setting, ...]:
        """The settings as the page has them now."""
        return tuple(self._now(setting) for setting in layout.settings)

    def values(self, layout: Layout) -> dict[str, Any]:
        """What is set now, by name."""
        return {setting.name: self._page.values.get(setting.component) for setting in layout.settings}

    def check(self, layout: Layout, wanted: Mapping[str, Any]) -> None:
        """Check what can be checked before anything is sent.

        Raises:
            UnknownSetting: the app has none of this name.
            InvalidSetting: a value is not allowed, and nothing that comes before it could change that.
        """
        settings = self.settings(layout)
        before: list[int] = []
        for name, value in wanted.items():
            try:
                before += check_settings(settings, {name: value})
            except errors.InvalidSetting:
                [component] = check_settings(tuple(map(_anything, settings)), {name: value})
                if not self._may_yet_change(component, before):
                    raise

    async def set(self, layout: Layout, wanted: Mapping[str, Any]) -> None:
        """Set things one after another, each with what that fires on the page.

        Raises:
            UnknownSetting, InvalidSetting: the app does not take this.
        """
        page = self._page
        for name, value in wanted.items():
            settings = self.settings(layout)
            for component, checked in check_settings(settings, {name: value}).items():
                if page.values.get(component) == checked:
                    continue
                if checked and any(setting.secret for setting in settings if setting.component == component):
                    self._hide(str(checked))
                fired = change_by_user(page, component, checked, enter=self._entered(component, layout))
                button = next((setting.button for setting in settings if setting.component == component), None)
                if button is not None:
                    await page.settle()
                    page.fire(button, "click")
                if fired or button is not None:
                    await page.settle()

    def _now(self, setting: Setting) -> Setting:
        props = self._page.values.props(setting.component)
        now = read_setting(Component(setting.component, setting.type, props), setting.name, setting.also)
        return msgspec.structs.replace(now, button=setting.button)

    def _may_yet_change(self, component: int, before: Iterable[int]) -> bool:
        """Whether the page may change a component before it is set: when it is opened, or by what is set before."""
        page, graph = self._page, self._page.graph
        starts = [] if page.loaded else [dependency for _, dependency in graph.loads()]
        starts += [dependency for other in before for dependency in graph.listeners_of(other)]
        return graph.may_write(starts, [component])

    def _entered(self, component: int, layout: Layout) -> bool:
        """Whether Enter is what a box waits for: it hears that only, and does not send the message with it."""
        graph = self._page.graph
        kind = graph.components[component].type if component in graph.components else ""
        if any(graph.listeners(component, event) for event in events_of_change(kind)):
            return False
        entered = graph.listeners(component, "submit")
        read = {i for number in graph.reachable(entered) for i in graph.dependencies[number].inputs}
        return bool(entered) and not (graph.may_write(entered, [layout.chat.output]) and layout.chat.box in read)


def _anything(setting: Setting) -> Setting:
    """The same without limits."""
    return read_setting(Component(setting.component, "", {"label": setting.label}), setting.name, setting.also)
