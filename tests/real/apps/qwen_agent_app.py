"""Qwen-Agent's own web app, in front of whatever model server it is told.

Runs in the environment ``qwen-agent-0.0.11``, where ``qwen_agent.gui.WebUI`` is the real thing. The options give its
settings, and the variations of it that Spaces are known to show:

``--wiring stock``   the page as the package builds it
``--wiring space``   the page of the public demo: the selector is also read and written by the answering function
``--wiring other``   a later version: more inputs, other ids, other names, another order, everything queued
``--demo``           the texts of the public demo: a placeholder first, and a tail with the time at the end of each step
"""

from __future__ import annotations

import argparse
import copy
import functools
import os
import sys
import time
from typing import ClassVar

import openai
import qwen_agent.gui.web_ui as stock
from qwen_agent import MultiAgentHub
from qwen_agent.agents import Assistant, BasicAgent, GroupChat, Router
from qwen_agent.gui.utils import convert_fncall_to_text
from qwen_agent.llm.schema import CONTENT, NAME
from qwen_agent.tools.base import BaseTool, register_tool

# One request means one request: what the model was asked is compared with what was said.
openai.OpenAI = functools.partial(openai.OpenAI, max_retries=0)

NAMES = ["Qwen2.5-Turbo-1M", "Qwen2.5-14B-Instruct-1M", "Qwen2.5-7B-Instruct-1M"]
PLACEHOLDER = "Qwen is thinking..."


@register_tool("shout")
class Shout(BaseTool):
    """A tool that needs nothing, so that tool calls can be watched."""

    description = "Says a text in capitals."
    parameters: ClassVar = [{"name": "text", "type": "string", "description": "the text", "required": True}]

    def call(self, params, **kwargs) -> str:
        return self._verify_json_format_args(params)["text"].upper()


class Demo(stock.WebUI):
    """The page with the public demo's texts."""

    def agent_run(self, _chatbot, _history, _agent_selector=None):
        first = len(_chatbot) - 1
        selected = _agent_selector or 0
        _chatbot[-1][1] = [None] * len(self.agent_list)
        _chatbot[-1][1][selected] = PLACEHOLDER
        more = () if _agent_selector is None else (_agent_selector,)
        yield (_chatbot, _history, *more)
        responses = []
        for responses in (self.agent_hub or self.agent_list[selected]).run(_history, **self.run_kwargs):
            shown = convert_fncall_to_text(responses)
            if not shown or shown[-1][CONTENT] is None:
                continue
            while len(_chatbot) - first < len(shown):
                _chatbot.append([None, [None] * len(self.agent_list)])
            for i, message in enumerate(shown):
                index = self._get_agent_index_by_name(message[NAME])
                tail = f"\n<summary>Time: {time.monotonic():.3f}s</summary>"
                _chatbot[first + i][1][index] = message[CONTENT] + tail
            yield (_chatbot, _history, *more)
        _history.extend(responses)
        yield (_chatbot, _history, *more)


def space_wiring(ui, blocks_queue):
    """The public demo's event graph: as stock, but the answer reads and writes the selector where there is one."""
    from qwen_agent.gui.gradio import gr, mgr

    with gr.Blocks() as demo:
        history = gr.State([])
        with gr.Row(elem_classes="container"):
            with gr.Column(scale=4):
                chatbot = mgr.Chatbot(
                    value=[], avatar_images=[ui.user_config, ui.agent_config_list], height=900, flushing=False
                )
                box = mgr.MultimodalInput(placeholder=ui.input_placeholder)
            with gr.Column(scale=1):
                shared = []
                if len(ui.agent_list) > 1:
                    choices = [(agent.name, i) for i, agent in enumerate(ui.agent_list)]
                    selector = gr.Dropdown(choices, label="Agents", value=0, interactive=True)
                    shared = [selector]
                info = ui._create_agent_info_block()
                plugins = ui._create_agent_plugins_block()
                if ui.prompt_suggestions:
                    gr.Examples(label="推荐对话", examples=ui.prompt_suggestions, inputs=[box])
            if shared:
                selector.change(ui.change_agent, [selector], [selector, info, plugins], queue=False)
            said = box.submit(ui.add_text, [box, chatbot, history], [box, chatbot, history], queue=False)
            said.then(ui.agent_run, [chatbot, history, *shared], [chatbot, history, *shared]).then(
                ui.flushed, None, [box]
            )
        demo.load(None)
    blocks_queue(demo)


