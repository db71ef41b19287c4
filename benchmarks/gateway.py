"""The gateway before a replaying Gradio app; LiteLLM's proxy and nginx before an OpenAI server with the same answer."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from tests.real.process import ROOT, MissingEnvironment, Process, interpreter

from benchmarks.run import ClientProcess, Table, environment, goal, middle, ms, us

HERE = Path(__file__).parent / "proxies"
GATEWAY = ROOT / "tests" / "gateway" / "serve.py"
STREAMS = 50
MANY = 1000
LIGHTER = 4.0


class Way(NamedTuple):
    """How tokens come."""

    title: str
    pace: float
    """Seconds between those of a stream that come together."""
    burst: int
    """How many come together."""
    tokens: int
    faster: float
    """Goal: how much less CPU per token than LiteLLM."""


WAYS = (
    Way("token by token", 0.02, 1, 400, 10.0),
    Way("token by token, twice as fast", 0.01, 1, 400, 10.0),
    Way("in bursts", 0.02, 10, 800, 15.0),
)


class Used(NamedTuple):
    """What a process and its children have used."""

    cpu: float
    memory: int


class Proxy(NamedTuple):
    """Something that passes an answer on."""

    title: str
    kind: str
    """Of the server behind it."""
    start: Callable[[str], Process] | None
    """Given the server's URL; None: the server is asked directly."""


def gateway(upstream: str) -> Process:
    flags = ["--model", f"m={upstream}", "--store", "memory:", "--no-access-log", "--turns", str(2 * MANY)]
    return Process(GATEWAY, *flags, ready="/ready", env={"PYTHONPATH": str(ROOT / "src")})


def litellm(upstream: str) -> Process:
    # Without a key, as the others.
    open_to_all = {"LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true"}
    env = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", **open_to_all}
    script = HERE / "litellm_proxy.py"
    return Process(script, "--upstream", upstream, environment="litellm", ready="/health/liveliness", env=env)


def nginx(upstream: str) -> Process:
    return Process(HERE / "nginx.py", "--upstream", upstream, ready="/v1/models")


GATEWAY_PROXY = Proxy("spacebridge's gateway", "gradio", gateway)
PROXIES = (
    GATEWAY_PROXY,
    Proxy("LiteLLM's proxy", "openai", litellm),
    Proxy("nginx", "openai", nginx),
    Proxy("none: the OpenAI server itself", "openai", None),
)


def used(pid: int) -> Used:
    """CPU seconds and bytes of memory, all processes together; nginx without what started it here."""
    parent = psutil.Process(pid)
    children = parent.children(recursive=True)
    cpu, memory = 0.0, 0
    for process in children if any(child.name() == "nginx" for child in children) else [parent, *children]:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            cpu += times.user + times.system
            memory += process.memory_info().rss
    return Used(cpu, memory)


def load(port: int, streams: int, tokens: int, *more: str) -> subprocess.Popen[str]:
    """Begin to ask."""
    command = [sys.executable, HERE / "load.py", "--port", port, "--streams", streams, "--tokens", tokens, *more]
    return subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment())


def told(asking: subprocess.Popen[str]) -> dict[str, Any]:
    out, _ = asking.communicate()
    if asking.returncode:
        raise RuntimeError(f"the load ended with {asking.returncode}")
    return json.loads(out)


@contextlib.contextmanager
def behind(proxy: Proxy, tokens: int, pace: float, burst: int) -> Iterator[tuple[int, int | None]]:
    """A replaying server with the proxy before it: the port to ask, and the proxy's process."""
    arguments = ["--kind", proxy.kind, "--tokens", str(tokens), "--pace", str(pace), "--burst", str(burst)]
    ready = "/config" if proxy.kind == "gradio" else "/v1/models"
    with Process(HERE / "servers.py", *arguments, ready=ready) as server:
        if proxy.start is None:
            yield server.port, None
        else:
            with proxy.start(server.url) as process:
                yield process.port, process.pid


def present() -> list[Proxy]:
    """The proxies that are installed here; says which are not."""
    found: list[Proxy] = []
    for proxy in PROXIES:
        if proxy.start is nginx and shutil.which("nginx") is None:
            print("nginx is not installed, and left out: `python3 scripts/programs.py bench` installs it as root.")
            continue
        if proxy.start is litellm:
            try:
                interpreter("litellm")
            except MissingEnvironment:
                print("The environment litellm is missing, and left out: `python3 scripts/environments.py litellm`.")
                continue
        found.append(proxy)
    return found


def main(*, quick: bool) -> None:
    for way in WAYS:
        compare(way, rounds=1 if quick else 3)
    first_text(times=10 if quick else 30)
    many(tokens=100 if quick else 200)


@dataclass
class Seen:
    """What a proxy was seen to use, round by round."""

    idle: int = 0
    most: int = 0
    """Bytes of memory."""
    whole: int = 0
    """Answers that came whole."""

    def __post_init__(self) -> None:
        self.spent: list[float] = []
        """CPU seconds per token."""
        self.ages: list[tuple[float, float]] = []


