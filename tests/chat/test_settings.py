from __future__ import annotations

from typing import Any

import pytest

from spacebridge.chat.settings import Setting, check_settings, find_settings
from spacebridge.errors import InvalidSetting, UnknownSetting
from spacebridge.gradio.config import Component, Dependency
from spacebridge.page.graph import EventGraph
from tests.page.documents import component, listener


def found(*components: Component, skip: set[int | None] | None = None) -> tuple[Setting, ...]:
    """The settings of an app whose one function reads these."""
    chat = listener(0, (1, "submit"), reads=[c.id for c in components])
    graph = EventGraph({c.id: c for c in components}, {0: chat})
    return find_settings(graph, (0,), skip=skip or set())


def slider(number: int, label: str, **props: Any) -> Component:
    return component(number, "slider", label=label, **{"minimum": 0, "maximum": 2, "value": 1.0} | props)


def beside(*components: Component, own: Dependency) -> list[str]:
    """Names of the settings of an app whose chat reads none of these."""
    known = (component(1), component(2, "chatbot"), *components)
    listeners = {0: listener(0, (1, "submit"), reads=[1], writes=[2]), 1: own}
    return [
        setting.name for setting in find_settings(EventGraph({c.id: c for c in known}, listeners), (0,), skip={1, 2})
    ]


KEY = component(5, type="password", placeholder="Set your OpenAI API key here and press Enter")


@pytest.mark.parametrize(
    "own",
    [
        listener(1, (5, "submit"), reads=[5], writes=[5]),
        listener(1, (5, "change"), reads=[5], writes=[9]),
        listener(1, (6, "click"), reads=[5], writes=[9]),
    ],
)
def test_a_key_is_a_setting_though_the_app_only_keeps_it(own: Dependency):
    note, button = component(9, "markdown"), component(6, "button", value="Save")
    assert beside(KEY, note, button, own=own) == ["api_key"]


def test_the_password_of_a_login_is_no_setting():
    name, note, button = component(7, label="User"), component(9, "markdown"), component(6, "button", value="Log in")
    assert beside(KEY, name, note, button, own=listener(1, (6, "click"), reads=[7, 5], writes=[9])) == []
    model = component(7, label="Model")
    found = beside(KEY, model, note, button, own=listener(1, (6, "click"), reads=[7, 5], writes=[9]))
    assert found == ["api_key"]


def test_what_certainly_is_a_setting_is_one_if_its_function_has_no_other_use():
    prompt, other = component(5, label="System prompt"), component(6, label="Title")
    assert beside(prompt, own=listener(1, (5, "change"), reads=[5])) == ["system"]
    assert beside(prompt, other, own=listener(1, (5, "change"), reads=[5], writes=[6])) == []
    assert beside(prompt, other, own=listener(1, (6, "change"), reads=[6])) == []
    assert beside(prompt, own=listener(1, (5, "change"), reads=[5], backend_fn=False)) == []


@pytest.mark.parametrize(
    "kind, label, name",
    [
        ("slider", "Max new tokens", "max_tokens"),
        ("slider", "温度", "temperature"),
        ("textbox", "System prompt", "system"),
        ("dropdown", "Agents", "model"),
        ("textbox", "Stop kidding", "stop_kidding"),
        ("checkbox", "Web search?", "web_search"),
        ("checkbox", "联网", "联网"),
        ("slider", "Topping", "topping"),
    ],
)
def test_names_are_those_of_openai_where_they_mean_the_same(kind: str, label: str, name: str):
    [setting] = found(component(5, kind, label=label, minimum=0, maximum=2, value=1.0))
    assert (setting.name, setting.label) == (name, label)


def test_names_by_the_id_of_the_element_or_by_the_type():
    elements = [
        component(5, "slider", elem_id="temperature"),
        component(6, "slider", elem_id="my-thing"),
        component(7, "slider"),
    ]
    assert [setting.name for setting in found(*elements)] == ["temperature", "my_thing", "slider_7"]


