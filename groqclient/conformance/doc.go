// Package conformance holds groqclient against software of others: aimock, a
// server that speaks the API; toxiproxy, a network with faults; and steady, which
// checks requests against an OpenAPI description. It has tests only. They are
// skipped where the software is not installed; "make conformance" installs it.
package conformance
