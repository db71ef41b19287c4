"""Ask the embedded Space with the installed wheel, from an empty folder, as a user would."""

from __future__ import annotations

import subprocess
import sys
import tempfile

from environments import SERVERS

SECONDS = 180


def main() -> int:
    command = [str(SERVERS / "wheel" / "bin" / "spacebridge"), "ask", "-s", "local", "Say hello"]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    print(done.stdout.strip())
    if done.returncode or not done.stdout.strip():
        print(f"{done.stderr}\nThe wheel gave no answer; exit code {done.returncode}.", file=sys.stderr)
        return 1
    print("The wheel answers.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
