"""CPU for an answer of Gradio 3.50 to 4.16, which repeat the whole chat with each token: ours over only reading it."""

from __future__ import annotations

from typing import NamedTuple

from tests.real.process import ROOT, Process

from benchmarks.run import ClientProcess, Table, middle, us

SERVER = ROOT / "tests" / "doubles" / "full_value_server.py"
PROMPT = "Go on"
TURNS = 50
TOKENS = 2000
LENGTH = 5
"""Characters of a token."""
PACE = 0.002
NAMES = {
    "bare": "bare aiohttp, only reads",
    "decode": "bare, decodes and compares",
    "text": "spacebridge, text",
}


class Way(NamedTuple):
    """How an answer comes."""

    kind: str
    what: str
    pace: float = 0.0
    """Seconds between two tokens; 0: as fast as they are read."""
    cursor: str = ""


def main(*, quick: bool) -> None:
    ways = [Way(kind, f"{kind}, at full speed") for kind in ("ws", "sse", "sse_v1")]
    ways += [Way(kind, f"{kind}, a token each {PACE * 1e3:g} ms", PACE) for kind in ("ws", "sse_v1")]
    ways += [Way(kind, f"{kind}, at full speed, a cursor behind the text", cursor="▌") for kind in ("ws", "sse_v1")]
    table = Table(
        f"CPU per token, {TURNS} turns of history, {TOKENS:,} tokens",
        ["", "sent", *NAMES.values(), "ours / bare", "decoding / bare", "ours, MB a second"],
    )
    for way in ways:
        found, size = measure(way, rounds=(1 if quick else 3) if way.pace else (5 if quick else 15))
        costs = {client: middle(values) for client, values in found.items()}
        shares = {each: [o / b for o, b in zip(found[each], found["bare"], strict=True)] for each in ("text", "decode")}
        table.row(
            way.what,
            f"{size / 1e6:.1f} MB",
            *(us(costs[client] / TOKENS) for client in NAMES),
            *(f"{middle(each):.2f} ({min(each):.2f}–{max(each):.2f})" for each in shares.values()),
            f"{size / costs['text'] / 1e6:,.0f}",
        )
    table.show()


def measure(way: Way, *, rounds: int) -> tuple[dict[str, list[float]], int]:
    """CPU seconds of each client for an answer, one after another in each round; and the bytes of an answer."""
    found: dict[str, list[float]] = {name: [] for name in NAMES}
    size = 0
    arguments = ["--kind", way.kind, "--tokens", str(TOKENS), "--pace", str(way.pace), "--turns", str(TURNS)]
    with (
        Process(SERVER, *arguments, "--cursor", way.cursor) as server,
        ClientProcess("full") as bare,
        ClientProcess("full") as decode,
        ClientProcess("ours") as ours,
    ):
        clients = {
            "bare": (bare, {"kind": way.kind}),
            "decode": (decode, {"kind": way.kind, "decode": True}),
            "text": (ours, {"way": "text"}),
        }
        for number in range(rounds + 1):
            for name, (process, more) in clients.items():
                told = process.run(server.url, [[PROMPT]], **more)
                answer = told["answers"][0]
                if "error" in answer or (name == "text" and len(answer["text"]) != TOKENS * LENGTH):
                    raise RuntimeError(f"{name}: {answer.get('error', 'the answer is not whole')}")
                size = answer.get("bytes", size)
                if number:  # the first is for imports and first connections
                    found[name].append(told["cpu"])
    return found, size
