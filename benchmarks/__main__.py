"""``python -m benchmarks [--quick] [NAME...]``: all tables in one run, or those named."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import time
from pathlib import Path

from benchmarks import apps, full_values, gateway, qwen_agent, replay, start

ALL = {
    "qwen-agent": qwen_agent.main,
    "apps": apps.main,
    "replay": replay.main,
    "full-values": full_values.main,
    "gateway": gateway.main,
    "start": start.main,
}


def machine() -> str:
    """What the numbers were seen on."""
    try:
        names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
        processor = names[0].partition(":")[2].strip()
    except (OSError, IndexError):
        processor = platform.processor() or platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("aiohttp", "msgspec", "gradio_client")
    )
    busy = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores ({processor}), {memory:.0f} GiB, load {busy:.1f} before the run; "
        f"{platform.system()}, Python {platform.python_version()}, {versions}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Compare spacebridge with others.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(ALL)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, shorter answers")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in ALL]:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(ALL)}")
    print(machine(), flush=True)
    begun = time.monotonic()
    for name, run in ALL.items():
        if not given.names or name in given.names:
            print(f"\n## {name}\n", flush=True)
            run(quick=given.quick)
    print(f"\n{time.monotonic() - begun:.0f} s in all.")


if __name__ == "__main__":
    main()
