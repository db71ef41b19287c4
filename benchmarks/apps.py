"""The small chat apps of ``tests.real.chats``: how many are found and driven exactly, and what a turn takes.

An answer is exact if it is, character for character, what the app made it. gradio_client is told by hand what to call
for each app, in ``CALLS``; an app of which nothing can be called so (the answer comes by a timer, the chat is drawn, a
function has no name) has no entry there.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
from typing import Literal

from tests.real.chats import CASES, CHATS, EVERYWHERE, PROMPTS, Chat
from tests.real.process import Pool

from benchmarks.line import SlowLine
from benchmarks.run import ClientProcess, Table, goal, middle, ms, ratio
from spacebridge import Space, Timeouts, errors

_LIMITS = Timeouts(first_text=30, total=50, cancel=5)
_TALK = "/answer: text chat -> - chat"

INTERFACES = {
    **{form: form for form in ("returned", "streamed", "coroutine")},
    **dict.fromkeys(["own", "tabbed", "blocks", "saved"], "streamed"),
    "async": "async_streamed",
    "outputs": "counted",
}
"""Forms of ``gr.ChatInterface`` and their functions: since 6 the endpoint is named for the function."""
CALLS: dict[str, tuple[str, ...]] = {
    **{f"interface_{form}": (f"/chat|/{name}: text -> answer",) for form, name in INTERFACES.items()},
    "interface_renamed": ("/talk: text -> answer",),
    "interface_second_tab": ("/chat_1|/returned: text -> answer",),
    "interface_settings": ("/chat|/styled: text 'long' False -> answer",),
    "interface_multimodal": ("/chat|/multimodal: message -> answer",),
    **dict.fromkeys(["submit", "click", "both", "on", "either"], ("/from_chatbot: text chat -> - chat",)),
    "locks": ("/lambda_1: text chat -> chat",),
    "state": ("/from_state: text -> - chat",),
    **dict.fromkeys(["stash", "stash_on"], ("/lambda: text -> -", "/lambda_1: -> chat")),
    "steps_1": ("/whole: text chat -> - chat",),
    "steps_2": ("/enter: text chat -> - chat", "/replied: chat -> chat"),
    "steps_3": ("/enter: text chat -> - chat", "/reply: chat -> chat", "/footed: chat -> chat"),
    "steps_4": ("/enter: text chat -> - chat", "/reply: chat -> chat", "/footed: chat -> chat"),
    "steps_5": ("/enter: text chat -> - chat", "/replied: chat -> chat", "/footed: chat -> chat"),
    **dict.fromkeys(["tabs", "tabs_mixed", "suggested", "custom_chatbot", "custom_box"], (_TALK,)),
    "tabs_named": ("/answer_2: text chat -> - chat",),
    "tabs_deep": ("/answer_4: text chat -> - chat",),
    "tabs_button": ("/answer_3: text chat -> - chat",),
    "tabs_function": ("/lambda_1: text -> answer",),
    "tabs_hidden": ("/answer_2: text chat -> - chat",),
    "double": ("/lambda: text chat -> - chat",),
    "double_second": ("/lambda_1: text chat -> - chat",),
    "plain_interface": ("/predict|/lambda: text 2 -> answer",),
    "plain_live": ("/predict|/lambda: text -> answer",),
    "plain_markdown": ("/generate: text -> answer",),
    "plain_both": ("/answer: text -> - answer -",),
    "plain_html": ("/lambda: text -> answer",),
    "plain_twoboxes": ("/lambda: 'Some text.' text -> answer",),
    "plain_progress": ("/work: text -> - answer",),
    **dict.fromkeys(["hanging_typed", "hanging_sibling"], ("/lambda: text ->", "/lambda_1: chat -> chat")),
    "hanging_counter": ("/lambda: text 0 -> - -", "/answer: chat -> chat"),
    **dict.fromkeys(["gate_checkbox", "gate_script"], (_TALK,)),
    "gate_checked": ("/answer: text chat True -> - chat",),
    **dict.fromkeys(["gate_model", "gate_unchosen"], ("/answer: text chat 'small' -> - chat",)),
    "gate_model_chosen": ("/answer: text chat 'large' -> - chat",),
    "gate_optional": ("/answer: text chat None -> - chat",),
    "tools": ("/interact: text chat -> - chat",),
    "greeting": ("/enter: text chat -> - chat", "/reply: chat -> chat"),
    "system": ("/answer: text 'Be kind.' chat -> - chat",),
    "footer": ("/lambda: text chat -> - chat", "/reply: chat -> chat", "/lambda_2: chat -> chat"),
    "classic": ("/predict|/answer: text -> chat",),
    "sidebar": ("/answer: text chat 0.7 'en' -> - chat",),
}
"""App → the calls of a turn, in the form that ``benchmarks.clients.told`` reads."""
FAR = 0.1
"""Seconds of a round trip to a server on another continent."""
Route = Literal["page", "api"]
TIMED: tuple[tuple[str, Route], ...] = (
    ("interface_streamed", "page"),
    ("interface_streamed", "api"),
    ("submit", "page"),
)
"""Apps of which turns are timed, and by which route: ``gr.ChatInterface``, and one function from a box to a chatbot."""


def main(*, quick: bool) -> None:
    with contextlib.closing(Pool()) as pool:
        exactness(pool, CASES if quick else [(name, each) for name in CHATS for each in CHATS[name].environments])
        rounds = 3 if quick else 15
        turns(pool, rounds=rounds)
        turns(pool, rounds=rounds, round_trip=FAR)


def exactness(pool: Pool, cases: list[tuple[str, str]]) -> None:
    """How many apps answer as they should, by each client."""
    table = Table(
        "Found and driven exactly, two turns each",
        ["", "chats", "spacebridge", "told by hand", "gradio_client", "no chat", "said so"],
    )
    lost: list[str] = []
    for environment in dict.fromkeys(environment for _, environment in cases):
        names = [name for name, each in cases if each == environment]
        counts: collections.Counter[str] = collections.Counter()
        with ClientProcess("told") as official:
            for name in names:
                chat = CHATS[name]
                url = pool.get(chat.script, *chat.arguments, environment=environment)
                if chat.notes is None:
                    counts["none"] += 1
                    counts["said"] += asyncio.run(says_so(url))
                    continue
                counts["chats"] += 1
                told = asyncio.run(driven(url, chat))
                counts["ours"] += told == chat.answers()
                if told != chat.answers():
                    lost.append(f"{name} on {environment}: {told}")
                if name in CALLS:
                    counts["told"] += 1
                    counts["theirs"] += by_hand(official, url, CALLS[name]) == chat.answers()
        table.row(environment, *(str(counts[each]) for each in ("chats", "ours", "told", "theirs", "none", "said")))
    table.show()
    goal(f"{len(cases) - len(lost)} of {len(cases)} as they should be", met=not lost)
    for line in lost:
        print(f"- {line}")


async def driven(url: str, chat: Chat) -> list[str]:
    """The answers of two turns, found from the address alone; or what went wrong."""
    try:
        async with Space(url, timeouts=_LIMITS, **chat.space) as space:
            conversation = space.conversation()
            first = await conversation.ask(PROMPTS[0], settings=chat.settings)
            return [first.text, (await conversation.ask(PROMPTS[1])).text]
    except errors.SpacebridgeError as error:
        return [f"{type(error).__name__}: {error.message}"]


async def says_so(url: str) -> bool:
    """Whether it is said that there is no chat."""
    async with Space(url, timeouts=_LIMITS) as space:
        try:
            _ = space.layout
        except errors.NoChatFound as error:
            return bool(error.looked_at)
    return False


def by_hand(client: ClientProcess, url: str, calls: tuple[str, ...]) -> list[str]:
    """What gradio_client is answered."""
    return [answer["text"] or answer["error"] for answer in client.run(url, [PROMPTS], calls=calls)["answers"]]


async def offered(url: str, route: Route) -> bool:
    """Whether an app can be asked by a route."""
    try:
        async with Space(url, timeouts=_LIMITS, route=route):
            return True
    except errors.NotOffered:
        return False


def turns(pool: Pool, *, rounds: int, round_trip: float = 0.0) -> None:
    """The time to the first text of the first turns, beside a loop that only sends and reads."""
    prompts = [*PROMPTS, PROMPTS[0]]
    table = Table(
        f"A turn: time to the first text, and requests; round trip {ms(round_trip)}",
        [
            "",
            "app, route",
            "bare, turn 1 / 2 / 3",
            "spacebridge, turn 1 / 2 / 3",
            "over bare",
            "requests, bare",
            "ours, turn 1 / 2 / 3",
        ],
    )
    for environment in EVERYWHERE:
        for name, route in TIMED:
            chat = CHATS[name]
            url = pool.get(chat.script, *chat.arguments, environment=environment)
            if not asyncio.run(offered(url, route)):
                continue
            found: dict[str, list[list[dict[str, float]]]] = {"event": [], "ours": []}
            with contextlib.ExitStack() as stack:
                bare, ours = (stack.enter_context(ClientProcess(each)) for each in ("event", "ours"))
                if round_trip:
                    url = stack.enter_context(SlowLine(url, round_trip)).url
                for number in range(rounds + 1):
                    for client, more in ((bare, {}), (ours, {"way": "counted", "route": route})):
                        answers = client.run(url, [prompts], **more)["answers"]
                        if failed := [answer["error"] for answer in answers if "error" in answer]:
                            raise RuntimeError(f"{client.name} on {environment}: {failed[0]}")
                        if number:  # the first is for imports
                            found[client.name].append(answers)
            first = {
                each: [middle(answers[turn]["first"] for answers in many) for turn in range(len(prompts))]
                for each, many in found.items()
            }
            requests = {each: [int(answer["requests"]) for answer in many[-1]] for each, many in found.items()}
            table.row(
                environment,
                f"{name}, {route}",
                *(" / ".join(ms(seconds) for seconds in first[each]) for each in ("event", "ours")),
                " / ".join(ratio(*pair) for pair in zip(first["ours"], first["event"], strict=True)),
                str(requests["event"][-1]),
                " / ".join(map(str, requests["ours"])),
            )
    table.show()
