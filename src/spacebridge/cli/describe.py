"""What an app is, as plain data and as lines for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spacebridge.chat.components import says
from spacebridge.chat.memory import memory_of
from spacebridge.cli.terminal.clean import clean_line
from spacebridge.cli.terminal.sheet import Sheet
from spacebridge.errors import NoChatFound

if TYPE_CHECKING:
    from spacebridge.chat.candidates import Candidate
    from spacebridge.chat.gates import Gate
    from spacebridge.chat.settings import Setting
    from spacebridge.cli.terminal.streams import Output
    from spacebridge.page.graph import EventGraph
    from spacebridge.spaces.space import Space

__all__ = ["describe", "sheet"]

_LONGEST_VALUE = 60
_MOST_SHOWN = 8
_HISTORY = {
    "chatbot": "earlier messages are written into the chatbot, which the app reads",
    "event": "earlier messages are written into the chatbot, and an event of the app takes them over",
    "value": "earlier messages are written into a value that the app reads",
    "prompt": "earlier messages can only be said with the first one",
}
# Points that nothing but a plain difference makes up for.
_CLEAR = 15


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
        "route": None,
        "before": [],
        "history": None,
        "remembers": None,
        "settings": [],
        "files": [],
        "candidates": [],
        "oddities": list(config.oddities),
    }
    try:
        layout = space.layout
    except NoChatFound as error:
        return found | {"looked_at": list(error.looked_at), "message": error.message}
    graph = space.graph
    # Numbers are those that `--chat` takes: what takes no text comes last, and can't be chosen.
    candidates = [_candidate(graph, candidate, number) for number, candidate in enumerate(layout.candidates)]
    ways = [route.chat for route in layout.routes]
    used = next(number for number, candidate in enumerate(layout.candidates) if candidate in ways)
    found["chat"] = candidates[used] if layout.route == "page" else _candidate(graph, layout.chat, used)
    found["route"] = {
        "used": layout.route,
        "routes": [
            {
                "name": route.name,
                "functions": list(route.chat.names),
                "requests": route.requests,
                "before_first_text": route.before,
                "notes": list(route.notes),
            }
            for route in layout.routes
        ],
    }
    found["before"] = [_gate(graph, gate) for gate in layout.gates]
    memory = memory_of(graph, layout.chat, config.version)
    found["history"], found["remembers"] = memory.mode, memory.keeps
    found["settings"] = [_setting(setting) for setting in layout.settings]
    found["files"] = [inlet.describe() for inlet in layout.inlets]
    found["candidates"] = [{**one, "used": number == used} for number, one in enumerate(candidates)]
    found["oddities"] = list(layout.notes)
    return found


def _hub(space: Space) -> dict[str, Any] | None:
    """What Hugging Face says, where it was asked."""
    record = space.record
    if record is None:
        return None
    return {name: getattr(record, name) for name in ("id", "stage", "sdk", "hardware", "private")}


def _candidate(graph: EventGraph, candidate: Candidate, number: int) -> dict[str, Any]:
    return {
        "number": None if candidate.box is None else number,
        "place": list(candidate.place),
        "box": _component(graph, candidate.box),
        "multimodal": candidate.multimodal,
        "trigger": _component(graph, candidate.trigger),
        "event": candidate.event,
        "chain": [_edge(graph, number) for number in candidate.edges],
        "output": _component(graph, candidate.output),
        "chatbot": candidate.chatbot,
        "score": candidate.score,
        "reasons": list(candidate.reasons),
    }


def _component(graph: EventGraph, number: int | None) -> dict[str, Any] | None:
    component = None if number is None else graph.components.get(number)
    return None if component is None else {"id": component.id, "type": component.type, "label": says(component)}


def _edge(graph: EventGraph, number: int) -> dict[str, Any]:
    edge = graph.dependencies[number]
    return {"id": edge.id, "name": edge.name, "queue": edge.queue, "streams": edge.generator}


def _gate(graph: EventGraph, gate: Gate) -> dict[str, Any]:
    return {
        "component": _component(graph, gate.component),
        "act": gate.act,
        "value": gate.value,
        "why": gate.why,
        "needs": list(gate.needs),
        "text": gate.describe(),
    }


def _setting(setting: Setting) -> dict[str, Any]:
    return {
        "name": setting.name,
        "label": setting.label,
        "type": setting.type,
        "value": None if setting.secret else setting.value,
        "allowed": setting.allowed(),
        "choices": list(setting.choices),
        "minimum": setting.minimum,
        "maximum": setting.maximum,
        "step": setting.step,
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
    alone = "" if found["remembers"] else ": each turn stands alone"
    page.field("answer in", _named(chat["output"]) + ("" if chat["chatbot"] else f" (no chatbot{alone})"))
    page.field("history", f"{found['history']}: {_HISTORY[found['history']]}")
    page.field("files", "; ".join(found["files"]))
    page.field("place", _path(chat["place"]) if chat["place"] else "")
    for route in found["route"]["routes"]:
        used = route["name"] == found["route"]["used"]
        cost = f"{route['requests']} requests a turn, {route['before_first_text']} before its first text"
        way = "" if route["name"] == "page" else f" {arrow.join(route['functions'])}"
        page.field("route" if used else "other route", f"{route['name']}{way}: {'; '.join(route['notes'])}; {cost}")
    if found["before"]:
        page.heading("Done before the first message")
        for number, gate in enumerate(found["before"], 1):
            page.line(f"{number}. {gate['text']}", hanging=3)
    if found["settings"]:
        page.heading("Settings, for --set NAME=VALUE")
        width = min(max(len(setting["name"]) for setting in found["settings"]) + 2, 26)
        for setting in found["settings"]:
            label = f" ({setting['label']})" if setting["label"].lower() != setting["name"] else ""
            page.field(setting["name"], f"{_short(setting['value'])}: {setting['allowed']}{label}", column=width)
    _why(page, found["candidates"], arrow)


def _why(page: Sheet, candidates: list[dict[str, Any]], arrow: str) -> None:
    page.heading(f"Why: {_verdict(candidates)}")
    shown = [one for number, one in enumerate(candidates) if number < _MOST_SHOWN or one["used"]]
    for candidate in shown:
        number = "-" if candidate["number"] is None else candidate["number"]
        way = [f"{candidate['event']} of {_named(candidate['trigger'])}"]
        if candidate["trigger"] != candidate["box"]:
            way[0] += f" with {'the text of ' if candidate['box'] else ''}{_named(candidate['box'])}"
        way += [*(edge["name"] for edge in candidate["chain"]), _named(candidate["output"])]
        place = f"on {_path(candidate['place'])}: " if candidate["place"] else ""
        used = " (used)" if candidate["used"] else ""
        page.line(f"{number}: {place}{arrow.join(way)}, score {candidate['score']}{used}", hanging=3)
        page.line("; ".join(candidate["reasons"]), level=2)
    if len(shown) < len(candidates):
        page.line(f"And {len(candidates) - len(shown)} more, which --json names.")
    if len(candidates) > 1:
        page.line(
            "Another one is used with --chat and its number, or what its chatbot, tab, button or event is called."
        )


def _verdict(candidates: list[dict[str, Any]]) -> str:
    """In words, how sure the choice is."""
    if len(candidates) == 1:
        return "the only candidate"
    used = next(one for one in candidates if one["used"])
    others = [
        one
        for one in candidates
        if one["box"] is not None and (one["box"], one["output"]) != (used["box"], used["output"])
    ]
    many = f"of {len(candidates)} candidates"
    if used is not candidates[0] and used["score"] < candidates[0]["score"]:
        return f"named by you, {many}"
    if not others:
        return f"the best {many}, all for the same chat"
    lead = used["score"] - max(one["score"] for one in others)
    if lead <= 0:
        return f"the first {many} that are as likely"
    return f"{'clearly' if lead >= _CLEAR else 'narrowly'} the best {many}"


def _path(place: list[str]) -> str:
    return "the tab " + " / ".join(clean_line(label) or "without a name" for label in place)


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
