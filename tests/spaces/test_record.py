from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from spacebridge import errors
from spacebridge.spaces.record import SpaceRecord, parse_record, with_runtime
from tests.strategies import json_values, many

# As `GET /api/spaces/{id}` gives it, shortened.
INFO = {
    "_id": "64f0", "id": "Qwen/Qwen3-Demo", "author": "Qwen", "sha": "0000", "lastModified": "2025-04-28T00:00:00.000Z",
    "private": False, "gated": False, "disabled": False, "host": "https://qwen-qwen3-demo.hf.space",
    "subdomain": "qwen-qwen3-demo", "tags": ["gradio", "region:us"], "likes": 9, "sdk": "gradio",
    "runtime": {
        "stage": "RUNNING",
        "hardware": {"current": "cpu-basic", "requested": "cpu-basic"},
        "storage": None, "gcTimeout": 172800, "replicas": {"current": 1, "requested": 1}, "devMode": False,
        "domains": [{"domain": "qwen-qwen3-demo.hf.space", "stage": "READY"}],
    },
    "cardData": {"title": "Qwen3 Demo", "sdk": "gradio"},
}  # fmt: skip


def test_a_space():
    assert parse_record(INFO) == SpaceRecord(
        id="Qwen/Qwen3-Demo",
        host="https://qwen-qwen3-demo.hf.space",
        sdk="gradio",
        stage="RUNNING",
        hardware="cpu-basic",
    )


def test_its_runtime_later():
    record = with_runtime(parse_record(INFO), {"stage": "RUNTIME_ERROR", "errorMessage": "Exit code: 1\n\n  Reason: x"})
    assert (record.id, record.stage, record.said) == ("Qwen/Qwen3-Demo", "RUNTIME_ERROR", "Exit code: 1 Reason: x")
    assert with_runtime(record, "nonsense") == record
    assert len(with_runtime(record, {"errorMessage": "x" * 9000}).said) < 600


@pytest.mark.parametrize(
    "stage, outlook",
    [
        ("RUNNING", "running"),
        ("RUNNING_BUILDING", "running"),
        ("RUNNING_APP_STARTING", "running"),
        ("SLEEPING", "asleep"),
        ("STOPPED", "asleep"),
        ("BUILDING", "coming"),
        ("APP_STARTING", "coming"),
        ("PAUSED", "stuck"),
        ("BUILD_ERROR", "stuck"),
        ("RUNTIME_ERROR", "stuck"),
        ("CONFIG_ERROR", "stuck"),
        ("NO_APP_FILE", "stuck"),
        ("DELETING", "stuck"),
        ("", "running"),
        ("SOMETHING_NEW", "running"),
    ],
)
def test_outlooks(stage: str, outlook: str):
    record = SpaceRecord(id="a/b", stage=stage)
    assert record.outlook == outlook
    assert (record.trouble() is not None) == (outlook == "stuck")
    assert "a/b" in record.describe()


def test_trouble_says_where_to_look():
    error = SpaceRecord(id="a/b", stage="RUNTIME_ERROR", said="No module named torch.").trouble()
    assert isinstance(error, errors.SpaceBuildFailed)
    assert error.message == "The Space a/b failed (RUNTIME_ERROR): No module named torch."
    assert error.hint.endswith("https://huggingface.co/spaces/a/b?logs=container")
    assert SpaceRecord(id="a/b", stage="PAUSED").trouble().message == "The Space a/b was paused by its owner."  # type: ignore[union-attr]


@pytest.mark.parametrize("sdk", ["streamlit", "static"])
def test_another_sdk(sdk: str):
    assert isinstance(SpaceRecord(id="a/b", sdk=sdk).trouble(), errors.NotGradio)


@pytest.mark.parametrize("sdk", ["gradio", "docker", ""])
def test_a_container_may_hold_gradio(sdk: str):
    assert SpaceRecord(id="a/b", sdk=sdk).trouble() is None


@many
@given(json_values)
def test_anything_else_is_an_error_or_a_record(value: Any):
    for raw in (value, {"id": "a/b", "runtime": value}, {"id": "a/b", "host": value, "sdk": value}):
        try:
            record = parse_record(raw)
        except errors.ProtocolError:
            continue
        assert record.describe()
        record.trouble()
        with_runtime(record, value)
        json.dumps(record.host)
