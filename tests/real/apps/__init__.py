"""The apps under test, each a script that takes ``--port``; run as processes, never imported by the tests.

``APPS`` tells of each small app where it runs and what a correct client must see. The prompt is ``Hello`` unless the
sentence says otherwise, ``N`` in the sentence is the number of messages that the bot was shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.real.process import CURRENT

HERE = Path(__file__).parent

QWEN_AGENT = HERE / "qwen_agent_app.py"
QWEN_AGENT_ENVIRONMENT = "qwen-agent-0.0.11"
LATER_QWEN_AGENT_ENVIRONMENT = "qwen-agent-0.0.34"

OLD, MIDDLE, LATE, NEW = "gradio-4.44.1", "gradio-5.23.1", "gradio-5.50.0", CURRENT
EVERYWHERE = (OLD, MIDDLE, LATE, NEW)
WS, SSE, SSE_V1, SSE_V2 = "gradio-3.50.2", "gradio-4.8.0", "gradio-4.16.0", "gradio-4.19.2"
EARLY = (WS, SSE, SSE_V1, SSE_V2)
"""One of each generation before the last; chats are pairs there."""
ALL_GENERATIONS = (*EARLY, *EVERYWHERE)


@dataclass(frozen=True, slots=True)
class App:
    """One small app."""

    file: str
    arguments: tuple[str, ...]
    environments: tuple[str, ...]
    expect: str

    @property
    def script(self) -> Path:
        return HERE / "rules" / self.file


def app(file: str, arguments: str, environments: tuple[str, ...], expect: str) -> App:
    return App(file, tuple(arguments.split()), environments, expect)


APPS: dict[str, App] = {
    # the thirteen rules
    "load_session": app("load_session.py", "", ALL_GENERATIONS, "'Echo: Hello | session=id-… loaded=by load history=N': the id is that of the session's own load, the same in turn 2, another in another conversation, never the one in /config"),
    "listeners_clear_first": app("listeners.py", "--order clear-first", ALL_GENERATIONS, "before 6 'Echo: Hello | history=1'; on 6.31 the bot is given the cleared box: 'Echo:  | history=1'"),
    "listeners_clear_last": app("listeners.py", "--order clear-last", ALL_GENERATIONS, "'Echo: Hello | history=1'"),
    "after_failure": app("after_failure.py", "", ALL_GENERATIONS, "'Echo: Hello | ran= history=1', then 'ran=[then][success]'; 'fail', 'crash', 'fail later' (part: 'a part') are errors, after which [then] runs before 6 only, and [failure] on 5.50 and 6.31: ask once more to see"),
    "kept_runs": app("kept_runs.py", "", EVERYWHERE, "'Echo: Hello | history=N' turn after turn, although every first step has the number of the one before it, for which the server keeps a value"),
    "kept_runs_early": app("kept_runs.py", "", (SSE_V2,), "as kept_runs in turn 1; then nothing can be done but say so"),
    "stopped_runs": app("kept_runs.py", "--run queued", (SSE_V2, *EVERYWHERE), "'Echo: Hello | history=N'; after a turn that was stopped too, although the server then begins with a diff against what that one had come to: on 4.19.2 as a whole, at the end"),
    "cancel_chain": app("cancel_chain.py", "", ALL_GENERATIONS, "cancel '[[count=50 pace=0.05]]' in the middle; the next turn's answer says memory=[prompt, partial answer]"),
    "js_between": app("js_steps.py", "--js between", ALL_GENERATIONS, "on 6.31 'Echo: Hello | history=1'; before 6 the page does not go on after such a step, and nothing answers"),
    "js_outputs": app("js_steps.py", "--js outputs", ALL_GENERATIONS, "as js_between"),
    "js_rewrites": app("js_steps.py", "--js rewrites", EVERYWHERE, "the page says 'Echo: HELLO | history=1'; a client cannot and must say so"),
    "change_hidden": app("changes.py", "--place hidden", ALL_GENERATIONS, "'Echo: Hello | history=1'; the very same prompt again changes nothing and gets no answer"),
    "change_chatbot": app("changes.py", "--place chatbot", ALL_GENERATIONS, "'Echo: Hello | history=1', once"),
    "change_state": app("changes.py", "--place state", EVERYWHERE, "'Echo: Hello | history=1'"),
    "change_stream": app("changes.py", "--place stream", EVERYWHERE, "'Echo: Hello | history=1', and the box 'counter' ends at 'steps: 4' (empty on 4.44, where the page does not follow a State that changes in mid-stream)"),
    "loop": app("loop.py", "", ALL_GENERATIONS, "'Echo: Hello | history=1', and the turn ends although ping and pong go on for ever"),
    "timer": app("timer.py", "", EVERYWHERE, "'Echo: Hello | history=1', by a tick"),
    "clock": app("clock.py", "", ALL_GENERATIONS, "'Echo: Hello | history=1', though the clock goes on for ever"),
    "props": app("props.py", "", (NEW,), "'Echo: Hello | lines=1 style=3 of 10 history=1'"),
    "rendered_all": app("rendered.py", "--what all", EVERYWHERE, "'Echo: Hello | style=plain history=1', in a chat that /config does not show"),
    "rendered_shown": app("rendered.py", "--what shown", EVERYWHERE, "the drawn chatbot's value ends in 'Echo: Hello | history=1'"),
    "updates": app("updates.py", "", ALL_GENERATIONS, "'Echo: Hello | history=1'; the message box ends empty and interactive"),
    "triggers": app("triggers.py", "", EVERYWHERE, "'Echo: Hello | by=Message history=1' by submit, 'by=Send' by the button"),
    "saved_later": app("saved_later.py", "", ALL_GENERATIONS, "by the chain 'history=1', then 3, 5…; a turn by /chat is forgotten after a turn by the chain"),
    "reasoning": app("reasoning.py", "", (NEW,), "reasoning 'First I look, then I leap.' and 'Or is it?'; answer 'The answer is 42.' and 'Yes. You said Hello.'"),
    "echo": app("echo.py", "--form messages", ALL_GENERATIONS, "'Echo: Hello | history=1'; '[[nested]]' and all other named answers as the page ends up showing them"),
    "echo_pairs": app("echo.py", "--form pairs", (*EARLY, OLD, MIDDLE, LATE), "as echo, in pairs"),
    # other shapes of chat
    "echo_button": app("echo.py", "--form button", ALL_GENERATIONS, "as echo; the text goes in by the button 'Send', the box has no submit"),
    "arena_together": app("arena.py", "--fed together", ALL_GENERATIONS, "two sources: 'Echo: Hello | I am A, history=1' and '… B …'"),
    "arena_apart": app("arena.py", "--fed apart", ALL_GENERATIONS, "as arena_together"),
    "button_only": app("button_only.py", "", ALL_GENERATIONS, "no chat: there is no way for text in"),
    "several_boxes": app("several_boxes.py", "", ALL_GENERATIONS, "'Echo: Hello | name=nobody system=Be kind. history=1'; of three boxes with a submit only 'Message' leads to the chatbot"),
    "interface": app("interface.py", "--form plain", ALL_GENERATIONS, "'Echo: Hello | history=0', then history=2 last=…"),
    "interface_multimodal": app("interface.py", "--form multimodal", EVERYWHERE, "as interface; with files the answer names them: files=a.txt"),
    "interface_settings": app("interface.py", "--form settings", ALL_GENERATIONS, "'… settings=You are helpful.,0.7,512,False'"),
    "interface_thoughts": app("interface.py", "--form thoughts", (MIDDLE, LATE, NEW), "reasoning 'I look. I think. I know.' (duration 1.5), a tool step 'weather(Paris)' with parent 1, the echo as answer"),
    "interface_list": app("interface.py", "--form list", (MIDDLE, LATE, NEW), "two bubbles: 'First of all.' and the echo"),
    "interface_options": app("interface.py", "--form options", (MIDDLE, LATE, NEW), "the echo at once, with the options tea and coffee; choosing tea asks 'tea'"),
    "interface_saved": app("interface.py", "--form saved", (MIDDLE, LATE, NEW), "as interface"),
    "interface_pairs": app("interface.py", "--form pairs", (*EARLY, OLD, MIDDLE, LATE), "as interface"),
    "interface_validated": app("interface.py", "--form validated", (LATE, NEW), "as interface; 'Hi' is refused by the page: 'too short'"),
    "upload_button": app("upload_button.py", "", ALL_GENERATIONS, "'Echo: Hello | files=… attached=… history=N': files that the button has uploaded, with their sizes, and the one in the file box"),
    "interface_login": app("interface.py", "--form login", ALL_GENERATIONS, "401 without a login; with ada/secret as interface"),
    "text_streamed": app("text_to_text.py", "--way streamed", ALL_GENERATIONS, "no chatbot; the output text is 'Echo: Hello | style=short'"),
    "settings": app("settings.py", "", ALL_GENERATIONS, "on tab 'en' 'Echo: Hello | system='Be kind.' temperature=0.7 …': what is set, under OpenAI's names; other tabs have other labels, or settings that take effect by their own events"),
    "settings_events": app("settings.py", "--form events", ALL_GENERATIONS, "'Echo: Hello | variant='s-1'', and what the events of other settings have put into the State"),
    "text_whole": app("text_to_text.py", "--way whole", ALL_GENERATIONS, "as text_streamed, in one piece"),
    "memory": app("memory.py", "", ALL_GENERATIONS, "on each tab another memory: 'Echo: Hello | saw=[]', then what the bot was shown: 'saw=[u:Hello|a:Echo: Hello | saw=[]]'"),
    "refused_validator": app("refused.py", "--by validator", (LATE, NEW), "'Hi' is refused with 422 'too short' and nothing follows; 'Hello' is echoed"),
    "refused_queue": app("refused.py", "--by queue", ALL_GENERATIONS, "the third of three '[[count=20 pace=0.1]]' at once is refused: the queue is full"),
    "notices": app("notices.py", "", ALL_GENERATIONS, "the echo, beside two notices and progress; 'error': an error 'quota gone <b>now</b>'"),
    # answers of every kind; the prompt names what comes
    "kinds": app("kinds.py", "--form messages", EVERYWHERE, "see the app"),
    "kinds_pairs": app("kinds.py", "--form pairs", (OLD, MIDDLE, LATE), "see the app"),
    "kinds_early": app("kinds.py", "--form pairs", EARLY, "see the app; chatbots show no components there"),
    "kinds_login": app("kinds.py", "--form login", (OLD, NEW), "401 without a login; with ada/secret as kinds"),
    "kinds_interface": app("kinds.py", "--form interface", (MIDDLE, LATE, NEW), "see the app"),
    # files in; the answer names them
    "inlets_box": app("inlets.py", "--form box", EVERYWHERE, "'Echo: Hello | files=a.txt:5:…'"),
    "inlets_limited": app("inlets.py", "--form limited", EVERYWHERE, "as inlets_box, for one picture or .pdf of at most 100 000 bytes"),
    "inlets_image": app("inlets.py", "--form image", ALL_GENERATIONS, "as inlets_box, for a picture in a box of its own"),
    "inlets_media": app("inlets.py", "--form media", EVERYWHERE, "as inlets_box, for a sound, a film and pictures, each in a box of its own"),
    "inlets_file": app("inlets.py", "--form file", ALL_GENERATIONS, "as inlets_box, for files in a box of their own"),
    "inlets_button": app("inlets.py", "--form button", ALL_GENERATIONS, "as inlets_box, for files by a button that keeps them in a State"),
    "inlets_posted": app("inlets.py", "--form posted", ALL_GENERATIONS, "files by a button are posted into the chat, 'I have it.'; then 'Echo: Hello | files=none'"),
}  # fmt: skip
"""Name → app."""

CASES = [(name, environment) for name, each in APPS.items() for environment in each.environments]
"""Every (app, environment) that there is."""
