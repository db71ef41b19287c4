"""Against the real Qwen-Agent app in front of the scripted model: exact or not, how soon, and at what cost."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.real.answers import ANSWERS
from tests.real.apps import QWEN_AGENT, QWEN_AGENT_ENVIRONMENT
from tests.real.apps.qwen import TAIL
from tests.real.model_server import ModelServer
from tests.real.process import CURRENT, Process, available
from tests.real.readers import raw_turn

from benchmarks.run import ClientProcess, Table, goal, middle, ms

OLD = "g4f-0.6.4.3"
OURS = "spacebridge, Qwen_Qwen_2_5M"
TEXT = "spacebridge, Conversation.text"
BARE = "bare aiohttp: run, join, data"
BARE_PAGE = "bare aiohttp: and what follows"
BARE_CLASS = "bare aiohttp: and /config, alone"
MOST = 1.5
TOKENS = 100
PACE = 0.02
PAGES = {
    "the page's own texts": ("--agents", "3", "--wiring", "space"),
    "with the Space's placeholder and tail": ("--agents", "3", "--wiring", "space", "--demo"),
}


@dataclass(frozen=True)
class Competitor:
    """A client and how it is asked."""

    title: str
    client: str
    environment: str = CURRENT
    more: dict[str, Any] = field(default_factory=dict)
    judged: bool = False
    """Whether its answers are compared with what the page shows."""
    measured: bool = True
    """Whether its cost is measured."""
    same: str = BARE
    """The bare loop that makes the same requests."""


def competitors() -> list[Competitor]:
    found = [
        Competitor(BARE, "bare"),
        Competitor(BARE_PAGE, "bare", more={"follow": True}),
        Competitor(BARE_CLASS, "bare", more={"follow": True, "alone": True}),
    ]
    known = importlib.util.find_spec("spacebridge.providers") is not None
    found.append(Competitor(TEXT, "ours", more={"way": "text"}, judged=not known, same=BARE_PAGE))
    if known:
        found += [
            Competitor(OURS, "ours", more={"way": "provider"}, judged=True, same=BARE_CLASS),
            Competitor(
                f'{OURS}, settle="end"', "ours", more={"way": "provider", "settle": "end"}, judged=True, measured=False
            ),
        ]
    else:
        print("spacebridge.providers is not there: a Conversation is judged in its place.")
    found.append(Competitor("gradio_client, by api_name", "official", more={"more": [0]}, judged=True))
    if available(OLD):
        found.append(Competitor("old provider class of g4f 0.6.4.3", "old_provider", OLD, judged=True))
    else:
        print(f"Left out: the environment {OLD} has not been made.")
    return found


def main(*, quick: bool) -> None:
    if not available(QWEN_AGENT_ENVIRONMENT):
        print(f"Left out: the environment {QWEN_AGENT_ENVIRONMENT} has not been made.")
        return
    rivals = competitors()
    with ModelServer() as model, contextlib.ExitStack() as stack:
        clients = {
            rival.title: stack.enter_context(ClientProcess(rival.client, environment=rival.environment))
            for rival in rivals
        }
        for name, options in PAGES.items():
            with app(model, *options) as url:
                judged = [rival for rival in rivals if rival.judged]
                exactness(name, url, judged, clients, tail="--demo" in options, quick=quick)
                if "--demo" not in options:
                    load(url, [rival for rival in rivals if rival.measured], clients, quick=quick)


@contextlib.contextmanager
def app(model: ModelServer, *options: str) -> Iterator[str]:
    arguments = ["--model-server", model.base_url, "--concurrency", "100", *options]
    with Process(QWEN_AGENT, *arguments, environment=QWEN_AGENT_ENVIRONMENT) as process:
        yield process.url


async def truths(url: str, names: list[str], *, tail: bool) -> list[str]:
    """What the page finally shows of each answer, to an independent reader; without the Space's tail, if it has one."""
    turns = asyncio.Semaphore(4)

    async def read(name: str) -> str:
        async with turns:
            shown = (await raw_turn(url, f"[[{name}]]")).answer
            return TAIL.sub("", shown) if tail else shown

    return list(await asyncio.gather(*map(read, names)))


