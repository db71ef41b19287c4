"""Find Chromium for the browser tests, and install it where that can be done: as root, with apt."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def find() -> str | None:
    return next((path for path in map(shutil.which, NAMES) if path), None)


def install() -> None:
    print("chromium: missing; installing it with apt-get", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-noto-color-emoji"],
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
            print(f"{done.stdout}\nchromium: this failed: {' '.join(command)}", file=sys.stderr)
            return


def main() -> int:
    if not find() and os.geteuid() == 0 and shutil.which("apt-get"):
        install()
    if find():
        return 0
    print(
        "chromium: the browser tests need Chromium. Install it so that one of these is on PATH:\n"
        f"    {', '.join(NAMES)}\n"
        "On Debian: sudo apt-get install chromium. On Ubuntu: sudo snap install chromium.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
