#!/bin/sh
# Rewrites the golden texts of every package that has some. Goldens recorded
# from other engines are made by the scripts that stand beside them.
set -eu
grep -rl --include='*_test.go' 'flag.Bool("update"' . | xargs -n1 dirname | sort -u | while read -r package; do
	go test "$package" -update
done
git --no-pager diff --stat
