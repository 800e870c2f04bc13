#!/bin/sh
# Runs every fuzz target of the module for FUZZTIME each (60s), one by one.
set -eu
: "${FUZZTIME:=60s}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# fuzz TARGET PACKAGE: runs one target and prints how it ended.
fuzz() {
	status=0
	go test -run '^$' -fuzz "^$1\$" -fuzztime "$FUZZTIME" -fuzzminimizetime 10x "$2" >"$log" 2>&1 || status=$?
	tail -n 3 "$log"
	return "$status"
}

# late: did the fuzzer fail only because its own time ran out? It may, when a
# worker is busy at the end; no input has failed then.
late() {
	grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input' "$log"
}

grep -rl --include='*_test.go' '^func Fuzz' . | sort | while read -r file; do
	sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' "$file" | while read -r target; do
		package=$(dirname "$file")
		echo "fuzz $target in $package"
		fuzz "$target" "$package" || { late && fuzz "$target" "$package"; } || { cat "$log"; exit 1; }
	done
done
