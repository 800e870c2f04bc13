"""Records what transformers makes of templates, with its own compile function
and a clock that stands still.

language.jsonl: every line of language.txt rendered with context.json, then the
prints of the lines that have several, one by one: the template, and its text or
the kind and the message of its error.

Needs Python 3.11, PyPI transformers==5.23.0 and jinja2==3.1.6.
usage: python3 record.py
"""

import datetime
import functools
import json
import os
import re

import jinja2
from transformers.utils import chat_template_utils

NOW = datetime.datetime(2024, 7, 9, 4, 5, 6)


class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return NOW


@functools.lru_cache
def compile_template(template):
    return chat_template_utils._cached_compile_jinja_template(template)


def render(template, context):
    """What transformers makes of a template: its text, or kind and message of an error."""
    try:
        return {"text": compile_template(template).render(**context)}
    except Exception as e:
        return {"error": type(e).__name__, "message": str(e)}


def unescape(line):
    return line.encode("latin-1", "backslashreplace").decode("unicode-escape")


def main():
    chat_template_utils.datetime = Clock
    here = os.path.dirname(os.path.abspath(__file__))
    context = json.load(open(os.path.join(here, "context.json"), encoding="utf-8"))
    with open(os.path.join(here, "language.txt"), encoding="utf-8") as file:
        lines = [unescape(line) for line in file.read().split("\n")[1:] if line]
    for line in list(lines):
        if "{%" not in line and len(prints := re.findall(r"\{\{.*?\}\}", line)) > 1:
            lines += prints
    with open(os.path.join(here, "language.jsonl"), "w", encoding="utf-8") as file:
        for line in dict.fromkeys(lines):
            file.write(json.dumps({"template": line, **render(line, context)}) + "\n")


if __name__ == "__main__":
    assert jinja2.__version__ == "3.1.6", jinja2.__version__
    main()
