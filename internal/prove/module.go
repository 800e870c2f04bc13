package prove

import (
	"context"
	"path/filepath"

	"github.com/lpuctl/lpuctl/internal/build"
	"github.com/lpuctl/lpuctl/internal/engine"
	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/internal/toolchain"
)

// Module is an emitted folder with what compiles and runs it.
type Module struct {
	Tools    *toolchain.Toolchain
	Dir      string // model.mlir, program.json, weights.bin
	Work     string // for intermediate files
	Manifest *build.Manifest
	Options  build.CompileOptions
}

// OpenModule reads the description of an emitted folder.
func OpenModule(tools *toolchain.Toolchain, dir, work string) (*Module, error) {
	manifest, err := build.ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	return NewModule(tools, dir, work, manifest), nil
}

// NewModule is a folder that was emitted just now. It is compiled for the
// processor of this machine.
func NewModule(tools *toolchain.Toolchain, dir, work string, manifest *build.Manifest) *Module {
	return &Module{tools, dir, work, manifest, build.CompileOptions{Level: "2", CPU: "native"}}
}

// Start compiles a flavour of the module and starts it in a child process.
func (m *Module) Start(ctx context.Context, f *build.Flavour) (*engine.Compiled, *build.Compiled, error) {
	made, err := build.Executable(ctx, m.Tools, m.Dir, m.Work, f, m.Options)
	if err != nil {
		return nil, nil, err
	}
	process, err := toolchain.Start(ctx, made.Exe, filepath.Join(m.Dir, pack.WeightsFile), f.ABI())
	if err != nil {
		return nil, nil, err
	}
	return engine.NewCompiled(process, f.ABI()), made, nil
}
