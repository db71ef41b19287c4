"""Where the weights are looked for, and what is said of files that are none."""

from pathlib import Path

import pytest

from spacebridge.errors import MissingPart, SpaceUnavailable
from spacebridge.local.weights import MODEL_VARIABLE, find_weights


@pytest.fixture(autouse=True)
def nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)


def gguf(path: Path) -> Path:
    path.write_bytes(b"GGUF\x03")
    return path


def test_installed_weights() -> None:
    assert find_weights().name == "SmolLM2-135M-Instruct.Q4_1.gguf"


def test_argument_comes_before_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named, given = gguf(tmp_path / "named.gguf"), gguf(tmp_path / "given.gguf")
    monkeypatch.setenv(MODEL_VARIABLE, str(named))
    assert find_weights() == named
    assert find_weights(given) == given


def test_relative_path_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gguf(tmp_path / "model.gguf")
    monkeypatch.chdir(tmp_path)
    assert find_weights("model.gguf") == tmp_path / "model.gguf"


def test_no_such_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingPart, match=r"no model file at .*absent"):
        find_weights(tmp_path / "absent.gguf")
    monkeypatch.setenv(MODEL_VARIABLE, str(tmp_path / "absent.gguf"))
    with pytest.raises(MissingPart, match=MODEL_VARIABLE):
        find_weights()


@pytest.mark.parametrize("content", [b"", b"GG", b"PK\x03\x04", b"version https://git-lfs"])
def test_not_a_model(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(SpaceUnavailable, match="is not a GGUF model"):
        find_weights(path)


def test_directory(tmp_path: Path) -> None:
    with pytest.raises(SpaceUnavailable, match="cannot be read"):
        find_weights(tmp_path)
