from __future__ import annotations

import re
from datetime import date

import msgspec
import pytest

from spacebridge.chat.rules import TextRules
from spacebridge.spaces.catalogue import CATALOGUE, QWEN_2_5_1M, Row, row_for
from spacebridge.spaces.resolve import RESOLVERS, canonical
from tests.page.documents import component, page_config


@pytest.mark.parametrize("row", CATALOGUE.values(), ids=lambda row: row.name)
def test_rows_are_in_order(row: Row):
    assert CATALOGUE[row.name] is row
    assert row.name == row.name.lower()
    assert row.name not in RESOLVERS
    assert canonical(row.name) == canonical(row.address)
    assert canonical(row.address).startswith("huggingface:")
    assert not row.address.endswith("/")
    assert row.title
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+", model) for model in row.models)
    if row.verified != "never":  # then somebody saw it work, that day
        assert date.fromisoformat(row.verified) <= date.today()  # noqa: DTZ011


def test_no_space_is_listed_twice():
    addresses = [row.address.casefold() for row in CATALOGUE.values()]
    assert len(set(addresses)) == len(addresses)


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


@pytest.mark.parametrize("called", ["Qwen/Qwen3-Demo", "qwen/qwen3-demo"])
def test_a_space_by_what_it_calls_itself(called: str):
    config = msgspec.structs.replace(page_config([component(1, "chatbot")], []), space_id=called)
    row = row_for("https://qwen-qwen3-demo.hf.space", config)
    assert row is CATALOGUE["qwen-3-demo"]


def test_a_row_that_says_nothing_of_texts_has_those_of_its_kind_of_app():
    config = msgspec.structs.replace(page_config([component(1, "modelscopechatbot")], []), space_id="Qwen/Qwen3-Demo")
    row = row_for("https://qwen-qwen3-demo.hf.space", config)
    assert row is not None
    assert row.name == "qwen-3-demo"
    assert row.rules == QWEN_2_5_1M.rules
    assert CATALOGUE["qwen-3-demo"].rules == TextRules()


def test_another_app_has_no_row():
    assert row_for("http://127.0.0.1:7860", page_config([component(1, "chatbot")], [])) is None
    assert row_for("http://127.0.0.1:7860", page_config([], [])) is None
