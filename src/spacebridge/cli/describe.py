"""What an app is, as plain data and as lines for a person."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from spacebridge.cli.terminal.clean import clean_line
from spacebridge.cli.terminal.sheet import Sheet
from spacebridge.errors import NoChatFound

if TYPE_CHECKING:
    from spacebridge.chat.layout import Candidate
    from spacebridge.chat.settings import Setting
    from spacebridge.cli.terminal.streams import Output
    from spacebridge.gradio.config import Config
    from spacebridge.spaces.space import Space

__all__ = ["describe", "sheet"]

_LONGEST_VALUE = 60
_TRANSLATED = re.compile(r'__i18n__\{[^{}]*"key": "([^"]*)"[^{}]*\}')


def describe(space: Space) -> dict[str, Any]:
    """What a connected Space is: plain data that JSON can hold."""
    from spacebridge.gradio.generations import GENERATIONS

    config, row = space.config, space.row
    generation = GENERATIONS.get(config.protocol)
    known = (
        None if row is None else {"name": row.name, "title": row.title, "verified": row.verified, "notes": row.notes}
    )
    found: dict[str, Any] = {
        "address": space.address,
        "url": space.url,
        "title": config.title,
        "gradio": config.version_text,
        "protocol": config.protocol,
        "spoken": generation is not None,
        "transport": None if generation is None else str(generation),
        "mode": config.mode,
        "space_id": config.space_id,
        "hub": _hub(space),
        "components": len(config.components),
        "listeners": len(config.dependencies),
        "row": known,
        "chat": None,
        "settings": [],
        "candidates": [],
        "oddities": list(config.oddities),
    }
    try:
        layout = space.layout
    except NoChatFound as error:
        return found | {"looked_at": list(error.looked_at), "message": error.message}
    # Numbers are those that `--chat` takes: only what takes text can be chosen.
    usable = [candidate for candidate in layout.candidates if candidate.box is not None]
    found["chat"] = _candidate(config, layout.chat, usable)
    found["settings"] = [_setting(setting) for setting in layout.settings]
    found["candidates"] = [
        {**_candidate(config, candidate, usable), "used": candidate == layout.chat} for candidate in layout.candidates
    ]
    return found


def _hub(space: Space) -> dict[str, Any] | None:
    """What Hugging Face says, where it was asked."""
    record = space.record
    if record is None:
        return None
    return {name: getattr(record, name) for name in ("id", "stage", "sdk", "hardware", "private")}


def _candidate(config: Config, candidate: Candidate, usable: list[Candidate]) -> dict[str, Any]:
    return {
        "number": usable.index(candidate) if candidate in usable else None,
        "box": _component(config, candidate.box),
        "multimodal": candidate.multimodal,
        "trigger": _component(config, candidate.trigger),
        "event": candidate.event,
        "chain": [_edge(config, number) for number in candidate.edges],
        "output": _component(config, candidate.output),
        "chatbot": candidate.chatbot,
        "score": candidate.score,
        "reasons": list(candidate.reasons),
    }


def _component(config: Config, number: int | None) -> dict[str, Any] | None:
    component = None if number is None else config.components.get(number)
    if component is None:
        return None
    value = component.props.get("value")
    says = value if component.type == "button" and isinstance(value, str) else component.label
    # A text that the page would translate says only its key.
    says = _TRANSLATED.sub(lambda match: match[1], says)
    return {"id": component.id, "type": component.type, "label": says}


def _edge(config: Config, number: int) -> dict[str, Any]:
    edge = config.dependencies[number]
    return {"id": edge.id, "name": edge.name, "queue": edge.queue, "streams": edge.generator}


def _setting(setting: Setting) -> dict[str, Any]:
    return {
        "name": setting.name,
        "label": setting.label,
        "type": setting.type,
        "value": setting.value,
        "allowed": setting.allowed(),
        "choices": list(setting.choices),
        "minimum": setting.minimum,
        "maximum": setting.maximum,
    }


def sheet(found: dict[str, Any], output: Output) -> str:
    """The same for a person."""
    page = Sheet(output)
    page.heading(found["url"])
    page.field("title", found["title"])
    page.field("gradio", found["gradio"])
    spoken = found["transport"] or "not spoken here; a newer version of spacebridge may speak it"
    page.field("protocol", f"{found['protocol']} ({spoken})")
    page.field("mode", found["mode"])
    if hub := found["hub"]:
        facts = ("private" if hub["private"] else "public", hub["sdk"], hub["hardware"])
        page.field("Hugging Face", f"{hub['id']} ({', '.join(filter(None, facts))}), {hub['stage']}")
    else:
        page.field("Hugging Face", found["space_id"] or "")
    page.field("page", f"{found['components']} components, {found['listeners']} event listeners")
    if row := found["row"]:
        page.field("catalogue", f"{row['name']} ({row['title']}), verified: {row['verified']}. {row['notes']}")
    if found["chat"] is None:
        page.heading("No chat")
        page.line(found["message"])
        for line in found["looked_at"]:
            page.line(f"- {line}")
    else:
        _chat(page, found, output)
    if found["oddities"]:
        page.heading("Oddities")
        for line in found["oddities"]:
            page.line(f"- {line}")
    return page.text()


def _chat(page: Sheet, found: dict[str, Any], output: Output) -> None:
    chat = found["chat"]
    arrow = output.glyph(" → ", " -> ")
    page.heading("Chat")
    page.field("message box", _named(chat["box"]) + (", takes files" if chat["multimodal"] else ", text only"))
    own = chat["trigger"] == chat["box"]
    page.field("sent by", f"{chat['event']} of {'the box' if own else _named(chat['trigger'])}")
    page.field("chain", arrow.join(_said(edge) for edge in chat["chain"]))
    alone = "" if chat["chatbot"] else " (no chatbot: each turn stands alone)"
    page.field("answer in", _named(chat["output"]) + alone)
    if found["settings"]:
        page.heading("Settings, for --set NAME=VALUE")
        width = min(max(len(setting["name"]) for setting in found["settings"]) + 2, 26)
        for setting in found["settings"]:
            label = f" ({setting['label']})" if setting["label"].lower() != setting["name"] else ""
            page.field(setting["name"], f"{_short(setting['value'])}: {setting['allowed']}{label}", column=width)
    others = len(found["candidates"]) - 1
    page.heading(f"Why: {'the only candidate' if not others else f'the best of {others + 1} candidates'}")
    for candidate in found["candidates"]:
        number = "-" if candidate["number"] is None else candidate["number"]
        way = [f"{candidate['event']} of {_named(candidate['trigger'])}"]
        if candidate["trigger"] != candidate["box"]:
            way[0] += f" with {'the text of ' if candidate['box'] else ''}{_named(candidate['box'])}"
        way += [*(edge["name"] for edge in candidate["chain"]), _named(candidate["output"])]
        used = " (used)" if candidate["used"] else ""
        page.line(f"{number}: {arrow.join(way)}, score {candidate['score']}{used}", hanging=3)
        page.line("; ".join(candidate["reasons"]), level=2)
    if others:
        page.line("Another one is used with --chat NUMBER.")


def _named(component: dict[str, Any] | None) -> str:
    if component is None:
        return "no text"
    label = clean_line(str(component["label"] or ""))
    return f"{component['type']} {component['id']}" + (f" {label!r}" if label else "")


def _said(edge: dict[str, Any]) -> str:
    notes = [*(["streams"] if edge["streams"] else []), *([] if edge["queue"] else ["not queued"])]
    return edge["name"] + (f" ({', '.join(notes)})" if notes else "")


def _short(value: object) -> str:
    text = "empty" if value in ("", None) else repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
