"""`python -m spacebridge.local`: the embedded Space's process."""

import sys

from spacebridge.local.serve import main

if __name__ == "__main__":
    sys.exit(main())
