#!/bin/sh
# Holds groqclient against software of others: aimock, toxiproxy and steady.
# Installs them into the cache of the user once (npm and go); what cannot be
# installed is not checked. LPUCTL_GROQ_OPENAPI names an OpenAPI description of
# the Groq API, which steady needs.
set -eu
cd "$(dirname "$0")/.."

aimock=1.43.0
steady=0.22.1
toxiproxy=v2.5.0
cache="${XDG_CACHE_HOME:-$HOME/.cache}/lpuctl/conformance/aimock-$aimock-steady-$steady-toxiproxy-$toxiproxy"

say() { printf 'conformance: %s\n' "$*"; }

# try WHAT COMMAND...: runs an installer and shows what it says if it fails.
try() {
	what=$1
	shift
	say "installing $what"
	"$@" >"$cache/install.log" 2>&1 || {
		say "not checked: $what cannot be installed"
		tail -n 5 "$cache/install.log"
	}
}

mkdir -p "$cache"
modules="$cache/node_modules"
if [ ! -e "$modules/.bin/llmock" ]; then
	try "aimock $aimock and steady $steady" \
		npm install --prefix "$cache" --no-audit --no-fund "@copilotkit/aimock@$aimock" "@stdy/cli@$steady"
fi
if [ ! -e "$cache/bin/server" ]; then
	try "toxiproxy $toxiproxy" env GOBIN="$cache/bin" go install "github.com/Shopify/toxiproxy/v2/cmd/server@$toxiproxy"
fi

# name VARIABLE FILE: tells the tests where the software is, if it is there.
name() {
	if [ -e "$2" ]; then
		export "$1=$2"
	fi
}

name LPUCTL_AIMOCK "$modules/.bin/llmock"
name LPUCTL_TOXIPROXY "$cache/bin/server"
for file in "$modules"/@stdy/cli-*/bin/steady; do
	name LPUCTL_STEADY "$file"
done
exec go test -count=1 -v ./groqclient/conformance
