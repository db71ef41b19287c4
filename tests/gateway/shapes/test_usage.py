from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.gateway.shapes.usage import Usage, cut, weigh
from tests.strategies import many

# Counted with o200k, the tokenizer of OpenAI's newer models, as the package gpt-tokenizer has it.
COUNTED = {
    "English prose": (
        (
            "The gateway recognises the transcript of a session it holds and sends only the new turn on it. If "
            "nobody is listening any more, the work on the server is stopped within a second, and the next "
            "client in the line gets its place."
        ),
        49,
    ),
    "German": (
        (
            "Als Gregor Samsa eines Morgens aus unruhigen Träumen erwachte, fand er sich in seinem Bett zu "
            "einem ungeheueren Ungeziefer verwandelt. Er lag auf seinem panzerartig harten Rücken und sah, "
            "wenn er den Kopf ein wenig hob, seinen gewölbten, braunen Bauch."
        ),
        66,
    ),
    "French": (
        (
            "Longtemps, je me suis couché de bonne heure. Parfois, à peine ma bougie éteinte, mes yeux se "
            "fermaient si vite que je n’avais pas le temps de me dire : « Je m’endors. »"
        ),
        50,
    ),
    "Russian": (
        (
            "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему. Всё "
            "смешалось в доме Облонских."
        ),
        34,
    ),
    "Chinese": (
        "近年来，人工智能技术发展迅速，越来越多的企业开始将大模型应用于客服、教育、医疗和金融等领域。与传统的规则系统相比，大模型可以理解上下文。",
        42,
    ),
    "Japanese": (
        "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗いじめじめした所でニャーニャー泣いていた事だけは記憶している。",
        61,
    ),
    "Korean": (
        (
            "인공지능은 인간의 학습능력, 추론능력, 지각능력을 인공적으로 구현하려는 컴퓨터 과학의 세부 분야 중 하나이다. 오늘 서울의 날씨는 맑고 기온은 영상 십오 도까지 올라갈 것으로 "
            "예상됩니다."
        ),
        62,
    ),
    "Arabic": (
        "الذكاء الاصطناعي هو فرع من علوم الحاسوب يهتم ببناء أنظمة قادرة على أداء مهام تتطلب عادة ذكاء بشريا.",
        35,
    ),
    "Python": (
        (
            'def feed(self, text: str) -> str:\n    """What can be passed on because of more '
            'text."""\n    if self.hit is not None:\n        return ""\n    found = [(at + len(s), at, s) '
            "for s in self._sequences if (at := text.find(s)) >= 0]\n    return min(found)[2] if found else "
            "text\n"
        ),
        78,
    ),
    "JSON": (
        (
            '{"name": "get_weather", "arguments": {"place": "Bonn", "days": 3, "unit": '
            '"celsius"}, "id": 12345, "tags": ["a", "b"], "ok": true}'
        ),
        51,
    ),
    "Markdown": (
        (
            "Here's a comparison:\n\n| Option | Price | Speed |\n|--------|-------|-------|\n| A      | $10   "
            "| 3.5 s |\n| B      | $20   | 1.25 s |\n\n1. **First**, install the package:\n   ```bash\n   pip "
            "install requests==2.31.0\n   ```\n2. Then run `python main.py --verbose`.\n"
        ),
        83,
    ),
}


@pytest.mark.parametrize("text, tokens", COUNTED.values(), ids=COUNTED)
def test_the_estimate_is_near_to_what_a_tokenizer_counts(text: str, tokens: int):
    assert weigh(text) / 100 == pytest.approx(tokens, rel=0.2)


@many
@given(st.text(), st.text())
def test_the_estimates_of_parts_add_up(one: str, other: str):
    assert weigh(one) + weigh(other) == weigh(one + other)


@many
@given(st.text(), st.integers(0, 2000))
def test_a_cut_text_is_of_the_weight_allowed_and_no_more_would_be(text: str, weight: int):
    place = cut(text, weight)
    assert weigh(text[:place]) <= weight
    assert place == len(text) or weigh(text[: place + 1]) > weight


def test_half_a_surrogate_pair_has_a_weight():
    assert weigh("\ud83d") > 0


def test_tokens_are_whole_and_rounded_up():
    used = Usage(prompt=101, text=1, reasoning=100)
    assert used.openai() == {
        "prompt_tokens": 2,
        "completion_tokens": 2,
        "total_tokens": 4,
        "completion_tokens_details": {"reasoning_tokens": 1},
        "estimated": True,
    }
    assert Usage(0, 0, 0).completion_tokens == 0