def test_what_has_no_name_is_called_by_what_stands_in_it_or_around_it():
    parts = [
        component(5, "dropdown", choices=["a", "b"]),
        component(6, placeholder="Paste your OpenAI API key (sk-...)", type="password"),
        component(7, placeholder="Where are you at home, if you are?"),
        component(8, "slider"),
        component(20, "form"),
        component(21, "row", elem_id="model_selector_row"),
        component(22, "row", elem_id="system"),
    ]
    read = listener(0, (1, "submit"), reads=[1, 5, 6, 7, 8], writes=[2])
    parents = {5: 20, 20: 21, 6: 22, 7: 22, 8: 22}
    graph = EventGraph({c.id: c for c in parts}, {0: read}, parents)
    names = [setting.name for setting in find_settings(graph, [0], skip={1, 2})]
    assert names == ["model", "api_key", "where_are_you_at", "slider_8"]


@pytest.mark.parametrize(
    "choices, name",
    [
        (["vicuna-13b", "koala-13b", "chatglm-6b"], "model"),
        ([["Llama 3", "meta-llama/Meta-Llama-3-8B"], ["GPT-4o", "gpt-4o"]], "model"),
        (["0.5B", "7B", "72B"], "model"),
        (["llama", "alpaca, a friend", "cat", "dog"], "qwen2_5"),
        (["short", "long"], "qwen2_5"),
        ([], "qwen2_5"),
        ("7B", "qwen2_5"),
    ],
)
def test_a_menu_of_models_is_known_by_its_choices(choices: object, name: str):
    assert [setting.name for setting in found(component(5, "radio", label="Qwen2.5:", choices=choices))] == [name]


def test_a_menu_that_says_so_is_the_model_before_one_that_lists_some():
    choices = ["qwen-7b", "llama-8b"]
    menus = [component(5, "dropdown", label="Judge", choices=choices), component(6, "dropdown", label="Model")]
    assert [setting.name for setting in found(*menus)] == ["judge", "model"]


def test_two_of_one_name_are_told_apart():
    names = [
        setting.name
        for setting in found(slider(5, "Temperature"), slider(6, "Temperature"), slider(7, "Style"), slider(8, "Style"))
    ]
    assert names[0] == "temperature"
    assert names[2] == "style"
    assert len(set(names)) == 4


def test_what_a_page_hides_or_is_no_setting_is_none():
    chatbot, state, button = component(2, "chatbot"), component(3, "state"), component(4, "button")
    box, wanted = component(5, "textbox", label="Message"), component(6, "textbox", label="System")
    assert [setting.component for setting in found(chatbot, state, button, box, wanted, skip={5})] == [6]


def setting(kind: str, **props: Any) -> Setting:
    [only] = found(component(5, kind, label="Thing", **props))
    return only


@pytest.mark.parametrize("value, checked", [(0, 0.0), (2, 2.0), ("0.5", 0.5), (1.25, 1.25)])
def test_a_number_in_its_range(value: object, checked: float):
    assert setting("slider", minimum=0, maximum=2, value=1.0).check(value) == checked


def test_whole_numbers_stay_whole_where_the_apps_own_is():
    held = setting("slider", minimum=1, maximum=100, value=10)
    assert isinstance(held.check(20.0), int)
    assert isinstance(held.check("30"), int)
    assert isinstance(setting("slider", minimum=0, maximum=2, value=1.0).check(2), float)


def test_between_the_steps_of_a_slider():
    """As one may type it on the page; but not a part of a whole thing, such as a token."""
    assert setting("slider", minimum=0, maximum=2, step=0.5, value=1).check(0.75) == 0.75
    tokens = setting("slider", minimum=1, maximum=4096, step=16, value=512)
    assert tokens.check(100) == 100
    with pytest.raises(InvalidSetting, match="Allowed: a whole number, 1 to 4096"):
        tokens.check(100.5)
    assert setting("slider", minimum=0, maximum=9, step=1, value=0.5).check(1.5) == 1.5
    with pytest.raises(InvalidSetting, match="Allowed: a whole number\\."):
        setting("number", precision=0, value=None).check(1.5)


@pytest.mark.parametrize(
    "value", [-0.1, 2.1, "much", None, True, False, float("nan"), float("inf"), "inf", [1], {}, 10**400]
)
def test_a_number_out_of_its_range(value: object):
    with pytest.raises(InvalidSetting) as caught:
        setting("slider", minimum=0, maximum=2, value=1.0).check(value)
    assert "Allowed: 0 to 2." in str(caught.value)
    assert "thing (Thing)" in str(caught.value)


