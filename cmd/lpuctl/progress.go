package main

import (
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// terminal reports whether a stream is a terminal.
func terminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// movesCursor reports whether a stream is a terminal that takes escape codes.
func movesCursor(stream any) bool { return terminal(stream) && os.Getenv("TERM") != "dumb" }

// progress returns a function that advances a bar on stderr and one that ends
// it. Without a terminal, or with --quiet, both do nothing. Both may be called
// from several goroutines.
func (a *app) progress(total int64, what string, bytes bool) (add func(int64), done func()) {
	if a.quiet || !movesCursor(a.err) {
		return func(int64) {}, func() {}
	}
	options := []progressbar.Option{
		progressbar.OptionSetWriter(a.err),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowBytes(bytes),
		progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetWidth(24),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionEnableColorCodes(os.Getenv("NO_COLOR") == ""),
	}
	if !bytes { // whose rate is shown anyway
		options = append(options, progressbar.OptionShowIts(), progressbar.OptionSetItsString(what))
	}
	bar := progressbar.NewOptions64(total, options...)
	return func(n int64) { _ = bar.Add64(n) }, func() { _ = bar.Finish() }
}
