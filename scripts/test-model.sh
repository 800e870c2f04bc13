#!/bin/sh
# Runs the exact shape of Llama-2-70B with deterministic synthetic INT4 weights
# through all 80 layers, with one thread and with two, and compares the logits.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
go build -o "$dir/lpuctl" ./cmd/lpuctl
for threads in 2 1; do
	echo "llama2-70b, $threads threads: 4 prompt tokens and 1 decoded token"
	"$dir/lpuctl" logits preset:llama2-70b --synthetic 1 --quant int4 --group 128 --kind a8 --context 64 --prefill 4 \
		--ids 1,15043,29892,3186 --decode 1 --stream --stats --threads $threads -o "$dir/$threads.safetensors"
done
cmp "$dir/1.safetensors" "$dir/2.safetensors"
echo "1 and 2 threads: the same bytes"
