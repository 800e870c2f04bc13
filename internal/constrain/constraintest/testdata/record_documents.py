"""Records generated.jsonl.gz: JSON documents that other people's software and
other people wrote, each with a schema and what jsonschema-rs says of it.

usage: python3 record_documents.py STORE [DOCUMENTS [OUTPUT]]

STORE is a checkout of SchemaStore (see README.md), DOCUMENTS how many to make for
each schema and generator. See README.md for the versions that are needed.
"""

import gzip
import io
import itertools
import json
import os
import random
import signal
import sys
import warnings
from urllib.parse import unquote

import hypothesis
import jsf
import jsonschema_rs
from hypothesis import strategies as st
from hypothesis.errors import HypothesisWarning
from hypothesis_jsonschema import from_schema

import record_schemas
import record_store
import record_styles

HERE = os.path.dirname(os.path.abspath(__file__))
warnings.simplefilter("ignore", HypothesisWarning)


def no_network(uri):
    raise ValueError(f"{uri} is not of this document")


class Judge:
    """Says whether texts are valid under a schema, with formats."""

    def __init__(self, schema):
        self.validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True, retriever=no_network)

    def valid(self, text):
        return self.validator.is_valid(json.loads(text))


def inlined(schema, root, depth):
    """Returns a schema in the words of draft 7, with each $ref replaced by what
    it points to, and by false where that is depth deep."""
    if isinstance(schema, list):
        return [inlined(s, root, depth) for s in schema]
    if not isinstance(schema, dict):
        return schema
    out = {}
    for name, value in schema.items():
        if name in ("enum", "const"):
            out[name] = value
        elif name in ("properties", "patternProperties") and isinstance(value, dict):
            out[name] = {member: inlined(s, root, depth) for member, s in value.items()}
        elif name not in ("$defs", "definitions", "$ref", "$schema", "$id", "id", "$anchor", "$comment", "default", "examples"):
            out[name] = inlined(value, root, depth)
    if isinstance(out.get("prefixItems"), list):
        out["additionalItems"] = out.pop("items", True)
        out["items"] = out.pop("prefixItems")
    if isinstance(schema.get("$ref"), str):
        target = False if depth == 0 else inlined(pointed(root, schema["$ref"]), root, depth - 1)
        out = {"allOf": [target, out]} if out else target
    return out


def pointed(root, ref):
    if not ref.startswith("#"):
        raise LookupError(ref)
    if ref[1:2] not in ("", "/"):
        return anchored(root, ref[1:])
    for token in ref[1:].split("/")[1:]:
        token = unquote(token).replace("~1", "/").replace("~0", "~")
        root = root[int(token)] if isinstance(root, list) else root[token]
    return root


def anchored(value, name):
    if isinstance(value, dict):
        if value.get("$anchor") == name:
            return value
        value = list(value.values())
    for child in value if isinstance(value, list) else []:
        try:
            return anchored(child, name)
        except LookupError:
            pass
    raise LookupError(name)


FORMATS = {
    "uuid": st.uuids().map(str),
    "duration": st.sampled_from(["P1Y", "P3M2D", "PT36H", "P4W", "PT1M30S", "P1DT12H", "P0D", "P1Y2M3DT4H5M6S"]),
}


