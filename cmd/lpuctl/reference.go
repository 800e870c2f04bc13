package main

import (
	"context"
	"errors"

	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/reference"
)

// newReference packs the weights of a graph into memory and makes the CPU
// engine for it.
func (a *app) newReference(ctx context.Context, g *model.Graph, threads int) (*reference.Engine, error) {
	add, done := a.progress(g.Plan.Size, "packing weights", true)
	defer done()
	store, err := pack.Build(ctx, g.Plan, g.Source, add)
	if errors.Is(err, context.Canceled) {
		return nil, context.Canceled // where it was interrupted says nothing to anyone
	}
	if err != nil {
		return nil, err
	}
	return reference.New(g.Module, store, reference.Options{Threads: threads})
}

// newStreaming makes a CPU engine that packs the weights of a layer when the
// layer begins and forgets them when it ends. Its bar counts the layers of that
// many calls.
func (a *app) newStreaming(ctx context.Context, g *model.Graph, threads, layers int) (*reference.Engine, func(), error) {
	add, done := a.progress(int64(layers), "layers", false)
	e, err := reference.New(g.Module, pack.NewStream(ctx, g.Plan, g.Source), reference.Options{
		Threads:   threads,
		AfterCall: func(string) { add(1) },
	})
	if err != nil {
		done()
		return nil, nil, err
	}
	return e, func() { e.Close(); done() }, nil
}
