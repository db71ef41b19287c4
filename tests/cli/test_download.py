"""What an answer offers and holds, in the shell: options are chosen, files are saved."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacebridge import Attachment, errors
from spacebridge.cli.download import download
from spacebridge.cli.terminal.streams import stderr
from tests.cli.shell import run
from tests.real.apps import APPS
from tests.real.process import Pool


@pytest.fixture
def kinds(servers: Pool) -> str:
    """An app whose answers have files and options, and that has examples."""
    return servers.get(APPS["kinds_interface"].script, *APPS["kinds_interface"].arguments)


def test_files_of_an_answer_are_saved(kinds: str, tmp_path: Path):
    folder = tmp_path / "new" / "folder"
    for _ in range(2):
        done = run("ask", "-s", kinds, "--download", str(folder), "gallery")
        assert (done.returncode, done.stdout) == (0, "Look:\n")
    names = sorted(place.name for place in folder.iterdir())
    assert len(names) == 4
    assert {"second.png", "second (1).png"} < set(names)
    assert f"saved: {folder / 'second (1).png'}" in done.stderr
    path = tmp_path / "file"
    path.touch()
    assert run("ask", "-s", kinds, "--download", str(path), "gallery").returncode == 2


def test_a_chat_chooses_and_saves(kinds: str, tmp_path: Path):
    lines = ["/download -", "/choose", "options", "/choose", "/choose 1", "/choose coffee", "/choose beer", "several"]
    folder = str(tmp_path / "here")
    done = run("chat", "-s", kinds, stdin="\n".join([*lines, "/download", f"/download {folder}", ""]))
    answers = done.stdout.split("\n\n")
    assert answers[:3] == ["Tea or coffee?", "Echo: tea", "Echo: coffee"]
    said = done.stderr.splitlines()
    assert said[0] == "The last answer has no files."
    assert said[1] == "offered: [1] options"
    assert said[2:4] == ["offered: [1] Tea, please (tea) [2] coffee"] * 2
    assert "error: The app does not offer 'beer'." in said
    assert "Say where: /download FOLDER" in said
    [saved] = Path(folder).iterdir()
    assert f"saved: {saved}" in said
    assert saved.read_bytes()


async def test_what_can_not_be_saved_keeps_nothing_else_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    files = [
        Attachment(url="http://h/a", name="a"),
        Attachment(url="data:,b", name="b"),
        Attachment(url="data:;base64,%"),
    ]
    with pytest.raises(errors.FileUnavailable, match="attachment a has no Space"):
        await download(files, tmp_path, stderr())
    assert (tmp_path / "b").read_text() == "b"
    assert len(list(tmp_path.iterdir())) == 1
    assert capsys.readouterr().err == f"saved: {tmp_path / 'b'}\n"
