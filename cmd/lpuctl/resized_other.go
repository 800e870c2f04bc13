//go:build !unix

package main

import "os"

// notifyResized does nothing: the size is asked for before each picture.
func notifyResized(chan<- os.Signal) {}
