"""Schemas of SchemaStore with the documents that people wrote to test them."""

import glob
import json
import os
import sys
import tomllib

import yaml


def plain(value):
    """Reports whether a value is one that JSON can hold."""
    return json.loads(json.dumps(value, allow_nan=False)) == value


def documents(folder):
    """Returns the documents of a folder: JSON as text, YAML and TOML as values."""
    texts, values = [], []
    for path in sorted(glob.glob(os.path.join(folder, "*"))):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        if len(text) > LONGEST_DOCUMENT:
            continue
        try:
            if path.endswith(".json"):
                json.loads(text)
                texts.append(text)
                continue
            read = {".yaml": yaml.safe_load, ".yml": yaml.safe_load, ".toml": tomllib.loads}[os.path.splitext(path)[1]]
            value = read(text)
            if plain(value):
                values.append(value)
        except (KeyError, ValueError, TypeError, yaml.YAMLError) as e:
            print(f"not read: {path}: {str(e)[:60]!r}", file=sys.stderr)
    return texts, values


# What lpuctl does not support, or what makes the recording large.
REFUSED = {"not", "if", "else", "uniqueItems", "dependencies", "additionalItems", "contains", "unevaluatedProperties", "markdownDescription"}
SLOW = {"tizen_workspace"}  # a pattern of it has no end for engines that backtrack
LONGEST = 4000  # characters of a schema
LONGEST_DOCUMENT = 3000


def names(value):
    """Yields the names of all members in a value."""
    if isinstance(value, dict):
        yield from value
        value = value.values()
    elif not isinstance(value, list):
        return
    for child in value:
        yield from names(child)


def all(store):
    """Yields names, schemas, texts and values that are not text yet."""
    for path in sorted(glob.glob(os.path.join(store, "src/schemas/json/*.json"))):
        name = os.path.basename(path).removesuffix(".json")
        with open(path, encoding="utf-8") as f:
            schema = json.load(f)
        schema.pop("$schema", None)  # it means what draft 2020-12 says
        texts, values = documents(os.path.join(store, "src/test", name))
        if name not in SLOW and (texts or values) and len(json.dumps(schema)) < LONGEST and not REFUSED & set(names(schema)):
            yield "SchemaStore: " + name, schema, texts, values
