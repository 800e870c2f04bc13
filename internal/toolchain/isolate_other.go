//go:build !unix

package toolchain

import (
	"os"
	"os/exec"
)

// canExecute tells whether the driver runs on this system: it needs mmap and
// POSIX signals.
const canExecute = false

// isolate leaves the command as it is.
func isolate(*exec.Cmd) {}

// signalName returns "": processes do not end by signals here.
func signalName(*os.ProcessState) string { return "" }