@pytest.mark.parametrize("value", ["much", None, True, float("nan"), float("inf"), 10**400])
@pytest.mark.parametrize("own", [1, 1.0, None])
def test_a_number_without_a_range_is_still_a_number(value: object, own: object):
    """Infinity and its like have no form in JSON."""
    with pytest.raises(InvalidSetting, match="a number"):
        setting("number", value=own).check(value)


@pytest.mark.parametrize(
    "value, checked",
    [(True, True), (False, False), ("true", True), ("No", False), ("ON", True), (1, True), (0, False), ("off", False)],
)
def test_a_checkbox(value: object, checked: bool):
    assert setting("checkbox").check(value) is checked


@pytest.mark.parametrize("value", ["perhaps", None, 2, []])
def test_what_is_neither_true_nor_false(value: object):
    with pytest.raises(InvalidSetting, match="true or false"):
        setting("checkbox").check(value)


PAIRS = [["Fast one", "fast"], ["Slow one", "slow"], ["1", 1]]


@pytest.mark.parametrize(
    "value, checked", [("fast", "fast"), ("Slow one", "slow"), ("FAST", "fast"), ("slow ONE", "slow"), (1, 1), ("1", 1)]
)
@pytest.mark.parametrize("kind", ["dropdown", "radio"])
def test_a_choice_by_its_value_or_its_label(kind: str, value: object, checked: object):
    assert setting(kind, choices=PAIRS).check(value) == checked


@pytest.mark.parametrize("value", ["other", None, 2, ["fast"], {"a": 1}])
def test_what_is_no_choice_lists_those_that_are(value: object):
    with pytest.raises(InvalidSetting) as caught:
        setting("dropdown", choices=PAIRS).check(value)
    assert "one of 'Fast one', 'Slow one', '1'" in str(caught.value)


def test_choices_without_labels():
    assert setting("radio", choices=["a", "b"]).check("b") == "b"


def test_other_values_where_the_app_takes_them():
    assert setting("dropdown", choices=["a"], allow_custom_value=True).check("new") == "new"


@pytest.mark.parametrize("kind, props", [("dropdown", {"multiselect": True}), ("checkboxgroup", {})])
def test_several_choices(kind: str, props: dict[str, Any]):
    held = setting(kind, choices=PAIRS, **props)
    assert held.check(["Fast one", "slow"]) == ["fast", "slow"]
    assert held.check("fast") == ["fast"]
    assert held.check([]) == []
    with pytest.raises(InvalidSetting):
        held.check(["fast", "other"])


def test_texts():
    assert setting("textbox").check("hello") == "hello"
    assert setting("textbox").check(7) == "7"
    assert setting("json").check({"a": [1]}) == {"a": [1]}


def test_checked_settings_by_component():
    settings = found(slider(5, "Temperature"), component(6, "dropdown", label="Model", choices=["a", "b"]))
    assert check_settings(settings, {"temperature": 0.5, "Model": "b"}) == {5: 0.5, 6: "b"}
    assert check_settings(settings, {"TEMPERATURE": 0.5}) == {5: 0.5}
    assert check_settings(settings, {}) == {}


def test_settings_by_their_label():
    settings = found(slider(5, "Max new tokens", maximum=100), slider(6, "联网 搜索"))
    assert check_settings(settings, {"Max new tokens": 5, "联网 搜索": 1}) == {5: 5.0, 6: 1.0}


def test_an_unknown_setting_lists_the_known_ones_and_guesses():
    settings = found(slider(5, "Temperature"), slider(6, "Seed"))
    with pytest.raises(UnknownSetting) as caught:
        check_settings(settings, {"temprature": 1})
    assert "Known: temperature, seed." in str(caught.value)
    assert "Did you mean temperature?" in str(caught.value)
    with pytest.raises(UnknownSetting, match="it has none"):
        check_settings((), {"x": 1})


@pytest.mark.parametrize("choices", [None, "ab", [["a"]], [["a", "b", "c"]], [[]], {"a": 1}, 7])
def test_odd_choices_do_not_raise(choices: object):
    held = setting("dropdown", choices=choices)
    assert len(held.choices) == len(held.labels)
    held.allowed()


@pytest.mark.parametrize("bound", ["2", True, None, [2], 10**400])
def test_odd_ranges_are_none(bound: object):
    held = setting("slider", minimum=bound, maximum=bound)
    assert (held.minimum, held.maximum) == (None, None)
    assert held.check(1000) == 1000
