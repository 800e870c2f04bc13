"""Renders conversations with chat templates as transformers does.

usage: python3 record_chats.py [TEMPLATES [OUTPUT]]

TEMPLATES is a folder of *.jinja (templates), OUTPUT a gzipped file of lines
(chats.jsonl.gz): template, number of the case, and its text or the kind and the
message of its error. Without arguments chats.json, the cases, are written too.

Needs what jinja/testdata/record.py needs.
"""

import gzip
import io
import itertools
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "jinja", "testdata"))
import record  # noqa: E402


def user(content, **more):
    return {"role": "user", "content": content, **more}


def assistant(content, **more):
    return {"role": "assistant", "content": content, **more}


def system(content):
    return {"role": "system", "content": content}


def call(name, arguments, **more):
    return {"type": "function", "function": {"name": name, "arguments": arguments}, **more}


ID = "abc123XYZ"
RESULT = {"role": "tool", "content": '{"temperature": 22.5}', "name": "get_weather", "tool_call_id": ID}
CALL = {"location": "Zürich, \"CH\"", "days": 3, "detail": None, "exact": True, "scale": 1.50}
SPECIAL = "Ünïcode 日本 😀 <b>&amp;</b> \"q\" 'a' \\ \t{{ x }} {% y %}\r\nend\u2028"

CHATS = {
    "empty": [],
    "user": [user("Hello")],
    "special": [system(SPECIAL), user(SPECIAL), assistant(SPECIAL), user("  spaced \n")],
    "system": [system("You are terse."), user("Hello")],
    "system only": [system("You are terse.")],
    "system twice": [system("One."), system("Two."), user("Hello")],
    "system late": [user("Hello"), system("Late."), user("Again")],
    "developer": [{"role": "developer", "content": "Be kind."}, user("Hello")],
    "turns": [system("S"), user("One"), assistant("1"), user("Two"), assistant("2"), user("Three")],
    "assistant last": [user("Hello"), assistant("Hi")],
    "assistant first": [assistant("Hi"), user("Hello")],
    "user twice": [user("One"), user("Two")],
    "assistant twice": [user("One"), assistant("1"), assistant("2")],
    "empty contents": [system(""), user(""), assistant(""), user("x")],
    "none content": [user("One"), assistant(None), user(None)],
    "none user": [user(None)],
    "missing content": [user("One"), {"role": "assistant"}, user("Two")],
    "missing user content": [{"role": "user"}],
    "missing role": [{"content": "Hello"}],
    "wrong role": [user("Hello"), {"role": "narrator", "content": "Once"}],
    "number content": [user(42), assistant(1.5), user(True)],
    "parts": [user([{"type": "text", "text": "Look: "}, {"type": "text", "text": "this"}])],
    "image": [user([{"type": "image", "image": "x.png"}, {"type": "text", "text": "What is it?"}])],
    "parts everywhere": [
        {"role": "system", "content": [{"type": "text", "text": "S"}]}, user([{"type": "text", "text": "U"}]),
        assistant([{"type": "text", "text": "A"}]), user("V")],
    "empty parts": [user([])],
    "call": [user("Weather?"), assistant("", tool_calls=[call("get_weather", CALL, id=ID)]), RESULT],
    "call answered": [
        system("S"), user("Weather?"), assistant(None, tool_calls=[call("get_weather", CALL, id=ID)]), RESULT,
        assistant("It is 22.5."), user("Thanks")],
    "call with text": [user("Weather?"), assistant("Let me see.", tool_calls=[call("get_weather", CALL, id=ID)]), RESULT],
    "call of a string": [
        user("Weather?"), assistant("", tool_calls=[call("get_weather", json.dumps(CALL), id=ID)]), RESULT],
    "call without function": [
        user("Weather?"), assistant("", tool_calls=[{"name": "get_weather", "arguments": CALL, "id": ID}]), RESULT],
    "call without id": [
        user("Weather?"), assistant("", tool_calls=[call("get_weather", CALL)]), {"role": "tool", "content": "22.5"}],
    "two calls": [
        user("Both?"), assistant("", tool_calls=[call("get_weather", CALL, id=ID), call("now", {}, id="def456UVW")]),
        RESULT, {"role": "tool", "content": "12:00", "name": "now", "tool_call_id": "def456UVW"}],
    "object result": [
        user("Weather?"), assistant("", tool_calls=[call("get_weather", {}, id=ID)]), {**RESULT, "content": {"t": [1, "é"]}}],
    "empty calls": [user("Hello"), assistant("Hi", tool_calls=[]), user("Bye")],
    "result first": [RESULT],
    "reasoning": [
        user("2+2?"), assistant("4", reasoning_content="Two and\ntwo.", thinking="Two and two."), user("And 3?"),
        assistant("7", reasoning_content="4+3"), user("Thanks")],
    "reasoning in text": [user("2+2?"), assistant("<think>\nTwo and two.\n</think>\n\n4"), user("And 3?")],
    "reasoning and call": [
        user("Weather?"),
        assistant("", reasoning_content="I call.", thinking="I call.", tool_calls=[call("get_weather", CALL, id=ID)]), RESULT],
    "no thinking": [system("Custom. /no_think"), user("Hello /no_think"), assistant("Hi"), user("Bye")],
    "long": [m for i in range(12) for m in (user(f"Question {i}\n"), assistant(f"Answer {i} "))] + [user("Last")],
}

WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "Weather of a place: <b>\"now\"</b> & 'later'",
    "parameters": {"type": "object", "properties": {
        "location": {"type": "string", "description": "City, e.g. Zürich"},
        "days": {"type": "integer", "default": 1, "minimum": 0.5},
        "unit": {"type": "string", "enum": ["C", "F"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "where": {"type": ["object", "null"], "properties": {"lat": {"type": "number"}}, "required": ["lat"]},
    }, "required": ["location"]},
    "return": {"type": "string", "description": "The weather."}}}
NOW = {"type": "function", "function": {"name": "now", "description": "The time.", "parameters": {"type": "object", "properties": {}}}}
DOCUMENTS = [{"title": "One", "text": "First \"text\"."}, {"title": "Zwei", "text": "Zweiter Text."}]
OPTIONS = [
    {"add_generation_prompt": True},
    {"add_generation_prompt": False, "tools": [WEATHER, NOW]},
    {"add_generation_prompt": True, "tools": [WEATHER], "enable_thinking": False, "tools_in_user_message": False},
    {"add_generation_prompt": True, "documents": DOCUMENTS, "enable_thinking": True, "date_string": "01 Jan 2025",
     "thinking": True, "reasoning_effort": "high", "custom_instructions": "Custom.", "builtin_tools": ["browser", "python"]},
]
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}


def cases():
    for (name, messages), options in itertools.product(CHATS.items(), OPTIONS):
        yield {"name": name, "messages": messages, "tools": None, "documents": None, **options}


def main(templates=os.path.join(HERE, "templates"), output=os.path.join(HERE, "chats.jsonl.gz")):
    record.chat_template_utils.datetime = record.Clock
    lines = io.StringIO()
    all_cases = list(cases())
    for file in sorted(os.listdir(templates)):
        if not file.endswith(".jinja"):
            continue
        with open(os.path.join(templates, file), encoding="utf-8") as f:
            template = f.read()
        for i, case in enumerate(all_cases):
            variables = {k: v for k, v in case.items() if k != "name"}
            result = record.render(template, {**TOKENS, **variables})
            lines.write(json.dumps({"template": file, "case": i, **result}) + "\n")
    with open(output, "wb") as f:
        f.write(gzip.compress(lines.getvalue().encode(), 9, mtime=0))


if __name__ == "__main__":
    if len(sys.argv) == 1:
        with open(os.path.join(HERE, "chats.json"), "w", encoding="utf-8") as f:
            f.write("[\n" + ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases()) + "\n]\n")
    main(*sys.argv[1:])
