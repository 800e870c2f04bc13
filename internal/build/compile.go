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

// Compiled tells what was made of a flavour and how long each stage took.
type Compiled struct {
	Object, Exe                  string // paths; Exe is empty until it is linked
	Verify, Lower, Compile, Link time.Duration
	ObjectBytes                  int64
}

// CompileOptions choose the code that is made.
type CompileOptions struct {
	Level string // "0" to "3" of the optimizer
	CPU   string // "native", "x86-64-v3", …
}

// Object verifies one MLIR file of an emitted folder, lowers it and compiles
// it to an object file. What it makes lies in work.
func Object(ctx context.Context, tools *toolchain.Toolchain, dir, work string, f *Flavour, o CompileOptions) (*Compiled, error) {
	source := filepath.Join(dir, f.File)
	base := filepath.Join(work, strings.TrimSuffix(f.File, ".mlir"))
	c := &Compiled{Object: base + ".o"}
	var err error
	stage := func(took *time.Duration, run func() error) {
		if err != nil {
			return
		}
		start := time.Now()
		err = run()
		*took = time.Since(start)
	}
	stage(&c.Verify, func() error { return tools.Verify(ctx, source) })
	stage(&c.Lower, func() error { return tools.Lower(ctx, source, base+".llvm.mlir", base+".ll") })
	stage(&c.Compile, func() error {
		return tools.Compile(ctx, base+".ll", c.Object, toolchain.Options{Level: o.Level, CPU: o.CPU})
	})
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(c.Object)
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	c.ObjectBytes = info.Size()
	return c, nil
}

// Executable makes an object file and links it with the driver.
func Executable(ctx context.Context, tools *toolchain.Toolchain, dir, work string, f *Flavour, o CompileOptions) (*Compiled, error) {
	c, err := Object(ctx, tools, dir, work, f, o)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	exe := strings.TrimSuffix(c.Object, ".o") + ".exe"
	if err := tools.Link(ctx, c.Object, exe, f.ABI()); err != nil {
		return nil, err
	}
	c.Exe, c.Link = exe, time.Since(start)
	return c, nil
}
