package build

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lpuctl/lpuctl/internal/toolchain"
)

// Compiled tells what Compile made and how long each stage took.
type Compiled struct {
	Exe                          string
	Verify, Lower, Compile, Link time.Duration
	IRBytes, ObjectBytes         int64
}

// CompileOptions choose the code that is made.
type CompileOptions struct {
	Level string // "0" to "3" of the optimiser
	CPU   string // "native", "x86-64-v3", …
}

// Compile verifies one MLIR file of an emitted folder, lowers and compiles it
// and links it with the driver. The files it makes lie in work.
func Compile(ctx context.Context, tools *toolchain.Toolchain, dir, work string, f *Flavour, o CompileOptions) (*Compiled, error) {
	source := filepath.Join(dir, f.File)
	base := filepath.Join(work, strings.TrimSuffix(f.File, ".mlir"))
	c := &Compiled{Exe: base + ".exe"}
	stages := []struct {
		time *time.Duration
		run  func() error
	}{
		{&c.Verify, func() error { return tools.Verify(ctx, source) }},
		{&c.Lower, func() error { return tools.Lower(ctx, source, base+".llvm.mlir", base+".ll") }},
		{&c.Compile, func() error {
			return tools.Compile(ctx, base+".ll", base+".o", toolchain.Options{Level: o.Level, CPU: o.CPU})
		}},
		{&c.Link, func() error { return tools.Link(ctx, base+".o", c.Exe, f.ABI()) }},
	}
	for _, s := range stages {
		start := time.Now()
		if err := s.run(); err != nil {
			return nil, err
		}
		*s.time = time.Since(start)
	}
	var err error
	if c.IRBytes, err = size(base + ".ll"); err == nil {
		c.ObjectBytes, err = size(base + ".o")
	}
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	return c, nil
}

func size(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
