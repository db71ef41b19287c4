"""What is promised about the package as a package."""

import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import spacebridge

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

HEAVY = [
    "aiohttp",
    "asyncio",
    "gradio",
    "huggingface_hub",
    "msgspec",
    "pydantic",
    "rich",
    "typer",
    "xllamacpp",
]


def modules_after(code):
    """Return the modules that a fresh interpreter has loaded after running the code."""
    program = f"{code}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_version_is_that_of_the_metadata():
    assert spacebridge.__version__ == metadata.version("spacebridge")


def test_import_loads_nothing_heavy():
    assert modules_after("import spacebridge").isdisjoint(HEAVY)


def test_help_loads_neither_gradio_nor_the_model():
    code = "import sys; sys.argv = ['spacebridge', '--help']\nfrom spacebridge.cli import main\n"
    code += "try:\n    main()\nexcept SystemExit:\n    pass"
    assert modules_after(code).isdisjoint({"gradio", "gradio_client", "huggingface_hub", "xllamacpp"})


def test_types_are_shipped():
    assert (Path(spacebridge.__file__).parent / "py.typed").exists()


def test_all_is_sorted_and_every_name_loads():
    names = getattr(spacebridge, "__all__", [])
    assert list(names) == sorted(names)
    assert all(hasattr(spacebridge, name) for name in names)


def test_dir_knows_every_name():
    assert set(getattr(spacebridge, "__all__", [])) <= set(dir(spacebridge))


def test_core_install_is_light():
    needed = {line.partition(";")[0].split(">=")[0].strip() for line in PROJECT["dependencies"]}
    assert needed.isdisjoint({"gradio", "gradio_client", "huggingface_hub", "openai", "pydantic", "xllamacpp"})


def test_every_dependency_is_pinned_for_the_tests():
    toml = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = [
        PROJECT["dependencies"],
        *PROJECT["optional-dependencies"].values(),
        *toml["dependency-groups"].values(),
    ]
    wanted = {line.split(">=")[0].partition("[")[0].replace("_", "-") for group in groups for line in group}
    pins = (ROOT / "requirements" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert wanted <= {pin.partition("==")[0] for pin in pins if "==" in pin}
