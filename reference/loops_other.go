//go:build !amd64

package reference

// machineLoops returns the sets of loops that this machine can run beside the
// plain ones: none.
func machineLoops() []*loops { return nil }