def exactness(
    name: str,
    url: str,
    rivals: list[Competitor],
    clients: dict[str, ClientProcess],
    *,
    tail: bool,
    quick: bool,
) -> None:
    names = [each for each in ANSWERS if not (quick and each in ("long", "huge"))]
    right = asyncio.run(truths(url, names, tail=tail))
    table = Table(f"Exact answers, {name}", ["", "exact", "equal but for white space", "wrong", "errors"])
    notes: list[str] = []
    goals: list[tuple[str, bool]] = []
    for rival in rivals:
        told = clients[rival.title].run(url, [[f"[[{each}]]"] for each in names], at_once=4, **rival.more)
        exact, alike, wrong, failed = [], [], [], []
        for each, truth, answer in zip(names, right, told["answers"], strict=True):
            text = answer["text"]
            if answer.get("error"):
                failed.append(each)
                notes.append(f"{rival.title}: {each}: {answer['error']}")
            elif text == truth:
                exact.append(each)
            elif "".join(text.split()) == "".join(truth.split()):
                alike.append(each)
            else:
                wrong.append(each)
        table.row(rival.title, f"{len(exact)} of {len(names)}", str(len(alike)), str(len(wrong)), str(len(failed)))
        notes += [
            f"{rival.title}: {what}: {', '.join(which)}"
            for what, which in (("white space", alike), ("wrong", wrong))
            if which and len(which) <= 8
        ]
        if rival.client == "ours":
            at_end = rival.more.get("settle") == "end"
            what = "exact" if at_end else "exact, or equal but for white space where the page re-indented"
            goals.append((f"{rival.title}: all answers {what}", not wrong and not failed and not (at_end and alike)))
    table.show()
    for note in notes:
        print(f"- {note}")
    for what, met in goals:
        goal(what, met=met)


def load(url: str, rivals: list[Competitor], clients: dict[str, ClientProcess], *, quick: bool) -> None:
    prompt = f"[[words={TOKENS} pace={PACE}]]"
    for rival in rivals:  # imports, first connections
        clients[rival.title].run(url, [["[[plain]]"]], **rival.more)
    for at_once, rounds in ((1, 3 if quick else 9), (10, 1 if quick else 5), (50, 1 if quick else 2)):
        found: dict[str, list[dict[str, Any]]] = {rival.title: [] for rival in rivals}
        for _ in range(rounds):
            for rival in rivals:
                told = clients[rival.title].run(url, [[prompt]] * at_once, at_once=at_once, **rival.more)
                found[rival.title].append(told)
        show_load(at_once, rounds, rivals, found)


def show_load(at_once: int, rounds: int, rivals: list[Competitor], found: dict[str, list[dict[str, Any]]]) -> None:
    def over(name: str, other: str) -> float:
        """How many times as much CPU one took as the other, in the same round."""
        pairs = zip(found[name], found[other], strict=True)
        return middle(one["cpu"] / two["cpu"] for one, two in pairs)

    table = Table(
        f"{at_once} at once, {TOKENS} tokens each {PACE * 1e3:g} ms, {rounds} rounds",
        [
            "",
            "first text",
            "slowest first text",
            "CPU an answer",
            "over bare",
            "over bare, same requests",
            "over the class",
            "failed",
        ],
    )
    names = {rival.title for rival in rivals}
    ours = OURS if OURS in names else TEXT
    for rival in rivals:
        name = rival.title
        answers = [answer for told in found[name] for answer in told["answers"]]
        firsts = [answer["first"] for answer in answers if answer["first"] is not None]
        table.row(
            name,
            ms(middle(firsts) if firsts else None),
            ms(max(firsts, default=None)),
            ms(middle(told["cpu"] / at_once for told in found[name])),
            f"{over(name, BARE):.2f}",
            f"{over(name, rival.same):.2f}",
            f"{over(name, ours):.2f}",
            str(sum(1 for answer in answers if answer.get("error"))),
        )
    table.show()
    for rival in rivals:
        if rival.client == "ours":
            part = over(rival.title, rival.same)
            what = f"{at_once} at once cost {part:.2f} times a bare loop with the same requests, at most {MOST}"
            goal(f"{rival.title}: {what}", met=part <= MOST)
