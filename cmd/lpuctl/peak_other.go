//go:build !unix

package main

// peakMemory is the largest resident size of the process so far in bytes, 0 if
// it is not known.
func peakMemory() int64 { return 0 }
