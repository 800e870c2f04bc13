#!/bin/sh
# Installs what lpuctl needs to check its MLIR: an LLVM of one version, at least
# 19, with mlir-opt, mlir-translate and clang (or opt, llc and a C compiler).
# Does nothing when LPUCTL_LLVM or PATH has one already.
#
# usage: tools.sh [--optional]
#
# Exit status 4 when the tools are missing and cannot be installed; with
# --optional that is only reported.
set -u

versions="22 21 20 19"
optional=no

say() { printf 'tools: %s\n' "$*"; }

# give_up REASON: says what is missing and what it means.
give_up() {
	say "$1" >&2
	say "missing: an LLVM >= 19 with mlir-opt, mlir-translate and clang (or opt, llc and cc)" >&2
	say "install it (Debian: mlir-22-tools llvm-22 clang-22) or name its folder in LPUCTL_LLVM" >&2
	say "not checked: that the emitted MLIR verifies and lowers" >&2
	say "not checked: that the compiled module gives the reference's bits" >&2
	[ "$optional" = yes ] && exit 0
	exit 4
}

# major FILE: the major version that the LLVM tool prints.
major() {
	"$1" --version 2>/dev/null | grep -v Apple |
		sed -n 's/.*version \([0-9][0-9]*\)\.[0-9].*/\1/p' | sed -n 1p
}

# tool NAME VERSION: the path of the tool of that major version, if there is one.
tool() {
	for file in "$1-$2" "$1"; do
		path=$(command -v "$file") || continue
		if [ "$(major "$path")" = "$2" ]; then
			printf '%s\n' "$path"
			return 0
		fi
	done
	return 1
}

# whole VERSION: is there all of that LLVM version?
whole() {
	tool mlir-opt "$1" >/dev/null && tool mlir-translate "$1" >/dev/null || return 1
	tool clang "$1" >/dev/null && return 0
	tool opt "$1" >/dev/null && tool llc "$1" >/dev/null || return 1
	command -v cc >/dev/null || command -v gcc >/dev/null || command -v clang >/dev/null
}

# found: says which complete LLVM there is. A plain mlir-opt may be newer than
# the versions named above.
found() {
	plain=$(command -v mlir-opt) && plain=$(major "$plain")
	for version in $versions $plain; do
		if [ "$version" -ge 19 ] && whole "$version"; then
			say "LLVM $version: $(tool mlir-opt "$version")"
			return 0
		fi
	done
	return 1
}

# candidate: the newest version that the distribution has.
candidate() {
	for version in $versions; do
		for package in "mlir-$version-tools" "llvm-$version" "clang-$version"; do
			apt-cache show "$package" >/dev/null 2>&1 || continue 2
		done
		printf '%s\n' "$version"
		return 0
	done
	return 1
}

case "${1-}" in
--optional) optional=yes ;;
'') ;;
*)
	echo "usage: tools.sh [--optional]" >&2
	exit 2
	;;
esac

if [ -n "${LPUCTL_LLVM-}" ]; then
	PATH="$LPUCTL_LLVM/bin:$LPUCTL_LLVM:$PATH"
fi
found && exit 0

command -v apt-get >/dev/null || give_up "no apt-get here"
as_root=
if [ "$(id -u)" -ne 0 ]; then
	sudo -n true 2>/dev/null || give_up "not root, and sudo asks for a password"
	as_root="sudo -n"
fi

$as_root apt-get update || give_up "apt-get update fails"
version=$(candidate) || give_up "this distribution has no LLVM >= 19"
say "installing mlir-$version-tools llvm-$version clang-$version"
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
	"mlir-$version-tools" "llvm-$version" "clang-$version" || give_up "apt-get install fails"
found || give_up "the installed tools do not run"
