package model

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lpuctl/lpuctl/internal/builtin"
	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

// The prefixes of a MODEL that is not a path.
const (
	BuiltinPrefix = "builtin:"
	PresetPrefix  = "preset:"
)

// Model is what a MODEL argument names.
type Model struct {
	Config     Config
	Checkpoint *checkpoint.Checkpoint // nil for a preset
}

// Open opens a checkpoint (a GGUF file or a Hugging Face folder), a built-in
// model ("builtin:stories260k") or a shape ("preset:llama2-70b").
func Open(spec string) (*Model, error) {
	if name, ok := strings.CutPrefix(spec, PresetPrefix); ok {
		c, err := Preset(name)
		return &Model{Config: c}, err
	}
	c, err := openCheckpoint(spec)
	if err != nil {
		return nil, err
	}
	return &Model{Config{baseName(spec), c.Config()}, c}, nil
}

func openCheckpoint(spec string) (*checkpoint.Checkpoint, error) {
	name, ok := strings.CutPrefix(spec, BuiltinPrefix)
	if !ok {
		if _, err := os.Stat(spec); err != nil {
			return nil, fmt.Errorf("model: %w (MODEL is a GGUF file, a Hugging Face folder, %sNAME or %sNAME)",
				err, BuiltinPrefix, PresetPrefix)
		}
		return checkpoint.Open(spec)
	}
	data, err := builtin.Open(name)
	if err != nil {
		return nil, err
	}
	return checkpoint.FromGGUF(spec, data)
}

// baseName is the name of a model: its built-in name, or that of its file or
// folder.
func baseName(spec string) string {
	if name, ok := strings.CutPrefix(spec, BuiltinPrefix); ok {
		return name
	}
	return strings.TrimSuffix(filepath.Base(filepath.Clean(spec)), ".gguf")
}

// Close releases the checkpoint.
func (m *Model) Close() error {
	if m.Checkpoint == nil {
		return nil
	}
	return m.Checkpoint.Close()
}

// Graph is a model made ready for the engines.
type Graph struct {
	Module *ir.Module
	Plan   *pack.Plan
	Source pack.Source // nil for a preset without synthetic weights
}

// Prefill is the number of tokens of a prefill call, 1 without such an entry.
func (g *Graph) Prefill() int {
	if f := g.Module.Func("prefill"); f != nil {
		return f.Params[0].Type.Shape[0]
	}
	return 1
}

// Graph builds the module, places its weights and finds what fills them. seed,
// if not nil, gives a preset synthetic weights.
func (m *Model) Graph(o Options, seed *uint64) (*Graph, error) {
	module, err := Build(m.Config, m.types(o), o)
	if err != nil {
		return nil, err
	}
	plan, err := pack.NewPlan(module)
	if err != nil {
		return nil, err
	}
	g := &Graph{Module: module, Plan: plan}
	switch {
	case m.Checkpoint != nil:
		g.Source = checkpointSource(m.Checkpoint, &m.Config, o)
	case seed != nil:
		g.Source = Synthetic(m.Config, o.Context, *seed)
	}
	return g, nil
}

func (m *Model) types(o Options) WeightTypes {
	if m.Checkpoint == nil {
		return PresetTypes{o.Quant}
	}
	return checkpointTypes{m.Checkpoint, o, m.Config.TieEmbeddings}
}
