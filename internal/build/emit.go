// Package build makes the files of a deployment: the MLIR text, the packed
// weights and the description of the entries, and from them the executable
// that the proofs run.
package build

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lpuctl/lpuctl/emit/mlir"
	"github.com/lpuctl/lpuctl/internal/atomicfile"
	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/internal/toolchain"
	"github.com/lpuctl/lpuctl/ir"
)

// The files of an emitted folder, beside those of internal/pack.
const (
	ModuleFile  = "model.mlir"       // the program
	TraceFile   = "model.trace.mlir" // the same with a trace buffer
	ProgramFile = "program.json"     // Manifest
)

// Manifest describes an emitted folder: program.json.
type Manifest struct {
	Format string   `json:"format"` // manifestFormat
	Model  string   `json:"model"`
	Module Flavour  `json:"module"`
	Trace  *Flavour `json:"trace,omitempty"`
}

// Flavour is one MLIR file and what a runner must know to call it.
type Flavour struct {
	File string `json:"file"`
	mlir.Program
}

const manifestFormat = "lpuctl-program/1"

// Options choose what Emit writes.
type Options struct {
	Trace    bool        // also write the traced flavour
	Weights  pack.Source // nil: no weights.bin
	Progress func(int64) // told of the bytes of weights.bin; may be nil
}

// Emit writes a module to a folder, which it makes if need be.
func Emit(ctx context.Context, dir string, m *ir.Module, plan *pack.Plan, o Options) (*Manifest, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("emit: %w", err)
	}
	manifest := &Manifest{Format: manifestFormat, Model: m.Name}
	var err error
	if manifest.Module, err = emitModule(dir, ModuleFile, m, plan, mlir.Options{}); err != nil {
		return nil, err
	}
	if o.Trace {
		traced, err := emitModule(dir, TraceFile, m, plan, mlir.Options{Trace: true})
		if err != nil {
			return nil, err
		}
		manifest.Trace = &traced
	}
	if o.Weights != nil {
		if _, err := pack.Write(ctx, dir, plan, o.Weights, o.Progress); err != nil {
			return nil, err
		}
	}
	return manifest, manifest.write(dir)
}

func emitModule(dir, name string, m *ir.Module, plan *pack.Plan, o mlir.Options) (Flavour, error) {
	f := Flavour{File: name}
	err := writeFile(filepath.Join(dir, name), func(w *bufio.Writer) error {
		program, err := mlir.Emit(w, m, plan, o)
		if err != nil {
			return err
		}
		f.Program = *program
		return nil
	})
	if err != nil {
		return f, fmt.Errorf("emit: %w", err)
	}
	return f, nil
}

func (m *Manifest) write(dir string) error {
	err := writeFile(filepath.Join(dir, ProgramFile), func(w *bufio.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", " ")
		return enc.Encode(m)
	})
	if err != nil {
		return fmt.Errorf("emit: %w", err)
	}
	return nil
}

// File is a file of an emitted folder.
type File struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

// Files lists the files that an emitted folder has.
func Files(dir string) ([]File, error) {
	var files []File
	for _, name := range []string{ModuleFile, TraceFile, pack.WeightsFile, pack.IndexFile, ProgramFile} {
		info, err := os.Stat(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("emit: %w", err)
		}
		files = append(files, File{name, info.Size()})
	}
	return files, nil
}

// ReadManifest reads the description of an emitted folder.
func ReadManifest(dir string) (*Manifest, error) {
	path := filepath.Join(dir, ProgramFile)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("emit: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var m Manifest
	if err := dec.Decode(&m); err != nil {
		return nil, fmt.Errorf("emit: %s: %w", path, err)
	}
	if m.Format != manifestFormat {
		return nil, fmt.Errorf("emit: %s: format %q, want %q", path, m.Format, manifestFormat)
	}
	return &m, nil
}

// writeFile writes a file that is whole or not there.
func writeFile(path string, write func(*bufio.Writer) error) error {
	return atomicfile.Write(path, 0o644, func(f *os.File) error {
		w := bufio.NewWriter(f)
		if err := write(w); err != nil {
			return err
		}
		return w.Flush()
	})
}

// ABI is how a runner calls the flavour.
func (f *Flavour) ABI() toolchain.ABI {
	return toolchain.ABI{
		Chunk: f.Chunk, Vocab: f.Vocab, KCache: f.KCache, VCache: f.VCache, Weights: f.Program.Weights,
		TracePrefill: f.Program.Trace["prefill"].Elements, TraceDecode: f.Program.Trace["decode"].Elements,
	}
}
