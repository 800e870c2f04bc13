#!/bin/sh
# Runs every fuzz target of the module for FUZZTIME each (60s), one by one.
set -eu
: "${FUZZTIME:=60s}"
grep -rl --include='*_test.go' '^func Fuzz' . | sort | while read -r file; do
	sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' "$file" | while read -r target; do
		echo "fuzz $target in $(dirname "$file")"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$FUZZTIME" -fuzzminimizetime 10x "$(dirname "$file")"
	done
done
