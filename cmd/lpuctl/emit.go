package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/internal/build"
	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/internal/toolchain"
)

// emitFlags are those of `lpuctl emit`.
type emitFlags struct {
	graphFlags
	dir     string
	weights string
	trace   bool
	verify  bool
	compile bool
	cpu     string
	level   string
	json    bool
}

// emitSummary is what `lpuctl emit --json` prints.
type emitSummary struct {
	Model    string           `json:"model"`
	Dir      string           `json:"dir"`
	Files    []build.File     `json:"files"`
	Seconds  float64          `json:"seconds"` // to write the files
	LLVM     string           `json:"llvm,omitempty"`
	Verified bool             `json:"verified"`
	Compiled *compiledSummary `json:"compiled,omitempty"`
}

type compiledSummary struct {
	Object  string  `json:"object"`
	Bytes   int64   `json:"bytes"`
	Lower   float64 `json:"lower_seconds"`
	Compile float64 `json:"compile_seconds"`
}

func newEmit(a *app) *cobra.Command {
	var f emitFlags
	cmd := &cobra.Command{
		Use:   "emit MODEL -o DIR",
		Short: "Write the MLIR module and the packed weights of a model",
		Long: `Write model.mlir, weights.bin with its index weights.json, and program.json, which tells how
the entries are called. With --verify and --compile the text goes through LLVM >= 19.`,
		Example: `  lpuctl emit builtin:stories260k -o out
  lpuctl emit builtin:stories260k --quant int4 --kind a15 -o out --compile
  lpuctl emit preset:llama2-70b --quant int4 --group 128 --context 2048 --prefill 128 --weights none -o out70b`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeModel,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.weights != "pack" && f.weights != "none" {
				return usagef("--weights %s: want pack or none", f.weights)
			}
			if f.dir == "" {
				return usagef("-o DIR is needed")
			}
			return a.emit(cmd.Context(), &f, args[0])
		},
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.StringVarP(&f.dir, "output", "o", "", "folder to write to")
	flags.StringVar(&f.weights, "weights", "pack", "pack: write weights.bin; none: the module only")
	flags.BoolVar(&f.trace, "trace", false, "also write model.trace.mlir, whose entries record every value")
	flags.BoolVar(&f.verify, "verify", false, "parse and verify the module with mlir-opt")
	flags.BoolVar(&f.compile, "compile", false, "verify, lower and compile the module to an object file")
	flags.StringVar(&f.cpu, "cpu", "native", "processor to compile for, in LLVM's names")
	flags.StringVar(&f.level, "level", "2", "optimization level: 0 to 3")
	flags.BoolVar(&f.json, "json", false, "print a JSON object")
	complete(cmd, "weights", []string{"pack", "none"})
	return cmd
}

func (a *app) emit(ctx context.Context, f *emitFlags, spec string) error {
	m, g, err := f.graphFlags.open(spec)
	if err != nil {
		return err
	}
	defer m.Close()
	o := build.Options{Trace: f.trace}
	if f.weights == "pack" {
		if g.Source == nil {
			return usagef("%s has no weights: add --weights none or --synthetic SEED", g.Module.Name)
		}
		o.Weights = g.Source
	}
	start := time.Now()
	manifest, err := a.emitGraph(ctx, f.dir, g, o)
	if err != nil {
		return err
	}
	s := &emitSummary{Model: g.Module.Name, Dir: f.dir, Seconds: time.Since(start).Seconds()}
	if s.Files, err = build.Files(f.dir); err != nil {
		return err
	}
	if f.verify || f.compile {
		if err := compileEmitted(ctx, f, manifest, s); err != nil {
			return err
		}
	}
	if f.json {
		return json.NewEncoder(a.out).Encode(s)
	}
	return s.write(a.out)
}

// emitGraph writes the folder, with a progress bar for the weights.
func (a *app) emitGraph(ctx context.Context, dir string, g *model.Graph, o build.Options) (*build.Manifest, error) {
	add, done := a.progress(g.Plan.Size, "weights.bin", true)
	defer done()
	o.Progress = add
	return build.Emit(ctx, dir, g.Module, g.Plan, o)
}

// compileEmitted verifies the module and, if asked for, compiles it to
// model.o beside it.
func compileEmitted(ctx context.Context, f *emitFlags, manifest *build.Manifest, s *emitSummary) error {
	tools, err := demandTools(ctx)
	if err != nil {
		return err
	}
	s.LLVM = tools.Version
	if err := tools.Verify(ctx, filepath.Join(f.dir, manifest.Module.File)); err != nil {
		return err
	}
	s.Verified = true
	if !f.compile {
		return nil
	}
	object, err := build.Object(ctx, tools, f.dir, f.dir, &manifest.Module, build.CompileOptions{Level: f.level, CPU: f.cpu})
	if err != nil {
		return err
	}
	s.Compiled = &compiledSummary{
		Object: filepath.Base(object.Object), Bytes: object.ObjectBytes,
		Lower: object.Lower.Seconds(), Compile: object.Compile.Seconds(),
	}
	return nil
}

// demandTools finds LLVM, or fails with the exit code of a missing tool.
func demandTools(ctx context.Context) (*toolchain.Toolchain, error) {
	tools, err := toolchain.Find(ctx, os.Getenv)
	if err != nil {
		return nil, &codedError{exitToolMissing, err}
	}
	return tools, nil
}

func (s *emitSummary) write(w io.Writer) error {
	fmt.Fprintf(w, "%s written to %s in %.2f s\n", s.Model, s.Dir, s.Seconds)
	for _, f := range s.Files {
		fmt.Fprintf(w, "  %-16s %s\n", f.Name, bytesText(f.Bytes))
	}
	if s.Verified {
		fmt.Fprintf(w, "verified by LLVM %s\n", s.LLVM)
	}
	if c := s.Compiled; c != nil {
		fmt.Fprintf(w, "lowered in %.2f s, compiled in %.2f s to %s, %s\n", c.Lower, c.Compile, c.Object, bytesText(c.Bytes))
	}
	return nil
}
