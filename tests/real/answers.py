"""Answers that have broken clients: each a list of the pieces in which a model says it.

``[[name]]`` in a prompt makes the scripted model give the answer of that name. Joined pieces are what the model said;
what the page shows of it is for an independent reader to tell (apps strip, and chatbots re-indent).
"""

from __future__ import annotations

import random
import re


def tokens(text: str, seed: int = 7) -> list[str]:
    """Cut a text as a tokenizer might: short pieces of one to six characters, always the same ones."""
    dice = random.Random(seed)
    pieces, at = [], 0
    while at < len(text):
        size = dice.randint(1, 6)
        pieces.append(text[at : at + size])
        at += size
    return pieces


def words(text: str) -> list[str]:
    """Cut a text before each word."""
    return re.findall(r"\s*\S+|\s+", text)


CODE = '''Here are three:

```python
def f(x: int) -> str:
    """Doc."""
    if x:
        return f"<{x}>"  # 注释
\treturn 'tab'
```

```js
const s = `a${1}b`; // <b>&amp;</b>
```

```
no language
    indented
```

and inline ``a`b`` done.'''

HTML = """<b>bold</b> <img src='a.png' alt=x> <script>alert(1)</script>
<table><tr><td class="c">1 &lt; 2</td></tr></table><br>
<!-- a comment --> &nbsp;&copy; <a href='https://example.org/?a=1&b=2'>link</a>"""

DETAILS = """Before.

<details>
<summary>More</summary>

Inside the block.

</details>

After it, and a second one:

<details open>
  <summary>Even more</summary>
  text
</details>
The end."""

SUMMARY_LAST = """This answer ends like a tail:

<details>
text
<summary>Time: 12.3s</summary>"""

NESTED = """1. **Foo**:
   - bar
     - baz
       - deep
   - qux
2. **Two**:
   1. a
   2. b

      ```sh
      ls
      ```
- plain
\t- after a tab
\t\t- after two
The end."""

NESTED_ONLY = """   - an indented first line
   - and another
     - deeper"""

TABLE = """| a | b |
|---|:-:|
| 1 | `x|y` |
| é | **2** |

Done."""

ANSWERS: dict[str, list[str]] = {
    "plain": words("The quick brown fox jumps over the lazy dog. It does so twice a day."),
    "long": [f"token{i:04d} " for i in range(2000)],
    "code": tokens(CODE),
    "html": tokens(HTML),
    "details": tokens(DETAILS),
    "summary_last": tokens(SUMMARY_LAST),
    "summary_middle": tokens("Cut\n<summary>not a tail</summary>\nbut more text."),
    "nested": tokens(NESTED),
    "nested_only": tokens(NESTED_ONLY),
    "tabs": tokens("a\tb\n\tc\n\t\td\ne\tf"),
    "rtl": tokens("مرحبا بالعالم! هذا نص طويل. שלום עולם 123 (abc) \u200fסוף\u200e \u202bמימין\u202c"),
    "combining": tokens("e\u0301 a\u0308 n\u0303 Z\u0351\u036b\u0343 \u1112\u1161\u11ab नमस्ते ก็ é"),
    "emoji": tokens("👨‍👩‍👧‍👦 👩🏽‍💻 🏳️‍🌈 🇩🇪🇫🇷 1️⃣ ❤️ 👍🏿 🧑‍🤝‍🧑 end"),
    "crlf": tokens("one\r\ntwo\r\n\r\nthree\rfour\nfive"),
    "separators": tokens("a\u2028b\u2029c\u0085d\x0be\x0cf"),
    "trailing": ["words", "   ", "\n", "more  \n", "\n", "end   ", "\n", "\n\n"],
    "leading": ["\n", "\n", "   ", "indented first", " line\n", "second"],
    "blank_lines": ["a", "\n", "\n", "\n", "\n", "b", "\n\n\n", "c"],
    "think": tokens("<think>\nLet me see: 1 < 2.\nSo yes.\n</think>\n\nThe answer is 2."),
    "think_open": tokens("<think>never closed, so what is it"),
    "table": tokens(TABLE),
    "control": tokens("bell\x07 escape\x1b[31mred\x1b[0m backspace\x08 delete\x7f unit\x1f end"),
    "chars": list("One character at a time, é, 中, 🙂."),
    "huge": ["x" * 300_000 + " end"],
    "single": ["Yes."],
    "split_unicode": ["caf", "e", "\u0301", " 👨", "\u200d", "👩", "\u200d", "👧", " 🇩", "🇪", " \ud55c", "\u3164", "."],
    "astral": list("𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𐍈 🀄 \U000e0041 \U0010ffff"),
    "quotes": tokens('"double" \'single\' \\ backslash \\n not a newline \\u0041 {"json": [1, 2]} data: {"msg":1}'),
    "sse": tokens('data: {"msg": "process_completed"}\n\ndata: [DONE]\n\nevent: error\n\n: comment\n'),
    "math": tokens("Euler: $e^{i\\pi}+1=0$ and \\[ \\int_0^1 x\\,dx \\] and \\(a_b\\)."),
    "chinese": tokens("你好，世界！这是一个很长的回答。「引号」、《书名》——破折号……"),
    "placeholder_text": words("Qwen is thinking... is what the page says first."),
    "shrinks": ["A", "AB", "", " ", "C"],
}
"""Name → pieces."""
