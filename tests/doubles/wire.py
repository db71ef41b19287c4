"""Gradio's messages and configurations, made by hand: what the scripted servers say when they are well."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]


def event(message: Json) -> bytes:
    """A message as Gradio puts it on the stream."""
    return (
        b"data: "
        + json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        + b"\n\n"
    )


def output(data: Sequence[Any], generating: bool) -> Json:
    return {
        "data": list(data), "is_generating": generating, "duration": 0.01, "average_duration": 0.01,
        "render_config": None, "changed_state_ids": [],
    }  # fmt: skip


def estimation(event_id: str, rank: int = 0, size: int = 1, eta: float | None = None) -> Json:
    return {"msg": "estimation", "event_id": event_id, "rank": rank, "queue_size": size, "rank_eta": eta}


def starts(event_id: str) -> Json:
    return {"msg": "process_starts", "event_id": event_id, "eta": None}


def generating(event_id: str, data: Sequence[Any]) -> Json:
    return {
        "msg": "process_generating",
        "event_id": event_id,
        "output": output(data, True),
        "success": True,
        "time_limit": None,
    }


def completed(event_id: str, data: Sequence[Any]) -> Json:
    return {
        "msg": "process_completed",
        "event_id": event_id,
        "output": output(data, False),
        "success": True,
        "title": None,
    }


def failed(event_id: str, error: str | None = None, title: str = "Error") -> Json:
    what: Json = {"error": error}
    if error is not None:
        what |= {"duration": 10.0, "visible": True, "title": title}
    return {"msg": "process_completed", "event_id": event_id, "output": what, "success": False, "title": title}


def cancelled(event_id: str) -> Json:
    return {"msg": "process_completed", "event_id": event_id, "output": {}, "success": True, "title": None}


def log(event_id: str, text: str, level: str = "info", title: str = "Info") -> Json:
    return {
        "msg": "log",
        "event_id": event_id,
        "log": text,
        "level": level,
        "duration": 10.0,
        "visible": True,
        "title": title,
    }


def progress(event_id: str, index: int, length: int, desc: str) -> Json:
    unit = {"index": index, "length": length, "unit": "steps", "progress": None, "desc": desc}
    return {"msg": "progress", "event_id": event_id, "progress_data": [unit]}


HEARTBEAT: Json = {"msg": "heartbeat", "event_id": None}
CLOSE: Json = {"msg": "close_stream", "event_id": None}


def unexpected(message: str = "404: Session not found.", event_id: str | None = None) -> Json:
    return {"msg": "unexpected_error", "event_id": event_id, "message": message, "success": False}


def component(number: int, kind: str, **props: Any) -> Json:
    return {
        "id": number,
        "type": kind,
        "props": {"visible": True, "name": kind} | props,
        "skip_api": kind == "state",
        "key": None,
    }


def dependency(number: int, name: str, targets: list[Any], inputs: list[int], outputs: list[int], **more: Any) -> Json:
    return {
        "id": number, "targets": targets, "inputs": inputs, "outputs": outputs, "backend_fn": True, "js": None, "queue": True,
        "api_name": name, "scroll_to_output": False, "show_progress": "full", "batch": False, "max_batch_size": 4,
        "cancels": [], "types": {"generator": False, "cancel": False}, "collects_event_data": False, "trigger_after": None,
        "trigger_only_on_success": False, "trigger_mode": "once", "show_api": True, "zerogpu": False, "rendered_in": None,
    } | more  # fmt: skip


def config(version: str, components: list[Json], dependencies: list[Json], root: str, **more: Any) -> Json:
    prefix = {} if version.startswith("4") else {"api_prefix": "/gradio_api"}
    return {
        "version": version, "protocol": "sse_v3", "mode": "blocks", "app_id": 1234567890, "dev_mode": False,
        "connect_heartbeat": True, "title": "Gradio", "space_id": None, "enable_queue": True, "show_error": False,
        "max_file_size": None, "root": root, "username": None, "is_colab": False, "js": None, "theme_hash": "double",
        "layout": {"id": 0, "children": [{"id": c["id"]} for c in components]},
        "components": components, "dependencies": dependencies, **prefix, **more,
    }  # fmt: skip


STREAMS: Json = {"types": {"generator": True, "cancel": False}}


def after(number: int, **more: Any) -> Json:
    return {"trigger_after": number, **more}


def qwen_config(root: str) -> Json:
    """Qwen-Agent's page with three agents, as the public demo wires it."""
    return config(
        "4.44.0",
        [
            component(1, "state"),
            component(2, "row"),
            component(3, "column"),
            component(4, "modelscopechatbot", value=[], flushing=False),
            component(5, "modelscopemultimodalinput", value={"files": [], "text": ""}, interactive=True),
            component(6, "form"),
            component(7, "column"),
            component(8, "dropdown", value=0, label="Agents", choices=[["A", 0], ["B", 1], ["C", 2]], interactive=True),
            component(9, "html", value="<div>A</div>"),
            component(10, "checkboxgroup", value=[], label="插件", choices=[]),
        ],
        [
            dependency(
                0, "change_agent", [[8, "change"]], [8], [8, 9, 10], queue=False, trigger_mode="always_last", **STREAMS
            ),
            dependency(1, "add_text", [[5, "submit"]], [5, 4, 1], [5, 4, 1], queue=False, **STREAMS),
            dependency(2, "agent_run", [[None, "then"]], [4, 1, 8], [4, 1, 8], **STREAMS, **after(1)),
            dependency(3, "flushed", [[None, "then"]], [], [5], **after(2)),
            dependency(4, "unnamed", [[0, "load"]], [], [], backend_fn=False, queue=False, show_api=False),
        ],
        root,
    )


def interface_config(root: str) -> Json:
    """A ChatInterface of the 5.x kind: clear, append, answer, save."""
    hidden: Json = {"show_api": False}
    return config(
        "5.50.0",
        [
            component(1, "chatbot", value=[], type="messages"),
            component(3, "textbox", value=None, label="Message", lines=1, interactive=True, submit_btn=True),
            component(4, "state"),
            component(5, "state"),
            component(6, "json", value=None, visible=False),
            component(7, "textbox", value="Be kind.", label="System prompt", interactive=True),
            component(8, "button", value="fake", visible=False),
        ],
        [
            dependency(0, "_clear_and_save_textbox", [[3, "submit"]], [3], [3, 4], queue=False, **hidden),
            dependency(
                1, "_append_message_to_history", [[None, "then"]], [4, 1], [1], queue=False, **hidden, **after(0)
            ),
            dependency(2, "_submit_fn", [[None, "then"]], [4, 5, 7], [5, 1], **STREAMS, **hidden, **after(1)),
            dependency(3, "lambda", [[None, "then"]], [1], [5, 4], queue=False, **hidden, **after(2)),
            dependency(4, "chat", [[8, "click"]], [3, 5, 7], [6, 5], **STREAMS),
        ],
        root,
        mode="chat_interface",
    )


def bubble(text: str | None, files: list[Any] | None = None) -> Json:
    """A bubble of Qwen-Agent's chatbot."""
    return {
        "id": None, "elem_id": None, "elem_classes": None, "name": None, "text": text, "flushing": None, "avatar": "",
        "files": files,
    }  # fmt: skip
