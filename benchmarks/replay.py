"""CPU per token against a server that costs nothing: ours over a bare loop that only reads the same bytes."""

from __future__ import annotations

from typing import NamedTuple

from tests.real.process import ROOT, Process

from benchmarks.run import ClientProcess, Table, goal, middle, ratio, us

SERVER = ROOT / "tests" / "doubles" / "replay_server.py"
PACE = 0.0015
BURST = 0.05
LENGTH = 10
"""Characters of a token."""
MOST = 1.5
SAME = 1.2
FLAT = 16.0
"""Bytes of memory for a character of the answer: some copies of the text are kept, but nothing of each token."""
NAMES = {"bare": "bare aiohttp, only reads", "text": "spacebridge, text", "events": "spacebridge, events"}


class Way(NamedTuple):
    """How an answer comes."""

    pace: float
    """Seconds between two writes; 0: as fast as they are read."""
    burst: int
    """Tokens a write."""
    tokens: int
    rounds: int


def main(*, quick: bool) -> None:
    long = 8_000 if quick else 32_000
    rounds = 2 if quick else 3
    paced, bursts = f"a token each {PACE * 1e3:g} ms", f"bursts each {BURST * 1e3:g} ms"
    ways: dict[str, Way] = {
        paced: Way(PACE, 1, 2000, rounds),
        bursts: Way(BURST, round(BURST / PACE), 2000, rounds),
        "at full speed": Way(0.0, 1, 2000, rounds * 3),
        "at full speed, long": Way(0.0, 1, long, rounds),
    }
    table = Table(
        "CPU per token against the replaying server",
        ["", "tokens", "tokens a read", *NAMES.values(), "text / bare", "events / bare"],
    )
    for name, way in ways.items():
        found = measure(way, generations=1 if quick else 3)
        costs = {client: middle(values) for client, values in found.items()}
        shares = {each: [o / b for o, b in zip(found[each], found["bare"], strict=True)] for each in ("text", "events")}
        table.row(
            name,
            f"{way.tokens:,}",
            f"{costs['reads']:.1f}",
            *(us(costs[client]) for client in NAMES),
            *(f"{middle(each):.2f} ({min(each):.2f}–{max(each):.2f})" for each in shares.values()),
        )
        if name == paced:
            parts = {each: middle(values) for each, values in shares.items()}
    table.show()
    for each, part in parts.items():
        goal(f"token by token, {each} costs {part:.2f} times what only reading does, at most {MOST}", met=part <= MOST)
    compare_lengths(long, pace=None if quick else PACE)


def measure(way: Way, *, generations: int) -> dict[str, list[float]]:
    """CPU seconds per token of each client, one after another in each round, in fresh processes in each generation.

    The same program costs a process up to a fifth more or less than the next, so one process is no measure.
    """
    found: dict[str, list[float]] = {name: [] for name in (*NAMES, "reads")}
    arguments = ["--tokens", str(way.tokens), "--pace", str(way.pace), "--burst", str(way.burst)]
    with Process(SERVER, *arguments) as server:
        for _ in range(generations):
            with ClientProcess("bare") as bare, ClientProcess("ours") as text, ClientProcess("ours") as events:
                clients = {"bare": bare, "text": text, "events": events}
                for client, process in clients.items():
                    process.run(server.url, [["Hello"]], way=client)
                for _ in range(way.rounds):
                    for client, process in clients.items():
                        told = process.run(server.url, [["Hello"]], way=client)
                        answer = told["answers"][0]
                        if "error" in answer or (client != "bare" and len(answer["text"]) != way.tokens * LENGTH):
                            raise RuntimeError(f"{client}: {answer.get('error', 'the answer is not whole')}")
                        found[client].append(told["cpu"] / way.tokens)
                        if client == "bare":
                            found["reads"].append(way.tokens / answer["reads"])
    return found


def compare_lengths(long: int, *, pace: float | None) -> None:
    """A short and a long answer: cost per token, and memory while the text flows by."""
    lengths = (2000, long)
    table = Table(
        "A short and a long answer, spacebridge, text",
        ["tokens", "CPU per token", "ratio", "most memory, Python's", "peak of the process"],
    )
    costs: list[float] = []
    memory: list[float] = []
    for tokens in lengths:
        arguments = ["--tokens", str(tokens), "--pace", str(pace or BURST), "--burst", "1" if pace else "33"]
        with Process(SERVER, *arguments) as server, ClientProcess("ours") as ours:
            ours.run(server.url, [["Hello"]], way="events") if tokens == lengths[0] else None
            told = ours.run(server.url, [["Hello"]], way="text")
            costs.append(told["cpu"] / tokens)
            peak = told["peak"]
        with Process(SERVER, "--tokens", str(tokens)) as server, ClientProcess("ours") as ours:
            memory.append(ours.run(server.url, [["Hello"]], way="flow")["answers"][0]["memory"])
        table.row(
            f"{tokens:,}",
            us(costs[-1]),
            ratio(costs[-1], costs[0]),
            f"{memory[-1] / 2**20:.2f} MiB",
            f"{peak / 2**20:.1f} MiB",
        )
    table.show()
    part = costs[1] / costs[0]
    goal(
        f"a token of the long answer costs {part:.2f} times one of the short, within 20 %", met=1 / SAME <= part <= SAME
    )
    each = (memory[1] - memory[0]) / (LENGTH * (lengths[1] - lengths[0]))
    goal(f"memory grows by {each:.1f} bytes for each character of the answer, at most {FLAT:g}", met=each <= FLAT)
