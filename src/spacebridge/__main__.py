"""`python -m spacebridge`: the shell."""

from spacebridge.cli import main

if __name__ == "__main__":
    main()
