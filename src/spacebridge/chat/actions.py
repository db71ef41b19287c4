"""What can be done in a chat beside saying something: another try, taking back, an option, another wording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spacebridge import errors
from spacebridge.chat.bubbles import parse_bubbles
from spacebridge.chat.components import button_says
from spacebridge.chat.offers import examples_of, offers_of
from spacebridge.chat.turn import Fire
from spacebridge.shape import as_list

if TYPE_CHECKING:
    from typing import Any

    from spacebridge.chat.bubbles import Bubble
    from spacebridge.chat.events import Option
    from spacebridge.chat.layout import Layout
    from spacebridge.page.page import Page

__all__ = ["Actions", "Place"]

Place = int | list[int]
"""Where in a chatbot Gradio's events say that something is: a number, or for pairs two."""


class Actions:
    """What can be done with the chatbot of one page.

    Args:
        page: of the conversation.
        whose: the app, for messages.
    """

    def __init__(self, page: Page, whose: str) -> None:
        self._page = page
        self._whose = whose

    def fire(self, layout: Layout, event: str) -> tuple[int, str]:
        """The component and event for an event of the chatbot, or for the button that stands for it.

        Raises:
            NotOffered: the page has neither.
        """
        graph, output = self._page.graph, layout.chat.output
        if layout.route == "api":
            raise errors.NotOffered(
                f"The API of {self._whose} has nothing to {event.replace('_', ' ')}; its page may have.",
                hint='Use route="page".',
            )
        if graph.listeners(output, event):
            return output, event
        buttons = [c for c in graph.components.values() if button_says(c, event) and graph.listeners(c.id, "click")]
        if not buttons:
            raise errors.NotOffered(f"The app of {self._whose} has nothing to {event.replace('_', ' ')}.")
        return buttons[0].id, "click"

    def again(self, layout: Layout, event: str) -> Fire:
        """Retry or undo: an event about the user's last message.

        Raises:
            NotOffered: the app has no such event, or nothing has been said.
        """
        trigger, name = self.fire(layout, event)
        place, text = self.last_said(layout)
        return Fire(trigger, name, {"index": place, "value": text})

    def options(self, layout: Layout) -> tuple[Option, ...]:
        """What the app offers to choose from now."""
        offers, examples = self._offers(layout)
        return tuple(dict.fromkeys(option for _, option in offers or examples))

    def choice(self, layout: Layout, option: str) -> tuple[str, Fire | None]:
        """Choose one of the options, by its value or its label.

        Returns:
            What is said by it; and what is fired, or None if it is said like any other message.

        Raises:
            NotOffered: none is called so, or the page does nothing with it.
        """
        graph, output = self._page.graph, layout.chat.output
        offers, examples = self._offers(layout)
        for bubble, offered in reversed(offers):
            if option not in (offered.value, offered.label):
                continue
            if bubble.kind == "suggestions":
                return offered.value, None
            data: dict[str, Any] = {"index": _place(bubble), "value": offered.value}
            return offered.value, Fire(*self.fire(layout, "option_select"), data)
        for data, offered in examples:
            if option not in (offered.value, offered.label):
                continue
            if not graph.may_write(graph.listeners(output, "example_select"), [output]):
                return offered.value, None  # the page would only put it into the box
            return offered.value, Fire(*self.fire(layout, "example_select"), data)
        names = ", ".join(repr(each.value) for each in self.options(layout)) or "none"
        raise errors.NotOffered(f"The app does not offer {option!r}.", hint=f"Offered: {names}.")

    def edit(self, layout: Layout, text: str, turn: int | None) -> tuple[Fire, int, list[Any]]:
        """Say one of the user's messages in another way; what came after it is forgotten.

        Args:
            layout: where the chat is.
            text: what is said instead.
            turn: which message, counted from 1; the last one if None.

        Returns:
            What to fire, how many turns are forgotten, and what the chatbot shows without them.

        Raises:
            NotOffered: the app's messages can't be edited, or there are not so many.
        """
        trigger, event = self.fire(layout, "edit")
        said = self._said(layout)
        number = len(said) if turn is None else turn
        if not 1 <= number <= len(said):
            raise errors.NotOffered(f"There is no message {number}: {len(said)} have been said.")
        bubble = said[number - 1]
        place = _place(bubble)
        kept = as_list(self._page.values.get(layout.chat.output))[: place if isinstance(place, int) else place[0]]
        data = {"index": place, "value": text, "previous_value": bubble.text}
        return Fire(trigger, event, data), len(said) - number + 1, kept

    def last_said(self, layout: Layout) -> tuple[Place, str]:
        """Where the user's last message is in the chatbot's value, and its text.

        Raises:
            NotOffered: there is none.
        """
        said = self._said(layout)
        return _place(said[-1]), said[-1].text

    def _said(self, layout: Layout) -> list[Bubble]:
        bubbles = parse_bubbles(self._page.values.get(layout.chat.output))
        said = [bubble for bubble in bubbles if bubble.role == "user" and bubble.path]
        if not said:
            raise errors.NotOffered("Nothing has been said yet in this conversation.")
        return said

    def _offers(self, layout: Layout) -> tuple[list[tuple[Bubble, Option]], list[tuple[dict[str, Any], Option]]]:
        """What the chatbot's bubbles offer, and what it offers while it is empty."""
        values, output = self._page.values, layout.chat.output
        value = values.get(output)
        return offers_of(value), [] if value else examples_of(values.prop(output, "examples"))


def _place(bubble: Bubble) -> Place:
    path = [step for step in bubble.path or () if isinstance(step, int)]
    return (
        path[:2] if len(path) > 1 and bubble.path is not None and isinstance(bubble.path[1], int) else (path or [0])[0]
    )
