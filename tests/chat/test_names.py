from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge.chat.names import Trait, known_name, plain_words

UNIT, TWO, LONG = Trait("slider", 0, 1), Trait("slider", 0, 2), Trait("slider", 1, 4096)
NUMBER, TEXT, MENU, BOX = Trait("number"), Trait("textbox"), Trait("dropdown"), Trait("checkbox")

LABELS = {
    ("temperature", TWO): "Temperature|Temp|温度|溫度|온도|Температура|Temperatura|Température|Temperatur|Sıcaklık|"
    "Nhiệt độ|Suhu|درجة الحرارة|तापमान|temperature_slider|samplingTemperature|Температура генерации",
    ("top_p", UNIT): "Top-p (nucleus sampling)|top_p|Top P|核采样|核採樣|核サンプリング|핵 샘플링|Ядерная выборка",
    ("top_k", LONG): "Top-k|top_k|Top K|TopK",
    ("max_tokens", LONG): "Max new tokens|max_tokens|maxNewTokens|Maximum output length|Max length|Token limit|"
    "最大生成长度|最大长度|最大長度|最大 token 数|最大输出长度|生成长度|回复字数上限|最大トークン|最大トークン数|出力の長さ|최대 토큰 수|"
    "최대 길이|Макс. токенов|Максимальная длина ответа|Количество токенов|Número máximo de tokens|Máximo de tokens|"
    "Longitud máxima|Nombre maximal de jetons|Longueur maximale|Nombre de tokens|Maximale Länge der Antwort|"
    "Maximale Anzahl an Tokens|Comprimento máximo|Número de tokens|Lunghezza massima|max_completion_tokens|num_predict",
    ("repetition_penalty", TWO): "Repetition penalty|repeat_penalty|重复惩罚|重複懲罰|繰り返しペナルティ|반복 페널티|"
    "Штраф за повтор|Penalización por repetición|Pénalité de répétition|Wiederholungsstrafe|Penalidade de repetição",
    ("frequency_penalty", TWO): "Frequency penalty|频率惩罚|頻率懲罰|頻度ペナルティ|빈도 페널티|Штраф за частоту|"
    "Penalización de frecuencia|Pénalité de fréquence|Häufigkeitsstrafe|Penalidade de frequência",
    ("presence_penalty", TWO): "Presence penalty|存在惩罚|存在懲罰|存在ペナルティ|존재 페널티|Штраф за присутствие|"
    "Penalización de presencia|Pénalité de présence|Präsenzstrafe|Penalidade de presença",
    ("seed", NUMBER): "Seed|Random seed|随机种子|隨機種子|シード値|乱数シード|시드|Сид|Semilla|Graine aléatoire|Startwert|Semente",
    ("stop", TEXT): "Stop|Stop sequences|stop_words|停止词|停止詞|停止文字列|중지 시퀀스|Стоп-слова|Secuencias de parada|"
    "Mots d'arrêt|Stoppwörter|Sequências de parada",
    ("system", TEXT): "System prompt|System message|system_message|Instructions|系统提示词|系統提示|システムプロンプト|시스템 프롬프트|"
    "Системный промпт|Mensaje del sistema|Instrucciones|Message système|Systemanweisung|Mensagem do sistema|Instruções",
    ("model", MENU): "Model|Choose a model|LLM|选择模型|選擇模型|モデル|모델|Модель|Modelo|Modèle|Modell|Agents|model_name",
    ("reasoning_effort", MENU): "Reasoning effort|思考强度|推論の強さ",
}  # fmt: skip
CASES = [(label, name, trait) for (name, trait), labels in LABELS.items() for label in labels.split("|")]


@pytest.mark.parametrize("label, name, trait", CASES, ids=[case[0] for case in CASES])
def test_the_words_of_many_languages(label: str, name: str, trait: Trait):
    assert known_name([label], trait) == name
    assert known_name(["", label.upper()], trait) == name


@pytest.mark.parametrize(
    "label, trait",
    [
        ("Topping", TWO),
        ("Stop kidding", TEXT),
        ("Top-k", TEXT),
        ("Temperature unit", MENU),
        ("Randomize seed", BOX),
        ("Use the system prompt", BOX),
        ("Max history length", LONG),
        ("最大历史轮数", LONG),
        ("Context length", LONG),
        ("Access token", TEXT),
        ("HF token", TEXT),
        ("Embedding model", MENU),
        ("Top-k documents", LONG),
        ("No repeat ngram size", LONG),
        ("Length penalty", TWO),
        ("Mode", MENU),
        ("Wordcount", LONG),
        ("", TWO),
    ],
)
def test_words_that_mean_something_else(label: str, trait: Trait):
    assert known_name([label], trait) is None
    assert known_name([label], trait, vague=True) is None


@pytest.mark.parametrize(
    "label, trait, name",
    [
        ("Creativity", UNIT, "temperature"),
        ("随机性", TWO, "temperature"),
        ("Креативность", TWO, "temperature"),
        ("Creativity", Trait("slider", 0, 100), None),
        ("Creativity", Trait("slider"), None),
        ("Penalty", Trait("slider", 1, 2), "repetition_penalty"),
        ("惩罚", Trait("slider", 1, 2), "repetition_penalty"),
        ("Penalty", Trait("slider", -2, 2), None),
        ("Length", LONG, "max_tokens"),
        ("长度", LONG, "max_tokens"),
        ("Length", Trait("slider", 1, 10), None),
        ("Creativity", TEXT, None),
    ],
)
def test_vague_words_count_by_their_range(label: str, trait: Trait, name: str | None):
    assert known_name([label], trait) is None
    assert known_name([label], trait, vague=True) == name


def test_a_name_alone_is_enough_for_who_asks():
    assert known_name(["max_new_tokens"], Trait("")) == "max_tokens"
    assert known_name(["stop_sequences"], Trait("")) == "stop"


def test_words_are_compared_plainly():
    assert plain_words("Max_newTokens — (最大)") == "max new tokens — 最大"
    assert plain_words("ＴＥＭＰ") == "temp"
    assert plain_words("Répétition!") == "repetition"


@given(st.text(max_size=40))
def test_no_label_raises(label: str):
    for trait in (UNIT, LONG, TEXT, MENU, Trait("")):
        known_name([label], trait)
        known_name([label], trait, vague=True)
