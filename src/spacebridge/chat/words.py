"""What the words on a page tell of a component's purpose, in the languages Spaces are written in."""

from __future__ import annotations

import re

__all__ = [
    "AGREEING",
    "ANSWERING",
    "ASIDE",
    "BESIDE",
    "CHOOSING",
    "CLEARING",
    "DECLINING",
    "MESSAGE",
    "NOT_MESSAGE",
    "SENDING",
    "STARTING",
]


def _any_of(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts), re.IGNORECASE)


CLEARING = _any_of(
    r"clear|reset|undo|retry|stop|delete|remove|regenerat|cancel|restart|start over|new (chat|conversation)|flag\b",
    r"清|重|停|删|撤|取消",
    r"temizle|sıfırla|xóa|cancella|hapus|wyczyść|reinicia",
    r"очист|сброс|стоп|удал|отмен|повтор|limpiar|borrar|detener|effacer|supprimer|lösch",
    r"消去|停止|クリア|再生成|지우|삭제|중지",
)
"""What a button says that does away with something in a chat, or stops it."""

BESIDE = _any_of(r"copy|share|export|download|upload|save|分享|复制")
"""What a button says that does something beside the chat."""

SENDING = _any_of(
    r"send|submit|chat|ask|\brun\b|generat|\bgo\b|reply|answer|发送|提交|提问|发|отправ|спрос|送信|質問",
    r"enviar|preguntar|envoyer|senden|fragen|보내|전송|gönder|\bgửi|invia|kirim|wyślij|ส่ง|إرسال|भेज",
    r"➤|▶|⬆|↑|🚀|📤|✉|➡|⏎",
)
"""What a button says that sends a message."""

STARTING = _any_of(
    r"\bstart\b(?! over| record)|\bbegin\b|\benter\b|\bjoin\b|get started|let'?s (go|chat|talk)|\blaunch\b",
    r"开始|进入|начать|старт|войти|始め|開始|empezar|comenzar|iniciar|entrar|commencer|entrer|beginnen|시작|입장",
)
"""What a button says that opens a chat."""

AGREEING = _any_of(
    r"\bagree|accept|\bconsent|acknowledg|i understand|i have read|got it|\bterms\b|over 18|18\s*\+|\b18 (years|or)",
    r"同意|接受|已阅读|соглас|принима|acepto|aceptar|de acuerdo|accepte|j'ai lu|akzept|zustimm|einverstanden|동의",
)
"""What a button or a checkbox says with which one accepts conditions."""

DECLINING = _any_of(
    r"declin|disagree|reject|refus|don'?t|do not|\bno\b|exit|leave|quit|cancel|log ?out|不同意|拒",
    r"отказ|не соглас|rechaz|ablehn",
)
"""What a button says with which one does not."""

CHOOSING = _any_of(
    r"\bmodels?\b|\bllm\b|\bagents?\b|\bassistants?\b|\bcharacter|\bpersona|\bbot\b|select|choose|pick",
    r"模型|选择|角色|модел|выбер|modelo|seleccion|elige|modèle|choisi|modell|wähl|モデル|選択|모델|선택",
)
"""What a menu says in which something must be chosen before one can chat."""

MESSAGE = _any_of(
    r"message|prompt|\bask\b|question|query|type|chat|input|\bsay\b|write|instruction",
    r"消息|输入|提问|问题|сообщ|вопрос|введите|質問|メッセージ|入力|mensaje|pregunta|nachricht|frage|메시지|질문|입력",
)
"""What a box says into which a message is written."""

NOT_MESSAGE = _any_of(
    r"system|api.?key|token|password|\bname\b|\busername|\bid\b|e-?mail|\burls?\b|\blinks?\b|search|filter|negative|persona|\brole\b",
    r"context|系统|密钥|密码|имя|ключ|парол|систем|システム|sistema|nombre|contraseña",
)
"""What a box says into which something else is written."""

ANSWERING = _any_of(
    r"answer|respon|output|result|reply|generat|completion|assistant|bot\b|\bai\b|chat|convers|dialog|transcript",
    r"回答|输出|回复|结果|ответ|результат|回答|出力|respuesta|salida|resultado|réponse|antwort|답변|출력",
)
"""What shows an answer where there is no chatbot."""

ASIDE = _any_of(
    r"status|tokens?\b|\bcount|\btime|latency|\blogs?\b|error|debug|cost|score|speed|usage|session|found|\binfo",
    r"referenc|sources?\b",
    r"状态|耗时|статус|время|estado|zeit",
)
"""What shows something beside the answer."""
