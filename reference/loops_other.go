//go:build !amd64

package reference

// fastLoops returns the loops for this machine.
func fastLoops() *loops { return plainLoops() }