def compare(way: Way, *, rounds: int) -> None:
    """CPU per token and memory of each proxy with 50 streams. They take turns: the machine is not always as quick."""
    table = Table(
        f"{STREAMS} streams {way.title}: {way.burst} token{'s' * (way.burst > 1)} each {way.pace * 1e3:g} ms, "
        f"{way.tokens} in all",
        ["", "CPU per token", "over nginx", "memory idle", "with streams", "age of a token p50", "p99", "whole"],
    )
    seen: dict[str, Seen] = {}
    with contextlib.ExitStack() as stack:
        running = {proxy: stack.enter_context(behind(proxy, way.tokens, way.pace, way.burst)) for proxy in present()}
        for proxy, (port, pid) in running.items():
            told(load(port, 5, way.tokens))  # imports, caches and pools are not counted
            seen[proxy.title] = Seen(*[used(pid).memory if pid is not None else 0] * 2)
        for _ in range(rounds):
            for proxy, (port, pid) in running.items():
                measure(seen[proxy.title], port, pid, way.tokens)
    passed = seen.get("nginx")
    for proxy, (_, pid) in running.items():
        each = seen[proxy.title]
        half, most_of = (middle(ages) for ages in zip(*each.ages, strict=True))
        ages = [ms(half), ms(most_of), f"{each.whole} of {rounds * STREAMS}"]
        if pid is None:
            table.row(proxy.title, "", "", "", "", *ages)
            continue
        cost, least = middle(each.spent), middle(passed.spent) if passed is not None else 0.0
        over = f"{cost / least:.1f}" if least else ""
        memory = [f"{each.idle / 2**20:.0f} MiB", f"{each.most / 2**20:.0f} MiB"]
        table.row(proxy.title, us(cost), over, *memory, *ages)
    table.show()
    ours, theirs = seen[GATEWAY_PROXY.title], seen.get("LiteLLM's proxy")
    if theirs is not None:
        times = middle(their / our for their, our in zip(theirs.spent, ours.spent, strict=True))
        goal(
            f"{way.title}, LiteLLM takes {times:.1f} times the CPU per token, at least {way.faster:g}",
            met=times >= way.faster,
        )
        heavier = theirs.most / ours.most
        goal(f"{way.title}, LiteLLM takes {heavier:.1f} times the memory, at least {LIGHTER:g}", met=heavier >= LIGHTER)


def measure(seen: Seen, port: int, pid: int | None, tokens: int) -> None:
    """One round of one proxy."""
    before = used(pid).cpu if pid is not None else 0.0
    asking = load(port, STREAMS, tokens)
    while asking.poll() is None:
        time.sleep(0.25)
        seen.most = max(seen.most, used(pid).memory if pid is not None else 0)
    found = told(asking)
    seen.spent.append(((used(pid).cpu if pid is not None else 0.0) - before) / (STREAMS * tokens))
    seen.ages.append((found["p50"], found["p99"]))
    seen.whole += found["whole"]


def first_text(*, times: int) -> None:
    """Time to the first text of a new conversation, one at a time: by the library, and through the gateway."""
    arguments = ["--kind", "gradio", "--tokens", "3", "--pace", "0.001"]
    with (
        Process(HERE / "servers.py", *arguments) as server,
        gateway(server.url) as proxy,
        ClientProcess("ours") as ours,
    ):
        told(load(proxy.port, 5, 3, "--in-turn"))
        direct: list[float] = []
        through: list[float] = []
        for _ in range(3):  # by turns, since the machine is not always as quick
            answers = ours.run(server.url, [["Hello"]] * (times // 3 + 1), way="text")["answers"][1:]
            direct += [answer["first"] for answer in answers]
            through += told(load(proxy.port, times // 3, 3, "--in-turn"))["first"]
    table = Table("Time to first text, one conversation after another", ["", "median", "least"])
    table.row("the library", ms(middle(direct)), ms(min(direct)))
    table.row("through the gateway", ms(middle(through)), ms(min(through)))
    table.row("added", ms(middle(through) - middle(direct)), ms(min(through) - min(direct)))
    table.show()


def many(*, tokens: int) -> None:
    """A thousand streams of 20 tokens a second, for the gateway and for a client that asks the server itself."""
    table = Table(
        f"{MANY:,} streams of 20 tokens a second, {tokens} tokens each",
        ["", "age of a token p50", "p99", "whole", "memory per stream", "CPU per token", "seconds"],
    )
    seen: dict[str, dict[str, Any]] = {}
    for proxy in (PROXIES[-1], GATEWAY_PROXY):
        with behind(proxy, tokens, 0.05, 1) as (port, pid):
            told(load(port, 5, tokens))
            before = used(pid) if pid is not None else Used(0.0, 0)
            asking, most = load(port, MANY, tokens, "--spread", "2"), 0
            while asking.poll() is None:
                time.sleep(0.5)
                most = max(most, used(pid).memory if pid is not None else 0)
            found = seen[proxy.title] = told(asking)
            cpu = used(pid).cpu - before.cpu if pid is not None else 0.0
        table.row(
            proxy.title,
            ms(found["p50"]),
            ms(found["p99"]),
            f"{found['whole']} of {MANY}",
            f"{(most - before.memory) / MANY / 1024:.0f} KiB" if pid is not None else "",
            us(cpu / (MANY * tokens)) if pid is not None else "",
            f"{found['seconds']:.1f}",
        )
    direct, ours = seen[PROXIES[-1].title], seen[GATEWAY_PROXY.title]
    table.row("added", ms(ours["p50"] - direct["p50"]), ms(ours["p99"] - direct["p99"]), "", "", "", "")
    table.show()
    goal(f"{ours['whole']} of {MANY} answers came whole, nothing lost", met=ours["whole"] == MANY)
