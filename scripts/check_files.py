"""Check what no other tool checks: the size of modules, and names that belong to one machine only."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
LONGEST_MODULE = 500

# Written so that they do not match themselves.
FORBIDDEN = {
    "a path of one machine": re.compile(
        r"(?<![\w.}~/-])/(?:work|root|tmp(?!/gradio/)|home/[a-z]+|Users/[A-Za-z]+)/[\w.]"
    ),
    "a file outside the checkout": re.compile(r"\.\./" + "shared"),
    "the host of a package registry": re.compile(
        r"(?:pypi|npmjs|pythonhosted|proxy\.golang|deb\.debian)" + r"\.(?:org|com)\b"
    ),
    "a setting for a package index": re.compile(
        r"(?:--|\b)(?:extra-)?index" + r"[-_]url|--find" + "-links|trusted" + "-host"
    ),
}
UNWANTED = {"uv.lock"}


def tracked() -> Iterator[Path]:
    """Yield the files of the checkout: those that git knows, new ones included."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in sorted(filter(None, names.split("\0"))):
        path = ROOT / name
        if path.is_file() and not path.is_symlink():
            yield path


def problems(path: Path) -> Iterator[str]:
    name = path.relative_to(ROOT).as_posix()
    if path.name in UNWANTED:
        yield f"{name}: is not kept in this repository"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return
    if name.startswith("src/") and path.suffix == ".py" and len(lines) > LONGEST_MODULE:
        yield f"{name}: {len(lines)} lines; a module has at most {LONGEST_MODULE}"
    for number, line in enumerate(lines, 1):
        for what, pattern in FORBIDDEN.items():
            found = pattern.search(line)
            if found:
                yield f"{name}:{number}: {what}: {found[0]}"


def main() -> int:
    found = [problem for path in tracked() for problem in problems(path)]
    print("\n".join(found) or "The files are in order.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
