"""The table of small chat apps by which finding a chat is judged: where each runs, and what a correct client is told.

Each app is asked ``PROMPTS`` one after the other. The bot says ``Echo: <prompt> | <note>``, and adds a list where the
prompt wants more; the notes of both turns stand in the table. An app without notes has no chat.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.real.process import CURRENT

HERE = Path(__file__).parent / "apps" / "chats"

# One environment for each way in which events travel, and 5 twice.
ANCIENT = ("gradio-3.50.2", "gradio-4.8.0", "gradio-4.16.0", "gradio-4.19.2")
FOUR, FIVE, LATE, SIX = "gradio-4.44.1", "gradio-5.23.1", "gradio-5.50.0", CURRENT
MODERN = (FOUR, FIVE, LATE, SIX)
EVERYWHERE = (*ANCIENT, *MODERN)
LEGACY_STUDIO, STUDIO = ("qwen-agent-0.0.11", "qwen-agent-0.0.34"), "modelscope-studio-1.6.1"

PROMPTS = ("Hello", "Tell me more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """One small app, and what it says."""

    file: str
    arguments: tuple[str, ...]
    environments: tuple[str, ...]
    notes: tuple[str, str] | None
    """What the answers say besides the prompt; None where nobody can chat."""
    told: str = "{prompt}"
    """What the bot is told of a prompt."""
    form: str = "{answer}"
    """How the page shows an answer."""
    before: tuple[str, ...] = ()
    """What must be done before the first message."""
    space: dict[str, Any] = field(default_factory=dict)
    """Options of the Space, such as which of several chats."""
    settings: dict[str, Any] = field(default_factory=dict)
    raw: bool = True
    """Whether the raw reader can play the page: it knows of no timers and no changes."""

    @property
    def script(self) -> Path:
        return HERE / self.file

    def answers(self) -> list[str]:
        """The two answers, as the page finally shows them."""
        assert self.notes is not None
        return [
            self.form.format(answer=answer(self.told.format(prompt=prompt), note), prompt=prompt)
            for prompt, note in zip(PROMPTS, self.notes, strict=True)
        ]


def answer(prompt: str, note: str) -> str:
    """What the bot says."""
    said = f"Echo: {prompt} | {note}"
    return f"{said}\n\n- **one**\n- two `code`\n\nThe end." if "more" in prompt else said


TURNS = ("turn=1", "turn=2")


def twice(note: str) -> tuple[str, str]:
    return note, note


def turns(more: str) -> tuple[str, str]:
    return f"turn=1 {more}", f"turn=2 {more}"


def chat(
    file: str,
    arguments: str,
    environments: tuple[str, ...] = EVERYWHERE,
    notes: tuple[str, str] | None = TURNS,
    **more: Any,
) -> Chat:
    return Chat(file=f"{file}.py", arguments=tuple(arguments.split()), environments=environments, notes=notes, **more)


CHATS: dict[str, Chat] = {
    # gr.ChatInterface
    "interface_returned": chat("interfaces", "--form returned"),
    "interface_streamed": chat("interfaces", "--form streamed"),
    "interface_coroutine": chat("interfaces", "--form coroutine"),
    "interface_async": chat("interfaces", "--form async"),
    "interface_renamed": chat("interfaces", "--form renamed", (FIVE, LATE, SIX)),
    "interface_unnamed": chat("interfaces", "--form unnamed", (FIVE, LATE, SIX)),
    "interface_own": chat("interfaces", "--form own"),
    "interface_settings": chat("interfaces", "--form settings", notes=turns("style=long loud=False"), settings={"Style": "long"}),
    "interface_outputs": chat("interfaces", "--form outputs", (FIVE, LATE, SIX)),
    "interface_multimodal": chat("interfaces", "--form multimodal", MODERN, turns("files=0")),
    "interface_saved": chat("interfaces", "--form saved", (FIVE, LATE, SIX)),
    "interface_tabbed": chat("interfaces", "--form tabbed"),
    "interface_second_tab": chat("interfaces", "--form tabbed", space={"chat": "fast"}),
    "interface_blocks": chat("interfaces", "--form blocks"),
    # boxes and buttons
    "submit": chat("boxes", "--fire submit"),
    "click": chat("boxes", "--fire click"),
    "both": chat("boxes", "--fire both"),
    "on": chat("boxes", "--fire on"),
    "either": chat("boxes", "--fire either"),
    "locks": chat("boxes", "--fire locks"),
    "state": chat("boxes", "--fire both --memory state"),
    "stash": chat("boxes", "--fire submit --memory kept"),
    "stash_on": chat("boxes", "--fire on --memory kept"),
    # chains
    "steps_1": chat("chains", "--steps 1"),
    "steps_2": chat("chains", "--steps 2 --bot once --order last"),
    "steps_3": chat("chains", "--steps 3", form="{answer}\n\n(answered {prompt!r})"),
    "steps_4": chat("chains", "--steps 4 --order nobody", form="{answer}\n\n(answered {prompt!r})"),
    "steps_5": chat("chains", "--steps 5 --bot once --order last", form="{answer}\n\n(answered {prompt!r})"),
    # several on a page
    "tabs": chat("tabs", "--kind chats", notes=turns("by=Alpha")),
    "tabs_named": chat("tabs", "--kind chats", notes=turns("by=Beta"), space={"chat": "Beta"}),
    "tabs_deep": chat("tabs", "--kind chats", notes=turns("by=Gamma"), space={"chat": "Gamma chatbot"}),
    "tabs_button": chat("tabs", "--kind chats", notes=turns("by=Beta"), space={"chat": "send to beta"}),
    "tabs_mixed": chat("tabs", "--kind mixed", notes=turns("by=Talk")),
    "tabs_function": chat("tabs", "--kind mixed", notes=twice("by=Lower"), space={"chat": "lower"}),
    "tabs_hidden": chat("tabs", "--kind hidden", EVERYWHERE[2:], notes=turns("by=Talk")),
    "double": chat("agents", "--kind double", notes=turns("by=Ada")),
    "double_second": chat("agents", "--kind double", notes=turns("by=Bob"), space={"chat": "To Bob"}),
    # text in, text out
    "plain_interface": chat("plain", "--form interface", notes=twice("times=2")),
    "plain_live": chat("plain", "--form live", notes=twice("live"), raw=False),
    "plain_markdown": chat("plain", "--form markdown", notes=twice("markdown")),
    "plain_both": chat("plain", "--form both", notes=twice("both")),
    "plain_html": chat("plain", "--form html", notes=twice("html")),
    "plain_bubbles": chat("plain", "--form bubbles", (ANCIENT[0], FOUR, SIX), raw=False),
    "plain_pairs": chat("plain", "--form pairs", (ANCIENT[0], SIX), raw=False),
    "plain_twoboxes": chat("plain", "--form twoboxes", notes=twice("context=Some text.")),
    "plain_log": chat("plain", "--form log", raw=False),
    "plain_progress": chat("plain", "--form progress", notes=twice("progress"), raw=False),
    # bots that hang on something
    "hanging_thread": chat("hanging", "--on thread", MODERN, raw=False),
    "hanging_shared": chat("hanging", "--on shared", MODERN, raw=False),
    # Not on 4.19.2: a run that was left there may poison the next one (a diff against it comes first).
    "hanging_every": chat("hanging", "--on every", ANCIENT[:3], raw=False),
    "hanging_typed": chat("hanging", "--on typed", raw=False),
    "hanging_sibling": chat("hanging", "--on sibling", (SIX,), raw=False),
    "hanging_counter": chat("hanging", "--on counter", raw=False),
    # gates
    "gate_consent": chat("gated", "--gate consent", notes=turns("ready"), before=("click",), raw=False),
    "gate_checkbox": chat("gated", "--gate checkbox", before=("tick",), raw=False),
    "gate_checked": chat("gated", "--gate checked", notes=turns("ticked=True"), before=("tick",), raw=False),
    "gate_start": chat("gated", "--gate start", notes=("turn=2 ready", "turn=3 ready"), before=("click",), raw=False),
    "gate_model": chat("gated", "--gate model", notes=turns("model=small"), before=("choose",), raw=False),
    "gate_model_chosen": chat("gated", "--gate model", notes=turns("model=large"), before=("choose",), settings={"model": "large"}, raw=False),
    "gate_unchosen": chat("gated", "--gate unchosen", notes=turns("model=small"), before=("choose",), raw=False),
    "gate_steps": chat("gated", "--gate steps", notes=turns("loaded=small"), before=("click", "choose", "click"), raw=False),
    "gate_named": chat("gated", "--gate named", notes=turns("name=Ada"), before=("click",), settings={"Your name": "Ada"}, raw=False),
    "gate_script": chat("gated", "--gate script", before=("click",), raw=False),
    "gate_optional": chat("gated", "--gate optional", notes=turns("style=None"), raw=False),
    # components of somebody else's
    "custom_chatbot": chat("customs", "--kind chatbot"),
    "custom_record": chat("customs", "--kind record", raw=False),
    "custom_leaf": chat("customs", "--kind leaf", raw=False),
    "custom_box": chat("customs", "--kind box"),
    "custom_modelscope": chat("customs", "--kind modelscope", LEGACY_STUDIO, raw=False),
    "custom_pro": chat("customs", "--kind pro", (STUDIO,), raw=False),
    "custom_sender": chat("customs", "--kind sender", (STUDIO,), raw=False),
    # gr.render and gr.load_chat
    "drawn_tab": chat("drawn", "--what tab", MODERN, turns("level=easy"), raw=False),
    "drawn_later": chat("drawn", "--what later", MODERN, raw=False),
    "drawn_each": chat("drawn", "--what each", MODERN, raw=False),
    # agents and demos
    "greeting": chat("agents", "--kind greeting"),
    "tools": chat("agents", "--kind tools", MODERN, raw=False),
    "files": chat("agents", "--kind files", MODERN, told="{prompt} (0 files)"),
    "system": chat("agents", "--kind system", notes=turns("system=Be kind.")),
    "footer": chat("agents", "--kind footer", form="{answer}\n\n*from three sources*"),
    "suggested": chat("agents", "--kind suggested"),
    "sidebar": chat("agents", "--kind sidebar", notes=turns("warm=0.7 language=en")),
    "classic": chat("agents", "--kind classic"),
    # no chat
    **{f"decoy_{kind}": chat("decoys", f"--kind {kind}", notes=None) for kind in ("image", "sum", "voice", "list", "canned")},
}  # fmt: skip
"""Name → app."""

CASES = [
    (name, environment)
    for number, (name, each) in enumerate(CHATS.items())
    for place, environment in enumerate(each.environments)
    if environment == each.environments[-1] or (number + place) % 8 == 0
]
"""The (app, environment)s that are tested: each app on the newest, and an eighth of all on each other one, in turn.

All that there are take four times as long; ``python -m benchmarks apps`` goes through them.
"""
