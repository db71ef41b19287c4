"""OpenAI's names for what pages call by other words, in the languages that Spaces are written in.

Texts are compared without case, accents and full-width forms, and with blanks for ``_``, ``-`` and the humps of
``camelCase``. Words that say little (``length``, ``penalty``) count only where the range of the numbers fits.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Trait", "known_name", "plain_words"]

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Not \W: vowels of some scripts are no letters for it.
_BETWEEN = re.compile(r"""[\s_\-./:;,()\[\]{}'"’“”!?+&*#=<>|、。・「」【】]+""")
_ACCENTS = re.compile(r"[\u0300-\u036f]")

_ANY = float("inf")
_NUMERIC = frozenset({"slider", "number"})
_WRITTEN = frozenset({"textbox", "textarea", "code"})
_PICKED = frozenset({"dropdown", "radio"})


def plain_words(text: str) -> str:
    """A text as it is compared: lower case, no accents, one blank between words."""
    text = unicodedata.normalize("NFKC", _HUMP.sub(" ", text))
    text = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text.casefold())))
    return _BETWEEN.sub(" ", text).strip()


class Trait(NamedTuple):
    """What is known of a component besides its words."""

    kind: str
    """Its type, such as ``slider``; empty where nothing is known but the words."""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    """What a menu offers."""

    @property
    def offers_models(self) -> bool:
        """Whether most of the choices of a menu are names of language models, or sizes of one: ``72B``."""
        hits = sum(1 for choice in self.choices if _compiled(_MODELS).search(plain_words(choice)))
        return self.kind in _PICKED and 2 * hits > len(self.choices)

    def within(self, lowest: tuple[float, float], highest: tuple[float, float]) -> bool:
        """Whether the range is known, and begins and ends between these."""
        if self.minimum is None or self.maximum is None:
            return False
        return lowest[0] <= self.minimum <= lowest[1] and highest[0] <= self.maximum <= highest[1]


