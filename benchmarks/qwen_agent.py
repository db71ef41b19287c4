"""Against the real Qwen-Agent app in front of the scripted model: what is right, how soon, and at what cost."""

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

from benchmarks.run import ClientProcess, Table, goal, middle, ms, ratio

OLD = "g4f-0.6.4.3"
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
    truth: bool = True
    """Whether it gives text that can be compared."""


def competitors() -> list[Competitor]:
    found = [
        Competitor("bare aiohttp, only reads", "bare", truth=False),
        Competitor("bare aiohttp, all requests of the page", "bare", more={"follow": True}, truth=False),
        Competitor("spacebridge, conversation.text", "ours", more={"way": "text"}),
        Competitor("spacebridge, conversation.ask", "ours", more={"way": "answer"}),
    ]
    if importlib.util.find_spec("spacebridge.providers"):
        found.append(Competitor("spacebridge, Qwen_Qwen_2_5M", "ours", more={"way": "provider"}))
    else:
        print("Left out: spacebridge.providers is not there yet.")
    found.append(Competitor("gradio_client, by api_name", "official", more={"more": [0]}))
    if available(OLD):
        found.append(Competitor("old provider class of g4f 0.6.4.3", "old_provider", OLD))
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
                exactness(name, url, [rival for rival in rivals if rival.truth], clients, quick=quick)
                if "--demo" not in options:
                    load(url, rivals, clients, quick=quick)


@contextlib.contextmanager
def app(model: ModelServer, *options: str) -> Iterator[str]:
    arguments = ["--model-server", model.base_url, "--concurrency", "100", *options]
    with Process(QWEN_AGENT, *arguments, environment=QWEN_AGENT_ENVIRONMENT) as process:
        yield process.url


async def truths(url: str, names: list[str]) -> list[str]:
    """What the page finally shows of each answer, to an independent reader."""
    turns = asyncio.Semaphore(4)

    async def read(name: str) -> str:
        async with turns:
            return TAIL.sub("", (await raw_turn(url, f"[[{name}]]")).answer)

    return list(await asyncio.gather(*map(read, names)))


def exactness(name: str, url: str, rivals: list[Competitor], clients: dict[str, ClientProcess], *, quick: bool) -> None:
    names = [each for each in ANSWERS if not (quick and each in ("long", "huge"))]
    right = asyncio.run(truths(url, names))
    table = Table(f"Exact answers, {name}", ["", "exact", "equal but for white space", "wrong", "errors"])
    notes: list[str] = []
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
            bad = len(wrong) + len(failed) + (len(alike) if rival.more["way"] == "answer" else 0)
            what = (
                "exact"
                if rival.more["way"] == "answer"
                else "exact, or where the page re-indented equal but for white space"
            )
            goal(f"{rival.title}: all answers {what}", met=not bad)
    table.show()
    for note in notes:
        print(f"- {note}")


def load(url: str, rivals: list[Competitor], clients: dict[str, ClientProcess], *, quick: bool) -> None:
    rivals = [rival for rival in rivals if rival.more.get("way") != "answer"]
    prompt = f"[[words={TOKENS} pace={PACE}]]"
    for rival in rivals:  # imports, first connections
        clients[rival.title].run(url, [["[[plain]]"]], **rival.more)
    for at_once, rounds in ((1, 3 if quick else 7), (10, 1 if quick else 5), (50, 1 if quick else 3)):
        found: dict[str, list[dict[str, Any]]] = {rival.title: [] for rival in rivals}
        for _ in range(rounds):
            for rival in rivals:
                told = clients[rival.title].run(url, [[prompt]] * at_once, at_once=at_once, **rival.more)
                found[rival.title].append(told)
        title = f"{at_once} at once, {TOKENS} tokens each {PACE * 1e3:g} ms" + (
            ", median of runs" if rounds > 1 else ""
        )
        table = Table(
            title,
            ["", "first text", "slowest first text", "client CPU an answer", "over bare", "over spacebridge", "failed"],
        )
        cpu = {name: middle(told["cpu"] / at_once for told in all_told) for name, all_told in found.items()}
        bare, ours = cpu[rivals[0].title], cpu["spacebridge, conversation.text"]
        for rival in rivals:
            answers = [answer for told in found[rival.title] for answer in told["answers"]]
            firsts = [answer["first"] for answer in answers if answer["first"] is not None]
            table.row(
                rival.title,
                ms(middle(firsts) if firsts else None),
                ms(max(firsts, default=None)),
                ms(cpu[rival.title]),
                ratio(cpu[rival.title], bare),
                ratio(cpu[rival.title], ours),
                str(sum(1 for answer in answers if answer.get("error"))),
            )
        table.show()
        for rival in rivals:
            if rival.client == "ours":
                part = cpu[rival.title] / bare
                goal(
                    f"{rival.title}: {at_once} at once cost {part:.2f} times a bare loop, at most {MOST}",
                    met=part <= MOST,
                )