def other_wiring(ui, blocks_queue):
    """A version nobody has seen: a plain text box, a system prompt, a temperature, a button, another order."""
    from qwen_agent.gui.gradio import gr, mgr

    def clear():
        return [], [], ""

    def enter(system, text, temperature, history, shown):
        message = {"role": "user", "content": [{"text": text}], "name": "user"}
        return "", [*history, message], [*shown, [{"text": text, "files": []}, None]]

    def respond(history, temperature, shown, selected, system):
        agent = copy.copy(ui.agent_list[selected])
        agent.system_message = system
        agent.extra_generate_cfg = {**agent.extra_generate_cfg, "temperature": temperature}
        answers = Demo.agent_run if isinstance(ui, Demo) else stock.WebUI.agent_run
        page = copy.copy(ui)
        page.agent_list = [agent if i == selected else other for i, other in enumerate(ui.agent_list)]
        for value in answers(page, shown, history, selected):
            yield value[0], value[1]

    with gr.Blocks() as demo:
        gr.Markdown("# Qwen")
        with gr.Accordion("Settings"):
            system = gr.Textbox("You are a helpful assistant.", label="System prompt")
            temperature = gr.Slider(0, 2, value=0.7, label="Temperature")
        erase = gr.Button("Clear")
        box = gr.Textbox(label="Message", show_label=False)
        selector = gr.Radio([(agent.name, i) for i, agent in enumerate(ui.agent_list)], value=0, label="Model")
        chatbot = mgr.Chatbot(value=[], avatar_images=[ui.user_config, ui.agent_config_list])
        send = gr.Button("Send")
        history = gr.State([])
        erase.click(clear, None, [chatbot, history, box], queue=False)
        selector.change(lambda i: f"You are model {i}.", [selector], [system])
        gr.on(
            [send.click, box.submit],
            enter,
            [system, box, temperature, history, chatbot],
            [box, history, chatbot],
            api_name="enter",
        ).success(
            respond, [history, temperature, chatbot, selector, system], [chatbot, history], api_name="respond"
        ).then(lambda: gr.update(interactive=True), None, [box])
    blocks_queue(demo)


def agents(options):
    """The agents of the page."""
    llm = {
        "model": "scripted",
        "model_type": "oai",
        "model_server": options.model_server,
        "api_key": "none",
        "generate_cfg": {"max_input_tokens": -1},
    }
    kind = Assistant if options.tools else BasicAgent
    more = {"function_list": ["shout"]} if options.tools else {}
    made = [
        kind(llm=llm, name=name, description=f"{name} demo", system_message="You are a helpful assistant.", **more)
        for name in NAMES[: options.agents]
    ]
    if options.hub == "group":
        return GroupChat(agents=made, agent_selection_method="round_robin", name="group", description="all of them")
    if options.hub == "router":
        return Router(llm=llm, agents=made, name="router", description="asks the others")
    return made if len(made) > 1 else made[0]


def main(argv=None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model-server", required=True, help="base URL, with /v1")
    parser.add_argument("--agents", type=int, default=1, choices=[1, 2, 3])
    parser.add_argument("--hub", choices=["none", "group", "router"], default="none")
    parser.add_argument("--wiring", choices=["stock", "space", "other"], default="stock")
    parser.add_argument("--mention", action="store_true", help="as enable_mention of the real page")
    parser.add_argument("--demo", action="store_true", help="placeholder and tail")
    parser.add_argument("--tools", action="store_true", help="agents that can call the tool 'shout'")
    parser.add_argument("--examples", action="store_true", help="prompt suggestions on the page")
    parser.add_argument("--concurrency", type=int, default=10)
    options = parser.parse_args(argv)

    made = agents(options)
    config = (
        {"prompt.suggestions": [{"text": "What can you do?"}, {"text": "Say [[plain]]"}]} if options.examples else {}
    )
    ui = (Demo if options.demo else stock.WebUI)(made, chatbot_config=config)
    assert isinstance(made, MultiAgentHub) == (options.hub != "none")

    def launch(demo):
        ui.run_kwargs = {}
        demo.queue(default_concurrency_limit=options.concurrency).launch(
            server_name="127.0.0.1", server_port=options.port
        )

    if options.wiring == "stock":
        ui.run(
            server_name="127.0.0.1",
            server_port=options.port,
            concurrency_limit=options.concurrency,
            enable_mention=options.mention,
        )
    else:
        (space_wiring if options.wiring == "space" else other_wiring)(ui, launch)


if __name__ == "__main__":
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    sys.exit(main())