class _Words(NamedTuple):
    """What stands for a name."""

    name: str
    kinds: frozenset[str]
    words: str
    """A pattern; compiled when first looked for, since most programs never look."""
    unless: str = ""
    lowest: tuple[float, float] | None = None
    """Between what the range begins, where the words alone say little."""
    highest: tuple[float, float] = (0, _ANY)
    """Between what it ends."""

    def fit(self, text: str, trait: Trait) -> bool:
        if trait.kind and trait.kind not in self.kinds:
            return False
        if not _compiled(self.words).search(text) or (self.unless and _compiled(self.unless).search(text)):
            return False
        return self.lowest is None or trait.within(self.lowest, self.highest)


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern that is spelt with accents and matches texts without."""
    return re.compile(unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", pattern))))


def _any(*patterns: str) -> str:
    return "|".join(patterns)


_MODELS = (
    r"\b(?:gpt\d*|chatgpt|o[134]|claude|gemini|gemma|llama|vicuna|alpaca|koala|mistral|mixtral|qwen|qwq|deepseek|phi|yi|"
    r"falcon|zephyr|chatglm|glm|internlm|baichuan|dolly|mpt|wizardlm|openchat|hermes|grok|kimi|smollm\d*|olmo|granite|"
    r"command r|fastchat|stablelm|rwkv|oasst|guanaco|hunyuan|ernie|minimax)(?=\b|\d)|^\d{1,4}(?: \d{1,2})? ?b\b"
)
_PIECES = r"(?:tokens?\b|jetons?\b|令牌|词元|詞元|トークン|토큰|токен)"
_MOST = (
    r"(?:\bmax|\bmaks|\bmass|\bmaximal|\bhöchst|\blimit|\bnombre\b|\bn[uú]mero\b|\banzahl|\bnumber of|\bnum\b|"
    r"最大|最多|최대|макс|количество|число|лимит|límite|tối đa|الحد)"
)
_LENGTH = (
    r"(?:length\b|\blen\b|\blongitud|\blongueur|länge\b|\bcomprimento|\btamanho|\blunghezza|\bdługość|長さ|길이|длин)"
)
_OF_INPUT = _any(
    r"histor|context|\binput\b|\bprompt\b|\bturns?\b|\brounds?\b|\bmemory\b|\bchunk|\bdocument|\bretriev|\bfiles?\b",
    r"历史|歷史|上下文|文脈|履歴|入力|输入|輸入|轮|輪|истори|контекст|ввод|히스토리|기록|입력|문맥",
    r"contexto|contexte|kontext|contesto|entrada|entrée|eingabe|ingresso|verlauf|historique|\bapi\b|\baccess\b|\bhf\b",
)

_CLEAR: tuple[_Words, ...] = (
    _Words(
        "max_tokens",
        _NUMERIC | _WRITTEN | _PICKED,
        _any(
            rf"{_MOST}.{{0,24}}{_PIECES}",
            rf"{_PIECES}.{{0,12}}(?:{_MOST}|上限|限制|数|數|수$|limit|length|count|budget)",
            rf"{_MOST}\w*\s?(?:(?:new|output|response|answer|generation|generated|reply|completion|gen|sequence)\s)*"
            rf"(?:of\s)?{_LENGTH}",
            rf"{_LENGTH}.{{0,14}}{_MOST}",
            r"最大.{0,6}(?:长度|長度|字数|字數|生成|输出|輸出|文字|長)",
            r"(?:生成|输出|輸出|回复|回覆|回答|响应|回應).{0,4}(?:长度|長度|字数|字數|上限|文字数)",
            r"(?:output|response|answer|reply|generation|completion) (?:length|limit)\b|\bnum predict\b|\bn predict\b",
            r"длина ответа|답변 길이|응답 길이|出力の長さ|応答の長さ|długość odpowiedzi",
        ),
        unless=_OF_INPUT,
    ),
    _Words(
        "top_p",
        _NUMERIC,
        _any(r"\btop p\b|\btopp\b|\bnucleus|核采样|核心采样|核採樣|核取樣|核サンプリング|핵 ?샘플링|ядерн"),
    ),
    _Words("top_k", _NUMERIC, _any(r"\btop k\b|\btopk\b"), unless=_any(r"retriev|document|result|chunk|检索|檢索")),
    _Words(
        "temperature",
        _NUMERIC,
        _any(
            r"temperat|\btemp\b|温度|溫度|온도|температур|s[ıi]cakl[ıi]k|nhiệt độ|\bsuhu\b|\bteplota\b|الحرارة|حرارة|"
            r"तापमान|\bدما\b|טמפרטורה"
        ),
    ),
    _Words(
        "repetition_penalty",
        _NUMERIC,
        _any(
            r"\brepetition|\brepeat penalty|\brep pen\b|\brépétition|\brepetici[oó]n|\brepetição|\bripetizion|"
            r"\bwiederholung|\bherhaling|\bpowtórze|\btekrar|\blặp lại|重复|重複|繰り返し|反復|반복|повтор"
        ),
        unless=_any(r"n ?gram|\bsize\b|\bwindow\b|\brange\b|\blast\b"),
    ),
    _Words(
        "frequency_penalty",
        _NUMERIC,
        _any(
            r"\bfrequency penalt|\bfreq pen|频率惩罚|頻率懲罰|频率罚|頻度ペナルティ|빈도 ?(?:페널티|패널티)|частот|"
            r"frecuencia|\bfréquence|häufigkeit|frequência|frequenza"
        ),
    ),
    _Words(
        "presence_penalty",
        _NUMERIC,
        _any(
            r"\bpresence penalt|\bpres pen|存在惩罚|存在懲罰|话题新鲜|話題新鮮|存在ペナルティ|존재 ?(?:페널티|패널티)",
            r"присутств|\bpresencia|\bprésence|präsenz|anwesenheit|presença|presenza",
        ),
    ),
    _Words(
        "seed",
        _NUMERIC | _WRITTEN,
        _any(
            r"\bseed\b|种子|種子|シード|乱数|시드|\bсид\b|\bзерно\b|semilla|\bgraine\b|\bgerme\b|startwert|\bsemente\b|"
            r"\bseme\b|\bziarno\b|\btohum"
        ),
    ),
    _Words(
        "stop",
        _WRITTEN | frozenset({"dropdown"}),
        _any(
            r"^stop$|\bstop ?(?:sequences?|words?|strings?|tokens?|phrases?|list)\b",
            r"停止(?:词|詞|符|序列|标记|標記|字符|语)|终止(?:词|符|序列)",
            r"停止(?:語|文字列|シーケンス|ワード|トークン)|ストップ(?:ワード|シーケンス|トークン)",
            r"(?:중지|정지|중단) ?(?:시퀀스|단어|문자|토큰)|стоп ?(?:слов|последоват|токен)",
            r"(?:secuencias?|palabras?) de (?:parada|detención)|(?:séquences?|mots?) d arrêt",
            r"stopp? ?(?:sequenz|wort|wörter|zeichen)|(?:sequências?|palavras?) de parada",
            r"(?:sequenz[ae]|parol[ae]) di (?:stop|arresto)",
        ),
    ),
    _Words(
        "reasoning_effort",
        _PICKED,
        _any(
            r"\b(?:reasoning|thinking) (?:effort|level|budget)\b",
            r"推理(?:强度|強度|努力|程度)|思考(?:强度|強度|程度)|推論の強さ",
        ),
    ),
    _Words(
        "system",
        _WRITTEN,
        _any(
            r"\bsystem|\binstructions?\b|\bpre ?prompt\b|\bpersona\b|系统|系統|人设|人設|システム|指示|시스템|지시|"
            r"систем|инструкц|sistem|\binstrucciones|\bsystème|anweisung|\binstruções|\bistruzioni|\bhệ thống|"
            r"النظام|सिस्टम"
        ),
        unless=_any(r"\bfile|\bfolder"),
    ),
    _Words(
        "model",
        _PICKED | _WRITTEN,
        _any(
            r"\bmodels?\b|\bmodel(?:o|e|l|lo|y|len|id|name)s?\b|\bllms?\b|\bcheckpoint\b|\bagents?\b|模型|モデル|모델|модел|"
            r"نموذج|मॉडल|\bmô hình"
        ),
        unless=_any(r"embed|rerank|\bspeech\b|\bvoice\b|\btts\b|\bimage\b|嵌入|向量|语音|語音"),
    ),
)
_VAGUE: tuple[_Words, ...] = (
    _Words(
        "temperature",
        _NUMERIC,
        _any(
            r"creativ|créativ|kreativ|random|随机|隨機|ランダム|創造|创造|무작위|창의|креатив|случайн",
            r"aleator|aléatoire|zufall|casual",
        ),
        unless=_any(r"seed|种子|種子"),
        lowest=(0, 0.5),
        highest=(0.5, 5),
    ),
    _Words(
        "repetition_penalty",
        _NUMERIC,
        _any(r"penalt|惩罚|懲罰|ペナルティ|페널티|패널티|штраф|penaliza|pénalit|strafe|penalidade"),
        unless=_any(r"length|长度|長度|longitud|longueur|lange|длин|길이"),
        lowest=(0.5, 1),
        highest=(1.1, 5),
    ),
    _Words(
        "max_tokens",
        _NUMERIC,
        _any(rf"{_LENGTH}|长度|長度|{_PIECES}"),
        unless=_any(_OF_INPUT, r"penalt|惩罚|懲罰|штраф|strafe|pénalit"),
        lowest=(0, _ANY),
        highest=(32, _ANY),
    ),
)


def known_name(texts: Iterable[str], trait: Trait, *, vague: bool = False) -> str | None:
    """OpenAI's name for a component, or None.

    Args:
        texts: its label, its ``elem_id``, the name of its parameter.
        trait: what else is known of it.
        vague: look only at what counts by its range; else only at what needs none.
    """
    plain = [words for text in texts if (words := plain_words(text))]
    for known in _VAGUE if vague else _CLEAR:
        if any(known.fit(words, trait) for words in plain):
            return known.name
    return "model" if vague and trait.offers_models else None
