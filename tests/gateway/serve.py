"""`spacebridge serve` as a process; `--port` and all else goes to the command."""

import sys

from spacebridge.cli import main

sys.argv = ["spacebridge", "serve", *sys.argv[1:]]
main()
