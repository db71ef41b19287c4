"""Find the programs that are needed besides Python, and install them where that can be done: as root, with apt.

python3 scripts/programs.py [test|bench]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import NamedTuple


class Program(NamedTuple):
    title: str
    names: tuple[str, ...]
    """Any of these on PATH will do."""
    packages: tuple[str, ...]
    why: str
    hint: str
    use: str = "test"

    def found(self) -> bool:
        return any(map(shutil.which, self.names))


PROGRAMS = (
    Program(
        "Chromium",
        ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"),
        ("chromium", "fonts-noto-color-emoji"),
        "the browser tests need it",
        "On Debian: sudo apt-get install chromium. On Ubuntu: sudo snap install chromium.",
    ),
    Program(
        "Valkey or Redis",
        ("valkey-server", "redis-server"),
        ("redis-server",),
        "the tests of the gateway's stores need it",
        "On Debian and Ubuntu: sudo apt-get install redis-server.",
    ),
    Program(
        "nginx",
        ("nginx",),
        ("nginx-light",),
        "the gateway is compared with it; without it that row is left out",
        "On Debian and Ubuntu: sudo apt-get install nginx-light.",
        "bench",
    ),
)


def install(packages: list[str]) -> None:
    print(f"programs: installing {' '.join(packages)} with apt-get", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
    ):
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            print(f"{done.stdout}\nprograms: this failed: {' '.join(command)}", file=sys.stderr)
            return


def main() -> int:
    use = sys.argv[1] if len(sys.argv) > 1 else "test"
    missing = [program for program in PROGRAMS if program.use == use and not program.found()]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        install([package for program in missing for package in program.packages])
    missing = [program for program in missing if not program.found()]
    for program in missing:
        print(
            f"programs: {program.title} is missing; {program.why}. Install it so that one of these is on PATH:\n"
            f"    {', '.join(program.names)}\n{program.hint}",
            file=sys.stderr,
        )
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main())
