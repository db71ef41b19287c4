from __future__ import annotations

import pytest

from spacebridge.spaces.catalogue import CATALOGUE, QWEN_2_5_1M, row_for
from tests.page.documents import component, page_config


def test_rows_are_named_as_they_are_listed():
    for name, row in CATALOGUE.items():
        assert row.name == name
        assert row.address.startswith("https://")
        assert not row.address.endswith("/")


def test_the_first_space():
    assert QWEN_2_5_1M.address == "https://qwen-qwen2-5-1m-demo.hf.space"
    assert QWEN_2_5_1M.query == "__theme=light"
    assert QWEN_2_5_1M.rules.placeholders == ("Qwen is thinking...",)
    assert QWEN_2_5_1M.rules.tail == "\n<summary>"


@pytest.mark.parametrize("address", [QWEN_2_5_1M.address, QWEN_2_5_1M.address + "/"])
def test_a_space_by_its_address(address: str):
    assert row_for(address, page_config([component(1, "chatbot")], [])) is QWEN_2_5_1M


def test_a_copy_by_its_marks():
    assert row_for("http://127.0.0.1:7860", page_config([component(1, "modelscopechatbot")], [])) is QWEN_2_5_1M


def test_another_app_has_no_row():
    assert row_for("http://127.0.0.1:7860", page_config([component(1, "chatbot")], [])) is None
    assert row_for("http://127.0.0.1:7860", page_config([], [])) is None
