"""What it costs to begin: imports, the shell's help, and reaching an app; each in a fresh interpreter."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import resource
import subprocess
import sys
import time

from tests.real.apps import QWEN_AGENT, QWEN_AGENT_ENVIRONMENT
from tests.real.model_server import ModelServer
from tests.real.process import ROOT, Process, available

from benchmarks.run import Table, environment, goal, middle, ms, ratio

TIMED = """
import json, sys, time
def timed(code, names):
    wall, cpu = time.perf_counter(), time.process_time()
    exec(code, names)
    return time.perf_counter() - wall, time.process_time() - cpu
names = {"URL": sys.argv[1] if len(sys.argv) > 1 else ""}
before, code = json.loads(sys.stdin.read())
exec(before, names)
print(json.dumps(timed(code, names)))
"""
GET = """
async def get():
    async with aiohttp.ClientSession() as http, http.get(URL + "/config") as response:
        await response.json()
asyncio.run(get())
"""
CONNECT = """
async def connect():
    async with Space(URL) as space:
        space.layout
asyncio.run(connect())
"""
CLIENT = "gradio_client.Client(URL, verbose=False, download_files=False, analytics_enabled=False)"
HELP = "import sys; sys.argv = ['spacebridge', '--help']; from spacebridge.cli import main; main()"


def inside(before: str, code: str, *arguments: str) -> tuple[float, float]:
    """Wall and CPU seconds that some code takes in a fresh interpreter, after some other code."""
    done = subprocess.run(
        [sys.executable, "-c", TIMED, *arguments],
        input=json.dumps([before, code]),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=environment(),
    )
    wall, cpu = json.loads(done.stdout.splitlines()[-1])
    return wall, cpu


def whole(code: str) -> tuple[float, float]:
    """Wall and CPU seconds of a fresh interpreter that runs some code, from its start to its end."""
    wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT, env=environment())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - wall, cpu


def main(*, quick: bool) -> None:
    rounds = 3 if quick else 9
    with contextlib.ExitStack() as stack:
        cases = {
            "import aiohttp": lambda: inside("", "import aiohttp"),
            "from spacebridge import Space": lambda: inside("", "from spacebridge import Space"),
            "import gradio_client": lambda: inside("", "import gradio_client"),
        }
        connecting: tuple[str, ...] = ()
        if available(QWEN_AGENT_ENVIRONMENT):
            model = stack.enter_context(ModelServer())
            arguments = ["--model-server", model.base_url, "--agents", "3", "--wiring", "space"]
            url = stack.enter_context(Process(QWEN_AGENT, *arguments, environment=QWEN_AGENT_ENVIRONMENT)).url
            cases |= {
                "aiohttp: GET /config": lambda: inside("import asyncio, aiohttp", GET, url),
                "spacebridge: connect, find the chat": lambda: inside(
                    "import asyncio; from spacebridge import Space", CONNECT, url
                ),
                "gradio_client: Client()": lambda: inside("import gradio_client", CLIENT, url),
            }
            connecting = tuple(cases)[3:]
        else:
            print(f"Reaching an app is left out: the environment {QWEN_AGENT_ENVIRONMENT} has not been made.")
        cases["python, doing nothing"] = lambda: whole("pass")
        if importlib.util.find_spec("spacebridge.cli") is not None:
            cases["spacebridge --help"] = lambda: whole(HELP)
        else:
            print("`spacebridge --help` is left out: spacebridge.cli is not there yet.")
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
        for number in range(rounds + 1):
            for name, run in cases.items():
                seconds = run()
                if number:  # the first time writes bytecode
                    found[name].append(seconds)
    wall = {name: middle(each[0] for each in times) for name, times in found.items()}
    cpu = {name: middle(each[1] for each in times) for name, times in found.items()}
    table = Table("To begin, in a fresh interpreter each", ["", "time", "CPU", "CPU, over import aiohttp"])
    for name in cases:
        table.row(name, ms(wall[name]), ms(cpu[name]), ratio(cpu[name], cpu["import aiohttp"]))
    table.show()
    ours, theirs = cpu["from spacebridge import Space"], cpu["import gradio_client"]
    goal(f"the import costs {ours / theirs:.2f} times that of gradio_client, at most 1", met=ours <= theirs)
    if connecting:
        _, ours_name, theirs_name = connecting
        ours, theirs = cpu[ours_name], cpu[theirs_name]
        goal(f"reaching an app costs {ours / theirs:.2f} times what gradio_client takes, at most 1", met=ours <= theirs)