def by_hypothesis(schema, number):
    """Returns documents of hypothesis-jsonschema."""
    out = []
    strategy = from_schema(inlined(schema, schema, 3), custom_formats=FORMATS)

    @hypothesis.seed(7)
    @hypothesis.settings(max_examples=number, database=None, deadline=None, phases=[hypothesis.Phase.generate],
                         suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(strategy)
    def draw(value):
        out.append(value)

    draw()
    return out


def by_jsf(schema, number):
    """Returns documents of jsf, which asks Faker and rstr."""
    random.seed(11)
    jsf.schema_types.string.faker.seed_instance(11)
    generator = jsf.JSF(inlined(schema, schema, 3))
    return [generator.generate() for _ in range(number)]


LONGEST = 500  # characters of a document that a generator made
LARGE = 1200  # characters of a document that a person wrote
ALARM = 20  # seconds for one generator and schema


class TooSlow(Exception):
    pass


def made(generator, schema, number):
    """Returns the documents of a generator, or none where it cannot make them."""
    def late(*_):
        raise TooSlow("too slow")
    signal.signal(signal.SIGALRM, late)
    signal.alarm(ALARM)
    try:
        return generator(schema, number)
    except Exception as e:  # also of the generators' own
        print(f"not generated: {generator.__name__}: {str(e)[:80]!r}: {json.dumps(schema)[:80]}", file=sys.stderr)
        return []
    finally:
        signal.alarm(0)


def mutated(value, rng):
    """Returns a value with one change somewhere in it."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        out, name = dict(value), rng.choice(list(value))
        kind = rng.random()
        if kind < 0.3:
            del out[name]
        elif kind < 0.4:
            out[name + "x"] = out.pop(name)
        else:
            out[name] = mutated(value[name], rng)
        return out
    if isinstance(value, list) and value and rng.random() < 0.8:
        out, i = list(value), rng.randrange(len(value))
        kind = rng.random()
        if kind < 0.2:
            del out[i]
        elif kind < 0.4:
            out.insert(i, out[i])
        else:
            out[i] = mutated(value[i], rng)
        return out
    if isinstance(value, str) and rng.random() < 0.7:
        i = rng.randrange(len(value) + 1)
        return rng.choice([value[:i], value[:i] + value[i + 1:], value[:i] + rng.choice("aZ0 .-:é") + value[i:], value + value])
    if isinstance(value, (int, float)) and not isinstance(value, bool) and rng.random() < 0.8:
        return rng.choice([value + 1, value - 1, -value, value + 0.5, value * 10, str(value)])
    return rng.choice([None, True, 0, 1.5, -1, "", "x", [], [None], {}, {"x": 1}])


def serializable(value):
    try:
        json.dumps(value, allow_nan=False)
        return True
    except (ValueError, TypeError):
        return False


def some(texts, judge, verdict, number, rng):
    """Returns at most number of the texts that have a verdict, and are not long."""
    texts = [t for t in dict.fromkeys(texts) if len(t) <= LONGEST and judge.valid(t) == verdict]
    return rng.sample(texts, min(number, len(texts)))


def record(name, schema, texts, values, number, rng):
    """Returns a line of the recording: all texts and values, which people wrote,
    and some of those that generators make and that a change makes invalid."""
    try:
        judge = Judge(schema)
    except ValueError as e:
        print(f"not judged: {name}: {str(e)[:80]!r}", file=sys.stderr)
        return None
    styles = itertools.cycle(record_styles.STYLES)

    def written(values):
        return [next(styles)(value) for value in values if serializable(value)]

    given = texts + written(values)
    values = values + made(by_hypothesis, schema, 5 * number) + made(by_jsf, schema, 2 * number)
    generated, changed = written(values), written(mutated(value, rng) for value in values)
    return {
        "name": name, "schema": json.dumps(schema, ensure_ascii=False, separators=(",", ":")),
        "valid": list(dict.fromkeys([t for t in given if judge.valid(t)] + some(generated + changed, judge, True, number, rng))),
        "invalid": list(dict.fromkeys([t for t in given if not judge.valid(t)] + some(changed, judge, False, number // 2, rng))),
    }


def lines(store, number):
    rng = random.Random(5)
    for file in ("suite.jsonl", "documents.jsonl"):
        with open(os.path.join(HERE, file), encoding="utf-8") as f:
            for line in f:
                case = json.loads(line)
                if record_store.REFUSED & set(record_store.names(case["schema"])):
                    continue
                yield record(case["file"] + ": " + case["about"], case["schema"], [], [], number, rng)
    for name, schema, texts, values in itertools.chain(record_schemas.all(number), record_store.all(store)):
        yield record(name, schema, texts, values, number, rng)


def short(line):
    """Returns a line without documents that would make the recording large."""
    return line | {kind: [t for t in line[kind] if len(t) <= LARGE] for kind in ("valid", "invalid")}


def main():
    store = sys.argv[1]
    number = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    output = sys.argv[3] if len(sys.argv) > 3 else os.path.join(HERE, "generated.jsonl.gz")
    write(map(short, filter(None, lines(store, number))), output)


def write(lines, output):
    text = io.StringIO()
    total = [0, 0]
    for line in lines:
        total[0] += len(line["valid"])
        total[1] += len(line["invalid"])
        text.write(json.dumps(line, ensure_ascii=False) + "\n")
    with open(output, "wb") as f, gzip.GzipFile("", "wb", 9, f, 0) as zipped:
        zipped.write(text.getvalue().encode())
    print(f"{total[0]} valid, {total[1]} invalid, {os.path.getsize(output)} bytes")


if __name__ == "__main__":
    main()
