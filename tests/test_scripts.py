"""The scripts that make the environments and check the files."""

import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"


def load(name, monkeypatch):
    spec = importlib.util.spec_from_file_location(f"scripts_{name}", SCRIPTS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


class Workshop:
    """environments.py with an installer that only notes what it is asked."""

    def __init__(self, folder, monkeypatch):
        self.script = load("environments", monkeypatch)
        self.environment = folder / "env"
        self.steps = []
        self.fail_at = None
        self.run_by(3, 12)
        monkeypatch.setattr(self.script.Installer, "create", lambda installer, _: self.create(installer))
        monkeypatch.setattr(self.script.Installer, "install", lambda _, *words: self.install(*words))

    def run_by(self, *version):
        """Let the script be run by another Python."""
        vars(self.script)["running"] = lambda: self.script.Interpreter("python", (*version, 0))

    def create(self, installer):
        assert not self.environment.exists()
        installer.python.parent.mkdir(parents=True)
        installer.python.touch()
        self.steps.append("create")

    def install(self, *words):
        if words[0] == self.fail_at:
            raise KeyboardInterrupt
        self.steps.append(words[0])

    def make(self, *stages, servers=False):
        """Make the stages, given as name=inputs, and return the steps that it took."""
        self.steps = []
        stages = [
            self.script.Stage(name, inputs, lambda installer, name=name: installer.install(name))
            for name, _, inputs in (stage.partition("=") for stage in stages)
        ]
        self.script.make(self.environment, self.script.running, stages, servers=servers)
        return self.steps


@pytest.fixture
def workshop(tmp_path, monkeypatch):
    return Workshop(tmp_path, monkeypatch)


def test_an_environment_is_made_once(workshop):
    assert workshop.make("demo=1") == ["create", "demo"]
    assert workshop.make("demo=1") == []


def test_a_stage_is_added_to_those_before(workshop):
    workshop.make("demo=1")
    assert workshop.make("demo=1", "dev=1") == ["dev"]
    assert workshop.make("demo=1") == []


def test_the_project_is_brought_up_to_date_in_place(workshop):
    workshop.make("demo=1", "dev=1")
    assert workshop.make("demo=2", "dev=2") == ["demo", "dev"]


def test_a_server_is_made_anew_when_its_pins_change(workshop):
    workshop.make("pins=1", servers=True)
    assert workshop.make("pins=1", servers=True) == []
    assert workshop.make("pins=2", servers=True) == ["create", "pins"]


def test_a_half_made_environment_is_made_anew(workshop):
    workshop.make("demo=1")
    workshop.fail_at = "dev"
    with pytest.raises(KeyboardInterrupt):
        workshop.make("demo=1", "dev=1")
    workshop.fail_at = None
    assert workshop.make("demo=1", "dev=1") == ["create", "demo", "dev"]


def test_an_environment_of_another_python_is_made_anew(workshop):
    workshop.make("demo=1")
    workshop.run_by(3, 13)
    assert workshop.make("demo=1") == ["create", "demo"]


def test_a_server_stays_with_any_python_that_fits_its_pins(workshop):
    workshop.make("pins=1", servers=True)
    workshop.run_by(3, 13)
    assert workshop.make("pins=1", servers=True) == []


def test_an_environment_whose_python_is_gone_is_made_anew(workshop):
    workshop.make("demo=1")
    (workshop.environment / "bin" / "python").unlink()
    assert workshop.make("demo=1") == ["create", "demo"]


def test_a_broken_stamp_is_no_stamp(workshop):
    workshop.make("demo=1")
    (workshop.environment / workshop.script.STAMP).write_text("{")
    assert workshop.make("demo=1") == ["create", "demo"]


def test_a_link_is_replaced_and_its_target_left_alone(workshop, tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / "file").touch()
    workshop.environment.symlink_to(target)
    assert workshop.make("demo=1") == ["create", "demo"]
    assert (target / "file").exists()


def executable(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_python_that_only_prints_an_error_is_none(workshop, tmp_path):
    shim = executable(tmp_path / "python3.12", "echo 'python3.12: command not found' >&2; exit 127")
    assert workshop.script.probe(str(shim)) is None
    assert workshop.script.probe(str(tmp_path / "missing")) is None
    assert workshop.script.probe(sys.executable).version == sys.version_info[:3]


def test_servers_get_an_older_python_past_a_broken_one(workshop, tmp_path, monkeypatch):
    executable(tmp_path / "a" / "python3.11", "exit 127")
    executable(tmp_path / "b" / "python3.11", "echo /opt/python3.11 3 11 9")
    workshop.run_by(3, 13)
    monkeypatch.setenv("PATH", f"{tmp_path / 'a'}:{tmp_path / 'b'}")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert workshop.script.interpreter_for_servers() == ("/opt/python3.11", (3, 11, 9))


def test_no_older_python_is_a_clear_error(workshop, tmp_path, monkeypatch):
    workshop.run_by(3, 13)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    with pytest.raises(workshop.script.SetupError, match=r"3\.11 or 3\.12.*\n.*\n.*apt-get install python3\.11"):
        workshop.script.interpreter_for_servers()


@pytest.mark.parametrize(
    "line",
    [
        "see /" + "root/file",
        '"/' + 'tmp/x"',
        "/" + "home/user/x",
        ".." + "/shared/design.md",
        "https://pypi." + "org/simple",
        "--extra-index" + "-url x",
    ],
)
def test_what_belongs_to_one_machine_is_found(line, tmp_path, monkeypatch):
    script = load("check_files", monkeypatch)
    monkeypatch.setattr(script, "ROOT", tmp_path)
    (tmp_path / "file.md").write_text(line)
    assert len(list(script.problems(tmp_path / "file.md"))) == 1


@pytest.mark.parametrize(
    "line", ["https://host/" + "tmp/x", "src/" + "work/x", "/" + "tmp/gradio/x", "/", "~/" + "work/x"]
)
def test_what_only_looks_like_it_is_let_be(line, tmp_path, monkeypatch):
    script = load("check_files", monkeypatch)
    monkeypatch.setattr(script, "ROOT", tmp_path)
    (tmp_path / "file.md").write_text(line)
    assert list(script.problems(tmp_path / "file.md")) == []


def test_a_long_module_is_found(tmp_path, monkeypatch):
    script = load("check_files", monkeypatch)
    monkeypatch.setattr(script, "ROOT", tmp_path)
    module = tmp_path / "src" / "long.py"
    module.parent.mkdir()
    module.write_text("x = 1\n" * 501)
    assert [problem.partition(":")[2] for problem in script.problems(module)] == [
        " 501 lines; a module has at most 500"
    ]


def test_builds_of_the_page_are_compared_file_by_file(tmp_path, monkeypatch):
    script = load("page", monkeypatch)
    for name, files in {"built": {"a.js": "1", "b.js": "2"}, "kept": {"a.js": "1", "c.js": "3"}}.items():
        for file, text in files.items():
            (tmp_path / name / "page").mkdir(parents=True, exist_ok=True)
            (tmp_path / name / "page" / file).write_text(text)
    built, kept = script.contents(tmp_path / "built"), script.contents(tmp_path / "kept")
    assert script.differences(built, built) == []
    assert script.differences(built, kept) == ["page/b.js: is missing", "page/c.js: is not built any more"]
    (tmp_path / "kept" / "page" / "a.js").write_text("another")
    assert "page/a.js: differs" in script.differences(built, script.contents(tmp_path / "kept"))
