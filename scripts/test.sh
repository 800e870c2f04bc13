#!/bin/sh
# Runs all tests and lists at the end what they could not check here.
set -u
log=$(mktemp)
trap 'rm -f "$log"' EXIT
go test -v ./... >"$log" 2>&1
status=$?
grep -E '^(ok|FAIL|panic|---? FAIL|\?)|^ +--- FAIL' "$log" | grep -v 'no test files'
if [ "$status" -ne 0 ]; then
	grep -v -E '^ *(=== |--- (PASS|SKIP))|^(ok|PASS|\?)' "$log" | tail -n 200
fi
grep -h 'not checked:' "$log" | sed 's/^ *[^ ]*_test.go:[0-9]*: *//' | sort | uniq -c |
	while read -r n what; do printf '%s (%s tests)\n' "$what" "$n"; done
passed=$(grep -c '^ *--- PASS' "$log")
failed=$(grep -c '^ *--- FAIL' "$log")
skipped=$(grep -c '^ *--- SKIP' "$log")
printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
exit "$status"
