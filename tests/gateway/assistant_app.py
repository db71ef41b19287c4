"""A chat that answers as a model does that was told of tools or asked for JSON, and not always right at once.

Asked for the weather of places it calls ``get_weather`` for each, says what came of it, and knows how often it was asked.
Asked for JSON it forgets a field; told so, it says it all, unless somebody has said ``stubborn``.
"""

import argparse
import json
import re

import gradio as gr


def answer(message, history):
    said = decide(message, len(history) // 2, stubborn="stubborn" in f"{message} {history}")
    shown = ""
    for piece in re.findall(r".{1,7}", said, re.DOTALL):
        shown += piece
        yield shown


def decide(message, before, *, stubborn):
    results = re.findall(r"<tool_response>\n(.*?)\n</tool_response>", message, re.DOTALL)
    if results:
        return f"It is {' and '.join(results)}. (turn {before + 1})"
    if "can't be used" in message:
        return "I will not." if stubborn else '```json\n{"city": "Bonn", "degrees": 22}\n```'
    if "must be called now" in message:
        return "I will not." if stubborn else call("Bonn")
    if "Answer with JSON" in message:
        return "I will not (stubborn)." if stubborn else 'Here it is: {"city": "Bonn"}'
    if "Now call" in message:
        return "I would rather talk. stubborn" if stubborn else "I would rather talk."
    places = re.findall(r"weather of ([A-Z]\w+(?: and [A-Z]\w+)*)", message)
    if places:
        return "Let me look.\n" + "\n".join(call(place) for place in places[-1].split(" and ")) + "\n"
    return f"You said {message.splitlines()[-1]!r}. (turn {before + 1})"


def call(place):
    return f"<tool_call>\n{json.dumps({'name': 'get_weather', 'arguments': {'place': place}})}\n</tool_call>"


def main(argv=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args(argv).port
    gr.ChatInterface(answer).queue().launch(server_name="127.0.0.1", server_port=port)


if __name__ == "__main__":
    main()
