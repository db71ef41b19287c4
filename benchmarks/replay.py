"""CPU per token against a server that costs nothing: ours over a bare loop that only reads the same bytes."""

from __future__ import annotations

import contextlib

from tests.real.process import ROOT, Process

from benchmarks.run import ClientProcess, Table, goal, middle, ratio, us

SERVER = ROOT / "tests" / "doubles" / "replay_server.py"
PACE = 0.0015
BURST = 0.05
MOST = 1.5
SAME = 1.2
FLAT = 16.0
"""Bytes of memory for a character of the answer: some copies of the text are kept, but nothing of each token."""
NAMES = {"bare": "bare aiohttp, only reads", "text": "spacebridge, text", "events": "spacebridge, events"}


def main(*, quick: bool) -> None:
    rounds, long = (2, 8_000) if quick else (5, 32_000)
    with contextlib.ExitStack() as stack:
        bare = stack.enter_context(ClientProcess("bare"))
        ours = stack.enter_context(ClientProcess("ours"))

        def measure(url: str, tokens: int, times: int) -> dict[str, list[float]]:
            """CPU seconds per token of each client, in turn; the first time is not counted."""
            found: dict[str, list[float]] = {name: [] for name in (*NAMES, "reads")}
            for number in range(times + 1):
                for name in NAMES:
                    client, more = (bare, {}) if name == "bare" else (ours, {"way": name})
                    told = client.run(url, [["Hello"]], **more)
                    answer = told["answers"][0]
                    if "error" in answer or (name != "bare" and len(answer["text"]) != tokens * 10):
                        raise RuntimeError(f"{name}: {answer.get('error', 'the answer is not whole')}")
                    if number:
                        found[name].append(told["cpu"] / tokens)
                        if name == "bare":
                            found["reads"].append(tokens / answer["reads"])
            return found

        table = Table(
            "CPU per token against the replaying server",
            ["", "tokens", "tokens a read", *NAMES.values(), "text / bare", "events / bare"],
        )
        paces = {
            f"a token each {PACE * 1e3:g} ms": (PACE, 1, 2000, rounds),
            f"bursts each {BURST * 1e3:g} ms": (BURST, round(BURST / PACE), 2000, rounds),
            "at full speed": (0.0, 1, 2000, rounds * 3),
            "at full speed, long": (0.0, 1, long, rounds),
        }
        seen: dict[str, dict[str, float]] = {}
        for name, (pace, burst, tokens, times) in paces.items():
            with Process(SERVER, "--tokens", str(tokens), "--pace", str(pace), "--burst", str(burst)) as server:
                found = measure(server.url, tokens, times)
            seen[name] = costs = {client: middle(values) for client, values in found.items()}
            ratios = [
                f"{middle([o / b for o, b in zip(found[way], found['bare'], strict=True)]):.2f}"
                for way in ("text", "events")
            ]
            table.row(name, f"{tokens:,}", f"{costs['reads']:.1f}", *(us(costs[client]) for client in NAMES), *ratios)
        table.show()
        paced = seen[f"a token each {PACE * 1e3:g} ms"]
        for way in ("text", "events"):
            part = paced[way] / paced["bare"]
            goal(
                f"token by token, {way} costs {part:.2f} times what only reading does, at most {MOST}", met=part <= MOST
            )

    compare_lengths(long, pace=None if quick else PACE)


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
    each = (memory[1] - memory[0]) / (10 * (lengths[1] - lengths[0]))
    goal(f"memory grows by {each:.1f} bytes for each character of the answer, at most {FLAT:g}", met=each <= FLAT)
