//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// notifyResized sends a signal to c when the size of the terminal has changed.
func notifyResized(c chan<- os.Signal) { signal.Notify(c, syscall.SIGWINCH) }
