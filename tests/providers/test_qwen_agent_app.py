"""``Qwen_Qwen_2_5M`` against the real Qwen-Agent app, every character compared with what an independent reader sees."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from spacebridge import Space, Timeouts, errors
from spacebridge.providers import JsonConversation, Qwen_Qwen_2_5M, debug
from tests.real.answers import ANSWERS
from tests.real.apps import LATER_QWEN_AGENT_ENVIRONMENT
from tests.real.apps.qwen import PLACEHOLDER, TAIL
from tests.real.model_server import ModelServer, Script
from tests.real.readers import raw_turn

pytestmark = pytest.mark.servers

QwenAgent = Callable[..., str]
WIRINGS = {
    "one": (),
    "three": ("--agents", "3"),
    "space": ("--agents", "3", "--wiring", "space", "--demo"),
    "other": ("--wiring", "other"),
}
# What the chatbot shows changes in white space only while these come (it re-indents, and turns tabs into spaces).
RELAID = {"nested", "tabs", "code", "leading", "nested_only"}


async def address(qwen_agent: QwenAgent, wiring: str) -> str:
    return await asyncio.to_thread(qwen_agent, *WIRINGS[wiring])


def user(text: str) -> list[dict[str, object]]:
    return [{"role": "user", "content": text}]


async def shown(url: str, prompt: str, wiring: str) -> str:
    """What the page finally shows, less placeholder and tail."""
    value = prompt if wiring == "other" else {"text": prompt, "files": []}
    answer = (await raw_turn(url, value)).answer
    return TAIL.sub("", answer) if wiring == "space" else answer


@pytest.mark.parametrize("wiring", WIRINGS)
@pytest.mark.parametrize("name", sorted(set(ANSWERS) - {"long"}))
async def test_every_character(qwen_agent: QwenAgent, wiring: str, name: str) -> None:
    url = await address(qwen_agent, wiring)
    prompt = f"Say it. [[{name}]]"
    pieces = [piece async for piece in Qwen_Qwen_2_5M.create_async_generator("", user(prompt), url=url)]
    whole = await Qwen_Qwen_2_5M.create_async("", user(prompt), url=url, settle="end")
    expected = await shown(url, prompt, wiring)
    assert whole == expected
    assert all(isinstance(piece, str) for piece in pieces)
    joined = "".join(map(str, pieces))
    if name in RELAID:
        assert "".join(joined.split()) == "".join(expected.split())
    else:
        assert joined == expected


@pytest.mark.parametrize("name", sorted(set(ANSWERS) - {"long"}))
async def test_every_character_of_a_later_version(qwen_agent: QwenAgent, name: str) -> None:
    """It deletes code fences, and makes a block of ``<think>`` that it closes anew after each step."""
    url = await asyncio.to_thread(qwen_agent, "--agents", "3", environment=LATER_QWEN_AGENT_ENVIRONMENT)
    prompt = f"Say it. [[{name}]]"
    joined = await Qwen_Qwen_2_5M.create_async("", user(prompt), url=url)
    expected = await shown(url, prompt, "three")
    assert "".join(joined.split()) == "".join(expected.split())
    if name not in RELAID:
        assert joined == expected


@pytest.mark.parametrize("wiring", ["one", "space"])
async def test_as_the_model_speaks(qwen_agent: QwenAgent, model: ModelServer, wiring: str) -> None:
    url = await address(qwen_agent, wiring)
    held = model.on("held", Script(["The ", "beginning. "], then="silence"))
    items = Qwen_Qwen_2_5M.create_async_generator("", user(f"Go on {held}"), url=url)
    first = await anext(items)
    assert "The beginning.".startswith(str(first).strip())
    assert PLACEHOLDER not in str(first)
    await items.aclose()


async def test_a_long_answer_comes_in_many_pieces(qwen_agent: QwenAgent) -> None:
    url = await address(qwen_agent, "one")
    pieces = [p async for p in Qwen_Qwen_2_5M.create_async_generator("", user("[[long]]"), url=url)]
    assert len(pieces) > 100
    assert "".join(map(str, pieces)) == "".join(ANSWERS["long"]).rstrip()


@pytest.mark.parametrize("wiring", WIRINGS)
async def test_a_conversation_uses_the_memory_of_the_space(
    qwen_agent: QwenAgent, model: ModelServer, wiring: str
) -> None:
    url = await address(qwen_agent, wiring)
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "One"},
        {"role": "assistant", "content": "Two"},
        {"role": "user", "content": "Three [[plain]]"},
    ]
    items = Qwen_Qwen_2_5M.create_async_generator("qwen-2.5-1m", messages, return_conversation=True, url=url)
    conversation = await anext(items)
    assert isinstance(conversation, JsonConversation)
    assert len(conversation.session_hash) == 12
    first = "".join([str(item) async for item in items])
    asked = model.asked[-1]
    assert asked.prompt.endswith("System: Be brief.\nUser: One\nAssistant: Two\nUser: Three [[plain]]\nAssistant:")

    resumed = JsonConversation(**json.loads(json.dumps(conversation.get_dict())))
    again = [*messages, {"role": "assistant", "content": first}, {"role": "user", "content": "Four [[single]]"}]
    assert await Qwen_Qwen_2_5M.create_async("", again, conversation=resumed, url=url) == "Yes."
    asked = model.asked[-1]
    assert [role for role in asked.roles if role != "system"] == ["user", "assistant", "user"]
    assert asked.prompt == "Four [[single]]"


async def test_a_conversation_goes_on_in_another_process(qwen_agent: QwenAgent, model: ModelServer) -> None:
    url = await address(qwen_agent, "one")
    items = Qwen_Qwen_2_5M.create_async_generator("", user("First [[single]]"), return_conversation=True, url=url)
    conversation = await anext(items)
    assert isinstance(conversation, JsonConversation)
    assert [item async for item in items] == ["Yes."]
    program = (
        "import sys; from spacebridge.providers import JsonConversation, Qwen_Qwen_2_5M\n"
        "kept = JsonConversation.from_json(sys.argv[1])\n"
        "messages = [{'role': 'user', 'content': 'Second [[plain]]'}]\n"
        "print(*Qwen_Qwen_2_5M.create_completion('', messages, conversation=kept, url=sys.argv[2]), sep='')"
    )
    command = [sys.executable, "-c", program, conversation.to_json(), url]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=50, check=False)
    assert (done.stdout.strip(), done.stderr) == ("".join(ANSWERS["plain"]), "")
    assert [role for role in model.asked[-1].roles if role != "system"] == ["user", "assistant", "user"]


async def test_only_a_session_hash_is_enough(qwen_agent: QwenAgent, model: ModelServer) -> None:
    url = await address(qwen_agent, "one")
    conversation = JsonConversation(session_hash="0123456789ab")
    for _ in range(2):
        await Qwen_Qwen_2_5M.create_async("", user("[[single]]"), conversation=conversation, url=url)
    assert model.asked[-1].roles.count("user") == 2


async def test_leaving_early_stops_the_app(qwen_agent: QwenAgent, model: ModelServer) -> None:
    url = await address(qwen_agent, "one")
    slow = model.on("slow", Script(["word " * 20_000] * 400, pace=0.02))
    items = Qwen_Qwen_2_5M.create_async_generator("", user(f"Count {slow}"), url=url)
    await anext(items)
    await items.aclose()
    # Python drops a connection nobody reads only when it collects garbage; but its buffers fill, and the model stalls.
    asked = model.asked[-1]
    before = -1
    while before != asked.sent:
        before = asked.sent
        await asyncio.sleep(0.5)
    assert asked.sent < 300


async def test_a_broken_model_is_an_error_with_the_text_so_far(qwen_agent: QwenAgent, model: ModelServer) -> None:
    url = await address(qwen_agent, "one")
    broken = model.on("broken", Script(["Some ", "text"], pace=0.1, then="error"))
    with pytest.raises(errors.AppFailed) as caught:
        await Qwen_Qwen_2_5M.create_async("", user(f"Go {broken}"), url=url)
    assert caught.value.partial in ("", "Some", "Some text")
    with pytest.raises(errors.AppFailed):
        await Qwen_Qwen_2_5M.create_async("", user(model.on("500", Script(status=500))), url=url)


async def test_an_empty_answer_is_an_error(qwen_agent: QwenAgent, model: ModelServer) -> None:
    url = await address(qwen_agent, "space")
    with pytest.raises(errors.EmptyAnswer):
        await Qwen_Qwen_2_5M.create_async("", user(model.on("nothing", Script([]))), url=url)


async def test_a_prompt_of_4_mb_passes(qwen_agent: QwenAgent, model: ModelServer) -> None:
    url = await address(qwen_agent, "one")
    prompt = "long prompt " * 350_000 + "[[plain]]"
    assert await Qwen_Qwen_2_5M.create_async("", user(prompt), url=url) == "".join(ANSWERS["plain"])
    assert len(model.asked[-1].prompt) == len(prompt) > 4_000_000


async def test_silence_is_bounded(qwen_agent: QwenAgent, model: ModelServer) -> None:
    url = await address(qwen_agent, "one")
    silent = model.on("silent", Script(["A bit"], then="silence"))
    with pytest.raises(TimeoutError) as caught:
        await Qwen_Qwen_2_5M.create_async("", user(silent), url=url, timeout=2)
    assert isinstance(caught.value, errors.TimedOut)
    assert caught.value.partial == "A bit"


async def test_files_and_images_are_uploaded(qwen_agent: QwenAgent, model: ModelServer) -> None:
    url = await address(qwen_agent, "one")
    content = [
        {"type": "text", "text": "What is this? [[single]]"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
    ]
    async with Space(url, trace=(trace := __import__("io").BytesIO())) as space:
        assert space.layout.chat.multimodal
    assert await Qwen_Qwen_2_5M.create_async("", [{"role": "user", "content": content}], url=url, trace=trace) == "Yes."
    assert b'"mime_type":"image/png"' in trace.getvalue()


async def test_two_conversations_do_not_mix(qwen_agent: QwenAgent) -> None:
    url = await address(qwen_agent, "three")
    names = ["plain", "emoji", "rtl", "chinese", "math", "single"]
    found = await asyncio.gather(
        *(Qwen_Qwen_2_5M.create_async("", user(f"[[{name}]]"), url=url) for name in names for _ in range(2))
    )
    assert found == ["".join(ANSWERS[name]).strip() for name in names for _ in range(2)]


async def test_other_wirings_take_settings(qwen_agent: QwenAgent, model: ModelServer) -> None:
    url = await address(qwen_agent, "other")
    assert await Qwen_Qwen_2_5M.create_async("", user("[[single]]"), url=url, temperature=0.25) == "Yes."
    assert model.asked[-1].params["temperature"] == 0.25


async def test_the_library_keeps_reasoning_apart(qwen_agent: QwenAgent) -> None:
    url = await address(qwen_agent, "one")
    async with Space(url, timeouts=Timeouts(total=50)) as space:
        answer = await space.conversation().ask("[[think]]")
    assert answer.text == "The answer is 2."
    assert answer.reasoning == "Let me see: 1 < 2.\nSo yes."


async def test_broken_lines_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[object, ...]] = []
    monkeypatch.setattr(debug, "logging", True)
    monkeypatch.setattr(debug, "log_handler", lambda *text: said.append(text))
    debug.log("Could not parse JSON:", "{")
    assert said == [("Could not parse JSON:", "{")]
